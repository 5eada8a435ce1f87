"""Every compression, whole, doubled, in pieces, cut, flipped and hostile."""

from __future__ import annotations

import bz2
import gc
import gzip
import hashlib
import io
import lzma
import random
import weakref
import zlib

import pytest
import zstandard

from analyzer.errors import AnalyzerError, UnreadableError
from analyzer.limits import Limits
from analyzer.source.open import open_bundle
from analyzer.source.stream import compression, formats
from tests.source.craft import END, member
from tests.source.reading import drain, facts, read

RANDOM = random.Random(3)
TEXT = b" ".join(RANDOM.randbytes(3).hex().encode() for _ in range(60_000))
PARTS = [member(b"dir/file%d" % index, TEXT[index * 900 :][: 700 * index]) for index in range(60)]
TAR = b"".join(PARTS) + END
PLAIN = read(TAR)
LOOKAHEAD = 8
"""Bytes that one inflater may still hold back where another has given them."""


def zstd(data, **options):
    return zstandard.ZstdCompressor(level=3, **options).compress(data)


def zstd_checked(data):
    return zstd(data, write_checksum=True)


PACK = {"gzip": gzip.compress, "zstd": zstd_checked, "xz": lzma.compress, "bzip2": lambda data: bz2.compress(data, 1)}
every_format = pytest.mark.parametrize("name", PACK)


@pytest.fixture(params=["file", "pipe"])
def reading(request, tmp_path):
    """Return a function that reads bytes, from a file (which can be read again) or a pipe (which cannot)."""

    def run(data, limits=Limits(), **options):  # noqa: B008 - frozen
        if request.param == "pipe":
            return read(data, limits, **options)
        path = tmp_path / "bundle"
        path.write_bytes(data)
        got = read(path, limits, **options)
        places = [
            [(what, where.replace(str(path), "-"), at) for what, where, at in kind] for kind in (got.losses, got.notes)
        ]
        return got._replace(losses=places[0], notes=places[1])

    return run


def assert_whole(got):
    assert [facts(entry) for entry in got.members] == [facts(entry) for entry in PLAIN.members]
    assert got.bodies == PLAIN.bodies
    assert got.losses == []


@every_format
def test_same_members_as_plain(name, reading):
    packed = PACK[name](TAR)
    got = reading(packed)
    assert_whole(got)
    assert got.notes == []
    assert got.source.format == f"tar+{name}"
    assert (got.source.bytes_read, got.source.bytes_out) == (len(packed), len(TAR))


@every_format
def test_several_members_frames_or_streams(name, reading):
    pieces = [TAR[start : start + 300_000] for start in range(0, len(TAR), 300_000)]
    assert len(pieces) > 3
    assert_whole(reading(b"".join(map(PACK[name], pieces))))


@pytest.mark.parametrize("outer", PACK)
@pytest.mark.parametrize("inner", PACK)
def test_compressed_twice(outer, inner):
    got = read(PACK[outer](PACK[inner](TAR)))
    assert_whole(got)
    assert got.source.format == f"tar+{outer}+{inner}"


@every_format
def test_compressed_three_times_is_refused(name):
    with pytest.raises(UnreadableError):
        read(PACK[name](PACK[name](PACK[name](TAR))))


def test_empty_parts_and_padding(reading):
    assert_whole(reading(gzip.compress(b"") + gzip.compress(TAR) + gzip.compress(b"") + bytes(1000)))
    skippable = b"\x5a\x2a\x4d\x18" + (7).to_bytes(4, "little") + b"\xff" * 7
    assert_whole(reading(skippable + zstd(b"") + zstd(TAR[:9999]) + skippable + zstd(TAR[9999:]) + skippable))
    assert_whole(reading(lzma.compress(TAR[:9999]) + bytes(8) + lzma.compress(TAR[9999:]) + bytes(4)))
    assert_whole(reading(bz2.compress(b"") + bz2.compress(TAR) + bytes(20)))


@every_format
def test_garbage_behind_is_a_note(name, reading):
    packed = PACK[name](TAR)
    got = reading(packed + b"garbage!" * 20)
    assert_whole(got)
    assert [("160 bytes after the end" in what, offset) for what, _, offset in got.notes] == [(True, len(packed))]


def test_gzip_header_with_every_field(reading):
    body = gzip.compress(TAR)
    extra = b"\x04\0AB\0\0"
    head = body[:3] + b"\x1e" + body[4:10] + extra + b"name\0" + b"comment\0" + b"\x12\x34"
    assert_whole(reading(head + body[10:]))


def test_stored_deflate_and_zstd_without_checksum(reading):
    assert_whole(reading(gzip.compress(TAR, 0)))
    assert_whole(reading(zstd(TAR, write_checksum=False)))
    assert_whole(reading(zstd(TAR, write_content_size=False)))


