"""Measure: python -m benchmarks.accuracy [--stock DIR] [--half development|test|later|all] [--misses]."""

from __future__ import annotations

import argparse
import concurrent.futures
import itertools
import pathlib
import tempfile
import time

from benchmarks.accuracy import cases, figures, stock

HALVES = (*cases.HALVES, cases.LATER_PART)


def main() -> None:
    """Make the stores where the directory has none, judge, and print the figures."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    asked.add_argument("--stock", type=pathlib.Path, help="keep the captured stores here, or take them from here")
    asked.add_argument("--half", choices=(*HALVES, "all"), default="all")
    asked.add_argument("--misses", action="store_true", help="list what is not right; never look at the test half")
    options = asked.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as temporary:
        place = options.stock or pathlib.Path(temporary, "stock")
        if not (place / "accidents.json").is_file():
            stock.make(place)
            print(f"stores made in {time.monotonic() - started:.0f} s")
        halves = HALVES if options.half == "all" else (options.half,)
        parts = {half: (half,) if half == cases.LATER_PART else ("singles", "pairs", "accidents") for half in halves}
        tasks = [(part, place, half) for half in halves for part in parts[half]]
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            judged = list(itertools.chain.from_iterable(pool.map(_run, tasks)))
        rows = [*cases.healthy(place), *judged]
    print(figures.false_alarms([row for row in rows if row.half in halves]))
    for half in halves:
        mine = [row for row in rows if row.half == half]
        print(f"\n{half} part: {len({row.kind for row in mine if row.group == 'single'})} kinds of fault")
        for line in (*figures.summary(mine), *figures.reliability(mine), *figures.by_family(mine)):
            print(line)
        if options.misses:
            print(*figures.misses(mine), sep="\n")
    print(f"\n{len(rows)} reports in {time.monotonic() - started:.0f} s")


def _run(task: tuple[str, pathlib.Path, str]) -> list[cases.Row]:
    part, place, half = task
    return list(getattr(cases, part)(place, half))


if __name__ == "__main__":
    main()
