"""What is fuzzed: one function a reader, which takes any bytes and fails when a promise is broken.

A target never judges what the bytes mean. It asserts that nothing but the package's own refusals is raised, that two
ways of reading the same bytes agree, and that what came out keeps its form. `tests/fuzz/test_targets.py` runs every
target on its seeds and on random changes of them; `python -m tests.fuzz.run TARGET` gives it to atheris.
"""

from __future__ import annotations

import bz2
import functools
import gzip
import io
import json
import lzma
import re
import struct
import tempfile
import zlib
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import zstandard
from click.testing import CliRunner

from analyzer.cli.main import cli
from analyzer.errors import AnalyzerError
from analyzer.limits import Limits
from analyzer.signatures.catalogue import behaviours
from analyzer.signatures.match import match
from analyzer.signatures.text import prepare
from analyzer.snapshot import split_columns, tar_split
from analyzer.snapshot.collect import Collector
from analyzer.snapshot.configs import read_config
from analyzer.snapshot.gojson import decode
from analyzer.snapshot.libpod.state import read_bolt_state, read_sqlite_state
from analyzer.snapshot.logs import log_lines
from analyzer.snapshot.manifests import read_manifest
from analyzer.snapshot.provenance import SmallFile, Where
from analyzer.snapshot.salvage import salvage_array
from analyzer.snapshot.tar_entry import TarEntry
from analyzer.snapshot.tar_split import TarSplit
from analyzer.snapshot.toc import Toc
from analyzer.source.member import FILE, Member
from analyzer.source.open import open_bundle
from analyzer.source.tar import reader, scan
from tests.archives import SMALL, tar_of
from tests.editing import BUNDLES, Edited
from tests.fuzz import more_targets as more
from tests.fuzz import own_targets as own
from tests.snapshot.libpod import schema
from tests.source.craft import BLOCK, END, header, long_name, member, pax

LIMITS = Limits(
    members=20_000, total_bytes=64 << 20, expansion_floor=8 << 20, kept_bytes=64 << 20, index_file=4 << 20,
    tar_split=4 << 20, small_file=1 << 20,
)  # fmt: skip
"""Small, so that an input that asks for much is told so soon."""
LAYER = b"storage/overlay/" + b"ab" * 32 + b"/diff/"
BOLT_FILE = "srv/podman/storage/libpod/bolt_state.db"
LARGEST = 256 << 10
"""Bytes of a seed: mutation works on small inputs."""


class Target(NamedTuple):
    """A function that takes bytes, and inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]


def as_file(data: bytes, name: str = "file") -> SmallFile:
    """Return bytes as a small file of a bundle."""
    return SmallFile(Member(name, FILE, len(data)), data)


# archives


@contextmanager
def many_at_once():
    """Offer members of even short archives many at once."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(reader, "FIRST", 0))
        stack.enter_context(mock.patch.object(scan, "LEAST", BLOCK))
        stack.enter_context(mock.patch.object(scan, "FEWEST", 1))
        stack.enter_context(mock.patch.object(scan, "PAUSE", 1))
        yield


def summed(data: bytes) -> bytes:
    """Return an archive with the checksum of every header made right, so that mutation gets past it."""
    made = bytearray(data)
    for at in range(0, len(made) - BLOCK + 1, BLOCK):
        if made[at + 257 : at + 262] == b"ustar":
            made[at + 148 : at + 156] = b" " * 8
            made[at + 148 : at + 156] = b"%06o\0 " % sum(made[at : at + BLOCK])
    return bytes(made)


def _collected(data: bytes, *, batches: bool):
    """Return what a pass over an archive kept of layers, and all losses, read one by one or many at once."""
    with many_at_once():
        source = open_bundle("-", stdin=io.BytesIO(data), limits=LIMITS)
        collector = Collector(LIMITS, read_content=True, once=True)
        if not batches:
            source.offer = lambda _take, *, contents: None
        collector.take(source, None)
        source.close()
    tables = {
        table.path: [tuple(getattr(table, column)) for column in COLUMNS]
        for store in collector.result.stores.values()
        for layer in store.home.layers.values()
        for table in layer.tables.values()
    }
    for table in tables.values():
        assert not any(".." in name.split("/") for name in table[0])
        assert all(size >= 0 for size in table[1])
    return tables, [(loss.what, loss.offset) for loss in (*source.losses, *source.notes)], source.members


