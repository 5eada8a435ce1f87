"""Tables through tabulate, with ids intact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.encode.text import inert

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a plain aligned table; cells are made inert, and nothing is taken for a number (`12345e10` is an id)."""
    from tabulate import tabulate  # noqa: PLC0415  only where a table is printed

    cells = [[inert(str(cell)) for cell in row] for row in rows]
    return tabulate(cells, headers=headers, tablefmt="plain", disable_numparse=True)