def prefix_length(got):
    """Return how many bytes of the tar were seen, checking that all that was seen is right."""
    for path, content in got.bodies.items():
        assert PLAIN.bodies[path].startswith(content)
    assert got.paths == PLAIN.paths[: len(got.paths)]
    return sum(map(len, got.bodies.values()))


@every_format
@pytest.mark.parametrize("share", [0.35, 0.5, 0.93, 0.9999])
def test_cut_gives_all_before_it(name, share, reading):
    packed = PACK[name](TAR)
    kept = packed[: int(len(packed) * share)]
    oracle = decoded_prefix(name, kept)
    got = reading(kept)
    assert [(what.startswith(f"{name}: cut"), where) for what, where, _ in got.losses][:1] == [(True, "-")]
    assert len(oracle) - LOOKAHEAD <= got.source.bytes_out <= len(oracle)
    prefix_length(got)


def decoded_prefix(name, kept):
    """What another decoder, fed byte by byte, gets out of a cut or damaged stream."""
    makers = {
        "gzip": lambda: zlib.decompressobj(31),
        "xz": lzma.LZMADecompressor,
        "bzip2": bz2.BZ2Decompressor,
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj(),
    }
    decoder, out = makers[name](), bytearray()
    try:
        for byte in kept:
            out += decoder.decompress(bytes((byte,)))
    except (zlib.error, lzma.LZMAError, OSError, zstandard.ZstdError):
        pass
    return bytes(out)


@every_format
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_damage_in_a_file_gives_all_that_can_be_decoded_before(name, share, tmp_path):
    packed = bytearray(PACK[name](TAR))
    at = int(len(packed) * share)
    packed[at : at + 4] = bytes(byte ^ 0xFF for byte in packed[at : at + 4])
    oracle = decoded_prefix(name, bytes(packed))
    path = tmp_path / "bundle"
    path.write_bytes(packed)
    got = read(path)
    assert got.losses
    assert got.losses[0][0].startswith(f"{name}: ") or got.source.bytes_out == len(TAR)
    assert got.source.bytes_out >= len(oracle) - LOOKAHEAD


@pytest.mark.parametrize(("name", "packed"), [("gzip", gzip.compress(TAR)), ("zstd", zstd_checked(TAR))])
def test_wrong_checksum_costs_trust_and_nothing_else(name, packed, reading):
    bad = bytearray(packed)
    bad[-6 if name == "gzip" else -2] ^= 1
    got = reading(bytes(bad))
    assert got.bodies == PLAIN.bodies
    assert [(what.startswith(f"{name}: checksum mismatch"), offset) for what, _, offset in got.losses] == [
        (True, got.losses[0][2])
    ]


def test_wrong_checksum_lets_the_next_frame_follow(reading):
    first = bytearray(zstd_checked(TAR[:100_000]))
    first[-1] ^= 1
    got = reading(bytes(first) + zstd_checked(TAR[100_000:]))
    assert got.bodies == PLAIN.bodies
    assert len(got.losses) == 1


def test_fallback_without_isal(monkeypatch, reading):
    monkeypatch.setattr(formats, "igzip_lib", None)
    monkeypatch.setattr(compression, "crc32", zlib.crc32)
    packed = gzip.compress(TAR[:5000]) + gzip.compress(TAR[5000:])
    assert_whole(reading(packed))
    got = reading(packed[: len(packed) // 2])
    assert "cut" in got.losses[0][0]
    assert prefix_length(got) > 0


def test_zstd_window_over_the_limit():
    big = zstandard.ZstdCompressionParameters.from_level(1, window_log=25, write_content_size=False)
    packed = zstandard.ZstdCompressor(compression_params=big).compressobj()
    data = packed.compress(TAR) + packed.flush()
    assert_whole(read(data, Limits(zstd_window=1 << 25)))
    with pytest.raises(UnreadableError, match=r"zstd_window=16777216"):
        read(data, Limits(zstd_window=1 << 24))


def test_xz_memory_over_the_limit():
    data = lzma.compress(TAR, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 64 << 20}])
    with pytest.raises(UnreadableError, match="xz_memory=1048576"):
        read(data, Limits(xz_memory=1 << 20))


@every_format
def test_total_limit_stops(name, reading):
    got = reading(PACK[name](TAR), Limits(total_bytes=200_000))
    assert any("limit total_bytes=200000 reached" in what for what, _, _ in got.losses)
    assert 0 < prefix_length(got) <= 200_000


