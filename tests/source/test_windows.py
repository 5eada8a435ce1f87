"""A file read window by window gives what it gives member by member, wherever a window ends."""

from __future__ import annotations

import os
import random

import pytest

from analyzer.limits import DEFAULT
from analyzer.source.tar import hop, windows
from tests.source.craft import END, long_name, member, pax
from tests.source.test_scan import LAYER, MANY, ODD, OTHER, eager, ordinary, recorded, same

__all__ = ["eager"]


@pytest.fixture(params=[2048, 4096, 16384])
def small(monkeypatch, request):
    """Read windows of a few blocks, also where contents are not wanted."""
    monkeypatch.setattr(windows, "WINDOW", request.param)
    monkeypatch.setattr(windows, "LONGEST", 1024)
    monkeypatch.setattr(hop, "NEAR", 1 << 40)
    return request.param


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("content", [True, False])
def test_contents_that_go_on_in_the_next_windows(content):
    text = bytes(range(256)) * 200
    contents = [text[:size] + bytes(size % 3 * 700) for size in range(0, len(text), 997)]
    data = b"".join(recorded(LAYER + b"f%d" % n, each) for n, each in enumerate(contents)) + END
    assert same(data, content=content) > MANY


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("content", [True, False])
def test_contents_that_hold_members(content):
    inner = ordinary(20, base=OTHER)
    shifted = b"".join(recorded(LAYER + b"inner%d" % n, inner[512 * n :][: 9000 + n]) for n in range(30))
    assert same(ordinary(9) + shifted + ordinary(9, LAYER + b"z/") + END, content=content) > 30


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("content", [True, False])
def test_headers_that_do_not_end_with_the_window(content):
    long = b"".join(
        pax((b"comment", b"c" * 180 * n), (b"path", LAYER + b"%d" % n)) + member(b"short", b"x" * (n * 91 % 3000))
        for n in range(60)
    )
    named = b"".join(long_name(LAYER + b"d/" * 20 + b"%d" % n) + member(b"short", b"abc" * n) for n in range(MANY))
    assert same(ordinary(9) + long + named + ordinary(9, LAYER + b"z/") + END, content=content) > 10


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("content", [True, False])
def test_odd_damaged_and_cut_archives(content):
    dice = random.Random(14)
    data = b"".join(ordinary(9, LAYER + b"%d/" % n) + odd for n, odd in enumerate(ODD.values())) + END
    same(data, content=content)
    for _ in range(4):
        damaged = bytearray(data)
        for _ in range(dice.randrange(5)):
            damaged[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        same(bytes(damaged[: dice.randrange(len(data) // 3, len(data))]), content=content)


def test_contents_that_are_not_wanted_are_read_only_where_they_are_small(tmp_path, monkeypatch):
    read, preadv = [], os.preadv
    monkeypatch.setattr(hop, "MOST", 64)

    def counted(file, views, offset):
        count = preadv(file, views, offset)
        read.append(count)
        return count

    for size in (3_000, 300_000):
        path = tmp_path / f"{size}.tar"
        data = b"".join(recorded(LAYER + b"f%d" % n, b"x" * size) for n in range(256)) + END
        path.write_bytes(data)
        with path.open("rb") as file:
            hopper = hop.Hopper((file.fileno(), 0, len(data)), DEFAULT, contents=False)
            with monkeypatch.context() as patch:
                patch.setattr(os, "preadv", counted)
                found = sum(len(scan.begins) for scan in hopper.members(0, len(data)))
        assert found == 256
        assert len(read) < 128 if size < hop.NEAR else sum(read) < 0.05 * len(data)
        read.clear()
