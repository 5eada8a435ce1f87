"""What was gathered from a bundle, as bytes and back: so that a second command need not read the bundle again.

Only plain data is written: numbers, text, bytes, and lists of these. Reading it back runs no code of the file's
choosing; anything unexpected raises `StoredError`, and the bundle is read again.
"""

from __future__ import annotations

import hashlib
import sys
from array import array
from typing import TYPE_CHECKING, Any

import msgspec
import zstandard

from analyzer.snapshot.collected import Collected, RawStore
from analyzer.snapshot.content import DiffTable
from analyzer.snapshot.host import Host
from analyzer.snapshot.overlay import DriverHome, LayerDirectory
from analyzer.snapshot.provenance import LINK, SmallFile, Unread
from analyzer.snapshot.snapshot import Gathered
from analyzer.snapshot.volumes import Volumes
from analyzer.source.member import HARDLINK, SYMLINK, Loss, Member

if TYPE_CHECKING:
    from collections.abc import Callable

MAGIC = b"analyzer index 1 " + sys.byteorder.encode() + b"\n"
DIGEST = 32
UNREADABLE = (
    ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError, zstandard.ZstdError,
)  # fmt: skip
LEVEL = 1
LARGEST = 4 << 30
COLUMNS = ("kinds", "flags", "modes", "uids", "gids", "sizes", "mtimes", "crcs", "offsets")
LIST, TUPLE, DICT, SET, FROZEN, ODD_TEXT, MEMBER_TAG, FILE_TAG, LOSS_TAG, TABLE_TAG, CLASS_TAG = range(11)
CLASSES: tuple[type[msgspec.Struct], ...] = (
    Gathered, Collected, RawStore, Host, DriverHome, LayerDirectory, Unread, Volumes,
)  # fmt: skip
NUMBER = {cls: CLASS_TAG + number for number, cls in enumerate(CLASSES)}


class StoredError(Exception):
    """The bytes are not what this version writes, or a value is none that it can write."""


def shape() -> str:
    """Return a digest of the fields that are stored, which changes when a class does."""
    parts = [(cls.__name__, cls.__struct_fields__) for cls in CLASSES]
    text = repr((parts, COLUMNS, Member.__slots__, SmallFile.__struct_fields__, DiffTable.__slots__))
    return hashlib.sha256(text.encode()).hexdigest()


def pack(gathered: Gathered) -> bytes:
    """Return what was gathered as bytes.

    Raises:
        StoredError: it holds something that cannot be written.
    """
    writer = _Writer()
    try:
        head = msgspec.msgpack.encode(writer.value(gathered))
    except (TypeError, ValueError, OverflowError, UnicodeError, RecursionError) as error:
        raise StoredError(str(error)) from error
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(head)
    body = b"".join((len(packed).to_bytes(8, "little"), packed, *writer.blobs))
    return MAGIC + hashlib.blake2b(body, digest_size=DIGEST).digest() + body


def unpack(data: bytes) -> Gathered:
    """Return what was gathered; the files of layers are unpacked when they are asked for.

    Raises:
        StoredError: the bytes are damaged, cut, or of another version.
    """
    start = len(MAGIC) + DIGEST
    body = memoryview(data)[start:]
    if data[: len(MAGIC)] != MAGIC or hashlib.blake2b(body, digest_size=DIGEST).digest() != data[len(MAGIC) : start]:
        raise StoredError("damaged, or written by another version")
    try:
        size = int.from_bytes(body[:8], "little")
        head = zstandard.ZstdDecompressor().decompress(body[8 : 8 + size], max_output_size=LARGEST)
        value = _Reader(body[8 + size :]).value(msgspec.msgpack.decode(head))
    except UNREADABLE as error:
        raise StoredError(f"not readable: {error}") from error
    if not isinstance(value, Gathered):
        raise StoredError("holds something else")
    return value


