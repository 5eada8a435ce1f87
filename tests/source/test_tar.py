"""Each feature of the tar formats, on archives built byte by byte."""

from __future__ import annotations

import pytest

from analyzer.limits import Limits
from analyzer.source.member import NO_END
from tests.source.craft import (
    END,
    base256,
    gnu_sparse,
    header,
    libarchive_value,
    long_name,
    member,
    octal,
    pad,
    pax,
    record,
)
from tests.source.reading import facts, read


def only(data, limits=Limits()):  # noqa: B008 - frozen
    got = read(data, limits)
    assert got.losses == []
    assert len(got.members) == 1
    return got.members[0], got


def test_ustar_file_and_its_facts():
    entry, got = only(
        member(b"a/b", b"hello", mode=0o4755, uid=7, gid=8, mtime=9, prefix=b"long/prefix", magic=b"ustar\x0000") + END
    )
    assert facts(entry) == ("long/prefix/a/b", "", "file", 5, 0o4755, 7, 8, 9_000_000_000, "", (0, 0), {})
    assert (entry.offset, entry.data_offset) == (0, 512)
    assert got.bodies["long/prefix/a/b"] == b"hello"
    assert got.notes == []


def test_version7_has_no_prefix_and_marks_directories_by_a_slash():
    got = read(header(b"d/", b"\0", magic=b"", prefix=b"junk") + member(b"f", b"x", kind=b"\0", magic=b"") + END)
    assert [(entry.path, entry.kind) for entry in got.members] == [("d", "dir"), ("f", "file")]
    assert got.losses == got.notes == []


def test_gnu_magic_has_no_prefix():
    entry, _ = only(member(b"f", b"", magic=b"ustar  \0", prefix=b"12345") + END)
    assert entry.path == "f"


@pytest.mark.parametrize(
    ("kind", "name"),
    [(b"1", "hardlink"), (b"2", "symlink"), (b"3", "char"), (b"4", "block"), (b"5", "dir"), (b"6", "fifo")],
)
def test_kinds_without_content(kind, name):
    got = read(header(b"x", kind, 512, link=b"./to/../it", major=10, minor=20) + member(b"next") + END)
    first = got.members[0]
    assert first.kind == name
    assert first.size == 0
    assert first.rdev == ((10, 20) if name in {"char", "block"} else (0, 0))
    assert first.link == {"hardlink": "it", "symlink": "./to/../it"}.get(name, "")
    assert got.paths == ["x", "next"]


def test_contiguous_file_is_a_file():
    entry, got = only(member(b"f", b"abc", kind=b"7") + END)
    assert (entry.kind, got.bodies["f"]) == ("file", b"abc")


