"""DataFrames that are safe to look at: data as it is, control characters made visible where it is shown.

A frame holds text out of a bundle, which may hold escape sequences for a terminal. pandas prints them as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from analyzer.report.encode.text import inert

if TYPE_CHECKING:
    from collections.abc import Callable


def _shown(text: str) -> str:
    return "\n".join(map(inert, text.split("\n")))


class Column(pd.Series):
    """A column of a `Frame`."""

    @property
    def _constructor(self) -> Callable[..., Column]:
        return Column

    @property
    def _constructor_expanddim(self) -> Callable[..., Frame]:
        return Frame

    def __repr__(self) -> str:
        return _shown(super().__repr__())


class Frame(pd.DataFrame):
    """A DataFrame out of a bundle; whatever pandas makes of it by selecting and joining is one too."""

    @property
    def _constructor(self) -> Callable[..., Frame]:
        return Frame

    @property
    def _constructor_sliced(self) -> Callable[..., Column]:
        return Column

    def __repr__(self) -> str:
        return _shown(super().__repr__())

    def _repr_html_(self) -> str | None:
        html: Any = super()._repr_html_()  # type: ignore[misc]
        return _shown(html) if isinstance(html, str) else None
