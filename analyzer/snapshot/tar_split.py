"""Read `overlay-layers/<id>.tar-split.gz`: gzip over one JSON object a line (vbatts/tar-split tar/storage).

A line is a raw piece of the layer tar (headers, padding) or stands for the content of one file, with its size and
CRC-64. What is wrong becomes a problem with the number of its line; reading goes as far as it makes sense.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import msgspec

from analyzer.limits import Limits, reached
from analyzer.snapshot.gunzip import GzipDamageError, LimitError, gunzip
from analyzer.snapshot.provenance import Problem, SmallFile, Where
from analyzer.snapshot.tar_entry import GLOBAL_HEADER, TarEntry
from analyzer.snapshot.tar_headers import HeaderReader
from analyzer.source.member import FILE
from analyzer.source.tar.header import FieldError

if TYPE_CHECKING:
    from analyzer.snapshot.split_columns import Entries
    from analyzer.snapshot.split_text import Lines

FILE_LINE, SEGMENT_LINE = 1, 2
BLOCK = 512
LONGEST_GROUP = 16 << 20
"""Bytes of raw pieces with no file between them that are kept: extended headers, of up to 1 MiB each, and a header."""
DAMAGE = frozenset({"zero-length", "nul-bytes", "not-gzip", "cut", "damaged-gzip", "trailing-bytes", "syntax"})
STRUCTURE = frozenset({"position", "line-type", "checksum-missing", "checksum-surplus", "negative-size", "duplicate"})
HEADERS = frozenset({"header", "name-differs", "size-differs"})
MANY = 20
LONG = 16 << 10
"""Bytes of a tar-split from which starting numpy costs less than it saves."""
FEWEST = 8
"""Pairs of lines that are worth columns."""
TRIES = 16
"""Looks for pairs among the lines of one batch: no file may cost a look at all of them each line."""

Single = TypeVar("Single")


class Line(msgspec.Struct, gc=False):
    """One line as stored; absent fields have Go's zero values."""

    type: int = 0
    name: str = ""
    name_raw: bytes | None = None
    size: int = 0
    payload: bytes | None = None
    position: int = 0