@pytest.mark.parametrize("width", [1, 511, 512, 513, 300_000])
def test_content_of_any_length(width):
    data = bytes(range(256)) * (width // 256 + 1)
    got = read(member(b"f", data[:width]) + member(b"g", b"after") + END)
    assert got.bodies == {"f": data[:width], "g": b"after"}
    assert got.complete == {"f": True, "g": True}


def test_offsets_of_all_members_grow_and_find_the_content():
    archive = pax((b"path", b"a" * 200)) + member(b"x", b"one") + long_name(b"b" * 150) + member(b"y", b"two") + END
    got = read(archive)
    assert [entry.offset for entry in got.members] == [0, 2048]
    assert [archive[entry.data_offset :][:3] for entry in got.members] == [b"one", b"two"]


@pytest.mark.parametrize(
    ("name", "path", "raw"),
    [
        (b"./a/b", "a/b", ""),
        (b"/a/b", "a/b", ""),
        (b"a/b/", "a/b", ""),
        (b".", "", ""),
        (b"./", "", ""),
        (b"/", "", ""),
        (b"a//b", "a/b", "a//b"),
        (b"a/./b", "a/b", "a/./b"),
        (b"..", "", ".."),
        (b"../../etc/passwd", "etc/passwd", "../../etc/passwd"),
        (b"a/../../b", "b", "a/../../b"),
        (b"a/.hidden", "a/.hidden", ""),
        (b"a/..b/...", "a/..b/...", ""),
        (b"C:\\x", "C:\\x", ""),
        (b"a\nb\x1b[2J", "a\nb\x1b[2J", ""),
        (b"a\xff\xfe", "a\udcff\udcfe", ""),
        (b"", "", ""),
    ],
)
def test_paths_stay_inside(name, path, raw):
    for archive in (header(name, b"5") + END, pax((b"path", name)) + header(b"short", b"5") + END):
        entry, _ = only(archive)
        if name:
            assert (entry.path, entry.raw_path) == (path, raw)


def test_name_with_nul_is_cut_there():
    assert only(header(b"a\0b") + END)[0].path == "a"
    entry = only(pax((b"path", b"a\0b")) + header(b"x") + END)[0]
    assert (entry.path, entry.raw_path) == ("a", "a\0b")


def test_path_over_the_limit_is_cut_and_kept_distinct():
    limits = Limits(path=100)
    found = [read(pax((b"path", b"p" * 300 + end)) + header() + END, limits) for end in (b"1", b"2")]
    assert [[what for what, _, _ in got.losses] for got in found] == [
        ["path cut: limit path=100 reached (--max-path sets it)"]
    ] * 2
    first, second = (got.paths[0] for got in found)
    assert first != second
    assert len(first) == len(second) < 150
    assert first.startswith("p" * 100)


def test_gnu_long_name_and_link():
    path, link = b"d/" + b"n" * 300, b"l" * 200
    entry, _ = only(long_name(link, b"K") + long_name(path) + header(b"cut", b"2", link=link[:100]) + END)
    assert (entry.path, entry.link, entry.offset) == (path.decode(), link.decode(), 0)


def test_long_name_of_a_hard_link_target_is_cleaned():
    entry, _ = only(long_name(b"./x/../" + b"t" * 120, b"K") + header(b"h", b"1") + END)
    assert entry.link == "t" * 120


def test_pax_path_goes_before_gnu_long_name():
    for archive in (
        long_name(b"gnu") + pax((b"path", b"pax")) + header(b"own"),
        pax((b"path", b"pax")) + long_name(b"gnu") + header(b"own"),
    ):
        entry, got = only(archive + END)
        assert entry.path == "pax"
        assert ["long name" in what for what, _, _ in got.notes] == [True]


@pytest.mark.parametrize(
    "value", [b"two\nlines", b"x\n20 path=not this\n", b"12 path=fake", b"a=b", b"nul\0in", b" ", b""]
)
def test_length_frames_pax_values(value):
    attribute = b"SCHILY.xattr.user.a"
    entry, _ = only(pax((attribute, value), (b"path", b"real"), (b"mtime", b"5.25")) + header(b"own") + END)
    assert (entry.path, entry.mtime_ns, entry.xattrs) == ("real", 5_250_000_000, {"user.a": value})


def test_pax_facts():
    entry, got = only(
        pax(
            (b"mtime", b"1700000000.123456789123"),
            (b"uid", b"3000000"),
            (b"gid", b"4000000"),
            (b"size", b"5"),
            (b"linkpath", b"t"),
            (b"SCHILY.dev", b"5"),
            (b"comment", b"none"),
        )
        + header(b"f", b"0", size=octal(0, 12))
        + pad(b"hello")
        + END
    )
    assert facts(entry)[3:8] == (5, 0o644, 3_000_000, 4_000_000, 1_700_000_000_123_456_789)
    assert got.bodies["f"] == b"hello"


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [(b"0", 0), (b"-1.5", -1_500_000_000), (b"1.", 1_000_000_000), (b"253402300800.000000001", 253402300800_000000001)],
)
def test_pax_times(text, nanoseconds):
    assert only(pax((b"mtime", text)) + header() + END)[0].mtime_ns == nanoseconds


def test_empty_pax_value_takes_back_an_earlier_one():
    entry, _ = only(pax((b"path", b"first"), (b"path", b"")) + header(b"own") + END)
    assert entry.path == "own"


def test_last_of_doubled_records_counts():
    assert only(pax((b"path", b"first"), (b"path", b"last")) + header(b"own") + END)[0].path == "last"


def test_two_extended_headers_add_up():
    entry, _ = only(pax((b"path", b"p")) + pax((b"mtime", b"3")) + header(b"own") + END)
    assert (entry.path, entry.mtime_ns) == ("p", 3_000_000_000)


def test_extended_header_is_for_one_member():
    got = read(pax((b"path", b"p"), (b"SCHILY.xattr.user.a", b"1")) + header(b"own") + header(b"next") + END)
    assert [(entry.path, dict(entry.xattrs)) for entry in got.members] == [("p", {"user.a": b"1"}), ("next", {})]


def test_attributes_of_both_kinds():
    raw = b"\x02\0\0\xff=\n"
    entry, _ = only(
        pax(
            (b"SCHILY.xattr.security.capability", raw),
            (b"LIBARCHIVE.xattr.user.a%20b%25", libarchive_value(raw)),
            (b"LIBARCHIVE.xattr.user.empty", b""),
        )
        + header()
        + END
    )
    assert entry.xattrs == {"security.capability": raw, "user.a b%": raw, "user.empty": b""}


