"""A bar in a notebook cell while a bundle is read; nothing anywhere else, and nothing for short work.

The bar is the browser's own `progress` element, renewed in place and removed at the end, so that a saved notebook does
not keep it. No widget package is needed.
"""

from __future__ import annotations

import importlib
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from analyzer.source.member_source import MemberSource

EVERY, QUIET = 0.2, 0.7
"""Seconds between two renewals, and before the first."""


class Bar:
    """What a display handle shows: the words everywhere, the bar where HTML is shown; without words, nothing."""

    def __init__(self, words: str, share: float | None) -> None:
        self.words = words
        self.share = share

    def __repr__(self) -> str:
        return self.words

    def _repr_html_(self) -> str:
        if not self.words:
            return ""
        value = "" if self.share is None else f' value="{self.share:.4f}"'
        return f'<progress max="1"{value} style="width:20em;vertical-align:middle"></progress> {self.words}'


class Meter:
    """Shows `Bar`s in the running cell.

    Args:
        display: `IPython.display.display`.
    """

    def __init__(self, display: Callable[..., Any]) -> None:
        self._display = display
        self._handle: Any = None
        self._next = time.monotonic() + QUIET

    def reading(self, source: MemberSource) -> None:
        """Show how far the reading of one bundle is."""
        share = min(source.bytes_read / source.bytes_total, 1.0) if source.bytes_total else None
        self._show(f"reading: {source.members:,} members, {source.bytes_out / 1e6:,.0f} MB", share)

    def counted(self, done: int, total: int) -> None:
        """Show how many of several bundles are done."""
        self._show(f"{done:,} of {total:,} bundles", done / total if total else None)

    def _show(self, words: str, share: float | None) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        if self._handle is None:
            self._handle = self._display(Bar(words, share), display_id=True)
        else:
            self._handle.update(Bar(words, share))

    def done(self) -> None:
        """Take the bar away."""
        if self._handle is not None:
            self._handle.update(Bar("", None))


def meter() -> Meter | None:
    """Return a meter in a notebook, None anywhere else."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    display = importlib.import_module("IPython.display").display  # only there in a notebook

    return Meter(display)


@contextmanager
def reading_progress() -> Iterator[Callable[[MemberSource], None] | None]:
    """Give what `read` calls while it reads, and clean up after it."""
    made = meter()
    try:
        yield made.reading if made is not None else None
    finally:
        if made is not None:
            made.done()
