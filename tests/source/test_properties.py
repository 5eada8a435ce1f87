"""Whatever is done to a bundle: no error but ours, offsets that grow, bounded time, and the truth about the rest."""

from __future__ import annotations

import bz2
import functools
import gzip
import hashlib
import io
import lzma
import threading

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import AnalyzerError
from analyzer.limits import Limits
from analyzer.source import tar_source
from analyzer.source.open import open_bundle
from analyzer.source.stream import input as source_input
from analyzer.source.stream import read_ahead, window
from tests.effort import no_hang
from tests.source.craft import END, gnu_sparse, header, long_name, member, pax
from tests.source.reading import drain, facts, read

LIMITS = Limits(members=5_000, total_bytes=64 << 20, expansion_floor=1 << 20)
PAX = pax((b"path", b"pax/" + b"p" * 120), (b"mtime", b"1700000000.5"), (b"SCHILY.xattr.user.a", b"1\n2")) + member(
    b"own", b"pax content" * 60
)
ARCHIVE = b"".join(
    [
        member(b"first", b"1" * 700),
        header(b"dir/", b"5"),
        PAX * 5,
        long_name(b"long/" + b"l" * 130) + member(b"cut", b"gnu content" * 50),
        gnu_sparse(b"holes", [(0, 3), (600, 4)], b"abcdefg", 1000),
        pax((b"GNU.sparse.map", b"1,2,9,3"), (b"GNU.sparse.size", b"20")) + member(b"holes2", b"ABcde"),
        header(b"hard", b"1", link=b"first"),
        header(b"soft", b"2", link=b"../first"),
        header(b"char", b"3", major=1, minor=2),
        pax((b"comment", b"g"), kind=b"g"),
        member(b"last", b"z" * 1300),
        END,
    ]
)
WHOLE = read(ARCHIVE)
PACKED = {
    "plain": bytes,
    "gzip": functools.partial(gzip.compress, mtime=0),
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "xz": lzma.compress,
    "bzip2": functools.partial(bz2.compress, compresslevel=1),
}


def sane(data):
    """Read anything; return what came out, None when it was refused."""
    try:
        with no_hang():
            got = read(data, LIMITS)
    except AnalyzerError:
        return None
    offsets = [entry.offset for entry in got.members]
    assert offsets == sorted(set(offsets))
    for entry in got.members:
        assert entry.size >= 0
        assert entry.data_offset == -1 or entry.data_offset > entry.offset
        assert not entry.path.startswith("/")
        assert not {"", ".", ".."} & set(entry.path.split("/")) or entry.path == ""
        assert entry.mtime_ns is not None
        if got.complete[entry.path] and got.paths.count(entry.path) == 1:
            assert len(got.bodies[entry.path]) == entry.size
    return got


def test_the_archive_is_sound():
    assert WHOLE.losses == []
    assert len(WHOLE.members) == 14
    assert all(WHOLE.complete.values())


def test_cut_anywhere():
    for length in range(1, len(ARCHIVE), 37):
        got = sane(ARCHIVE[:length])
        if got is None:
            assert length < 512
            continue
        assert [facts(entry) for entry in got.members] == [facts(entry) for entry in WHOLE.members[: len(got.members)]]
        if len(got.members) < len(WHOLE.members):
            assert got.losses or got.notes


@settings(max_examples=200, deadline=None)
@given(name=st.sampled_from(sorted(PACKED)), share=st.floats(0, 1, exclude_max=True))
def test_cut_compressed_anywhere(name, share):
    data = PACKED[name](ARCHIVE)
    got = sane(data[: int(len(data) * share)])
    if got is not None:
        assert [facts(entry) for entry in got.members] == [facts(entry) for entry in WHOLE.members[: len(got.members)]]
        assert got.losses or got.notes or len(got.members) == len(WHOLE.members)


@settings(max_examples=500, deadline=None)
@given(at=st.integers(0, len(ARCHIVE) - 1), bit=st.integers(0, 7))
def test_flip_any_bit(at, bit):
    data = bytearray(ARCHIVE)
    data[at] ^= 1 << bit
    got = sane(bytes(data))
    assert got is not None
    if len(got.members) < len(WHOLE.members):
        assert got.losses


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(sorted(PACKED)), share=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
def test_change_any_byte_of_compressed_data(name, share, byte):
    data = bytearray(PACKED[name](ARCHIVE))
    data[int(len(data) * share)] ^= byte
    got = sane(bytes(data))
    if got is not None and got.bodies != WHOLE.bodies and name != "plain":
        assert got.losses


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_blocks_moved_doubled_zeroed_or_dropped(data):
    blocks = [ARCHIVE[start : start + 512] for start in range(0, len(ARCHIVE), 512)]
    for _ in range(data.draw(st.integers(1, 4))):
        one, other = (data.draw(st.integers(0, len(blocks) - 1)) for _ in range(2))
        change = data.draw(st.sampled_from(["swap", "double", "zero", "drop"]))
        if change == "swap":
            blocks[one], blocks[other] = blocks[other], blocks[one]
        elif change == "double":
            blocks.insert(one, blocks[other])
        elif change == "zero":
            blocks[one] = bytes(512)
        elif len(blocks) > 1:
            del blocks[one]
    sane(b"".join(blocks))


