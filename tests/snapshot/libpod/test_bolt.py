"""The reader of bolt files, on what podman 4.3.1 wrote; what bbolt says of each damage was seen on podman 4.3.1."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.snapshot.libpod.bolt import IS_BUCKET, checksum, read_bolt
from tests.editing import Edited

PAGE = 4096
DATABASE = Edited("podman-pod").data("srv/podman/storage/libpod/bolt_state.db")


def meta(data: bytes, number: int) -> dict[str, int]:
    """Return the fields of a meta page by their places in bbolt's struct."""
    at = number * PAGE + 16
    names = ("root", "sequence", "freelist", "pages", "transaction", "checksum")
    return dict(zip(names, struct.unpack_from("<6Q", data, at + 16), strict=True))


def current(data: bytes) -> dict[str, int]:
    return max((meta(data, 0), meta(data, 1)), key=lambda each: each["transaction"])


def zeroed(data: bytes, page: int) -> bytes:
    return data[: page * PAGE] + bytes(PAGE) + data[(page + 1) * PAGE :]


def pairs(bucket):
    for value in bucket.values():
        if isinstance(value, dict):
            yield from pairs(value)
        else:
            yield value


def test_the_buckets_of_podman():
    bolt = read_bolt(DATABASE)
    assert (bolt.error, bolt.damage, bolt.page_size, bolt.adrift) == ("", [], PAGE, [])
    assert bolt.root[b"runtime-config"][b"graph-driver-name"] == b"overlay"
    assert sorted(bolt.root[b"all-ctrs"].values())[:2] == [b"alone", b"f441e0e36a48-infra"]
    assert set(bolt.root[b"ctr"]) == set(bolt.root[b"all-ctrs"])


def test_the_checksum_of_a_meta_page_is_the_one_that_bbolt_wrote():
    for number in (0, 1):
        start = number * PAGE + 16
        assert checksum(DATABASE[start : start + 56]) == meta(DATABASE, number)["checksum"]


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (bytes, "invalid database"),
        (lambda data: data[:PAGE], "file size too small"),
        (lambda data: data[: 2 * PAGE - 1], "file size too small"),
        (lambda data: data[: 2 * PAGE], "unexpected fault address"),
        (lambda data: zeroed(data, current(data)["freelist"]), "invalid freelist page: 0, page type is unknown<00>"),
    ],
    ids=["NUL", "one page", "less than two", "two pages", "free list NUL"],
)
def test_the_error_is_the_one_that_podman_gives(damage, error):
    data = DATABASE if damage is bytes else damage(DATABASE)
    bolt = read_bolt(bytes(len(DATABASE)) if damage is bytes else data)
    assert bolt.error == error
    assert bolt.damage


def test_a_page_of_another_kind_in_place_of_the_free_list_is_named_with_its_kind():
    """Go: fmt.Sprintf("invalid freelist page: %d, page type is %s", p.id, p.Typ()), bbolt freelist.go."""
    page = current(DATABASE)["freelist"]
    data = bytearray(DATABASE)
    struct.pack_into("<H", data, page * PAGE + 8, 2)
    assert read_bolt(bytes(data)).error == f"invalid freelist page: {page}, page type is leaf"


def test_a_file_without_bytes_is_a_new_database():
    bolt = read_bolt(b"")
    assert bolt.empty
    assert (bolt.error, bolt.root, bolt.size) == ("", {}, 0)


def test_the_other_meta_page_serves_where_one_is_lost():
    """The one before the last transaction: an older state, but bbolt opens it."""
    newest = max((0, 1), key=lambda number: meta(DATABASE, number)["transaction"])
    bolt = read_bolt(zeroed(DATABASE, newest))
    assert bolt.error == ""
    assert bolt.damage
    assert b"runtime-config" in bolt.root


