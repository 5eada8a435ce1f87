"""Read a BoltDB file from its bytes: meta pages, free list, the tree of buckets, and what is left of a damaged one.

A bolt file is an array of pages. Two meta pages take turns; the valid one with the higher transaction leads to the
root bucket and the free list. A branch page names pages, a leaf page holds keys with values or buckets; a small
bucket lies inside its value, a page header and all. Layout and order of the checks: bbolt page.go, bucket.go, db.go,
freelist.go; numbers are in the byte order of the node, little-endian on all that podman is built for but s390x.

Every page is read at most once, a page that claims what another has is a problem, and what one page gives is at most
what lies in it: the work is linear in the file.
"""

from __future__ import annotations

import struct
from typing import Any

from msgspec import Struct, field

MAGIC, VERSION = 0xED0CDAED, 2
HEADER = 16
BRANCH, LEAF, META, FREELIST = 0x01, 0x02, 0x04, 0x10
KINDS = {BRANCH: "branch", LEAF: "leaf", META: "meta", FREELIST: "freelist"}
IS_BUCKET = 0x01
MANY = 0xFFFF
SMALLEST_PAGE, LARGEST_PAGE, USUAL_PAGE = 1024, 65536, 4096
DEEPEST_TREE, DEEPEST_BUCKET = 64, 16
MOST_PROBLEMS = 50
FNV_OFFSET, FNV_PRIME, WORD = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1
INVALID = "invalid database"
Bucket = dict[bytes, Any]
"""Keys of a bucket with their values: bytes, or another bucket."""


class BoltDamage(Struct, frozen=True):
    """Something wrong in the file: byte offset, what the format asks for, what is there."""

    offset: int
    expected: str
    observed: str


class Bolt(Struct):
    """What a bolt file says.

    Attributes:
        size: bytes of the file.
        page_size: bytes of a page.
        error: why bbolt does not open the file, in its words; `""` when it opens.
        root: buckets of the top level.
        damage: what is wrong in pages that the open does not look at, and in those that it does.
        adrift: key and value pairs of leaf pages that nothing leads to; older states of the database among them.
            Looked for only where the tree is damaged.
        empty: the file has no bytes: bbolt makes a new database of it.
    """

    size: int
    page_size: int = USUAL_PAGE
    error: str = ""
    root: Bucket = field(default_factory=dict)
    damage: list[BoltDamage] = field(default_factory=list)
    adrift: list[tuple[bytes, bytes]] = field(default_factory=list)
    empty: bool = False


class _Meta(Struct, frozen=True):
    number: int
    page_size: int
    root: int
    freelist: int
    pages: int
    transaction: int


def read_bolt(data: bytes) -> Bolt:
    """Return what a bolt file says; never raises."""
    if not data:
        return Bolt(0, empty=True)
    return _Reader(data).read()


