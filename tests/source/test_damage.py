"""What is left of damaged tars, and what is said about the rest."""

from __future__ import annotations

import io
import tarfile
import tracemalloc

import pytest

from analyzer.limits import Limits
from analyzer.source.open import open_bundle
from tests.effort import no_hang, steps
from tests.source.craft import END, base256, header, long_name, member, octal, pad, pax, record
from tests.source.reading import read

A = member(b"a", b"first " * 200)
B = member(b"b", b"second " * 200)
C = member(b"c", b"third " * 200)


def test_cut_inside_content():
    archive = A + B
    got = read(archive[: len(A) + 512 + 1000])
    assert got.paths == ["a", "b"]
    assert got.bodies["b"] == (b"second " * 200)[:1000]
    assert got.complete == {"a": True, "b": False}
    assert got.losses == [("cut: 400 of 1400 content bytes are missing", "b", len(A) + 1512)]


def test_cut_inside_content_that_nobody_reads():
    got = read((A + B)[: len(A) + 512 + 1000], content=False)
    assert got.losses == [("cut: 400 of 1400 content bytes are missing", "b", len(A) + 1512)]


def test_cut_in_a_file_that_is_seeked_over(tmp_path):
    path = tmp_path / "cut.tar"
    path.write_bytes(A + header(b"big", size=50 << 20) + bytes(20 << 20))
    got = read(path, content=False)
    assert got.paths == ["a", "big"]
    assert got.losses == [(f"cut: {30 << 20} of {50 << 20} content bytes are missing", "big", path.stat().st_size)]


@pytest.mark.parametrize("kept", [1, 100, 511])
def test_cut_inside_a_header(kept):
    got = read(A + B[:kept])
    assert got.paths == ["a"]
    assert got.losses == [(f"cut inside a header: {kept} of 512 bytes are there", "-", len(A))]


@pytest.mark.parametrize("extension", [pax((b"path", b"p" * 600)), long_name(b"p" * 600)], ids=["pax", "long name"])
@pytest.mark.parametrize("kept", [513, 1024, 1025])
def test_cut_inside_an_extended_header(extension, kept):
    got = read(A + extension[:kept])
    assert got.paths == ["a"]
    assert [offset for _, _, offset in got.losses] == [len(A)]


@pytest.mark.parametrize("extension", [pax((b"path", b"p")), long_name(b"p")], ids=["pax", "long name"])
@pytest.mark.parametrize("end", [b"", END], ids=["no end", "end"])
def test_extended_header_without_its_member(extension, end):
    got = read(A + extension + end)
    assert got.paths == ["a"]
    assert [("without its member" in what, offset) for what, _, offset in got.losses] == [(True, len(A))]


def test_bad_checksum_in_the_middle():
    bad = bytearray(B)
    bad[0] ^= 1
    got = read(A + bytes(bad) + C + END)
    assert got.paths == ["a", "c"]
    what, where, offset = got.losses[0]
    assert ("checksum" in what, f"{len(B)} bytes" in what, where, offset) == (True, True, "-", len(A))
    assert len(got.losses) == 1


def test_bad_checksum_in_the_first_header():
    bad = bytearray(A)
    bad[0] ^= 1
    got = read(bytes(bad) + B + C + END)
    assert got.paths == ["b", "c"]
    assert [offset for _, _, offset in got.losses] == [0]


def test_beginning_overwritten_with_garbage(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(b"\xa5\x01\x02\x03" * (50 << 10) + A + B + END)
    got = read(path)
    assert got.paths == ["a", "b"]
    assert [(f"{200 << 10} bytes" in what, offset) for what, _, offset in got.losses] == [(True, 0)]


def test_bad_checksum_in_the_last_header():
    bad = bytearray(C)
    bad[5] ^= 1
    got = read(A + bytes(bad) + END)
    assert got.paths == ["a"]
    assert [(f"{len(C) - 512 + 512} bytes" in what, "the end" in what) for what, _, _ in got.losses] == [(True, True)]


def test_blocks_lost_in_the_middle():
    """A hole of whole blocks: the header's size leads into the middle of another member."""
    archive = A + B + C + member(b"d", b"fourth") + END
    for gone in range(1, 6):
        got = read(archive[:1024] + archive[1024 + 512 * gone :])
        assert got.paths[0] == "a"
        assert got.paths[-1] == "d"
        assert got.losses or got.paths == ["a", "c", "d"]


def test_zeroed_header_is_told():
    got = read(A + bytes(512) + B[512:] + C + END)
    assert got.paths == ["a", "c"]
    assert got.losses


@pytest.mark.parametrize(
    "size",
    [
        base256(-512, 12),
        base256(8 << 60, 12),
        base256(1 << 90, 12),
        b"77x\0\0\0\0\0\0\0\0\0",
        b"00000000008\0",
        b"\x81" + bytes(11),
    ],
    ids=["negative", "8 EiB", "2**90", "not octal", "digit 8", "unknown sign"],
)
def test_impossible_size(size):
    with no_hang():
        got = read(A + header(b"bad", size=size) + B + END)
    assert got.paths == ["a", "b"]
    assert [(what.startswith("damaged header"), offset) for what, _, offset in got.losses] == [(True, len(A))]


@pytest.mark.parametrize("kind", [b"L", b"K", b"x", b"g", b"X"])
@pytest.mark.parametrize("claim", [2 << 30, 64 << 30])
def test_huge_extended_header_is_never_allocated(kind, claim):
    tracemalloc.start()
    try:
        got = read(A + header(b"ext", kind, size=base256(claim, 12)) + B + END)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 << 20
    assert got.paths == ["a", "b"]
    assert [("limit extended_header=" in what, offset) for what, _, offset in got.losses] == [(True, len(A))]


GOOD = record(b"mtime", b"7")


@pytest.mark.parametrize(
    "payload",
    [
        b"0 path=x\n",
        b"4 a=\n",
        b"999 path=x\n",
        b"99999999999999999999999 path=x\n",
        b"path=x\n",
        b"-9 path=x\n",
        b"+9 path=x\n",
        b"9 path=xy",
        b"10 path=xyz",
        b"9 pathxyz\n",
        b"8 =value\n",
        b"\n",
        b" ",
        b"9\n",
    ],
)
def test_malformed_pax_record(payload):
    """Records before the malformed one count, the member is kept, and so are its neighbours."""
    got = read(A + pax(payload=GOOD + payload) + header(b"own") + B + END)
    assert got.paths == ["a", "own", "b"]
    assert got.members[1].mtime_ns == 7_000_000_000
    assert [("malformed pax record" in what, where, offset) for what, where, offset in got.losses] == [
        (True, "own", len(A))
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"size", b"-1"),
        (b"size", b"1e9"),
        (b"size", b"0x10"),
        (b"size", b"9" * 30),
        (b"mtime", b"now"),
        (b"mtime", b"1.2.3"),
        (b"mtime", b"9" * 40),
        (b"uid", b"root"),
        (b"gid", b"-1"),
        (b"LIBARCHIVE.xattr.user.a", b"!!!"),
    ],
)
def test_pax_value_of_no_use(key, value):
    got = read(A + pax((key, value), (b"path", b"p")) + member(b"own", b"x") + B + END)
    assert got.paths == ["a", "p", "b"]
    assert got.bodies["p"] == b"x"
    assert [(key.decode() in what, where) for what, where, _ in got.losses] == [(True, "p")]


