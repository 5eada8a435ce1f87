"""Time a scan against GNU tar listing the same bundle, and its memory, both in one run.

    python benchmarks/scan.py --dir SCRATCH [--bundle capture] [--form plain] [--what reader|report] [--rounds 5]

`capture`, `share` and `store` are real bundles (`real.py`). `generated` is made once per size: 150 overlay layers in
chains, log-normal file sizes, about 3 GB with 300,000 members, and the mix of pax records that GNU tar writes (a path
only over 100 bytes, an mtime only with a fraction of a second). All are kept in SCRATCH. Each round runs every command
once, in turn, so that other load on the machine meets all of them; ratios are medians over rounds of (ours / tar's in
the same round), of wall time and of processor time (children included). Times are of whole processes, interpreter
start included. A control tells whether the second processor was free (`verify.py`). Exits 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.real import MAKERS, real

LIMITS = {"plain": 1.5, "gzip": 0.5, "zstd": 1.4}
RSS_LIMIT_MIB = 150
FLAT_MIB = 16
SUFFIX = {"plain": "", "gzip": ".gz", "zstd": ".zst"}
PEERS = {
    "plain": ["tar", "-tf"],
    "gzip": ["tar", "-tzf"],
    "zstd": ["tar", "--zstd", "-tf"],
}
READER = """
import sys
from analyzer.source.open import open_bundle
source = open_bundle(sys.argv[1])
for member, body in source:
    pass