COLUMNS = ("names", "sizes", "kinds", "flags", "modes", "uids", "gids", "mtimes", "crcs", "offsets")


def tar(data: bytes) -> None:
    """Both readers of a tar find the same members, contents and losses."""
    data = summed(data)
    try:
        slow = _collected(data, batches=False)
    except AnalyzerError:
        return
    assert _collected(data, batches=True) == slow


def _tars() -> list[bytes]:
    plain = b"".join(member(LAYER + b"f%d" % n, b"x" * n * 100) for n in range(12))
    named = b"".join(
        pax((b"path", LAYER + b"dir/file%d" % n), (b"mtime", b"1700000000.123456789"), (b"atime", b"1700000000.5"))
        + member(b"short%d" % n, b"y" * n * 60)
        for n in range(12)
    )
    longs = b"".join(long_name(LAYER + b"d/" * 60 + b"%d" % n) + member(b"s", b"abc") for n in range(6))
    links = header(LAYER + b"l", b"2", link=b"../x") + header(LAYER + b"h", b"1", link=LAYER + b"f1")
    nodes = header(LAYER + b"c", b"3", major=1, minor=3) + header(LAYER + b"p", b"6") + header(LAYER + b"d/", b"5")
    real = tar_of(SMALL)
    return [plain + END, named + links + END, longs + nodes + END, plain + named, real[:LARGEST]]


def packed(data: bytes) -> None:
    """Whatever a compressed stream holds, reading it ends, and a sound one gives what the standard library gives."""
    try:
        source = open_bundle("-", stdin=io.BytesIO(data), limits=LIMITS)
    except AnalyzerError:
        return
    whole = sum(len(chunk) for entry, body in source if entry.kind == "file" for chunk in body.chunks())
    source.close()
    assert whole <= LIMITS.total_bytes
    for unpack, name, errors in UNPACKERS:
        if source.format != f"tar+{name}" or source.losses:
            continue
        try:
            plain = unpack(data)
        except errors:
            continue
        assert source.bytes_out >= len(plain.rstrip(b"\0")) or len(plain) > LIMITS.total_bytes


UNPACKERS = (
    (gzip.decompress, "gzip", (OSError, EOFError, zlib.error)),
    (bz2.decompress, "bzip2", (OSError, ValueError)),
    (lzma.decompress, "xz", (lzma.LZMAError,)),
)


def _packed() -> list[bytes]:
    plain = tar_of(SMALL)[:65_536]
    zstd = zstandard.ZstdCompressor(level=3, write_checksum=True)
    return [
        gzip.compress(plain, 6),
        gzip.compress(plain[:20_480], 1) + gzip.compress(plain[20_480:], 9),
        zstd.compress(plain),
        zstd.compress(plain[:30_000]) + zstd.compress(plain[30_000:]),
        b"\x50\x2a\x4d\x18" + struct.pack("<I", 8) + b"skipped!" + zstd.compress(plain),
        bz2.compress(plain, 1),
        lzma.compress(plain),
        gzip.compress(zstd.compress(plain)),
    ]


# files of a store


def index(data: bytes) -> None:
    """A whole JSON array of objects gives exactly its rows; anything else gives rows and problems."""
    found = salvage_array(data, "layers.json")
    for row in found.rows:
        assert isinstance(row.value, dict)
        assert 0 <= row.offset <= len(data)
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return
    shallow = isinstance(value, list) and all(isinstance(item, dict) and _depth(item) < 60 for item in value)
    if shallow and not re.search(rb"[0-9]{40}", data) and data[:3] != b"\xef\xbb\xbf":
        assert [dict(row.value) for row in found.rows] == value or b"\\u" in data


def _refuse(text: str):
    raise ValueError(text)


def _depth(value) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _indexes() -> list[bytes]:
    store = Edited()
    return [store.data(path)[:LARGEST] for path in store.entries if path.endswith(".json") and "userdata" not in path]


