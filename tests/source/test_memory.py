"""Damaged streams leave nothing behind: notebooks and workers open many."""

from __future__ import annotations

import bz2
import ctypes
import gc
import gzip
import io
import lzma
import multiprocessing
import pathlib
from contextlib import ExitStack, closing, suppress

import pytest
import zstandard

from analyzer.errors import UnreadableError
from analyzer.source import tar_source
from analyzer.source.open import open_bundle
from analyzer.source.stream import read_ahead
from tests.archives import SMALL, tar_of

PLAIN = tar_of(SMALL)[: 256 << 10]
PACK = {
    "zstd": zstandard.ZstdCompressor(level=3, write_checksum=True).compress,
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "gzip of zstd": lambda data: gzip.compress(zstandard.ZstdCompressor().compress(data)),
}
OPENS, ROOM = 60, 24 << 20


def resident() -> int:
    """Return the resident bytes of what is in use: freed memory that glibc keeps for later is given back first."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def flipped(data: bytes) -> bytes:
    made = bytearray(data)
    made[len(made) // 2] ^= 0x40
    return bytes(made)


DAMAGE = {"cut": lambda data: data[: len(data) * 2 // 3], "flipped": flipped, "closed early": lambda data: data}


def opened(data: bytes, *, early: bool) -> None:
    try:
        source = open_bundle("-", stdin=io.BytesIO(data))
    except UnreadableError:  # one damaged block is all there is
        return
    for number, (_, body) in enumerate(source):
        if early and number:
            break
        for _chunk in body.chunks():
            pass
    source.close()


def growth(form: str, damage: str) -> int:
    """Return how many resident bytes many opens of such a stream leave behind in this process."""
    data = DAMAGE[damage](PACK[form](PLAIN))
    for _ in range(8):
        opened(data, early=damage == "closed early")
    before = resident()
    for _ in range(OPENS):
        opened(data, early=damage == "closed early")
    return resident() - before


@pytest.mark.skipif(not pathlib.Path("/proc/self/statm").exists(), reason="needs /proc")
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("form", PACK)
def test_many_opens_of_a_damaged_stream_stay_flat(form, damage):
    """In a process of its own: what other tests left in the allocator is no growth of these opens."""
    with multiprocessing.get_context("spawn").Pool(1) as fresh:
        assert fresh.apply(growth, (form, damage)) < ROOM


def test_bundles_that_wait_take_no_memory_for_what_is_not_read_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_source, "LONG", 0)
    path = tmp_path / "bundle.tar.zst"
    path.write_bytes(PACK["zstd"](PLAIN))
    before = resident()
    with ExitStack() as opened_ones:
        for _ in range(10):
            source = opened_ones.enter_context(closing(open_bundle(path)))
            assert isinstance(source._window, read_ahead.AheadWindow)
        assert resident() - before < 10 * read_ahead.DATA
