"""Time the CRC-64 and header verification of a bundle against SHA-256 of the same file, and its memory, in one run.

    python benchmarks/verify.py --dir SCRATCH [--bundle store|generated] [--members 300000] [--rounds 5]

`store` is one that buildah made of this machine's files (`real.py`). The generated bundle is that of `scan.py` with a
tar-split for every layer: one plain 512-byte header a file (layers with pax headers cost more), CRC-64 and size of
each, and records with diff-size and diff-digest. Each round runs hashlib's SHA-256 over the file, a scan that keeps
nothing (`--depth quick`), the whole verification, and the same with every layer tar made again (`--depth deep`), each
as a process of its own, which may fork another where there is a second processor; ratios are medians over rounds, so
that a load that comes and goes meets all. A control runs two counting loops at once, beside one: near 1.0 the second
processor was free, near 2.0 it was not. The verification must find every file as recorded, and with one bit of one
file flipped exactly that file; deep must give every recorded digest. Exits 1 when a limit is missed.

The mean file has 9.5 kB, the mix of `scan.py`. Layers of real images have fewer and larger files, for which the share
of the work that is done per file is smaller and the ratio better: this is the hard case.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
from itertools import islice
from pathlib import Path

from fastcrc import crc64

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from analyzer.__main__ import ONE_THREAD
from analyzer.source.open import open_bundle
from benchmarks.real import real
from benchmarks.scan import EPOCH, HEAD, Measured, header, pad, record, run, second_processor, timed, uncompressed

LIMITS = {"standard": 1.0, "deep": 1.8}
BYTES_LIMIT = 300
HASH = """
import hashlib, sys
digest, view = hashlib.sha256(), memoryview(bytearray(1 << 20))
with open(sys.argv[1], "rb", buffering=0) as file:
    while got := file.readinto(view):
        digest.update(view[:got])
"""
VERIFY = """
import sys
from analyzer.checks.store_view import StoreView
from analyzer.graph.relations import relate
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.open import open_bundle
snapshot = read_snapshot(open_bundle(sys.argv[1]), depth=sys.argv[2])
if sys.argv[2] != "quick":
    compared, wrong = 0, []
    for rel in relate(snapshot):
        for store in rel.stores:
            for facts in StoreView(snapshot, store, rel).contents.values():
                compared += facts.compared
                wrong += [each.path for kept in facts.lists.values() for each in kept]
                wrong += [problem.kind for problem in facts.problems]
                if snapshot.rebuilt is not None:
                    made = snapshot.rebuilt[facts.description.path]
                    wrong += [made.reason or facts.record.id] * (made.digest != facts.record.diff_digest)
    print(compared, *wrong)
