"""Time and memory of a member in a bundle of 3,000,000 members, beside one of 300,000, both in one run.

    python benchmarks/members.py --dir SCRATCH [--rounds 3]

Two bundles like the generated one of `scan.py`, but of empty files: what a member costs by itself is seen best there.
The start of the command, taken from the report of a sample store, does not count. Exits 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.real import SAMPLE
from benchmarks.scan import second_processor, timed, uncompressed

FEW, MANY = 300_000, 3_000_000
TIME_LIMIT, BYTES_LIMIT = 1.15, 300


def command(path, depth):
    return [*(sys.executable, "-m", "analyzer", "report", str(path), "--depth", depth), "--exit-zero", "--no-cache"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, help="where the bundles are kept")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    options.dir.mkdir(parents=True, exist_ok=True)
    few, many = (uncompressed(options.dir, count, empty=True) for count in (FEW, MANY))
    missed = 0
    for depth in ("quick", "standard"):
        rounds = [[timed(command(path, depth)) for path in (SAMPLE, few, many)] for _ in range(options.rounds)]
        names, each = ("wall", "processor"), {}
        for name, at in zip(names, (0, 2), strict=True):
            start, less, more = (statistics.median(found[bundle][at] for found in rounds) for bundle in range(3))
            each[name] = (1e6 * (less - start) / FEW, 1e6 * (more - start) / MANY)
        peaks = [max(found[bundle][1] for found in rounds) for bundle in range(3)]
        room = (peaks[2] - peaks[1]) * 2**20 / (MANY - FEW)
        good = each["processor"][1] <= TIME_LIMIT * each["processor"][0] and room <= BYTES_LIMIT
        missed += not good
        times = "; ".join(
            f"{name} {one:.1f} and {other:.1f} us ({other / one:.2f}x)" for name, (one, other) in each.items()
        )
        print(
            f"{depth}: a member of {FEW:,} and of {MANY:,}: {times} (limit {TIME_LIMIT}); "
            f"peak {peaks[1]:.0f} and {peaks[2]:.0f} MiB, {room:.0f} bytes a member (limit {BYTES_LIMIT}): "
            f"{'ok' if good else 'MISSED'}",
        )
    print(f"two loops at once {second_processor():.2f}x of one")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