def test_global_header_is_noted_and_gives_no_path_or_size():
    archive = (
        pax((b"path", b"evil"), (b"size", b"7"), (b"uid", b"77"), kind=b"g") + member(b"a", b"x") + member(b"b", b"y")
    )
    got = read(archive + END)
    assert got.paths == ["a", "b"]
    assert [entry.uid for entry in got.members] == [77, 77]
    assert got.bodies == {"a": b"x", "b": b"y"}
    assert [("path, size ignored" in what, offset) for what, _, offset in got.notes] == [(True, 0)]
    assert got.losses == []


def test_solaris_extended_header_is_read_like_pax():
    assert only(pax((b"path", b"p"), kind=b"X") + header(b"own") + END)[0].path == "p"


@pytest.mark.parametrize(("kind", "word"), [(b"M", "volume"), (b"V", "label"), (b"N", "name list")])
def test_entries_of_their_own_kind_are_passed_over(kind, word):
    got = read(member(b"x", b"y" * 600, kind=kind) + member(b"f", b"1") + END)
    assert (got.paths, got.losses) == (["f"], [])
    assert [word in what for what, _, _ in got.notes] == [True]


def test_dump_directory_and_unknown_type():
    got = read(member(b"d", b"Yfile\0\0", kind=b"D") + member(b"z", b"zz", kind=b"Z") + member(b"f", b"1") + END)
    assert [(entry.path, entry.kind, entry.size) for entry in got.members] == [
        ("d", "dir", 0),
        ("z", "other", 0),
        ("f", "file", 1),
    ]
    assert got.bodies == {"d": b"", "z": b"", "f": b"1"}
    assert [where for _, where, _ in got.notes] == ["d", "z"]
    assert got.losses == []


@pytest.mark.parametrize(
    ("field", "size"),
    [
        (b"00000000005\0", 5),
        (b"          5 ", 5),
        (b"5\0\0\0\0\0\0\0\0\0\0\0", 5),
        (b"000000000005", 5),
        (b"5 \0         ", 5),
        (b"\0" * 12, 0),
        (b" " * 12, 0),
        (base256(5, 12), 5),
    ],
)
def test_sizes_as_written_by_anybody(field, size):
    entry, got = only(header(b"f", b"0", size=field) + (pad(b"hello") if size else b"") + END)
    assert (entry.size, got.bodies["f"]) == (size, b"hello"[:size])


def test_base256_owner_and_negative_time():
    entry, _ = only(header(b"f", mtime=base256(-2, 12), raw={108: base256(3_000_000_000, 8), 116: base256(5, 8)}) + END)
    assert (entry.uid, entry.gid, entry.mtime_ns) == (3_000_000_000, 5, -2_000_000_000)


def test_odd_owner_is_a_note_not_a_loss():
    got = read(header(b"f", raw={108: b"12x4567\0"}) + END)
    assert (got.members[0].uid, got.losses) == (0, [])
    assert "uid" in got.notes[0][0]


def test_signed_checksum_of_old_tars():
    name = b"\xe4\xf6\xfc"
    assert header(name) != header(name, signed=True)
    got = read(member(name, b"x", signed=True) + member(b"plain", b"y") + END)
    assert (got.paths, got.losses) == (["\udce4\udcf6\udcfc", "plain"], [])


def test_checksum_is_exact_beyond_the_modulus_of_adler32():
    """Block sums of 65,521 and more need more than one Adler-32: one less or more by the modulus is refused."""
    heavy = header(b"\xff" * 100, link=b"\xff" * 100, prefix=b"\xff" * 155)
    total = sum(heavy[:148] + b" " * 8 + heavy[156:])
    assert total > 65_521
    assert only(heavy + END)[0].kind == "file"
    got = read(member(b"a") + heavy[:148] + b"%06o\0 " % (total - 65_521) + heavy[156:] + member(b"b") + END)
    assert got.paths == ["a", "b"]
    assert len(got.losses) == 1