def test_pax_size_that_differs_is_noted():
    got = read(pax((b"size", b"3")) + member(b"f", b"abcd") + B + END)
    assert got.bodies["f"] == b"abc"
    assert got.paths == ["f", "b"]
    assert [("pax size 3" in what, where) for what, where, _ in got.notes] == [(True, "f")]


def test_pax_size_beyond_the_end_is_a_cut():
    got = read(A + pax((b"size", b"1000000000")) + member(b"f", b"abcd") + B + END)
    assert got.paths == ["a", "f"]
    assert [(what.startswith("cut: "), where) for what, where, _ in got.losses] == [(True, "f")]


def test_impossible_pax_size():
    got = read(A + pax((b"size", b"%d" % (1 << 62))) + member(b"f", b"abcd") + B + END)
    assert got.paths == ["a", "b"]
    assert [("impossible pax size" in what) for what, _, _ in got.losses] == [True]


def test_too_many_pax_records():
    records = [(b"SCHILY.xattr.user.%d" % index, b"") for index in range(30)]
    got = read(pax((b"path", b"p"), *records) + header(b"own") + B + END, Limits(pax_records=20))
    assert got.paths == ["p", "b"]
    assert ["limit pax_records" in what for what, _, _ in got.losses] == [True]


def test_many_damaged_places_stay_bounded():
    block = bytearray(header(b"x"))
    block[0] ^= 1
    archive = (bytes(block) + header(b"y")) * 15_000 + END
    got = read(archive, content=False)
    assert len(got.members) == 15_000
    assert len(got.losses) == 10_001
    assert "not listed" in got.losses[-1][0]


def test_notes_stay_bounded():
    got = read(pax((b"comment", b"x"), kind=b"g") * 11_000 + A + END)
    assert (got.paths, len(got.notes)) == (["a"], 10_001)


@pytest.mark.parametrize("empty", [header(b"e"), pax((b"path", b"e")) + header(b"e"), long_name(b"e") + header(b"e")])
def test_work_is_linear_in_members(empty):
    def work(count):
        assert len(read(empty * count + END, content=False).members) == count

    steps(work, 10)
    assert steps(work, 10_000) < 11 * steps(work, 1_000)
    with no_hang():
        work(40_000)


def test_hard_link_chain_is_just_members():
    links = b"".join(header(b"h%d" % index, b"1", link=b"h%d" % (index + 1)) for index in range(5_000))
    got = read(links + header(b"self", b"1", link=b"self") + END)
    assert len(got.members) == 5_001
    assert got.members[-1].link == "self"


def test_octal_size_that_is_too_long_for_the_rest():
    """The largest octal size is a cut, found without reading or holding anything."""
    got = read(A + header(b"big", size=octal(0o77777777777, 12)) + pad(b"rest"))
    assert got.paths == ["a", "big"]
    assert got.complete["big"] is False
    assert len(got.losses) == 1


def test_a_loss_names_the_member_right_before_it(tmp_path):
    path = tmp_path / "torn.tar"
    with tarfile.open(path, "w") as tar:
        for name in ("first", "torn", "last"):
            info = tarfile.TarInfo(name)
            info.size = 5000
            tar.addfile(info, io.BytesIO(b"x" * 5000))
    data = path.read_bytes()
    whole = 512 + 5120  # header and padded content of one file
    path.write_bytes(data[: whole + 1024] + data[whole + 2048 :])  # 1024 bytes of `torn` are gone
    source = open_bundle(path)
    found = [member.path for member, _ in source]
    source.close()
    assert found[:2] == ["first", "torn"]
    assert [loss.after for loss in source.losses] == ["torn"]
