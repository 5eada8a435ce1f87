"""Read the table of contents of a partial pull: layer big data `zstd-chunked-manifest`.

Source: containers/storage pkg/chunked.

It is JSON and lists every file with mode, owner, size and the SHA-256 of its content. Old engines list a file's chunks
as entries of their own, give regular files the type bits in `mode`, and whiteouts as regular files.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator, Mapping

import msgspec

from analyzer.limits import Limits
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.provenance import Problem, SmallFile, Where
from analyzer.snapshot.tar_entry import NO_XATTRS, TarEntry
from analyzer.snapshot.times import parse_time
from analyzer.source import member as kinds
from analyzer.source.tar.header import clean_path

TOC_KEY, FORMAT_KEY = "zstd-chunked-manifest", "zstd-chunked-layer-data"
TOC_FILE, FORMAT_FILE = file_name(TOC_KEY), file_name(FORMAT_KEY)
KINDS = {
    "reg": kinds.FILE,
    "dir": kinds.DIRECTORY,
    "hardlink": kinds.HARDLINK,
    "symlink": kinds.SYMLINK,
    "char": kinds.CHAR,
    "block": kinds.BLOCK,
    "fifo": kinds.FIFO,
}
CHUNK = "chunk"
DIGEST = "sha256:"


class TocEntry(msgspec.Struct, gc=False):
    """One entry as stored; absent fields have Go's zero values."""

    type: str = ""
    name: str = ""
    link: str = msgspec.field(default="", name="linkName")
    mode: int = 0
    size: int = 0
    uid: int = 0
    gid: int = 0
    modtime: str | None = None
    major: int = msgspec.field(default=0, name="devMajor")
    minor: int = msgspec.field(default=0, name="devMinor")
    xattrs: dict[str, str] | None = None
    digest: str = ""


class TocDocument(msgspec.Struct):
    """The whole table."""

    version: int = 0
    entries: list[TocEntry] | None = None


class LayerFormat(msgspec.Struct):
    """`zstd-chunked-layer-data`: how the files lie below `diff`."""

    format: int = 0


class Toc:
    """One table of contents.

    Attributes:
        file: the big-data file.
        flat: files lie by digest (composefs), not by name.
        problems: what is wrong with the table.
        paths: paths of the entries yielded so far.
        limit: why it was not read, `""` when it was.
    """

    def __init__(self, file: SmallFile, layer_format: SmallFile | None, limits: Limits) -> None:
        self.file = file
        self.flat = _format(layer_format) == 1
        self.problems: list[Problem] = []
        self.paths: set[str] = set()
        self.limit = ""
        self._limits = limits

    def entries(self) -> Iterator[TarEntry]:
        """Yield every file the layer has; of a flat layer, every content."""
        document = self._document()
        if document is None:
            return
        for entry in document.entries or ():
            if entry.type == CHUNK or (not entry.name and entry.type != "dir"):
                continue
            recorded = self._flat(entry) if self.flat else self._named(entry)
            if recorded is not None and recorded.path not in self.paths:
                self.paths.add(recorded.path)
                yield recorded

    def groups(self) -> Iterator[TarEntry]:
        """Yield the same, as `TarSplit.groups`."""
        return self.entries()

    def _document(self) -> TocDocument | None:
        data = self.file.data
        if data is None:
            self.limit = self.file.reason
        elif not data:
            self._problem("zero-length", "a table of contents", "0 bytes")
        elif self.file.zeroed:
            self._problem("nul-bytes", "a table of contents", f"{len(data)} NUL bytes")
        else:
            try:
                return msgspec.json.decode(data, type=TocDocument)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                self._problem("syntax", "a JSON table of contents", f"{error}")
        return None

    def _named(self, entry: TocEntry) -> TarEntry | None:
        kind = KINDS.get(entry.type, kinds.OTHER)
        link = clean_path(entry.link, self._limits.path)[0] if kind == kinds.HARDLINK else entry.link
        modified = parse_time(entry.modtime or "")
        return TarEntry(
            clean_path(entry.name, self._limits.path)[0],
            kind,
            entry.size if kind == kinds.FILE else 0,
            0 if kind == kinds.FILE and not entry.size else None,
            entry.mode & 0o7777,
            entry.uid,
            entry.gid,
            modified or 0,
            link if kind in (kinds.HARDLINK, kinds.SYMLINK) else "",
            (entry.major, entry.minor) if kind in (kinds.CHAR, kinds.BLOCK) else (0, 0),
            _decoded(entry.xattrs),
            entry.digest if entry.digest.startswith(DIGEST) else "",
        )

    def _flat(self, entry: TocEntry) -> TarEntry | None:
        digest = entry.digest.removeprefix(DIGEST)
        if entry.type != "reg" or entry.size <= 0 or digest == entry.digest or len(digest) != 64:
            return None
        path = f"{digest[:2]}/{digest[2:]}"
        return TarEntry(path, kinds.FILE, entry.size, None, 0, 0, 0, 0, digest=entry.digest)

    def _problem(self, kind: str, expected: str, observed: str) -> None:
        self.problems.append(Problem(kind, Where(self.file.path), expected, observed))


def _decoded(xattrs: Mapping[str, str] | None) -> Mapping[str, bytes]:
    if not xattrs:
        return NO_XATTRS
    found: dict[str, bytes] = {}
    for name, text in xattrs.items():
        try:
            found[name] = binascii.a2b_base64(text.encode("ascii"))
        except (binascii.Error, ValueError):
            continue
    return found


def _format(file: SmallFile | None) -> int:
    if file is None or file.data is None:
        return 0
    try:
        return msgspec.json.decode(file.data, type=LayerFormat).format
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return 0