def checksum(data: bytes | memoryview) -> int:
    """Return the FNV-1a hash (64 bits) of a meta page's fields."""
    value = FNV_OFFSET
    for byte in bytes(data):
        value = ((value ^ byte) * FNV_PRIME) & WORD
    return value


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._bolt = Bolt(len(data))
        self._taken: set[int] = set()
        self._order = "<"

    def read(self) -> Bolt:
        bolt = self._bolt
        meta = self._choose_meta()
        if meta is None:
            self._salvage()
            return bolt
        if bolt.size < meta.pages * meta.page_size:
            self._wrong(bolt.size, f"{meta.pages} pages of {meta.page_size} bytes", f"{bolt.size} bytes: cut short")
        self._take(meta.number, 0)
        self._freelist(meta)
        bolt.root = self._bucket(meta.root, 0)
        if bolt.damage:
            self._salvage()
        return bolt

    def _wrong(self, offset: int, expected: str, observed: str) -> None:
        if len(self._bolt.damage) < MOST_PROBLEMS:
            self._bolt.damage.append(BoltDamage(offset, expected, observed))

    def _choose_meta(self) -> _Meta | None:
        """Return the meta page in use; sets the error bbolt gives where there is none."""
        bolt = self._bolt
        first, error = self._meta(0, 0)
        size = first.page_size if first is not None else self._page_size()
        bolt.page_size = size
        second, other = self._meta(1, size)
        if first is not None and second is None and bolt.size > size:
            self._wrong(size, "a valid second meta page", other)
        if first is None:
            self._wrong(0, "a valid first meta page", error)
        found = [meta for meta in (first, second) if meta is not None]
        if not found:
            bolt.error = error
            return None
        if bolt.size < 2 * size:
            bolt.error = "file size too small" if bolt.size >= USUAL_PAGE else INVALID
        return max(found, key=lambda meta: meta.transaction)

    def _page_size(self) -> int:
        """Return the distance at which a second meta page lies, else the usual size."""
        size = SMALLEST_PAGE
        while size <= LARGEST_PAGE:
            if self._meta(1, size)[0] is not None:
                return size
            size *= 2
        return USUAL_PAGE

    def _meta(self, number: int, offset: int) -> tuple[_Meta | None, str]:
        page = self._data[offset : offset + HEADER + 64]
        if len(page) < HEADER + 64:
            return None, INVALID
        fields = page[HEADER:]
        order = ">" if struct.unpack(">I", fields[:4])[0] == MAGIC else "<"
        magic, version, page_size, _ = struct.unpack(f"{order}4I", fields[:16])
        root, _, freelist, pages, transaction, stated = struct.unpack(f"{order}6Q", fields[16:64])
        if magic != MAGIC:
            return None, INVALID
        if version != VERSION:
            return None, "version mismatch"
        if stated != checksum(fields[:56]):
            return None, "checksum error"
        if not SMALLEST_PAGE <= page_size <= LARGEST_PAGE or page_size & (page_size - 1):
            return None, INVALID
        self._order = order
        return _Meta(number, page_size, root, freelist, pages, transaction), ""

    def _head(self, number: int) -> tuple[int, int, int, int] | None:
        """Return (id, flags, count, overflow) of a page, None where the file ends before it."""
        start = number * self._bolt.page_size
        head = self._data[start : start + HEADER]
        if len(head) < HEADER:
            return None
        return struct.unpack(f"{self._order}QHHI", head)

    def _take(self, number: int, overflow: int) -> bool:
        """Mark a page and those it goes on in as read, False where one was read before."""
        if number in self._taken:
            return False
        last = min(number + overflow, self._bolt.size // self._bolt.page_size)
        pages = range(number, last + 1)
        if not self._taken.isdisjoint(pages):
            return False
        self._taken.update(pages)
        return True

    def _freelist(self, meta: _Meta) -> None:
        """Look at the free list, which bbolt reads when it opens the file; a page of another kind is a panic."""
        if meta.freelist == WORD:
            return
        offset = meta.freelist * meta.page_size
        head = self._head(meta.freelist)
        if head is None:
            self._wrong(offset, "the page of the free list", "the file ends before it")
            self._bolt.error = self._bolt.error or "unexpected fault address"
            return
        if head[1] != FREELIST:
            kind = KINDS.get(head[1], f"unknown<{head[1]:02x}>")
            self._wrong(offset, "a free list", f"a page of the kind {kind}")
            self._bolt.error = self._bolt.error or f"invalid freelist page: {head[0]}, page type is {kind}"
            return
        self._take(meta.freelist, head[3])
        at, count = offset + HEADER, head[2]
        if count == MANY:
            raw = self._data[at : at + 8]
            count, at = (struct.unpack(f"{self._order}Q", raw)[0] if len(raw) == 8 else 0), at + 8
        end = offset + (head[3] + 1) * meta.page_size
        if at + 8 * count > min(end, self._bolt.size):
            self._wrong(offset, "page numbers of free pages", f"{count} of them, more than the page can hold")
            return
        free = struct.unpack(f"{self._order}{count}Q", self._data[at : at + 8 * count])
        if beyond := [page for page in free if not 2 <= page < meta.pages]:
            self._wrong(offset, f"numbers of pages from 2 to {meta.pages - 1}", f"page {beyond[0]}")
        elif len(set(free)) != len(free):
            self._wrong(offset, "every free page once", "one of them twice")

    def _bucket(self, root: int, depth: int) -> Bucket:
        """Return the keys of a bucket whose tree starts at a page."""
        found: Bucket = {}
        todo = [(root, 0)]
        while todo:
            number, level = todo.pop()
            page = self._page(number)
            if page is None:
                continue
            flags, count, body, start = page
            if flags == LEAF:
                self._leaf(body, count, start, depth, found)
            elif level < DEEPEST_TREE:
                todo.extend((child, level + 1) for child in reversed(self._children(body, count, start)))
            else:
                self._wrong(start, "a tree of a few levels", f"more than {DEEPEST_TREE}")
        return found

    def _page(self, number: int) -> tuple[int, int, memoryview, int] | None:
        """Return (flags, count, bytes, offset) of a branch or leaf page, None for anything else."""
        size = self._bolt.page_size
        start = number * size
        head = self._head(number)
        if head is None:
            self._wrong(min(start, self._bolt.size), f"page {number}", "the file ends before it")
            return None
        identity, flags, count, overflow = head
        if not any(self._data[start : start + HEADER]):
            self._wrong(start, f"page {number}", "NUL bytes")
            return None
        if identity != number or flags not in (BRANCH, LEAF):
            kind = KINDS.get(flags, f"unknown<{flags:02x}>")
            self._wrong(start, f"page {number}, a branch or a leaf", f"page {identity}, {kind}")
            return None
        if not self._take(number, overflow):
            self._wrong(start, f"page {number} in one place of the tree", "another one leads to it, or has it")
            return None
        body = self._data[start : start + (overflow + 1) * size]
        if len(body) < (overflow + 1) * size:
            self._wrong(start, f"page {number} of {(overflow + 1) * size} bytes", f"{len(body)} bytes: the file ends")
        return flags, count, body, start

    def _children(self, body: memoryview, count: int, start: int) -> list[int]:
        """Return the page numbers of a branch page."""
        table = body[HEADER : HEADER + 16 * count]
        if len(table) < 16 * count:
            self._wrong(start, "branches that fit the page", f"{count} of them")
            table = table[: len(table) // 16 * 16]
        return [child for _, _, child in struct.iter_unpack(f"{self._order}IIQ", table)]

    def _leaf(self, body: memoryview, count: int, start: int, depth: int, found: Bucket) -> None:
        """Add the keys of a leaf page."""
        for flags, key, value, offset in self._elements(body, count, start):
            if flags & IS_BUCKET:
                found[key] = self._nested(value, offset, depth + 1)
            else:
                found[key] = bytes(value)

    def _elements(self, body: memoryview, count: int, start: int) -> list[tuple[int, bytes, memoryview, int]]:
        """Return (flags, key, value, offset of the value) of a leaf page, as far as they lie in it."""
        table = body[HEADER : HEADER + 16 * count]
        room = len(body)
        found = []
        if len(table) < 16 * count:
            self._wrong(start, "elements that fit the page", f"{count} of them")
            table = table[: len(table) // 16 * 16]
        for index, (flags, place, key_size, value_size) in enumerate(struct.iter_unpack(f"{self._order}4I", table)):
            at = HEADER + 16 * index + place
            end = at + key_size + value_size
            room -= key_size + value_size
            if end > len(body) or room < 0:
                self._wrong(start + HEADER + 16 * index, "a key and a value inside the page", f"up to byte {end}")
                break
            key = bytes(body[at : at + key_size])
            found.append((flags, key, body[at + key_size : end], start + at + key_size))
        return found

    def _nested(self, value: memoryview, offset: int, depth: int) -> Bucket:
        """Return a bucket that is the value of a key: its tree, or what lies in the value itself."""
        if len(value) < 16 or depth > DEEPEST_BUCKET:
            self._wrong(offset, "a bucket", f"{len(value)} bytes" if len(value) < 16 else "buckets without end")
            return {}
        root = struct.unpack(f"{self._order}Q", value[:8])[0]
        if root:
            return self._bucket(root, depth)
        page = value[16:]
        if len(page) < HEADER:
            self._wrong(offset, "a bucket inside its value", f"{len(page)} bytes")
            return {}
        _, flags, count, _ = struct.unpack(f"{self._order}QHHI", page[:HEADER])
        found: Bucket = {}
        if flags != LEAF:
            self._wrong(offset, "a leaf inside the value", KINDS.get(flags, f"unknown<{flags:02x}>"))
        else:
            self._leaf(page, count, offset + 16, depth, found)
        return found

    def _salvage(self) -> None:
        """Collect the pairs of leaf pages that the tree did not lead to."""
        known = self._bolt.damage
        self._bolt.damage = []
        for number in range(2, self._bolt.size // self._bolt.page_size + 1):
            head = self._head(number)
            if head is None or head[0] != number or head[1] != LEAF or not self._take(number, head[3]):
                continue
            start = number * self._bolt.page_size
            body = self._data[start : start + (head[3] + 1) * self._bolt.page_size]
            self._drift(body, head[2], start, 0)
        self._bolt.damage = known

    def _drift(self, body: memoryview, count: int, start: int, depth: int) -> None:
        for flags, key, value, offset in self._elements(body, count, start):
            if not flags & IS_BUCKET:
                self._bolt.adrift.append((key, bytes(value)))
            elif len(value) >= 16 + HEADER and depth < DEEPEST_BUCKET:
                page = value[16:]
                _, kind, inner, _ = struct.unpack(f"{self._order}QHHI", page[:HEADER])
                if kind == LEAF:
                    self._drift(page, inner, offset + 16, depth + 1)
