"""Holes cost nothing: their checksum is worked out, and a directory's are not read."""

from __future__ import annotations

import json
import os
import random

import pytest
from click.testing import CliRunner
from fastcrc import crc64

from analyzer.cli.main import cli
from analyzer.limits import Limits
from analyzer.snapshot.collect import Collector
from analyzer.source.checksum import CUT, HAS_CRC, ZERO_TAIL, ZEROED, behind_zeros, streamed
from analyzer.source.open import open_bundle
from tests.source.craft import END, member, pax

DICE = random.Random(14)
LAYER = "storage/overlay/" + "ab" * 32 + "/diff"


@pytest.mark.parametrize("count", [0, 1, 7, 511, 65_535, 65_536, 65_537, 1 << 20, (3 << 20) + 77])
def test_zeros_change_the_checksum_as_reading_them_does(count):
    for content in (b"", b"a", DICE.randbytes(1000)):
        assert behind_zeros(crc64.go_iso(content), count) == crc64.go_iso(content + bytes(count))


def test_zeros_added_in_parts_are_zeros_added_at_once():
    """Of more zeros than anybody would read."""
    crc = start = crc64.go_iso(b"some content")
    parts = [DICE.randrange(1 << 50) for _ in range(6)]
    for part in parts:
        crc = behind_zeros(crc, part)
    assert crc == behind_zeros(start, sum(parts))


def test_a_content_with_holes_has_the_checksum_of_the_whole():
    data = [DICE.randbytes(3000), DICE.randbytes(10)]
    whole = bytes(200_000) + data[0] + bytes(70_000) + data[1] + bytes(5)
    pieces = [200_000, memoryview(data[0]), 70_000, memoryview(data[1]), 5]
    assert streamed(pieces, len(whole)) == (crc64.go_iso(whole), HAS_CRC)
    assert streamed([1 << 40], 1 << 40)[1] == HAS_CRC | ZEROED
    assert streamed([5, memoryview(b"x")], 7) == (0, CUT)


def contents(path):
    """Return checksum and flags of each file below layers, and the losses."""
    source = open_bundle(path)
    collector = Collector(Limits(), read_content=True)
    collector.take(source, None)
    source.close()
    tables = [
        table
        for store in collector.result.stores.values()
        for layer in store.home.layers.values()
        for table in layer.tables.values()
    ]
    found = {
        name: (crc, flags)
        for table in tables
        for name, crc, flags in zip(table.names, table.crcs, table.flags, strict=True)
    }
    return found, [loss.what for loss in source.losses]


def test_a_sparse_member_of_any_size_is_read_at_once(tmp_path):
    """A lastlog of 292 GiB with a few bytes in it."""
    size, at, inside = 313_532_612_608, 313_532_000_000, b"here"
    new = pax(
        (b"path", f"{LAYER}/new".encode()),
        (b"GNU.sparse.map", b"%d,%d" % (at, len(inside))),
        (b"GNU.sparse.size", b"%d" % size),
    ) + member(b"new", inside)
    path = tmp_path / "bundle.tar"
    path.write_bytes(member(f"{LAYER}/first".encode(), b"abc") + new + END)
    found, losses = contents(path)
    expected = behind_zeros(crc64.go_iso(inside, behind_zeros(0, at)), size - at - len(inside))
    assert losses == []
    assert found["new"] == (expected, HAS_CRC | ZERO_TAIL)


@pytest.mark.skipif(not hasattr(os, "SEEK_DATA"), reason="the system tells no holes")
def test_holes_in_a_directory_are_not_read(tmp_path):
    folder = tmp_path / "node" / LAYER
    folder.mkdir(parents=True)
    whole = bytearray(5 << 20)
    with (folder / "some").open("wb") as handle:
        for place in (0, 1 << 20, 3 << 20):
            handle.seek(place)
            handle.write(b"x" * 100)
            whole[place : place + 100] = b"x" * 100
        handle.truncate(len(whole))
    with (folder / "huge").open("wb") as handle:
        handle.truncate(1 << 42)
    if (folder / "huge").stat().st_blocks:
        pytest.skip("this file system keeps no holes")
    found, losses = contents(tmp_path / "node")
    assert losses == []
    assert found["some"] == (crc64.go_iso(bytes(whole)), HAS_CRC | ZERO_TAIL)
    assert found["huge"] == (behind_zeros(0, 1 << 42), HAS_CRC | ZEROED)


def test_a_record_of_holes_alone_does_not_take_for_ever(tmp_path):
    """A layers.json of 4 TiB: one loss, which names the limit, and it comes at once."""
    place = tmp_path / "node" / "storage" / "overlay-layers"
    place.mkdir(parents=True)
    with (place / "layers.json").open("wb") as handle:
        handle.truncate(1 << 42)
    if (place / "layers.json").stat().st_blocks:
        pytest.skip("this file system keeps no holes")
    result = CliRunner().invoke(cli, ["report", str(tmp_path / "node"), "--format", "json"])
    [loss] = json.loads(result.stdout)["coverage"]["losses"]
    assert result.exit_code == 4
    assert loss["where"] == "storage/overlay-layers/layers.json"
    assert "--max-index-file" in loss["what"]