class _Writer:
    """Turns values into tagged lists, and tables into blobs."""

    def __init__(self) -> None:
        self.blobs: list[bytes] = []
        self._size = 0
        self._packer = zstandard.ZstdCompressor(level=LEVEL)

    def value(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | bytes):
            return value
        if isinstance(value, str):
            return value if value.isascii() else [ODD_TEXT, value.encode("utf-8", "surrogateescape")]
        if isinstance(value, Member):
            return self._member(value, value.kind, value.size)
        if isinstance(value, SmallFile):
            return self._file(value)
        if isinstance(value, Loss):
            return [LOSS_TAG, self.value(value.what), self.value(value.where), value.offset]
        if isinstance(value, DiffTable):
            return self._table(value)
        if type(value) in NUMBER:
            names = value.__struct_fields__
            return [NUMBER[type(value)], *(self.value(getattr(value, name)) for name in names)]
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, dict):
            return [DICT, *(self.value(part) for item in value.items() for part in item)]
        for kind, tag in ((list, LIST), (tuple, TUPLE), (set, SET), (frozenset, FROZEN)):
            if type(value) is kind:
                return [tag, *(self.value(item) for item in (sorted(value) if tag in (SET, FROZEN) else value))]
        raise StoredError(f"a {type(value).__name__} is not written")

    def _member(self, member: Member, kind: str, size: int) -> list[Any]:
        return [
            MEMBER_TAG,
            self.value(member.path),
            kind,
            size,
            member.mode,
            member.uid,
            member.gid,
            member.mtime_ns,
            self.value(member.link),
            list(member.rdev),
            self.value(dict(member.xattrs)) if member.xattrs else None,
            member.offset,
            member.data_offset,
            self.value(member.raw_path),
        ]

    def _file(self, file: SmallFile) -> list[Any]:
        """Write a hard link as it was found: reading the records has made it the file it leads to."""
        member = file.member
        found = file.unread is not None and file.unread.kind == LINK and member.kind != SYMLINK
        place = self._member(member, HARDLINK, 0) if found else self._member(member, member.kind, member.size)
        return [FILE_TAG, place, file.data, file.sha256, self.value(file.unread)]

    def _table(self, table: DiffTable) -> list[Any]:
        if any("\0" in name for name in table.names):
            raise StoredError("a name with a NUL")
        digests = table._digests  # noqa: SLF001  the other half of this class
        parts = [
            "\0".join(table.names).encode("utf-8", "surrogateescape"),
            *(getattr(table, name).tobytes() for name in COLUMNS),
            bytes(digests) if digests is not None else None,
            {row: self.value(tuple(extra)) for row, extra in table.extra.items()},
        ]
        blob = self._packer.compress(msgspec.msgpack.encode(parts))
        labels = self.value(dict(table.labels))
        place = [
            TABLE_TAG,
            self.value(table.path),
            table.counted,
            table.bytes,
            len(table),
            labels,
            self._size,
            len(blob),
        ]
        self.blobs.append(blob)
        self._size += len(blob)
        return place


class _Reader:
    """Turns tagged lists back into values."""

    def __init__(self, blobs: memoryview) -> None:
        self._blobs = blobs
        self._by_tag: dict[int, Callable[[list[Any]], Any]] = {
            LIST: lambda parts: [self.value(part) for part in parts],
            TUPLE: lambda parts: tuple(self.value(part) for part in parts),
            DICT: lambda parts: dict(zip(map(self.value, parts[::2]), map(self.value, parts[1::2]), strict=True)),
            SET: lambda parts: {self.value(part) for part in parts},
            FROZEN: lambda parts: frozenset(self.value(part) for part in parts),
            ODD_TEXT: lambda parts: parts[0].decode("utf-8", "surrogateescape"),
            MEMBER_TAG: self._member,
            FILE_TAG: lambda parts: SmallFile(*(self.value(part) for part in parts)),
            LOSS_TAG: lambda parts: Loss(*(self.value(part) for part in parts)),
            TABLE_TAG: self._table,
        }

    def value(self, value: Any) -> Any:
        if type(value) is not list:
            return value
        tag, parts = value[0], value[1:]
        if tag >= CLASS_TAG:
            return CLASSES[tag - CLASS_TAG](*(self.value(part) for part in parts))
        return self._by_tag[tag](parts)

    def _member(self, parts: list[Any]) -> Member:
        path, kind, size, mode, uid, gid, mtime_ns, link, rdev, xattrs, offset, data_offset, raw = parts
        value = self.value
        attributes = value(xattrs) if xattrs is not None else {}
        return Member(
            value(path), kind, size, mode, uid, gid, mtime_ns, value(link), (rdev[0], rdev[1]), attributes, offset,
            data_offset, value(raw),
        )  # fmt: skip

    def _table(self, parts: list[Any]) -> DiffTable:
        path, counted, held, rows, labels, start, size = parts
        blob = self._blobs[start : start + size]
        return StoredTable(self.value(path), counted, held, rows, self.value(labels), lambda: self._columns(blob))

    def _columns(self, blob: memoryview) -> list[Any]:
        parts = msgspec.msgpack.decode(
            zstandard.ZstdDecompressor().decompress(blob, max_output_size=LARGEST), strict=False
        )
        parts[-1] = {int(row): self.value(extra) for row, extra in parts[-1].items()}
        return list(parts)


class StoredTable(DiffTable):
    """A table whose columns are unpacked when one is asked for."""

    __slots__ = ("_load", "_rows")

    def __init__(
        self,
        path: str,
        counted: int,
        held: int,
        rows: int,
        labels: dict[bytes, int],
        load: Callable[[], list[Any]],
    ) -> None:
        self.path = path
        self.labels = labels
        self.counted = counted
        self.bytes = held
        self._rows = rows
        self._load = load
        self._index: dict[str, int] | None = None

    def __len__(self) -> int:
        return self._rows

    def __getattr__(self, name: str) -> Any:
        if name not in ("names", "extra", "_digests", *COLUMNS):
            raise AttributeError(name)
        names, *columns, digests, extra = self._load()
        self.names = names.decode("utf-8", "surrogateescape").split("\0") if self._rows else []
        for column, data in zip(COLUMNS, columns, strict=True):
            values = array(TYPES[column])
            values.frombytes(data)
            setattr(self, column, values)
        self._digests = bytearray(digests) if digests is not None else None
        self.extra = extra
        return getattr(self, name)


TYPES = {name: getattr(DiffTable(""), name).typecode for name in COLUMNS}
