"""The kinds of fault, by name; a module of this package each for a part of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.accuracy.truth import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.accuracy.bundle import Bundle
    from benchmarks.accuracy.truth import Truth

KINDS: dict[str, Kind] = {}
"""Those of the two halves; their order decides which half each belongs to."""
LATER: dict[str, Kind] = {}
"""Those that were written when rules and weights were settled."""


def kind(family: str) -> Callable[[Callable[[Bundle], Truth]], Callable[[Bundle], Truth]]:
    """Register a fault under its function's name; `family` groups the figures."""
    return _into(KINDS, family)


def later(family: str) -> Callable[[Callable[[Bundle], Truth]], Callable[[Bundle], Truth]]:
    """Register a fault that belongs to no half."""
    return _into(LATER, family)


def _into(kinds: dict[str, Kind], family: str) -> Callable[[Callable[[Bundle], Truth]], Callable[[Bundle], Truth]]:
    def register(function: Callable[[Bundle], Truth]) -> Callable[[Bundle], Truth]:
        name = function.__name__.replace("_", "-")
        kinds[name] = Kind(name, family, function)
        return function

    return register
