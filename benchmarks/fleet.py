"""Time a batch against plain processes that do the same analyses, and its scaling against that of busy loops.

    python benchmarks/fleet.py --dir SCRATCH [--nodes 120] [--stores 40] [--members 4000] [--rounds 5]

Two sets of captures: `small`, those of `samples/fleet.py` (about 500 members, tens of kilobytes), where what a worker
process costs is as much as what it does; and `stores`, the store of `verify.py` in as many copies, each with a node
name of its own, where the work is what it is on a node: reading, checksums, rules. Each round runs, one after the other
and each as a process of its own:

- `batch` with two jobs and with one job: a worker process with limits for each bundle, checkpoint, reports, dataset,
  report on the fleet;
- the control of the throughput: as many processes, each of which calls `analyzer.analyze` on its share of the bundles
  one after the other and writes the JSON reports, without limits, checkpoint or dataset;
- the control of the machine: one busy loop, then two at once. On two free cores two take as long as one.

Ratios are medians over rounds. `throughput` is the control's time over the batch's, both with two processes; `scaling`
is (batch with one job / batch with two) over what two busy loops gain; `work` is the control's processor time over the
batch's, which other load on the machine changes less; a batch also digests every bundle and keeps what it found, so
that both are below 1. The limit is on the scaling of `stores`. Exits 1 when it is missed.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.verify import described
from samples.fleet import make

LIMIT = 0.95
LOOP = "n = 0\nwhile n < 30_000_000: n += 1"
CONTROL = """
import json, sys
import analyzer
from analyzer.errors import AnalyzerError
out = sys.argv[1]
for path in sys.argv[2:]:
    try:
        document = analyzer.analyze(path).to_dict()
    except AnalyzerError:
        continue
    with open(f"{out}/{path.rsplit('/', 1)[1]}.json", "w") as file:
        json.dump(document, file, indent=2)
"""
BATCH = """
import re, sys
from analyzer.__main__ import main
try:
    main()
finally:
    with open("/proc/self/status") as status:
        print("peak", re.search(r"VmHWM:\\s+(\\d+)", status.read())[1], file=sys.stderr)
"""


def together(commands):
    """Run commands at once; return (seconds until the last one ends, processor seconds, standard error of each)."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    running = [subprocess.Popen(c, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for c in commands]
    said = [process.communicate()[1] for process in running]
    seconds, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    if any(process.returncode for process in running):
        sys.exit(f"failed: {said}")
    return seconds, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, said


def batch(files, out, jobs):
    """Run a batch; return (seconds, processor seconds, peak of its own process in KiB)."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-c", BATCH, "batch", *files, "-o", str(out), "--jobs", str(jobs), "--exit-zero"]
    seconds, work, [said] = together([command])
    return seconds, work, int(re.search(r"peak (\d+)", said)[1])


def control(files, out, jobs):
    """Analyse the same files by plain calls; return (seconds, processor seconds)."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    return together([[sys.executable, "-c", CONTROL, str(out), *files[turn::jobs]] for turn in range(jobs)])[:2]


def loops(count):
    """Return the seconds of so many busy loops at once."""
    return together([[sys.executable, "-c", LOOP]] * count)[0]


def stores(place, count, members):
    """Return copies of one store, each with the name of a node before it."""
    place.mkdir(parents=True, exist_ok=True)
    whole = described(place.parent, members).read_bytes()
    for number in range(count):
        text = f"Linux node-{number} 6.1.0 #1 SMP x86_64 GNU/Linux\n".encode()
        info = tarfile.TarInfo("uname")
        info.size = len(text)
        (place / f"node-{number:03}.tar").write_bytes(info.tobuf() + text + bytes(-len(text) % 512) + whole)


def measure(files, scratch, rounds):
    """Return the median (throughput, scaling, work), processor seconds of a bundle by batch and by plain calls, KiB."""
    ratios = []
    for number in range(rounds):
        two, work, peak = batch(files, scratch / "out", 2)
        plain, plain_work = control(files, scratch / "plain", 2)
        one, _, _ = batch(files, scratch / "out", 1)
        free = 2 * loops(1) / loops(2)
        ratios.append((plain / two, one / two / free, plain_work / work, work / len(files), plain_work / len(files)))
        print(
            f"  round {number + 1}: batch of two {two:.1f} s, plain of two {plain:.1f} s, batch of one {one:.1f} s, "
            f"two loops gain {free:.2f}x"
        )
    return *map(statistics.median, zip(*ratios, strict=True)), peak


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dir", type=Path, required=True, help="where the bundles are made")
    parser.add_argument("--nodes", type=int, default=120)
    parser.add_argument("--stores", type=int, default=40)
    parser.add_argument("--members", type=int, default=4_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    sets = {name: options.dir / name for name in ("small", "stores")}
    for place in sets.values():
        shutil.rmtree(place, ignore_errors=True)
    make(sets["small"], options.nodes)
    stores(sets["stores"], options.stores, options.members)
    met = True
    for name, place in sets.items():
        files = sorted(map(str, place.iterdir()))
        size = sum(Path(file).stat().st_size for file in files) / 1e6
        print(f"{name}: {len(files)} captures, {size:.1f} MB")
        throughput, scaling, work, cost, plain, peak = measure(files, options.dir, options.rounds)
        good = scaling >= LIMIT
        met = met and (good or name == "small")
        judged = "met" if good else "MISSED" if name == "stores" else "not for these"
        print(
            f"  scaling {scaling:.2f} of the busy loops' (limit {LIMIT}: {judged}), "
            f"throughput {throughput:.2f} of plain processes, work {work:.2f}\n"
            f"  processor time of a bundle {1000 * cost:.0f} ms by batch, {1000 * plain:.0f} ms by plain calls; "
            f"peak of the parent {peak / 1024:.0f} MiB"
        )
    sys.exit(0 if met else 1)


if __name__ == "__main__":
    main()
