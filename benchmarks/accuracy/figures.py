"""Figures from judged cases, as lines of text."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from analyzer.causes import calibration
from benchmarks.accuracy.cases import Row
from benchmarks.accuracy.tables import bins, first_causes, single

CERTAIN = 0.95
SURE = 0.8


def usual(rows: Iterable[Row]) -> dict[tuple[str, str], set[str]]:
    """Return the families of causes that undamaged stores have of themselves, by shape and capture: pulls in flight."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if row.group == "healthy":
            found[row.shape, row.capture].update(family for *_, family in row.told)
    return found


def summary(rows: list[Row], of_itself: Mapping[tuple[str, str], set[str]]) -> Iterator[str]:
    """Yield the headline figures of one half; a store's own advisories, told first, are no wrong answer."""
    for group in ("single", "pair", "accident"):
        found = [row for row in rows if row.group == group and row.capture == "whole"]
        if not found:
            continue
        asked = [row for row in found if row.affected is not None]
        yield (
            f"{group:9} {len(found):4} cases  top-1 subject {_share(found, lambda r: r.top1)}  "
            f"top-3 {_share(found, lambda r: r.top3)}  top-1 family {_share(found, lambda r: r.family_right)}  "
            f"exact affected {_share(asked, lambda r: bool(r.affected))}"
        )
    for capture in ("metadata", "no-xattrs", "cut"):
        found = [row for row in rows if row.group in ("single", "accident") and row.capture == capture]
        shown = [row for row in found if row.told]
        wrong = [
            row
            for row in shown
            if any(
                p > SURE and not right and f not in of_itself.get((row.shape, capture), ())
                for p, right, _, f in row.told[:1]
            )
        ]
        yield (
            f"{capture:9} {len(found):4} cases  {len(shown)} with a cause, top-1 subject "
            f"{_share(shown, lambda r: r.top1)} of these; first cause wrong above {SURE}: {len(wrong)}"
        )


def false_alarms(rows: list[Row]) -> str:
    """Return the lines about undamaged stores, as they are and with oddities."""
    lines = []
    for group in ("healthy", "odd"):
        found = [row for row in rows if row.group == group]
        loud = sum(any(severity in ("error", "critical") for *_, severity, _ in row.told) for row in found)
        lines.append(f"{group:9} {len(found):4} captures  with a cause of damage that is not there: {loud}")
    return "\n".join(lines)


def reliability(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the reliability table and the Brier score of the first causes of single faults, whole captures."""
    told = first_causes(rows)
    if not told:
        return
    yield f"Brier score {sum((p - right) ** 2 for p, right in told) / len(told):.4f} over {len(told)} first causes"
    for low, high, count, said, right in bins(told):
        yield f"  said {low:.2f} to {min(high, 1):.2f}: {count:4} causes, said {said:.3f}, right {right:.3f}"
    sure = [right for p, right in told if p >= CERTAIN]
    if sure:
        share = 100 * sum(sure) / len(sure)
        yield f"  where {CERTAIN} or more is said: right in {sum(sure)} of {len(sure)} ({share:.1f} %)"


def left_out(rows: Iterable[Row]) -> dict[str, list[tuple[float, bool]]]:
    """Return (what would be said had its kind and its store not been measured, right) of every first cause, by part."""
    kept = [row for row in single(rows) if row.told]
    seen: dict[str, dict[str, list[tuple[str, bool]]]] = defaultdict(lambda: defaultdict(list))
    for row in kept:
        seen[row.told[0][3]][row.kind].append((row.shape, row.told[0][1]))
    found: dict[str, list[tuple[float, bool]]] = defaultdict(list)
    for row in kept:
        found[row.half].append((_anew(row, seen[row.told[0][3]]), row.told[0][1]))
    return found


def left_out_table(told: Mapping[str, list[tuple[float, bool]]]) -> Iterator[str]:
    """Yield the reliability table of what `left_out` returns."""
    for low, high, count, said, right in bins(each for part in told.values() for each in part):
        yield f"  left out, said {low:.2f} to {min(high, 1):.2f}: {count:4} causes, said {said:.3f}, right {right:.3f}"


def _anew(row: Row, kinds: Mapping[str, list[tuple[str, bool]]]) -> float:
    """Return what is said of a case, its family's measure taken without the kind and the store."""
    probability, _, _, family = row.told[0]
    others = [[hit for shape, hit in cases if shape != row.shape] for kind, cases in kinds.items() if kind != row.kind]
    shares = [sum(hits) / len(hits) for hits in others if hits]
    was = calibration.usually(*calibration.MEASURED.get(family, (0.0, 0)))
    odds = calibration.logit(probability) - calibration.logit(was)
    return 1 / (1 + math.exp(-odds - calibration.logit(calibration.usually(sum(shares), len(shares)))))


def by_family(rows: Iterable[Row]) -> Iterator[str]:
    """Yield one line a family of what was done, whole captures of single faults."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.group == "single" and row.capture == "whole":
            groups[row.family].append(row)
    for family, found in sorted(groups.items()):
        kinds = len({row.kind for row in found})
        yield (
            f"  {family:26} {kinds:2} kinds {len(found):3} cases  subject {_share(found, lambda r: r.top1)}  "
            f"family {_share(found, lambda r: r.family_right)}"
        )


def misses(rows: Iterable[Row]) -> Iterator[str]:
    """Yield every case whose first cause is not right, or whose affected sets are not exact."""
    for row in rows:
        wrong = [t for t in row.told if t[0] > SURE and not t[1]]
        if row.group in ("healthy", "odd"):
            if any(severity in ("error", "critical") for *_, severity, _ in row.told):
                yield f"HEALTHY {row.kind} {row.shape} {row.capture}: {row.first}"
        elif row.capture == "whole":
            what = [name for name, good in (("subject", row.top1), ("family", row.family_right),
                    ("affected", row.affected is not False)) if not good]  # fmt: skip
            if what:
                yield f"{row.group} {row.kind} on {row.shape}: {', '.join(what)}: {row.first or row.verdict}"
        elif wrong and not row.told[0][1] and row.told[0][0] > SURE:
            yield f"{row.group} {row.kind} on {row.shape} in {row.capture}: {row.first}"


def _share(rows: list[Row], test: Callable[[Row], bool]) -> str:
    if not rows:
        return "-"
    good = sum(map(test, rows))
    return f"{good}/{len(rows)} ({100 * good / len(rows):.1f} %)"
