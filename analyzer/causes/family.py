"""Declare and find cause families."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache

from msgspec import Struct

import analyzer.causes.families as package
from analyzer.causes.case import Case
from analyzer.causes.model import Hypothesis
from analyzer.checks.rule import home_of

Propose = Callable[[Case], Iterator[Hypothesis]]


class Family(Struct, frozen=True):
    """A cause family as declared: kebab-case id (its file name), documentation page, and its proposals."""

    id: str
    page: str
    propose: Propose


def family(propose: Propose) -> Family:
    """Turn `propose(case)` of a module into its Family; the module's docstring becomes the page.

    In a notebook or script the function's own name and docstring take the place of the module's.
    """
    slug, _, page = home_of(propose)
    return Family(slug, page, propose)


@cache
def builtin_families() -> tuple[Family, ...]:
    """Return every built-in family, by id."""
    found: list[Family] = []
    for info in pkgutil.iter_modules(package.__path__):
        module = importlib.import_module(f"{package.__name__}.{info.name}")
        found.extend(value for value in vars(module).values() if isinstance(value, Family))
    return tuple(sorted(set(found), key=lambda f: f.id))
