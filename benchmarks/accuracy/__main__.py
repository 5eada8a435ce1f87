"""Measure: python -m benchmarks.accuracy [--stock DIR] [--part development|test|unseen] [--misses] [--tables DIR]."""

from __future__ import annotations

import argparse
import concurrent.futures
import itertools
import pathlib
import tempfile
import time

from benchmarks.accuracy import cases, figures, stock, tables

PARTS = (*cases.HALVES, cases.UNSEEN_PART)


def main() -> None:
    """Make the stores where the directory has none, judge, and print the figures."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    asked.add_argument("--stock", type=pathlib.Path, help="keep the captured stores here, or take them from here")
    asked.add_argument("--part", choices=(*PARTS, "all"), default="all")
    asked.add_argument("--misses", action="store_true", help="list what is not right; never look at the other parts")
    asked.add_argument("--tables", type=pathlib.Path, help="write the tables and the curve into this directory")
    options = asked.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="accuracy-") as temporary:
        place = options.stock or pathlib.Path(temporary, "stock")
        if not (place / "accidents.json").is_file():
            stock.make(place)
            print(f"stores made in {time.monotonic() - started:.0f} s")
        parts = PARTS if options.part == "all" else (options.part,)
        groups = {part: ("singles", "pairs", "accidents") if part in cases.HALVES else ("singles",) for part in parts}
        tasks = [(group, place, part) for part in parts for group in groups[part]]
        with concurrent.futures.ProcessPoolExecutor(2) as pool:
            judged = list(itertools.chain.from_iterable(pool.map(_run, tasks)))
        rows = [*cases.healthy(place), *judged]
    print(figures.false_alarms(rows))
    for part in parts:
        mine = [row for row in rows if row.half == part]
        print(f"\n{part} part: {len({row.kind for row in mine if row.group == 'single'})} kinds of fault")
        for line in (*figures.summary(mine, figures.usual(rows)), *figures.reliability(mine), *figures.by_family(mine)):
            print(line)
        if options.misses:
            print(*figures.misses(mine), sep="\n")
    told = figures.left_out(rows)
    print("", "all parts, one kind and one store left out at a time", *figures.left_out_table(told), sep="\n")
    if options.tables:
        _write(options.tables, {part: [row for row in rows if row.half == part] for part in parts}, told)
    print(f"\n{len(rows)} reports in {time.monotonic() - started:.0f} s")


def _write(place: pathlib.Path, rows: dict[str, list[cases.Row]], told: dict[str, list[tuple[float, bool]]]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    (place / "accuracy.svg").write_text(tables.curve(told))
    lines = ["# Every kind of fault and every store, as measured", "", "See [accuracy](accuracy.md).", ""]
    for part, found in rows.items():
        lines += [f"## {part}: by kind", "", *tables.by(found, lambda row: row.kind, "kind"), ""]
        lines += [f"## {part}: by store", "", *tables.by(found, lambda row: row.shape, "store"), ""]
    (place / "accuracy-tables.md").write_text("\n".join(lines))


def _run(task: tuple[str, pathlib.Path, str]) -> list[cases.Row]:
    group, place, part = task
    return list(getattr(cases, group)(place, part))


if __name__ == "__main__":
    main()