def go_json(data: bytes) -> None:
    """The decoder gives a value or an error in words, never both and never neither."""
    value, error = decode(data)
    assert not (error and value is not None)
    assert "\n" not in error
    if not error and b"\\u" not in data:
        try:
            expected = json.loads(data.decode("utf-8", "replace"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            assert data.startswith(b"\xef\xbb\xbf") or re.search(rb"[0-9]{4000}", data)
        else:
            assert expected == value


def _items(start: str) -> list[bytes]:
    store = Edited("local-list-no-instance-arm64")
    paths = [path for path in store.entries if path.startswith("storage/overlay-images/")]
    return [store.data(path) for path in paths if path.rpartition("/")[2].startswith(start)][:8]


def manifest(data: bytes) -> None:
    """Any bytes are a manifest or have an error."""
    found = read_manifest(data, Where("manifest"))
    assert isinstance(found.error, str)
    assert found.digest


def config(data: bytes) -> None:
    """Any bytes are a config or have an error."""
    assert isinstance(read_config(data, Where("config")).error, str)


@contextmanager
def many_lines():
    """Have even short tar-splits read many entries at once."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(tar_split, "LONG", 0))
        stack.enter_context(mock.patch.object(tar_split, "FEWEST", 1))
        stack.enter_context(mock.patch.object(split_columns, "FEWEST", 1))
        yield


def split(data: bytes) -> None:
    """Both ways of reading a tar-split give the same entries, problems and length; the gzip is made here."""
    file = as_file(gzip.compress(data, 1, mtime=0))
    with many_lines():
        slow, fast = TarSplit(file, LIMITS), TarSplit(file, LIMITS)
        expected = list(slow.entries())
        found = []
        for group in fast.groups():
            found.extend([group] if isinstance(group, TarEntry) else group.each())
    bare = [each if each.kind == FILE else each._replace(crc=None) for each in expected]
    assert [each if each.kind == FILE else each._replace(crc=None) for each in found] == bare
    assert (slow.problems, slow.total, slow.paths, slow.limit) == (fast.problems, fast.total, fast.paths, fast.limit)


def split_gzip(data: bytes) -> None:
    """The gzip of a tar-split may be anything."""
    reader = TarSplit(as_file(data), LIMITS)
    for entry in reader.entries():
        assert entry.size >= 0


def _splits(*, packed: bool) -> list[bytes]:
    store = Edited()
    files = [store.data(path) for path in store.entries if path.endswith(".tar-split.gz")]
    files = sorted(files, key=len)[:: max(1, len(files) // 6)]
    return [data if packed else gzip.decompress(data)[:LARGEST] for data in files]


def toc(data: bytes) -> None:
    """A table of contents gives entries or a problem."""
    reader = Toc(as_file(data), None, LIMITS)
    for entry in reader.entries():
        assert ".." not in entry.path.split("/")


def _tocs() -> list[bytes]:
    store = Edited("healthy-zstd-chunked")
    paths = [p for p in store.entries if p.startswith("storage/overlay-layers/") and p.count("/") == 3]
    return [store.data(path)[:LARGEST] for path in paths if store.entries[path][0].kind == FILE][:6]


def bolt(data: bytes) -> None:
    """Any bytes are a BoltDB of podman, a damaged one, or say why they are none."""
    _judged(read_bolt_state("bolt_state.db", data))


def sqlite(data: bytes) -> None:
    """Any bytes are a database of podman, a damaged one, or say why they are none; a log may be anything too."""
    _judged(read_sqlite_state("db.sql", data))
    _judged(read_sqlite_state("db.sql", _sqlite()[0], data))


def _judged(state) -> None:
    assert isinstance(state.error, str)
    for container in state.containers.values():
        assert isinstance(container.id, str)


@functools.cache
def _sqlite() -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory() as work:
        path = Path(work, "db.sql")
        connection = schema.open_new(path)
        schema.add_container(connection, "a" * 64, "web", state='{"state": 3}')
        connection.close()
        return (path.read_bytes(),)


# text


def pasted(data: bytes) -> None:
    """Any text that somebody pastes is prepared and matched."""
    for found in match(prepare(data.decode("utf-8", "replace"))):
        assert found.excerpt
        assert found.line >= 1
        assert all(isinstance(value, str) for value in found.groups.values())


def _pasted() -> list[bytes]:
    threads = json.loads((BUNDLES.parent / "signatures" / "threads.json").read_text())["threads"]
    examples = [message.example for behaviour in behaviours() for message in behaviour.messages]
    texts = [each["text"] for each in threads[:20]]
    texts += ["\n".join(examples[at : at + 8]) for at in range(0, len(examples), 8)]
    return [text.encode()[:8192] for text in texts] + [texts[0].replace(" ", "\n")[:2000].encode()]


def log(data: bytes) -> None:
    """Any log has lines, each with a time or none."""
    for line in log_lines(as_file(data), 1_700_000_000 * 10**9):
        assert line.ns is None or isinstance(line.ns, int)


def _logs() -> list[bytes]:
    return [
        b"2024-01-02T03:04:05.678901+0000 node crio[1]: x\nJan  2 03:04:05 node kernel: XFS (dm-0): y\n",
        b'time="2024-01-02T03:04:05Z" level=error msg="layer not known"\nI0102 03:04:05.678901 1 x.go:1] z\n',
        b"[Tue Jan  2 03:04:05 2024] EXT4-fs error\n[Mon Feb 29 23:59:60 2023] w\n",
        b'{"MESSAGE":"x","__REALTIME_TIMESTAMP":"1700000000000000"}\n{"log":"y\\n","time":"2024-01-02T03:04:05Z"}\n',
        b"__CURSOR=s\n__REALTIME_TIMESTAMP=1700000000000000\nMESSAGE=x\nMESSAGE\n\5\0\0\0\0\0\0\0a\nb\n\n" * 20,
    ]


# the whole program


def program(data: bytes) -> None:
    """Any bytes on standard input give a report and a status of the contract, or one line that refuses them."""
    result = CliRunner().invoke(cli, ["report", "-", "--format", "json"], input=summed(data))
    more.collect()  # a command turns the collector off for the rest of its process
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in {0, 1, 3, 4}
    assert "Traceback" not in result.stderr
    if result.exit_code == 3:
        assert result.stdout == ""
        assert len(result.stderr.splitlines()) == 1
        return
    document = json.loads(result.stdout)
    assert result.stdout.isascii()
    complete = document["coverage"]["complete"]
    assert complete or document["verdict"] != "healthy"
    assert (result.exit_code == 4) <= (not complete or document["verdict"] == "undetermined")
    assert not any(each["because"].startswith("the rule failed") for each in document["coverage"]["checks"]["skipped"])


def _programs() -> list[bytes]:
    return [
        tar_of(SMALL)[:LARGEST],
        tar_of("layers-json-truncated")[: LARGEST * 2],
        (BUNDLES / f"{SMALL}.tar.zst").read_bytes(),
    ]


TARGETS = {
    "tar": Target(tar, _tars),
    "packed": Target(packed, _packed),
    "index": Target(index, _indexes),
    "go-json": Target(go_json, lambda: [*_items("manifest"), *_indexes()[:2]]),
    "manifest": Target(manifest, lambda: [*_items("manifest"), *_items("=bWFuaWZlc3Qt")]),
    "config": Target(config, lambda: _items("=c2hhMjU2O")),
    "split": Target(split, lambda: _splits(packed=False)),
    "split-gzip": Target(split_gzip, lambda: _splits(packed=True)),
    "toc": Target(toc, _tocs),
    "bolt": Target(
        bolt, lambda: [Edited("podman-pod").data("srv/podman/storage/libpod/bolt_state.db"), bytes(4096 * 4)]
    ),
    "sqlite": Target(sqlite, lambda: list(_sqlite())),
    "pasted": Target(pasted, _pasted),
    "log": Target(log, _logs),
    "program": Target(program, _programs),
    "wrapped": Target(more.wrapped, more.wrapped_seeds),
    "node-file": Target(more.node_file, more.node_seeds),
    "store-file": Target(more.store_file, more.store_seeds),
    "saved-report": Target(more.saved_report, more.saved_seeds),
    "settings": Target(own.settings, own.settings_seeds),
    "checkpoint": Target(own.checkpoint, own.checkpoint_seeds),
    "pseudonyms": Target(own.pseudonyms, own.pseudonym_seeds),
}
"""Every target, by the name that the command takes."""
