"""Raw tables by kind and by store, and the reliability curve as a picture, for docs/accuracy.md."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from benchmarks.accuracy.cases import Row

BINS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0001)
SIDE, EDGE = 320, 40
FONT = 'font-family="sans-serif" font-size="11"'


def single(rows: Iterable[Row]) -> list[Row]:
    """Return the whole captures of single faults."""
    return [row for row in rows if row.group == "single" and row.capture == "whole"]


def by(rows: Iterable[Row], key: Callable[[Row], str], title: str) -> Iterator[str]:
    """Yield a Markdown table: cases, right object first, right cause too, exact affected sets, called healthy."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in single(rows):
        groups[key(row)].append(row)
    yield f"| {title} | cases | right object | right cause too | exact affected | called healthy |"
    yield "|---|---|---|---|---|---|"
    for name, found in sorted(groups.items()):
        asked = [row for row in found if row.affected is not None]
        exact = f"{sum(bool(row.affected) for row in asked)}/{len(asked)}" if asked else "-"
        yield (
            f"| {name} | {len(found)} | {sum(r.top1 for r in found)} | {sum(r.family_right for r in found)} | {exact} "
            f"| {sum(r.verdict == 'healthy' for r in found)} |"
        )


def first_causes(rows: Iterable[Row]) -> list[tuple[float, bool]]:
    """Return (probability said, right) of the first cause of every single fault that got one."""
    return [(row.told[0][0], row.told[0][1]) for row in single(rows) if row.told]


def bins(told: Iterable[tuple[float, bool]]) -> Iterator[tuple[float, float, int, float, float]]:
    """Yield (low, high, causes, mean said, share right) of every bin that has a cause."""
    known = list(told)
    for low, high in itertools.pairwise(BINS):
        inside = [(p, right) for p, right in known if low <= p < high]
        if inside:
            count = len(inside)
            yield low, high, count, sum(p for p, _ in inside) / count, sum(right for _, right in inside) / count


def curve(parts: dict[str, list[tuple[float, bool]]]) -> str:
    """Return the reliability curve as SVG: mean said against share right, one colour a part, area by causes."""
    colours = ("#2b6cb0", "#c05621", "#2f855a")
    size = SIDE + 2 * EDGE
    shapes = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size + 140} {size}" {FONT}>',
        f'<rect x="{EDGE}" y="{EDGE}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#888"/>',
        f'<line x1="{EDGE}" y1="{EDGE + SIDE}" x2="{EDGE + SIDE}" y2="{EDGE}" stroke="#aaa" stroke-dasharray="4 4"/>',
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = _place(tick, tick)
        shapes.append(f'<text x="{x:.0f}" y="{EDGE + SIDE + 16}" text-anchor="middle">{tick:g}</text>')
        shapes.append(f'<text x="{EDGE - 6}" y="{y + 4:.0f}" text-anchor="end">{tick:g}</text>')
    shapes.append(f'<text x="{EDGE + SIDE / 2}" y="{size - 6}" text-anchor="middle">said</text>')
    shapes.append(f'<text x="{EDGE}" y="{EDGE - 10}">right</text>')
    for number, (name, told) in enumerate(parts.items()):
        colour = colours[number % len(colours)]
        for _, _, count, mean, right in bins(told):
            x, y = _place(mean, right)
            shapes.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + count**0.5 / 3:.1f}" fill="{colour}" fill-opacity="0.6">'
                f"<title>{name}: {count} causes, said {mean:.3f}, right {right:.3f}</title></circle>"
            )
        shapes.append(f'<text x="{size - EDGE + 16}" y="{EDGE + 14 + 18 * number}" fill="{colour}">{name}</text>')
    return "\n".join([*shapes, "</svg>", ""])


def _place(x: float, y: float) -> tuple[float, float]:
    return EDGE + SIDE * x, EDGE + SIDE * (1 - y)