@every_format
def test_bomb_stops_at_the_expansion_limit(name):
    bomb = PACK[name](member(b"a", b"x") + member(b"bomb", b"a" * (40 << 20)) + END)
    limits = Limits(expansion_floor=1 << 20, expansion_ratio=100)
    got = read(bomb, limits)
    assert got.paths == ["a", "bomb"]
    assert any("limit expansion_ratio=100 exceeded" in what for what, _, _ in got.losses)
    assert got.source.bytes_out < 24 << 20


@every_format
def test_zeros_are_no_bomb(name):
    zeros = b"".join(member(b"zeros%d" % n, bytes(10 << 20)) for n in range(4))
    got = read(PACK[name](member(b"a", b"x") + zeros + END), Limits(expansion_floor=1 << 20, expansion_ratio=100))
    assert got.paths == ["a", *(f"zeros{n}" for n in range(4))]
    assert got.losses == []


@every_format
def test_a_bomb_of_zeros_ends_at_a_limit_of_their_own(name):
    bomb = PACK[name](member(b"a", b"x") + member(b"bomb", bytes(60 << 20)) + END)
    got = read(bomb, Limits(expansion_floor=1 << 20, expansion_ratio=100, expansion_zeros=30 << 20))
    assert any(f"limit expansion_zeros={30 << 20} reached" in what for what, _, _ in got.losses)
    assert 30 << 20 <= got.source.bytes_out < 48 << 20


@every_format
@pytest.mark.parametrize("cut", [0, 5000])
def test_digest_is_of_the_whole_input(name, cut, reading):
    packed = PACK[name](TAR)
    data = packed[: len(packed) - cut] + b"behind the end" * (not cut)
    assert reading(data, hash_input=True).source.sha256 == hashlib.sha256(data).hexdigest()
    assert reading(data).source.sha256 is None


def test_digest_of_a_plain_tar_with_much_behind(reading):
    data = TAR + bytes(3_000_000) + b"end"
    assert reading(data, hash_input=True).source.sha256 == hashlib.sha256(data).hexdigest()


def test_quine_does_not_unpack_for_ever():
    """A stream that holds itself is undone twice and then refused, as any compression of depth three."""
    nested = TAR
    for _ in range(6):
        nested = gzip.compress(nested)
    with pytest.raises(UnreadableError):
        read(nested)


class Slow(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readinto(self, buffer):
        return self._data.readinto(memoryview(buffer)[: RANDOM.randrange(1, 5000)])


@every_format
def test_short_reads(name):
    assert_whole(drain(open_bundle("-", stdin=Slow(PACK[name](TAR)))))


class Broken(io.RawIOBase):
    """A medium that fails after some bytes."""

    def __init__(self, data):
        self._data = io.BytesIO(data)

    def readinto(self, buffer):
        got = self._data.readinto(buffer)
        if not got:
            raise OSError(5, "Input/output error")
        return got


def test_read_error_of_the_medium():
    got = drain(open_bundle("-", stdin=Broken(TAR[:70_000])))
    assert got.losses[0] == ("read error: Input/output error", "-", 70_000)
    assert got.paths


DAMAGED = {
    "whole": lambda data: data,
    "cut": lambda data: data[: len(data) // 2],
    "flipped": lambda data: data[: len(data) // 3] + bytes([data[len(data) // 3] ^ 0x55]) + data[len(data) // 3 + 1 :],
    "cut inside the header": lambda data: data[:9],
    "followed by rubbish": lambda data: data + b"rubbish",
}


def streams():
    return [thing for thing in gc.get_objects() if isinstance(thing, compression.ZstdStream)]


@pytest.mark.parametrize("damage", DAMAGED)
@pytest.mark.parametrize("early", [True, False])
def test_what_was_opened_is_freed(tmp_path, damage, early):
    """Nothing of 50 openings stays, without a collection of cycles, whole or damaged, read to the end or not."""
    content = b"".join(member(b"file%d" % n, random.Random(n).randbytes(3000)) for n in range(40)) + END
    path = tmp_path / "bundle.tar.zst"
    path.write_bytes(DAMAGED[damage](zstandard.compress(content)))
    kept = []
    gc.collect()
    gc.disable()
    try:
        others = streams()  # what a failed test before this one keeps alive is not of these openings
        for _ in range(50):
            try:
                source = open_bundle(path)
            except AnalyzerError:
                continue
            kept.append(weakref.ref(source))
            members = iter(source)
            for _ in range(1 if early else 1000):
                next(members, None)
            source.close()
            del members, source
        assert [ref for ref in kept if ref() is not None] == []
        assert streams() == others
    finally:
        gc.enable()


@pytest.mark.parametrize("magic", [b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"])
def test_a_tar_whose_first_name_begins_like_compressed_data_is_a_tar(magic):
    got = read(member(magic, b"content") + END)
    assert list(got.bodies.values()) == [b"content"]
    assert not got.losses
    assert read(gzip.compress(member(magic, b"content") + END)).bodies == got.bodies
