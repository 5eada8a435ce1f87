"""The table of a diff directory: checksums however the content arrives, rows, and what a row costs."""

from __future__ import annotations

import hashlib
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.snapshot.bitflip import flipped_bit
from analyzer.snapshot.content import DiffTable
from analyzer.snapshot.symlink_rows import place, resolve_row
from analyzer.source.member import CHAR, FILE, HARDLINK, SYMLINK, Member
from tests.tarsplit import crc64


class Pieces:
    """Content that comes in given pieces."""

    def __init__(self, *pieces: bytes, complete: bool = True) -> None:
        self._pieces = pieces
        self.complete = complete

    def pieces(self):
        return self.chunks()

    def chunks(self):
        buffer = bytearray(max(map(len, self._pieces), default=1) or 1)
        for piece in self._pieces:
            buffer[: len(piece)] = piece
            yield memoryview(buffer)[: len(piece)]

    def read(self, limit):
        return b"".join(self._pieces)


def table_of(*rows) -> DiffTable:
    table = DiffTable("storage/overlay/x/diff")
    for member, *pieces in rows:
        table.add(member.path, member, Pieces(*pieces))
    return table


@given(st.lists(st.binary(min_size=1, max_size=200), min_size=1, max_size=5), st.booleans())
def test_the_checksum_does_not_depend_on_the_pieces(pieces, hashed):
    data = b"".join(pieces)
    table = DiffTable("d")
    if hashed:
        table.begin_digests()
    table.add("f", Member("d/f", FILE, len(data)), Pieces(*pieces))
    entry = table.get("f")
    assert entry.crc == crc64(data)
    assert entry.zeroed == (not data.strip(b"\0"))
    assert table.digest(0) == (f"sha256:{hashlib.sha256(data).hexdigest()}" if hashed else "")


@pytest.mark.parametrize(
    ("data", "zeroed", "tail"),
    [
        (b"x" + bytes(8191), False, True),
        (b"x" * 4096 + bytes(4096), False, True),
        (b"x" * 4097 + bytes(4095), False, False),
        (b"x" + bytes(100), False, False),
        (bytes(8192), True, False),
    ],
)
def test_where_content_turns_into_nul(data, zeroed, tail):
    for pieces in ((data,), (data[:5000], data[5000:]) if len(data) > 5000 else (data,)):
        entry = table_of((Member("f", FILE, len(data)), *pieces)).get("f")
        assert (entry.zeroed, entry.zero_tail) == (zeroed, tail)


def test_a_cut_content_has_no_checksum():
    entry = table_of((Member("f", FILE, 10), b"12345")).get("f")
    assert (entry.crc, entry.cut) == (None, True)


def test_the_last_of_two_members_of_one_name_counts():
    table = table_of((Member("f", FILE, 1), b"a"), (Member("f", FILE, 1), b"b"))
    assert table.get("f").crc == crc64(b"b")


def test_impossible_numbers_are_kept_within_columns():
    table = table_of((Member("f", FILE, 0, uid=-1, gid=1 << 80, mtime_ns=1 << 90),), (Member("g", FILE, 0),))
    assert table.get("f").mtime_ns == (1 << 63) - 1
    assert table.get("f").uid == (1 << 64) - 1
    assert (table.get("g").uid, len(table.gids), len(table.mtimes)) == (0, 2, 2)


def test_only_attributes_of_the_store_are_kept():
    xattrs = {"security.selinux": b"label", "trusted.overlay.opaque": b"y", "security.ima": b"1"}
    assert table_of((Member("d", "dir", xattrs=xattrs),)).get("d").xattrs == {"trusted.overlay.opaque": b"y"}


def test_links_and_devices():
    root = "storage/overlay/x/diff"
    table = table_of(
        (Member("f", FILE, 1), b"a"),
        (Member("h", HARDLINK, link=f"{root}/f"),),
        (Member("o", HARDLINK, link="storage/overlay/y/diff/f"),),
        (Member("c", CHAR, rdev=(1, 3)),),
        (Member("l", SYMLINK, link="/x"),),
        (Member("loop", HARDLINK, link=f"{root}/loop"),),
    )
    assert [resolve_row(table, row) for row in range(6)] == [0, 0, -1, 3, 4, -1]
    assert table.get("o").outside == "storage/overlay/y/diff/f"
    assert table.get("c").rdev == (1, 3)


def test_symlinks_lead_inside_the_root_only():
    table = table_of(
        (Member("a", SYMLINK, link="/usr/b"),),
        (Member("usr/up", SYMLINK, link="../../../../etc"),),
        (Member("loop", SYMLINK, link="loop"),),
    )
    assert place(table, "a/f") == "usr/b/f"
    assert place(table, "usr/up/passwd") == "etc/passwd"
    assert place(table, "loop/f") == "loop/f"
    assert place(table, "plain/f") == "plain/f"


def test_a_row_costs_less_than_300_bytes():
    table = DiffTable("d")
    for number in range(20_000):
        name = f"usr/lib/python3/site-packages/package{number}/module.py"
        table.add(name, Member(f"d/{name}", FILE, 3, mtime_ns=number), Pieces(b"abc"))
    columns = (
        getattr(table, name)
        for name in ("kinds", "flags", "modes", "uids", "gids", "sizes", "mtimes", "crcs", "offsets")
    )
    total = sum(map(sys.getsizeof, columns)) + sys.getsizeof(table.names) + sum(map(sys.getsizeof, table.names))
    assert total / len(table) < 300


@given(st.binary(min_size=1, max_size=600), st.data())
def test_one_flipped_bit_is_found_from_the_checksums_alone(data, draw):
    at, bit = draw.draw(st.integers(0, len(data) - 1)), draw.draw(st.integers(0, 7))
    other = bytearray(data)
    other[at] ^= 1 << bit
    assert flipped_bit(crc64(data), crc64(bytes(other)), len(data)) == (at, bit)


def test_what_is_not_one_bit_is_not_called_so():
    data = b"root:x:0:0:root:/root:/bin/sh\n" * 20
    assert flipped_bit(crc64(data), crc64(data), len(data)) is None
    assert flipped_bit(crc64(data), crc64(data.replace(b"sh", b"ls", 1)), len(data)) is None
    assert flipped_bit(0, 1, 0) is None


@pytest.mark.parametrize("size", [1, 2, 7, 8, 63, 64])
def test_a_bit_just_before_the_content_is_none_of_its_bits(size):
    one, other = bytes(size + 1), b"\x80" + bytes(size)
    difference = crc64(one) ^ crc64(other)
    assert flipped_bit(0, difference, size + 1) == (0, 7)
    assert flipped_bit(0, difference, size) is None
