"""One entry of a bundle: a tar member or a directory entry, before anybody interprets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

FILE = "file"
DIRECTORY = "dir"
SYMLINK = "symlink"
HARDLINK = "hardlink"
CHAR = "char"
BLOCK = "block"
FIFO = "fifo"
SOCKET = "socket"
OTHER = "other"

BATCH_KINDS = (FILE, DIRECTORY, SYMLINK, HARDLINK, CHAR, BLOCK, FIFO)
"""Kinds of the members of a batch (`analyzer.source.tar.batch`), by their code there."""

NO_END = "no end-of-archive blocks: the archive may be cut here"
"""Note of a tar that stops after a whole member."""

NO_XATTRS: Mapping[str, bytes] = {}


class Member:
    """Facts of one entry, as the bundle states them.

    Attributes:
        path: cleaned path inside the bundle: no leading `/` or `./`, no empty, `.` or `..` part; undecodable
            bytes as surrogate escapes. The bundle's own root is `""`.
        raw_path: the path as found, when cleaning changed more than a leading `./`, `/` or a trailing `/`;
            else `""`.
        kind: one of the constants of this module.
        size: content bytes (expanded size for a sparse file); 0 for anything but a file.
        mode: permission bits with setuid, setgid and sticky (0..0o7777).
        uid, gid: numeric owners.
        mtime_ns: modification time in Unix nanoseconds.
        link: target of a symlink (as found), or cleaned member path of a hard link's target.
        rdev: (major, minor) of a device node.
        xattrs: extended attributes by full name (`trusted.overlay.opaque`), raw values.
        offset: where the entry starts: byte offset of its first header in the decompressed stream, 0 in a
            directory.
        data_offset: byte offset of its content in the decompressed stream, -1 where that has no meaning.
    """

    __slots__ = (
        "data_offset",
        "gid",
        "kind",
        "link",
        "mode",
        "mtime_ns",
        "offset",
        "path",
        "raw_path",
        "rdev",
        "size",
        "uid",
        "xattrs",
    )

    def __init__(
        self,
        path: str,
        kind: str = FILE,
        size: int = 0,
        mode: int = 0,
        uid: int = 0,
        gid: int = 0,
        mtime_ns: int = 0,
        link: str = "",
        rdev: tuple[int, int] = (0, 0),
        xattrs: Mapping[str, bytes] = NO_XATTRS,
        offset: int = 0,
        data_offset: int = -1,
        raw_path: str = "",
    ) -> None:
        self.path = path
        self.kind = kind
        self.size = size
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.mtime_ns = mtime_ns
        self.link = link
        self.rdev = rdev
        self.xattrs = xattrs
        self.offset = offset
        self.data_offset = data_offset
        self.raw_path = raw_path

    def __repr__(self) -> str:
        return f"Member({self.path!r}, {self.kind}, size={self.size}, mode={self.mode:o})"


class Body(Protocol):
    """Content of the member just yielded; valid until the next member is asked for."""

    def chunks(self) -> Iterator[memoryview]:
        """Yield the whole content in order, holes of sparse files as zeros; may be called once.

        Each view is only valid until the next step. Stops early where the archive is cut (`complete` is then
        false).
        """

    def pieces(self) -> Iterator[memoryview | int]:
        """Yield the same as `chunks`, but each hole as its length, so that it costs nothing."""

    def read(self, limit: int) -> bytes | None:
        """Return the whole content, or None when it is longer than `limit`; may be called once."""

    @property
    def complete(self) -> bool:
        """Tell, after reading, whether all `size` bytes were there."""


class Loss:
    """Something the reader could not read: what, where (member path or file), and the offset in the stream.

    `after` is the member right before it, whose content cannot be believed, `""` for none.
    """

    __slots__ = ("after", "offset", "what", "where")

    def __init__(self, what: str, where: str, offset: int = 0, after: str = "") -> None:
        self.after = after
        self.what = what
        self.where = where
        self.offset = offset

    def __repr__(self) -> str:
        return f"Loss({self.what!r}, {self.where!r}, {self.offset})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Loss) and (self.what, self.where, self.offset) == (
            other.what,
            other.where,
            other.offset,
        )

    __hash__ = None  # type: ignore[assignment]
