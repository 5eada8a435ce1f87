"""Tables through tabulate, with ids intact, no wider than a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from tabulate import tabulate

from analyzer.report.encode.text import inert, middle_cut, width

GAP = 2
LEAST = 12
"""Columns that a cell keeps at least: those of an id."""


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    columns: int | None = None,
    shrinking: Collection[str] = (),
) -> str:
    """Return an aligned table; cells are made inert.

    Args:
        headers: of the columns.
        rows: cells in their order.
        columns: width of the terminal; long cells are shortened in the middle until the table fits, as far as that
            goes. None leaves everything as it is.
        shrinking: headers of the columns that may be shortened, all of them where none is named.
    """
    lines = [[inert(str(cell)) for cell in row] for row in rows]
    if headers:
        lines.insert(0, list(headers))
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)]
    if columns is not None and headers:
        free = [place for place, head in enumerate(headers) if head in shrinking or not shrinking]
        _shrink(widths, headers, free, columns)
        lines = [[middle_cut(cell, wide) for cell, wide in zip(line, widths, strict=True)] for line in lines]
    # headers go as a row: given as headers, tabulate pads each column by two more
    text = tabulate(lines, tablefmt="plain", disable_numparse=True, stralign="left", preserve_whitespace=True)
    return "\n".join(map(str.rstrip, text.splitlines()))


def _shrink(widths: list[int], headers: Sequence[str], free: list[int], columns: int) -> None:
    """Make the widest of the free columns narrower until all fit, none below its header and the width of an id."""
    least = [max(width(head), LEAST) for head in headers]
    over = sum(widths) + GAP * (len(widths) - 1) - columns
    while over > 0:
        place = max((each for each in free if widths[each] > least[each]), key=lambda each: widths[each], default=None)
        if place is None:
            return
        widths[place] -= 1
        over -= 1
