"""Facts of the files of one diff directory, kept in columns (about 150 bytes an entry).

The CRC-64 is the one tar-split stores, so that contents can be compared whichever of the two comes first.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from analyzer.source.checksum import CUT, HAS_CRC, ZERO_TAIL, ZEROED, streamed
from analyzer.source.member import BATCH_KINDS, FILE, HARDLINK, OTHER, SOCKET, SYMLINK, Body, Member

if TYPE_CHECKING:
    from analyzer.source.tar.batch import MemberBatch

KINDS = (*BATCH_KINDS, SOCKET, OTHER)
KIND_CODE = {kind: code for code, kind in enumerate(KINDS)}
FILE_CODE, DIRECTORY_CODE = KIND_CODE["file"], KIND_CODE["dir"]
STORE_XATTRS = ("trusted.", "user.", "security.capability")
LABEL = "security.selinux"
U64 = (1 << 64) - 1


class Entry(NamedTuple):
    """One file of a diff directory.

    `crc` is None where the content was not read; `zeroed` says that it has bytes and all are NUL, `zero_tail` that
    all bytes from some page boundary on are; `cut` that the archive ends inside it. `link` is a symlink's target or,
    for a hard link, the target's path below the same diff directory (`""` when it lies outside, see `outside`).
    """

    name: str
    kind: str
    mode: int
    uid: int
    gid: int
    size: int
    mtime_ns: int
    crc: int | None
    zeroed: bool
    cut: bool
    link: str
    rdev: tuple[int, int]
    xattrs: Mapping[str, bytes]
    outside: str
    offset: int
    zero_tail: bool = False


class DiffTable:
    """Columns of the entries below one diff directory, in archive order; row i of each column is one entry.

    Args:
        path: member path of the diff directory.

    Attributes:
        names: path of each entry below the diff directory.
        kinds: codes, index into `KINDS`.
        flags: `HAS_CRC`, `ZEROED`, `CUT`, `ZERO_TAIL`.
        modes, uids, gids, sizes, mtimes, crcs, offsets: as in `Entry`.
        extra: what few entries have, by row: (link, device numbers, attributes, target outside).
        labels: how many entries have which SELinux label.
        counted, bytes: entries and content bytes, also of those only counted.
    """

    __slots__ = (
        "_digests", "_index", "bytes", "counted", "crcs", "extra", "flags", "gids", "kinds", "labels", "modes",
        "mtimes", "names", "offsets", "path", "sizes", "uids",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        self.path = path
        self.counted = 0
        self.bytes = 0
        self.names: list[str] = []
        self.kinds = array("B")
        self.flags = array("B")
        self.modes = array("H")
        self.uids = array("Q")
        self.gids = array("Q")
        self.sizes = array("q")
        self.mtimes = array("q")
        self.crcs = array("Q")
        self.offsets = array("q")
        self.extra: dict[int, tuple[str, tuple[int, int], Mapping[str, bytes], str]] = {}
        self.labels: dict[bytes, int] = {}
        self._digests: bytearray | None = None
        self._index: dict[str, int] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def count(self, member: Member) -> None:
        """Count an entry without keeping it (depth quick)."""
        self.counted += 1
        self.bytes += member.size

    def add(self, name: str, member: Member, body: Body) -> None:
        """Keep the facts of an entry and read its content for the CRC."""
        kind, size = member.kind, member.size
        crc, flags = 0, 0
        if kind == FILE:
            if not size:
                flags = HAS_CRC
            elif self._digests is not None:
                crc, flags = self._hash(body, size)
            else:
                crc, flags = streamed(body.pieces(), size)
        xattrs = member.xattrs
        if xattrs and (label := xattrs.get(LABEL)) is not None:
            self.labels[label] = self.labels.get(label, 0) + 1
        if kind in LINKS or member.rdev != NO_DEVICE or (xattrs and _more(xattrs)):
            self._put_extra(len(self.names), kind, member.link, member.rdev, _kept(xattrs))
        self.counted += 1
        self.bytes += size
        self.names.append(name)
        self.kinds.append(KIND_CODE[kind])
        self.flags.append(flags)
        self.modes.append(member.mode & 0o7777)
        self.sizes.append(size)
        self.crcs.append(crc)
        self.offsets.append(member.data_offset)
        try:
            self.uids.append(member.uid)
            self.gids.append(member.gid)
            self.mtimes.append(member.mtime_ns)
        except OverflowError:
            self._append_clamped(member)
        self._index = None

    def extend(self, batch: MemberBatch, count: int) -> None:
        """Keep the facts of the first `count` entries of a batch and read their contents for the CRC; as `add`."""
        first = len(self.names)
        crcs, flags = batch.checksums(count)
        self.names += batch.paths.part(0, count).behind(f"{self.path}/".encode("utf-8", "surrogateescape"))
        self.kinds.frombytes(batch.kinds[:count].tobytes())
        for column, values in (
            (self.flags, flags),
            (self.crcs, crcs),
            (self.modes, batch.modes),
            (self.uids, batch.uids),
            (self.gids, batch.gids),
            (self.sizes, batch.sizes),
            (self.mtimes, batch.mtimes_ns),
            (self.offsets, batch.offsets),
        ):
            column.frombytes(values[:count].tobytes())
        marks = batch.marks[:count]
        kept = [_kept(each) if each and _more(each) else NO_XATTRS for each in batch.sets]
        marked = [row for mark, each in enumerate(kept) if each for row in (marks == mark).nonzero()[0].tolist()]
        for row in {*batch.links, *batch.devices, *marked}:
            if row < count:
                device = batch.devices.get(row, NO_DEVICE)
                self._put_extra(
                    first + row, KINDS[batch.kinds[row]], batch.links.get(row, ""), device, kept[marks[row]]
                )
        for mark, each in enumerate(batch.sets):
            if each and (label := each.get(LABEL)) is not None and (many := int((marks == mark).sum())):
                self.labels[label] = self.labels.get(label, 0) + many
        self.counted += count
        self.bytes += int(batch.sizes[:count].sum())
        self._index = None

    def _hash(self, body: Body, size: int) -> tuple[int, int]:
        digest = hashlib.sha256()
        crc, flags = streamed(_hashed(body, digest), size)
        if flags & HAS_CRC:
            self.put_digest(len(self.names), digest.digest())
        return crc, flags

    @property
    def hashed(self) -> bool:
        """Tell whether files have their SHA-256 beside the CRC."""
        return self._digests is not None

    def begin_digests(self) -> None:
        """Keep the SHA-256 of each file from now on."""
        if self._digests is None:
            self._digests = bytearray()

    def put_digest(self, row: int, digest: bytes) -> None:
        """Set the SHA-256 of one file."""
        column = self._digests
        if column is not None:
            if len(column) < 32 * (row + 1):
                column.extend(bytes(32 * (row + 1) - len(column)))
            column[32 * row : 32 * row + 32] = digest

    def digest(self, row: int) -> str:
        """Return the SHA-256 of a file as `sha256:<hex>`, `""` where it is not known."""
        column = self._digests
        raw = bytes(column[32 * row : 32 * row + 32]) if column is not None and row >= 0 else b""
        return f"sha256:{raw.hex()}" if raw.strip(b"\0") else ""

    def _append_clamped(self, member: Member) -> None:
        """Bring the columns that an impossible number left short to full length."""
        rows = len(self.names)
        for column, value in ((self.uids, member.uid), (self.gids, member.gid)):
            if len(column) < rows:
                column.append(value & U64)
        if len(self.mtimes) < rows:
            self.mtimes.append(max(-(1 << 63), min((1 << 63) - 1, member.mtime_ns)))

    def _put_extra(self, row: int, kind: str, link: str, device: tuple[int, int], xattrs: Mapping[str, bytes]) -> None:
        outside = ""
        if kind == HARDLINK:
            prefix = self.path + "/"
            link, outside = (link[len(prefix) :], "") if link.startswith(prefix) else ("", link)
        if xattrs or kind in LINKS or device != NO_DEVICE:
            self.extra[row] = (link, device, xattrs, outside)

    @property
    def index(self) -> dict[str, int]:
        """Row by name (the last one, where the archive has several); made when asked for."""
        if self._index is None:
            self._index = {known: row for row, known in enumerate(self.names)}
        return self._index

    def get(self, name: str) -> Entry | None:
        """Return the entry of that name (the last one, where the archive has several)."""
        row = self.index.get(name)
        return None if row is None else self.entry(row)

    def forget_index(self) -> None:
        """Drop the lookup table, to hold only one at a time."""
        self._index = None

    def __iter__(self) -> Iterator[Entry]:
        return (self.entry(row) for row in range(len(self.names)))

    def entry(self, row: int) -> Entry:
        """Return one row as an `Entry`."""
        link, rdev, xattrs, outside = self.extra.get(row, NOTHING)
        flags = self.flags[row]
        return Entry(
            self.names[row],
            KINDS[self.kinds[row]],
            self.modes[row],
            self.uids[row],
            self.gids[row],
            self.sizes[row],
            self.mtimes[row],
            self.crcs[row] if flags & HAS_CRC else None,
            bool(flags & ZEROED),
            bool(flags & CUT),
            link,
            rdev,
            xattrs,
            outside,
            self.offsets[row],
            bool(flags & ZERO_TAIL),
        )


LINKS = (SYMLINK, HARDLINK)
NO_DEVICE = (0, 0)
NO_XATTRS: Mapping[str, bytes] = {}
NOTHING: tuple[str, tuple[int, int], Mapping[str, bytes], str] = ("", NO_DEVICE, NO_XATTRS, "")


def _hashed(body: Body, digest: hashlib._Hash) -> Iterator[memoryview]:
    for chunk in body.chunks():
        digest.update(chunk)
        yield chunk


def _more(xattrs: Mapping[str, bytes]) -> bool:
    """Tell whether there is more than a security label."""
    return len(xattrs) > 1 or LABEL not in xattrs


def _kept(xattrs: Mapping[str, bytes]) -> Mapping[str, bytes]:
    if not xattrs:
        return NO_XATTRS
    kept = {name: value for name, value in xattrs.items() if name.startswith(STORE_XATTRS)}
    return kept or NO_XATTRS