assert not source.losses, source.losses
"""
OURS = {
    "reader": lambda path: [sys.executable, "-c", READER, path],
    "report": lambda path: [
        *(sys.executable, "-m", "analyzer", "report", path),
        *("--depth", "quick", "--exit-zero", "--no-cache"),
    ],
}
PAUSE = 0.5
EPOCH = 1_700_000_000
LAYERS = 150
CHAIN = 15


class Bundle:
    """Writes a pax tar shaped like an overlay store; the same bytes for the same seed."""

    def __init__(self, target, seed=7, *, empty=False):
        self.empty = empty
        self.random = random.Random(seed)
        self.out = target
        words = [self.random.randbytes(self.random.randint(2, 9)).hex() for _ in range(4_000)]
        text = " ".join(self.random.choices(words, k=200_000)).encode()
        self.pool = text + self.random.randbytes(256 << 10)
        self.members = 0

    def add(self, path, kind, content=b"", *, link="", mode=0o644, xattrs=()):
        stamp = EPOCH + self.random.randrange(10**7)
        records = [("path", path.encode())] if len(path) > 100 else []
        times = ("mtime", "atime", "ctime") if self.random.random() < 0.2 else ("atime", "ctime")
        records += [(key, b"%d.%09d" % (stamp, self.random.randrange(1, 10**9))) for key in times]
        if len(link) > 100:
            records.append(("linkpath", link.encode()))
        records.append(("SCHILY.xattr.security.selinux", b"system_u:object_r:container_ro_file_t:s0\0"))
        records += [(f"SCHILY.xattr.{key}", value) for key, value in xattrs]
        payload = b"".join(record(key, value) for key, value in records)
        self.out.write(header(f"./PaxHeaders/{path[-60:]}", "x", len(payload), stamp=stamp) + pad(payload))
        self.out.write(header(path[-100:], kind, len(content), mode=mode, stamp=stamp, link=link[:100]))
        self.out.write(pad(content))
        self.members += 1

    def content(self):
        if self.empty:
            return b""
        size = min(int(self.random.lognormvariate(7.6, 1.76)), 8 << 20)
        start = self.random.randrange(len(self.pool) - 4096)
        piece = self.pool[start : start + size]
        return (piece * (size // max(len(piece), 1) + 1))[:size]


def header(name, kind, size, *, mode=0o644, stamp, link=""):
    numbers = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % (mode, 0, 0, size, stamp)
    block = name.encode().ljust(100, b"\0") + numbers + b" " * 8 + kind.encode()
    block = (block + link.encode().ljust(100, b"\0") + b"ustar\x0000").ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def record(key, value):
    body = b" %b=%b\n" % (key.encode(), value)
    length = len(body) + 1
    while length != len(body) + len(str(length)):
        length = len(body) + len(str(length))
    return b"%d%b" % (length, body)


def pad(content):
    return content + bytes(-len(content) % 512)


def layer_id(index):
    return hashlib.sha256(f"layer {index}".encode()).hexdigest()


def short_name(index):
    return "".join(chr(65 + byte % 26) for byte in hashlib.sha256(f"link {index}".encode()).digest()[:26])


def write_store(target, members, *, empty=False):
    bundle = Bundle(target, empty=empty)
    for path in ("storage", "storage/overlay", "storage/overlay/l", "storage/overlay-layers", "storage/overlay-images"):
        bundle.add(path, "5", mode=0o755)
    layers = []
    for index in range(LAYERS):
        identity, place = layer_id(index), index % CHAIN
        parents = [short_name(index - step) for step in range(1, place + 1)]
        layers.append(
            {"id": identity, "created": f"2025-03-01T00:00:{index % 60:02d}Z", "diff-size": 0}
            | ({"parent": layer_id(index - 1)} if place else {})
        )
        root = f"storage/overlay/{identity}"
        bundle.add(f"storage/overlay/l/{short_name(index)}", "2", link=f"../{identity}/diff", mode=0o777)
        bundle.add(root, "5", mode=0o700)
        bundle.add(f"{root}/link", "0", short_name(index).encode())
        if parents:
            bundle.add(f"{root}/lower", "0", ":".join(f"l/{name}" for name in parents).encode())
        write_diff(bundle, f"{root}/diff", (members - 10) * (index + 1) // LAYERS)
    bundle.add("storage/overlay-layers/layers.json", "0", json.dumps(layers).encode(), mode=0o600)
    bundle.add("storage/overlay-images/images.json", "0", b"[]", mode=0o600)
    target.write(bytes(1024))


def write_diff(bundle, root, until):
    bundle.add(root, "5", mode=0o755, xattrs=[("trusted.overlay.origin", bundle.random.randbytes(29))])
    while bundle.members < until:
        folder = f"{root}/usr/lib/python3/site-packages/pkg{bundle.random.randrange(10**6)}"
        opaque = [("trusted.overlay.opaque", b"y")] if bundle.random.random() < 0.02 else []
        bundle.add(folder, "5", mode=0o755, xattrs=opaque)
        for number in range(min(bundle.random.randint(2, 12), until - bundle.members)):
            if bundle.random.random() < 0.04:
                bundle.add(f"{folder}/lib{number}.so", "2", link=f"lib{number}.so.1", mode=0o777)
            else:
                bundle.add(f"{folder}/module_{number}.py", "0", bundle.content())


def uncompressed(scratch, members, *, empty=False):
    """Return the plain bundle, made unless it is there; `empty` where its files are."""
    plain = scratch / f"{'empty' if empty else 'store'}-{members}.tar"
    if not plain.exists():
        partial = plain.with_suffix(".partial")
        with partial.open("wb", buffering=1 << 20) as target:
            write_store(target, members, empty=empty)
        partial.rename(plain)
    return plain


def prepare(plain, forms):
    """Return a bundle by compression, made unless it is there."""
    paths = {name: Path(f"{plain}{SUFFIX[name]}") for name in forms}
    for name, command in (("gzip", ["gzip", "-6", "-c"]), ("zstd", ["zstd", "-q", "-3", "-c"])):
        if name in forms and not paths[name].exists():
            partial = paths[name].with_suffix(".partial")
            with partial.open("wb") as target:
                subprocess.run([*command, plain], stdout=target, check=True)
            partial.rename(paths[name])
    return paths


def timed(command):
    """Return (seconds, peak RSS in MiB, processor seconds with those of its children) of one process.

    Others get their turn before it: Linux takes processors from real-time work that leaves them none for a second.
    """
    time.sleep(PAUSE)
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command}: exit {child.returncode}")
    return seconds, usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def run(command):
    """Return (seconds, peak RSS in MiB) of one process."""
    return timed(command)[:2]


def second_processor():
    """Return how much longer two counting loops take at once than one alone."""
    command = [sys.executable, "-c", "for _ in range(20_000_000): pass"]
    alone, _ = run(command)
    start = time.perf_counter()
    for child in [subprocess.Popen(command) for _ in range(2)]:
        child.wait()
    return (time.perf_counter() - start) / alone


class Measured:
    """One kind of work beside another, timed in turn: ratios are medians over rounds."""

    def __init__(self):
        self.rounds = []

    def add(self, peer, ours):
        """Take two results of `timed`."""
        self.rounds.append((peer, ours))

    def ratio(self, at=0):
        """Return how many times the wall (0) or processor (2) seconds of the other work this one takes."""
        return statistics.median(ours[at] / peer[at] for peer, ours in self.rounds)

    def peak(self):
        """Return the most memory of a process in MiB."""
        return max(ours[1] for _, ours in self.rounds)

    def row(self, work, beside, told):
        """Return a row of the table `HEAD`."""
        wall, used = ([[each[at] for each in pair] for pair in self.rounds] for at in (0, 2))
        cells = [work, beside]
        for pairs in (wall, used):
            ratios = [ours / peer for peer, ours in pairs]
            theirs, ours = (statistics.median(pair[side] for pair in pairs) for side in (0, 1))
            span = f"{min(ratios):.2f} to {max(ratios):.2f}"
            cells.append(f"{statistics.median(ratios):.2f}x ({span}; {ours:.2f} s to {theirs:.2f} s)")
        return f"| {' | '.join(cells)} | {self.peak():.0f} MiB | {told} |"


HEAD = """| work | beside | wall | processor | peak | limit |
|---|---|---|---|---|---|"""


def measure(paths, command, rounds):
    """Return what listing each form of a bundle costs, beside tar, by compression."""
    results = {name: Measured() for name in paths}
    for name, path in paths.items():  # one round to warm the page cache
        run([*PEERS[name], str(path)])
    for _ in range(rounds):
        for name, path in paths.items():
            results[name].add(timed([*PEERS[name], str(path)]), timed(command(str(path))))
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, help="where the bundles are kept")
    parser.add_argument("--bundle", default="capture", help="capture, share, store, generated, or a plain tar")
    parser.add_argument("--form", choices=sorted(PEERS), action="append", help="plain, gzip or zstd (default: all)")
    parser.add_argument("--what", choices=sorted(OURS), default="report")
    parser.add_argument("--members", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    for tool in ("tar", "gzip", "zstd"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is needed")
    options.dir.mkdir(parents=True, exist_ok=True)
    generated = options.bundle == "generated"
    if options.bundle in MAKERS:
        plain = real(options.dir, options.bundle)
    else:
        plain = uncompressed(options.dir, options.members) if generated else Path(options.bundle)
    forms = options.form or list(PEERS)
    paths = prepare(plain, forms)
    half = prepare(uncompressed(options.dir, options.members // 2), forms) if generated else {}
    command = OURS[options.what]
    missed = 0
    print(f"{options.what} of {plain.name}: {plain.stat().st_size / 1e6:.0f} MB, {options.rounds} rounds\n\n{HEAD}")
    for name, measured in measure(paths, command, options.rounds).items():
        ratio, peak = measured.ratio(), measured.peak()
        small = run(command(str(half[name])))[1] if generated else peak
        good = ratio <= LIMITS[name] and peak <= RSS_LIMIT_MIB and peak - small <= FLAT_MIB
        missed += not good
        told = f"{LIMITS[name]}x, {RSS_LIMIT_MIB} MiB: {'ok' if good else 'MISSED'}"
        if generated:
            told += f" (half the bundle: {small:.0f} MiB)"
        print(measured.row(f"quick, {name}", f"`{' '.join(PEERS[name])}`", told))
    print(f"\ntwo loops at once {second_processor():.2f}x of one")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