class TarSplit:
    """One tar-split file, read once.

    Attributes:
        file: the file.
        problems: what is wrong, in the order met; complete after `entries` has ended.
        total: bytes of the tar described so far.
        known_total: whether `total` is the length of the tar (it is not where a sparse file is in it).
        limit: the limit that ended reading, `""` when none did.
        paths: paths of the entries yielded so far.
    """

    def __init__(self, file: SmallFile, limits: Limits) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.total = 0
        self.limit = ""
        self.paths: set[str] = set()
        self._limits = limits
        self._headers = HeaderReader(limits)
        self._decoder = msgspec.json.Decoder(Line)
        self._at = 0
        self._group = bytearray()  # raw pieces since the last file
        self._too_long = False  # more than are kept
        self._padding = 0  # how many of their first bytes belong to its content
        self._over = False

    @property
    def known_total(self) -> bool:
        """Tell whether `total` can be compared with the record's diff-size."""
        return not self._headers.sparse

    def kinds(self) -> set[str]:
        """Return the kinds of all problems."""
        return {problem.kind for problem in self.problems}

    def entries(self) -> Iterator[TarEntry]:
        """Yield every file of the layer tar in its order, up to the first damage that hides the rest."""
        for text in self._texts():
            yield from self._each(self._decoded(text), self._entry)

    def lines(self) -> Iterator[Line]:
        """Yield the decoded lines; what breaks the gzip or JSON ends them and becomes a problem."""
        for text in self._texts():
            yield from self._each(self._decoded(text), self._line)

    def groups(self) -> Iterator[TarEntry | Entries]:
        """Yield the same as `entries`, but many at a time where that pays."""
        if len(self.file.data or b"") < LONG:
            return self.entries()
        return chain.from_iterable(self._many(text, self._entry) for text in self._texts())

    def pieces(self) -> Iterator[Line | Entries]:
        """Yield the same as `lines`, but those of many entries at a time where that pays."""
        if len(self.file.data or b"") < LONG:
            return self.lines()
        return chain.from_iterable(self._many(text, self._line) for text in self._texts())

    def _many(self, text: bytes, one: Callable[[Line], Single | None]) -> Iterator[Single | Entries]:
        """Take whole lines: as columns where a segment and a file take turns in them, else one by one."""
        from analyzer.snapshot.split_columns import entries_of  # noqa: PLC0415  numpy is not for every bundle
        from analyzer.snapshot.split_text import Lines  # noqa: PLC0415

        lines = Lines.of(text)
        at, tries, count = 0, 0, len(lines.starts)
        while at < count and not self._over:
            tries += 1
            pairs = lines.pairs(at) if tries <= TRIES and not self._group else 0
            if pairs < FEWEST:
                at = yield from self._some(lines, at, at + 1 if tries <= TRIES else count, one)
                continue
            for found in entries_of(lines, at, pairs, self._at, self._padding, self._limits):
                after = at + 2 * (found if isinstance(found, int) else len(found.paths))
                position = self._at + after - at
                if isinstance(found, int) or not self.paths.isdisjoint(found.paths):
                    at = yield from self._some(lines, at, after, one)
                    if at != after or self._at != position or self._group or self._over:
                        break
                    continue
                at, self._at = after, position
                self.total += int(found.spans.sum())
                self._padding = -int(found.sizes[-1]) % BLOCK
                yield found
                self.paths.update(found.paths)

    def _some(
        self, lines: Lines, at: int, stop: int, one: Callable[[Line], Single | None]
    ) -> Generator[Single, None, int]:
        """Take lines one by one, and all that follow where one is not one object; return where to go on."""
        decoded: Iterable[Line] | None = self._objects(lines.part(at, stop), stop - at)
        if decoded is None:
            stop = len(lines.starts)
            decoded = self._decoded(lines.part(at, stop))
        yield from self._each(decoded, one)
        return stop

    def _each(self, lines: Iterable[Line], one: Callable[[Line], Single | None]) -> Iterator[Single]:
        """Yield what becomes of lines, up to the one where reading ends."""
        for line in lines:
            self._step(line)
            if (found := one(line)) is not None:
                yield found
            if self._over:
                return

    def _line(self, line: Line) -> Line:
        """Return a line as it is."""
        if line.type == FILE_LINE:
            self._group, self._padding = bytearray(), -line.size % BLOCK
        else:
            self._group = bytearray(line.payload or b"")
        return line

    def _entry(self, line: Line) -> TarEntry | None:
        """Return the entry that a line completes, None when it completes none; set `_over` where reading ends."""
        padding, payload = self._padding, line.payload
        if line.type == SEGMENT_LINE:
            if payload:
                self.total += len(payload)
                if self._group and len(self._group) + len(payload) > LONGEST_GROUP:
                    self._too_long = True
                else:
                    self._group += payload
            return None
        size = line.size
        if line.type != FILE_LINE or size < 0:
            if line.type != FILE_LINE:
                self._problem("line-type", "type 1 or 2", f"type {line.type}")
            else:
                self._problem("negative-size", "a size", f"{size}")
            self._over = True
            return None
        self.total += size
        group = bytes(self._group)
        if self._too_long:
            self._no_header(line, f"more than {LONGEST_GROUP} bytes")
            return None
        return self._read(line, group, padding)

    def _no_header(self, line: Line, observed: str) -> None:
        self._problem("header", "a tar header before the file", f"{observed} (file {line.name!r:.120})")
        self._over = True

    def _read(self, line: Line, group: bytes, padding: int) -> TarEntry | None:
        """Read a header group in full and return its entry, None for a global header or one that cannot be read."""
        try:
            name, entry = self._headers.read(group, padding)
        except FieldError as error:
            self._no_header(line, f"{error}")
            return None
        crc = self._crc(line)
        self._group, self._padding = bytearray(), -line.size % BLOCK
        if entry.kind == GLOBAL_HEADER:
            return None
        if entry.size != line.size or (line.name.encode("utf-8", "surrogatepass") != name) or line.name_raw:
            entry = self._agreed(line, name, entry)
        path = entry.path
        if path in self.paths:
            self._problem("duplicate", "each path once", f"{path!r:.200} again")
        self.paths.add(path)
        return entry._replace(crc=crc) if entry.kind == FILE else entry

    def _agreed(self, line: Line, name: bytes, entry: TarEntry) -> TarEntry:
        """Tell where the line and its header disagree; sparse files have their real size only in the line."""
        stored = line.name_raw or line.name.encode("utf-8", "surrogatepass")
        if stored != name:
            self._problem("name-differs", f"the header's name {_text(name)}", _text(stored))
        if entry.size < 0:
            return entry._replace(size=line.size)
        if entry.size != line.size:
            self._problem("size-differs", f"the header's size {entry.size} for {_text(name)}", f"{line.size}")
        return entry

    def _crc(self, line: Line) -> int | None:
        payload = line.payload
        if line.size > 0:
            if payload is not None and len(payload) == 8:
                return int.from_bytes(payload, "big")
            self._problem(
                "checksum-missing", "a CRC-64 of 8 bytes", f"{len(payload or b'')} bytes for {line.name!r:.120}"
            )
            return None
        if payload:
            self._problem(
                "checksum-surplus", "no CRC-64 for an empty entry", f"{len(payload)} bytes for {line.name!r:.120}"
            )
        return 0

    def _step(self, line: Line) -> None:
        """Count a line, and tell where its number is not its place."""
        if line.position != self._at:
            self._problem("position", f"position {self._at}", f"{line.position}")
            self._at = line.position
        self._at += 1

    def _texts(self) -> Iterator[bytes]:
        """Yield whole lines, many at a time, until reading ends; what breaks the gzip becomes a problem."""
        if not self._readable():
            return
        try:
            for text in self._batches():
                yield text
                if self._over:
                    return
        except GzipDamageError as error:
            self._problem(error.kind, error.expected, error.observed)
        except LimitError as error:
            self.limit = str(error)

    def _decoded(self, text: bytes) -> Iterable[Line]:
        """Return what whole lines hold; a bad one ends reading and becomes a problem."""
        objects = self._objects(text)
        return objects if objects is not None else self._one_by_one(text)

    def _objects(self, text: bytes, count: int | None = None) -> list[Line] | None:
        """Return the objects in whole lines, None where these hold something else, or not `count` of them."""
        try:
            objects = self._decoder.decode_lines(text)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None
        return objects if count in (None, len(objects)) else None

    def _readable(self) -> bool:
        data = self.file.data
        if data is None:
            self.limit = self.file.reason
        elif not data:
            self._problem("zero-length", "gzip data", "0 bytes")
        elif self.file.zeroed:
            self._problem("nul-bytes", "gzip data", f"{len(data)} NUL bytes")
        else:
            return True
        return False

    def _batches(self) -> Iterator[bytes]:
        """Yield whole lines, many at a time."""
        pieces: list[bytes] = []
        held, longest = 0, self._limits.tar_split_line
        for chunk in gunzip(self.file.data or b"", self._limits):
            cut = chunk.rfind(b"\n") + 1
            if cut:
                yield b"".join((*pieces, memoryview(chunk)[:cut]))
                pieces, held = [chunk[cut:]], len(chunk) - cut
            else:
                pieces.append(chunk)
                held += len(chunk)
            if held > longest:
                raise LimitError(f"a line of more than {longest} bytes: {reached('tar_split_line', longest)}")
        if rest := b"".join(pieces):
            yield rest

    def _one_by_one(self, text: bytes) -> Iterator[Line]:
        """Yield the good lines before the first bad one, and tell that one."""
        for raw in text.split(b"\n"):
            if not raw.strip():
                continue
            try:
                line = self._decoder.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self._problem("syntax", "a JSON object of a tar-split entry", f"{error}: {raw[:60]!r}")
                self._over = True
                return
            yield line

    def _problem(self, kind: str, expected: str, observed: str) -> None:
        if len(self.problems) < MANY:
            where = Where(self.file.path, f"entry {self._at}" if self._at else "")
            self.problems.append(Problem(kind, where, expected, observed))


def _text(name: bytes) -> str:
    return repr(name.decode("utf-8", "backslashreplace"))[:200]