@settings(max_examples=300, deadline=None)
@given(data=st.binary(max_size=3000))
def test_any_bytes(data):
    sane(data)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_fields_under_a_valid_checksum(data):
    """Mutations that get past the checksum, as a fuzzer that ignores it would make them."""
    kinds = st.sampled_from([b"0", b"1", b"5", b"x", b"g", b"L", b"K", b"S", b"V", b"M", b"D", b"X", b"Z", b"\0"])
    parts = []
    for _ in range(data.draw(st.integers(1, 6))):
        raw = {
            data.draw(st.integers(0, 500)): data.draw(st.binary(max_size=12))
            for _ in range(data.draw(st.integers(0, 3)))
        }
        size = data.draw(st.sampled_from([0, 1, 20, 512, 600, 5000]))
        content = data.draw(st.binary(max_size=700))
        parts.append(member(b"m", content, kind=data.draw(kinds), size=size, raw=raw))
    sane(b"".join(parts) + END)


@settings(max_examples=200, deadline=None)
@given(payload=st.binary(max_size=400))
def test_any_pax_payload(payload):
    got = sane(member(b"before") + pax(payload=payload) + member(b"own", b"x") + member(b"after") + END)
    assert got.paths[0] == "before"
    assert got.losses or got.paths[-1] == "after"


def test_every_compression_gives_the_same():
    for name, pack in PACKED.items():
        got = read(pack(ARCHIVE))
        assert [facts(entry) for entry in got.members] == [facts(entry) for entry in WHOLE.members], name
        assert got.bodies == WHOLE.bodies
        assert (got.losses, got.notes) == (WHOLE.losses, WHOLE.notes)


def test_buffer_edges_make_no_difference(monkeypatch):
    """A small window puts its edges everywhere in turn; a thread that reads ahead changes nothing either."""
    monkeypatch.setattr(window, "SIZE", 1)
    for size in range(1 << 20, (1 << 20) + 1024, 73):
        assert_same(read(ARCHIVE, Limits(extended_header=size)))
        assert_same(read(ARCHIVE, Limits(extended_header=4096 + size % 5000)))


def assert_same(got):
    assert [facts(entry) for entry in got.members] == [facts(entry) for entry in WHOLE.members]
    assert (got.bodies, got.losses, got.notes) == (WHOLE.bodies, WHOLE.losses, WHOLE.notes)


def test_ahead_gives_what_a_plain_window_gives(monkeypatch, tmp_path):
    """Whole, cut and damaged: members, contents, losses and notes in the same order, for any size of buffer."""
    path = tmp_path / "bundle"
    big = member(b"big", bytes(200_000)) + ARCHIVE
    for name, pack in PACKED.items():
        packed = pack(big)
        flipped = bytearray(packed)
        flipped[len(packed) * 2 // 3] ^= 0x55
        for data in (packed, packed[: len(packed) * 3 // 4], bytes(flipped), packed + b"garbage"):
            path.write_bytes(data)
            monkeypatch.setattr(tar_source, "LONG", 1 << 60)
            try:
                plain = drain(open_bundle(path))
            except AnalyzerError:
                continue
            monkeypatch.setattr(tar_source, "LONG", 0)
            for size in (513, 4096, 10_007, 300_000):
                monkeypatch.setattr(read_ahead, "DATA", size)
                got = drain(open_bundle(path, hash_input=True))
                assert [facts(entry) for entry in got.members] == [facts(entry) for entry in plain.members], name
                assert (got.bodies, got.losses, got.notes) == (plain.bodies, plain.losses, plain.notes)
                assert got.source.bytes_out == plain.source.bytes_out


def test_large_contents_are_passed_over_unread(monkeypatch, tmp_path):
    """A regular file is moved in, with the thread and without, and what follows is found."""
    path = tmp_path / "bundle"
    size = 160 << 20
    with path.open("wb") as handle:
        handle.write(header(b"big", size=size))
        handle.seek(size, 1)
        handle.write(ARCHIVE)
    passed = []
    skip = source_input.Input.skip
    monkeypatch.setattr(source_input.Input, "skip", lambda self, count: passed.append(skip(self, count)) or passed[-1])
    for long in (0, 1 << 60):
        monkeypatch.setattr(tar_source, "LONG", long)
        passed.clear()
        got = drain(open_bundle(path), content=False)
        assert got.paths == ["big", *WHOLE.paths]
        assert got.losses == []
        assert sum(passed) > size / 2
        assert (got.source.bytes_read, got.source.bytes_out) == (path.stat().st_size, path.stat().st_size)


def test_giving_up_early_ends_the_thread_and_keeps_the_digest_whole(monkeypatch, tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(gzip.compress(ARCHIVE * 50))
    monkeypatch.setattr(tar_source, "LONG", 0)
    monkeypatch.setattr(read_ahead, "DATA", 4096)
    before = threading.active_count()
    got = drain(open_bundle(path, limits=Limits(members=3), hash_input=True))
    assert (len(got.members), got.source.sha256) == (3, hashlib.sha256(path.read_bytes()).hexdigest())
    source = open_bundle(path)
    iterator = iter(source)
    next(iterator)
    iterator.close()
    source.close()
    open_bundle(path).close()
    assert threading.active_count() == before


def test_trouble_in_the_thread_reaches_the_reader(monkeypatch, tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(gzip.compress(ARCHIVE))
    monkeypatch.setattr(tar_source, "LONG", 0)
    source = open_bundle(path)
    monkeypatch.setattr(source._window._stream, "readinto", lambda view: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        drain(source)
    source.close()


def test_a_pipe_is_read_like_a_file(tmp_path):
    path = tmp_path / "bundle"
    for pack in PACKED.values():
        path.write_bytes(pack(ARCHIVE))
        got = drain(open_bundle(path))
        notes = [(what, where.replace(str(path), "-"), offset) for what, where, offset in got.notes]
        assert_same(got._replace(notes=notes))
        assert_same(drain(open_bundle("-", stdin=io.BytesIO(pack(ARCHIVE)))))