def test_a_lost_root_page_leaves_what_other_pages_hold():
    bolt = read_bolt(zeroed(DATABASE, current(DATABASE)["root"]))
    assert bolt.error == ""
    assert [(each.offset // PAGE, each.observed) for each in bolt.damage] == [
        (current(DATABASE)["root"], "NUL bytes"),
    ]
    assert any(key == b"config" and b'"name":"alone"' in value for key, value in bolt.adrift)


def test_every_lost_page_of_the_tree_is_named_and_the_rest_is_kept():
    whole = list(pairs(read_bolt(DATABASE).root))
    named = 0
    for page in range(2, len(DATABASE) // PAGE):
        bolt = read_bolt(zeroed(DATABASE, page))
        kept = list(pairs(bolt.root))
        if len(kept) < len(whole):
            named += 1
            assert any(each.offset // PAGE == page for each in bolt.damage), page
    assert named >= 2


def test_a_big_endian_file_reads_as_well():
    """A hand-made file of one leaf, as s390x writes it."""
    body = struct.pack(">QHHI", 3, 0x02, 1, 0) + struct.pack(">4I", 0, 16, 3, 5) + b"keyvalue"
    pages = []
    for number in (0, 1):
        fields = struct.pack(">4I6Q", 0xED0CDAED, 2, PAGE, 0, 3, 0, 2, 4, number, 0)[:56]
        head = struct.pack(">QHHI", number, 0x04, 0, 0)
        pages.append((head + fields + struct.pack(">Q", checksum(fields))).ljust(PAGE, b"\0"))
    pages.append(struct.pack(">QHHI", 2, 0x10, 0, 0).ljust(PAGE, b"\0"))
    pages.append(body.ljust(PAGE, b"\0"))
    bolt = read_bolt(b"".join(pages))
    assert (bolt.error, bolt.damage) == ("", [])
    assert bolt.root == {b"key": b"value"}


def leaf(number: int, elements: list[tuple[int, int, int, int]], count: int | None = None, over: int = 0) -> bytes:
    head = struct.pack("<QHHI", number, 0x02, len(elements) if count is None else count, over)
    return (head + b"".join(struct.pack("<4I", *each) for each in elements)).ljust(PAGE * (over + 1), b"A")


def file_of(*pages: bytes) -> bytes:
    total = 3 + sum(len(page) // PAGE for page in pages)
    metas = []
    for number in (0, 1):
        fields = struct.pack("<4I5Q", 0xED0CDAED, 2, PAGE, 0, 3, 0, 2, total, number)
        head = struct.pack("<QHHI", number, 0x04, 0, 0)
        metas.append((head + fields + struct.pack("<Q", checksum(fields))).ljust(PAGE, b"\0"))
    return b"".join((*metas, struct.pack("<QHHI", 2, 0x10, 0, 0).ljust(PAGE, b"\0"), *pages))


def test_values_that_overlap_give_no_more_than_the_page_holds():
    bolt = read_bolt(file_of(leaf(3, [(0, 64, 4, 3000)] * 50)))
    assert sum(map(len, pairs(bolt.root))) <= PAGE
    assert bolt.damage


def test_a_circle_of_branches_ends():
    branch = struct.pack("<QHHI", 3, 0x01, 2, 0) + struct.pack("<IIQ", 32, 0, 3) * 2
    bolt = read_bolt(file_of(branch.ljust(PAGE, b"\0")))
    assert bolt.root == {}
    assert any("one place" in each.expected for each in bolt.damage)


def test_a_bucket_that_holds_itself_ends():
    value = struct.pack("<QQ", 3, 0)
    page = struct.pack("<QHHI", 3, 0x02, 1, 0) + struct.pack("<4I", IS_BUCKET, 16, 1, 16) + b"k" + value
    bolt = read_bolt(file_of(page.ljust(PAGE, b"\0")))
    assert bolt.root == {b"k": {}}
    assert bolt.damage


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_bytes_change_nothing_raises_and_nothing_grows(data):
    raw = bytearray(DATABASE)
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(raw)))
    bolt = read_bolt(bytes(raw[: cut or None]))
    kept = sum(map(len, pairs(bolt.root))) + sum(len(key) + len(value) for key, value in bolt.adrift)
    assert kept <= 4 * len(raw)