def test_every_single_bit_of_a_header_is_covered():
    sound = member(b"a/b", b"")
    for bit in range(0, 512 * 8, 3):
        block = bytearray(sound)
        block[bit // 8] ^= 1 << bit % 8
        got = read(member(b"x") + bytes(block) + END)
        if 148 * 8 <= bit < 156 * 8 and not got.losses:
            continue  # another way to write the same number
        assert got.paths == ["x"], bit
        assert len(got.losses) == 1


def test_end_lone_zero_block_and_second_archive():
    whole = member(b"a", b"1") + END
    assert read(whole).notes == []
    assert [what for what, _, _ in read(whole[:-1024]).notes] == [NO_END]
    lone = read(member(b"a", b"1") + bytes(512) + member(b"b") + END)
    assert (lone.paths, lone.notes) == (["a", "b"], [])
    assert [("lone zero block" in what, offset) for what, _, offset in lone.losses] == [(True, 1024)]
    second = read(whole + bytes(8192) + member(b"b") + END)
    assert (second.paths, second.losses) == (["a", "b"], [])
    assert [(what, offset) for what, _, offset in second.notes] == [
        ("another archive follows the end of the first", 10240)
    ]


def test_bytes_after_the_end_are_a_note():
    got = read(member(b"a") + END + b"garbage" * 200)
    assert (got.paths, got.losses) == (["a"], [])
    assert got.notes == [("1400 bytes after the end of the archive are no member", "-", 1536)]
    zeros = read(member(b"a") + END + bytes(9_000) + b"x" + bytes(600))
    assert (zeros.losses, len(zeros.notes)) == ([], 1)


def test_an_end_that_something_and_further_members_follow_was_none():
    got = read(member(b"a") + END + b"x" * 512 + member(b"b") + END)
    assert (got.paths, got.notes) == (["a", "b"], [])
    [(what, _, offset)] = got.losses
    assert what.startswith("512 bytes after the end of the archive are no member, and members follow")
    assert offset == 1536


def test_repeated_layouts_give_the_same_as_the_long_way():
    """The same members read after many alike (the short way) and each alone (the long way)."""

    def one(index):
        stamps = [b"1700000000.%09d" % index, b"1700000001", b"1700000002.%d" % (index + 1)]
        name = b"./layer/%d/name%d/" % (index % 7, index) if index % 3 else b"layer/.x/%d//y" % index
        attributes = [(b"SCHILY.xattr.security.selinux", b"label\0")] * (index % 5 != 0)
        records = [(b"path", name), *zip((b"mtime", b"atime", b"ctime"), stamps, strict=True), *attributes]
        kind = b"0215"[index % 4 : index % 4 + 1]
        head = header(b"short", kind, 3 if kind == b"0" else 0, link=b"target", uid=index)
        return pax(*records) + head + (pad(b"%03d" % index) if kind == b"0" else b"")

    parts = [one(index) for index in range(300)]
    together = read(b"".join(parts) + END)
    assert together.losses == together.notes == []
    apart = [read(part + END).members[0] for part in parts]
    assert [facts(entry) for entry in together.members] == [facts(entry) for entry in apart]
    starts = [sum(map(len, parts[:index])) for index in range(len(parts))]
    assert [entry.offset for entry in together.members] == starts


def test_learnt_layout_is_no_licence_for_a_wrong_length():
    """A payload that looks like the learnt layout but lies about a length is walked and reported."""
    good = pax((b"path", b"aaaa"), (b"mtime", b"1700000000.5")) + header(b"own")
    lying = record(b"path", b"bbbb").replace(b"13 ", b"14 ") + record(b"mtime", b"1700000000.5")
    assert record(b"path", b"bbbb").startswith(b"13 ")
    got = read(good * 10 + pax(payload=lying) + header(b"own") + good + END)
    assert got.paths == ["aaaa"] * 10 + ["own"] + ["aaaa"]
    assert ["malformed pax record" in what for what, _, _ in got.losses] == [True]


def test_member_limit_stops_with_a_loss():
    got = read(member(b"a") + member(b"b") + member(b"c") + END, Limits(members=2))
    assert got.paths == ["a", "b"]
    assert got.losses == [("limit members=2 reached: the rest is not read", "-", 1024)]


def test_body_may_be_left_read_in_part_or_whole():
    archive = b"".join(member(b"%d" % index, b"%d" % index * 2000) for index in range(30)) + END
    seen = []
    source = read_lazily(archive)
    for entry, body in source:
        index = int(entry.path)
        if index % 3 == 1:
            seen.append(body.read(10_000) == entry.path.encode() * 2000)
        elif index % 3 == 2:
            assert next(iter(body.chunks()))[:1] == entry.path[:1].encode()
            assert body.read(1) is None
    assert (seen, source.members, source.losses) == ([True] * 10, 30, [])


def read_lazily(archive):
    import io

    from analyzer.source.open import open_bundle

    return open_bundle("-", stdin=io.BytesIO(archive))


ENTRIES = [(0, 3), (10, 2), (20, 0), (600, 600), (1300, 1), (2000, 5)]
STORED = b"abcDE" + b"x" * 600 + b"yzzzzz"
EXPANDED = (
    (b"abc" + bytes(7) + b"DE").ljust(600, b"\0") + b"x" * 600 + bytes(100) + b"y" + bytes(699) + b"zzzzz" + bytes(95)
)


def sparse_forms():
    pairs = [number for pair in ENTRIES for number in pair]
    old = gnu_sparse(b"s", ENTRIES, STORED, 2100)
    head = [(b"GNU.sparse.size", b"2100"), (b"GNU.sparse.numblocks", b"6")]
    zero = [
        (key, b"%d" % number)
        for pair in ENTRIES
        for key, number in zip((b"GNU.sparse.offset", b"GNU.sparse.numbytes"), pair, strict=True)
    ]
    form00 = pax(*head, *zero) + member(b"s", STORED)
    form01 = pax(*head, (b"GNU.sparse.map", b",".join(b"%d" % number for number in pairs))) + member(b"s", STORED)
    lines = b"".join(b"%d\n" % number for number in [len(ENTRIES), *pairs])
    form10 = pax(
        (b"GNU.sparse.major", b"1"),
        (b"GNU.sparse.minor", b"0"),
        (b"GNU.sparse.name", b"s"),
        (b"GNU.sparse.realsize", b"2100"),
    ) + member(b"GNUSparseFile.1/s", pad(lines) + STORED)
    return [old, form00, form01, form10]


@pytest.mark.parametrize("form", range(4))
def test_sparse_forms(form):
    assert len(EXPANDED) == 2100
    got = read(sparse_forms()[form] + member(b"next", b"n") + END)
    assert (got.paths, got.losses) == (["s", "next"], [])
    assert got.members[0].size == 2100
    assert got.bodies == {"s": EXPANDED, "next": b"n"}
    assert got.complete == {"s": True, "next": True}


@pytest.mark.parametrize("count", [5, 25, 26, 60])
def test_old_sparse_map_goes_on_in_further_blocks(count):
    entries = [(index * 10, 1) for index in range(count)]
    got = read(gnu_sparse(b"s", entries, b"q" * count, count * 10) + member(b"next") + END)
    assert got.bodies["s"] == (b"q" + bytes(9)) * count
    assert (got.paths, got.losses) == (["s", "next"], [])


@pytest.mark.parametrize(
    "entries",
    [
        [(0, 3), (2, 2)],
        [(10, 1), (0, 1)],
        [(0, 5), (5000, 1)],
        [(0, 100)],
    ],
    ids=["overlapping", "descending", "beyond the file", "more than stored"],
)
def test_sparse_map_of_no_file_is_a_loss(entries):
    got = read(gnu_sparse(b"s", entries, b"12345", 1000) + member(b"next", b"n") + END)
    assert got.paths == ["s", "next"]
    assert got.bodies == {"s": b"", "next": b"n"}
    assert got.complete == {"s": False, "next": True}
    assert [(where, offset) for _, where, offset in got.losses] == [("s", 0)]


@pytest.mark.parametrize("claim", [b"2", b"1,2,3", b"-1,2", b"a,b", b"0,1," * 70_000 + b"0,1"])
def test_damaged_pax_sparse_map_is_a_loss(claim):
    got = read(pax((b"GNU.sparse.size", b"9"), (b"GNU.sparse.map", claim)) + member(b"s", b"x") + member(b"n") + END)
    assert got.paths == ["s", "n"]
    assert got.losses
    assert got.complete["s"] is False


@pytest.mark.parametrize("lead", [b"99999999\n", b"1\n0\n", b"x\n", b"1" * 600, b"-1\n"])
def test_damaged_leading_map_is_a_loss(lead):
    records = ((b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"), (b"GNU.sparse.realsize", b"9"))
    got = read(pax(*records) + member(b"s", pad(lead)) + member(b"n") + END)
    assert got.paths == ["s", "n"]
    assert [where for _, where, _ in got.losses] == ["s"]


def test_pebibyte_of_holes_is_named_not_read():
    claim = b"%d" % (1 << 50)
    got = read(pax((b"GNU.sparse.size", claim), (b"GNU.sparse.map", b"0,1")) + member(b"s", b"x") + END)
    assert got.members[0].size == 1 << 50
    assert got.bodies["s"] == b""
    assert "expansion_ratio" in got.losses[0][0]


def test_the_size_of_a_directory_is_not_that_of_content():
    """Directories have no content, whatever their headers say; the same in a layout seen often and in a new one."""
    folders = b"".join(
        pax((b"path", b"d%d" % n), (b"mtime", b"1700000000.5")) + header(b"d/", b"5", 5_000) for n in range(9)
    )
    got = read(folders + member(b"after", b"abc") + END)
    assert got.paths == [*(f"d{n}" for n in range(9)), "after"]
    assert got.losses == []
