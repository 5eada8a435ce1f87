"""Rules and cause families from outside: installed ones by entry point, a caller's own as they are.

An entry point leads to one object, to a tuple or list of them, or to a module that holds them. Whatever is wrong with
one, that it cannot be imported, is something else, or takes a name that is taken, costs that one only: it is named
with the reason, and the analysis counts as not complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from types import ModuleType
from typing import Any, Generic, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from analyzer.checks.finding import RANK, Finding
from analyzer.checks.rule import Rule
from analyzer.checks.run import builtin_rules
from analyzer.checks.store_view import StoreView
from analyzer.source.entry_points import entry_points

RULES = "analyzer.rules"
"""Entry-point group of rules."""
RULE_ID = re.compile(r"[A-Z]{3}-\d{3}")
T = TypeVar("T")


class Plugins(Struct, Generic[T], frozen=True):
    """What came from outside: usable objects, and (name, reason) of what was left out."""

    found: tuple[T, ...] = ()
    faulty: tuple[tuple[str, str], ...] = ()


def plugin_rules(extra: Iterable[Rule] = ()) -> Plugins[Rule]:
    """Return the rules of installed plugins and the caller's own, each guarded; ids of built-in rules are taken."""
    admitted = admit([*installed(RULES, Rule), *own(extra)], Rule, {rule.id for rule in builtin_rules()}, _objection)
    return replace(admitted, found=tuple(map(guarded, admitted.found)))


def known_rules() -> tuple[Rule, ...]:
    """Return built-in rules and those of installed plugins, by id."""
    return tuple(sorted((*builtin_rules(), *plugin_rules().found), key=lambda rule: rule.id))


@cache
def installed(group: str, kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """Return (name of the plugin, object or the exception that loading it gave), by entry point."""
    items: list[tuple[str, Any]] = []
    for point in entry_points(group):
        dist = point.dist
        name = f"plugin {point.name}" + (f" ({dist.name} {dist.version})" if dist else "")
        try:
            loaded = point.load()
        except (Exception, SystemExit) as error:  # noqa: BLE001  one faulty plugin must not cost the report
            items.append((name, error))
            continue
        items.extend((name, item) for item in _unpacked(loaded, kind))
    return tuple(items)


def own(items: Iterable[Any]) -> list[tuple[str, Any]]:
    """Return a caller's objects in the shape of `installed`."""
    return [(f"own {type(item).__name__.lower()} {getattr(item, 'id', '')}".rstrip(), item) for item in items]


def admit(
    items: Iterable[tuple[str, Any]], kind: type[T], taken: set[str], objection: Callable[[T], str]
) -> Plugins[T]:
    """Sort what is usable from what is not.

    Args:
        items: (name of where it came from, object or exception).
        kind: class the objects must be of; it has an `id`.
        taken: ids that are not free.
        objection: says what is wrong with an object, `""` when nothing is.
    """
    found: list[T] = []
    faulty: list[tuple[str, str]] = []
    taken = set(taken)
    for name, item in items:
        if isinstance(item, BaseException):
            faulty.append((name, f"it cannot be loaded ({type(item).__name__}: {item})"))
        elif not isinstance(item, kind):
            faulty.append((name, f"it gives a {type(item).__name__}, not a {kind.__name__}"))
        elif item.id in taken:  # type: ignore[attr-defined]
            faulty.append((name, f"the id {item.id} is taken"))  # type: ignore[attr-defined]
        elif reason := objection(item):
            faulty.append((name, reason))
        else:
            taken.add(item.id)  # type: ignore[attr-defined]
            found.append(item)
    return Plugins(tuple(found), tuple(faulty))


def guarded(rule: Rule) -> Rule:
    """Return a rule whose findings are looked at while the rule can still be blamed for them."""

    def check(view: StoreView) -> Iterator[Finding]:
        for found in rule.check(view):
            if not isinstance(found, Finding):
                raise TypeError(f"yields a {type(found).__name__}, not a Finding")
            if found.rule != rule.id:
                raise ValueError(f"yields a finding of {found.rule}")
            _ = found.order, found.fingerprint
            yield found

    return replace(rule, check=check)


def _unpacked(loaded: Any, kind: type[Any]) -> list[Any]:
    if isinstance(loaded, ModuleType):
        held = [value for value in vars(loaded).values() if isinstance(value, kind)]
        return held or [ValueError(f"the module {loaded.__name__} holds no {kind.__name__}")]
    return list(loaded) if isinstance(loaded, tuple | list) else [loaded]


def _objection(rule: Rule) -> str:
    if not RULE_ID.fullmatch(rule.id):
        return f"the id {rule.id!r} is not of the form ABC-123"
    if rule.severity not in RANK:
        return f"the severity {rule.severity!r} is none of {', '.join(RANK)}"
    return ""