"""


class LayerTar:
    """The tar of one layer, described as tar-split describes it."""

    def __init__(self):
        self.lines = []
        self.size = 0
        self.digest = hashlib.sha256()
        self._padding = b""

    def raw(self, data):
        self.lines.append({"type": 2, "payload": base64.b64encode(data).decode(), "position": len(self.lines)})
        self._count(data)

    def file(self, name, kind, content, member):
        stamp = member.mtime_ns // 10**9
        self.raw(self._padding + header(name, kind, len(content), mode=member.mode, stamp=stamp, link=member.link))
        line = {"type": 1, "name": name}
        if content:
            line["size"] = len(content)
        line["payload"] = base64.b64encode(crc64.go_iso(content).to_bytes(8, "big")).decode() if content else None
        line["position"] = len(self.lines)
        self.lines.append(line)
        self._count(content)
        self._padding = bytes(-len(content) % 512)

    def packed(self):
        self.raw(self._padding + bytes(1024))
        text = b"".join(json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in self.lines)
        return gzip.compress(text, 1)

    def _count(self, data):
        self.size += len(data)
        self.digest.update(data)


def add_member(target, path, content):
    extended = record("path", path.encode())
    target.write(header("./PaxHeaders/x", "x", len(extended), stamp=EPOCH) + pad(extended))
    target.write(header(path[-100:], "0", len(content), mode=0o600, stamp=EPOCH) + pad(content))


def describe(plain, target):
    """Copy a bundle of `scan.py` up to its index files, then add a tar-split for every layer, and new index files."""
    layers, records, cut = {}, [], 0
    source = open_bundle(plain)
    last = {member.path: member.offset for member, _ in source}  # of members of one name the last counts
    source.close()
    source = open_bundle(plain)
    for member, body in source:
        if member.path.endswith("overlay-layers/layers.json"):
            records, cut = json.loads(body.read(1 << 30)), member.offset
            break
        identity, mark, name = member.path.removeprefix("storage/overlay/").partition("/diff/")
        if mark:
            layer = layers.setdefault(identity, LayerTar())
            if last[member.path] == member.offset:
                kind = {"file": "0", "dir": "5", "symlink": "2"}[member.kind]
                content = b"".join(map(bytes, body.chunks()))
                layer.file(name + ("/" if kind == "5" else ""), kind, content, member)
                if "trusted.overlay.opaque" in member.xattrs:
                    layer.file(f"{name}/.wh..wh..opq", "0", b"", member)
    source.close()
    with plain.open("rb") as first, target.open("wb") as out:
        left = cut
        while left:
            left -= out.write(first.read(min(left, 1 << 20)))
        for entry in records:
            layer = layers[entry["id"]]
            add_member(out, f"storage/overlay-layers/{entry['id']}.tar-split.gz", layer.packed())
            entry |= {"diff-size": layer.size, "diff-digest": f"sha256:{layer.digest.hexdigest()}"}
        add_member(out, "storage/overlay-layers/layers.json", json.dumps(records).encode())
        add_member(out, "storage/overlay-images/images.json", b"[]")
        out.write(bytes(1024))


def described(scratch, members):
    """Return the bundle with tar-splits, made unless it is there.

    It is made in a process of its own: what a process has allocated counts in the peak of those it starts.
    """
    target = scratch / f"split-{members}.tar"
    if not target.exists():
        partial = target.with_suffix(".partial")
        plain = uncompressed(scratch, members)
        maker = multiprocessing.get_context("spawn").Process(target=describe, args=(plain, partial))
        maker.start()
        maker.join()
        partial.rename(target)
    return target


def flipped(bundle):
    """Return a copy with one bit of one layer file flipped, and that file's path below its diff directory."""
    copy = bundle.with_name(f"flipped-{bundle.name}")
    shutil.copyfile(bundle, copy)
    source = open_bundle(bundle)
    large = (m for m, _ in source if "/diff/" in m.path and m.size > 5_000)
    *_, victim = islice(large, 1_000)
    source.close()
    with copy.open("r+b") as file:
        file.seek(victim.data_offset + 4_321)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 4]))
    return copy, victim.path.partition("/diff/")[2]


def verdict(bundle, depth="standard"):
    """Return (entries compared, what was wrong)."""
    command = [sys.executable, "-c", VERIFY, str(bundle), depth]
    count, *wrong = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return int(count), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, help="where the bundles are kept")
    parser.add_argument("--bundle", choices=("store", "generated"), default="store")
    parser.add_argument("--members", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    options.dir.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault(*ONE_THREAD)  # as the command does
    generated = options.bundle == "generated"
    bundle = described(options.dir, options.members) if generated else real(options.dir, "store")
    count, wrong = verdict(bundle)
    copy, victim = flipped(bundle)
    _, found = verdict(copy)
    copy.unlink()
    _, unlike = verdict(bundle, "deep")
    right = not wrong and not unlike and count > (options.members * 0.9 if generated else 0) and found == [victim]
    print(f"{count} entries compared, {len(wrong)} differ; one flipped bit: {found[:3]} ({'ok' if right else 'WRONG'})")
    run([sys.executable, "-c", HASH, str(bundle)])
    measured, controls = {depth: Measured() for depth in ("quick", *LIMITS)}, []
    for _ in range(options.rounds):
        peer = timed([sys.executable, "-c", HASH, str(bundle)])
        for depth, each in measured.items():
            each.add(peer, timed([sys.executable, "-c", VERIFY, str(bundle), depth]))
        controls.append(second_processor())
    room = (measured["standard"].peak() - measured["quick"].peak()) * 2**20 / max(count, 1)
    print(f"{bundle.name}: {count} entries, {bundle.stat().st_size / 1e6:.0f} MB, {options.rounds} rounds\n\n{HEAD}")
    good = right and room <= BYTES_LIMIT
    for depth, each in measured.items():
        told = "none"
        if depth in LIMITS:
            met = each.ratio() <= LIMITS[depth]
            told, good = f"{LIMITS[depth]}x: {'ok' if met else 'MISSED'}", good and met
        print(each.row(depth, "hashlib SHA-256", told))
    print(
        f"\nstandard holds {room:.0f} bytes an entry more than quick (limit {BYTES_LIMIT}); "
        f"two loops at once {statistics.median(controls):.2f}x of one: {'ok' if good else 'MISSED'}"
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
