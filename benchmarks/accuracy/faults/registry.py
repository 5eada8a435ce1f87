"""The kinds of fault, by name; a module of this package each for a part of the store."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.accuracy.bundle import Bundle
from benchmarks.accuracy.truth import Kind, Truth

KINDS: dict[str, Kind] = {}
"""Those of the two halves; their order decides which half each belongs to."""
LATER: dict[str, Kind] = {}
"""Those that were written after the first: they are told from `KINDS` by their modules alone."""
UNSEEN: dict[str, Kind] = {}
"""Those that were written when rules, weights and `analyzer.causes.calibration` stood."""
HARMLESS: dict[str, Callable[[Bundle], None]] = {}
"""What looks odd and hurts no engine."""


def kind(family: str) -> Callable[[Callable[[Bundle], Truth]], Callable[[Bundle], Truth]]:
    """Register a fault under its function's name; `family` groups the figures."""
    return _into(KINDS, family)


def later(family: str) -> Callable[[Callable[[Bundle], Truth]], Callable[[Bundle], Truth]]:
    """Register a fault; as `kind`, but for its place in the order of halves."""
    return _into(LATER, family)


def unseen(family: str) -> Callable[[Callable[[Bundle], Truth]], Callable[[Bundle], Truth]]:
    """Register a fault that nothing was made for."""
    return _into(UNSEEN, family)


def harmless(function: Callable[[Bundle], None]) -> Callable[[Bundle], None]:
    """Register an oddity after which a store is as healthy as before."""
    HARMLESS[function.__name__.replace("_", "-")] = function
    return function


def _into(kinds: dict[str, Kind], family: str) -> Callable[[Callable[[Bundle], Truth]], Callable[[Bundle], Truth]]:
    def register(function: Callable[[Bundle], Truth]) -> Callable[[Bundle], Truth]:
        name = function.__name__.replace("_", "-")
        kinds[name] = Kind(name, family, function)
        return function

    return register
