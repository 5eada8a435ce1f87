"""Build HTML and SVG from values: text is escaped as it goes in, so no caller can forget it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from analyzer.report.encode.markup import html_text

BACKTICKED = re.compile(r"`([^`]+)`")
VOID = frozenset({"br", "hr", "input", "meta"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


Leaf = str | int | None
Child = Leaf | Iterable[Leaf | Iterable[Leaf]]
NOTHING = Markup()


def el(name: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """Return an element.

    Args:
        name: its tag.
        children: text (escaped), `Markup` (as it is), or iterables of both; None is left out.
        attributes: `_` in a name stands for `-`, a trailing one is dropped (`class_`, `for_`); True gives a bare
            attribute, None and False none.
    """
    head = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{head}>")
    return Markup(f"<{name}{head}>{join(children)}</{name}>")


def scroller(label: str, *children: Child) -> Markup:
    """Return a region that scrolls sideways where it must, reachable by keyboard."""
    return el("div", *children, class_="scroll", tabindex="0", role="group", aria_label=label)


def join(children: Iterable[Child]) -> Markup:
    """Return children one after the other."""
    return Markup("".join(_child(child) for child in children))


def coded(text: str) -> list[Leaf]:
    """Return text with what stands between backticks as code."""
    return [el("code", part) if number % 2 else part for number, part in enumerate(BACKTICKED.split(text))]


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    if isinstance(child, str):
        return html_text(child)
    if isinstance(child, int):
        return str(child)
    return join(child)


def _attribute(name: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    key = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {key}"
    shown = f"{value:.10g}" if isinstance(value, float) else html_text(str(value))
    return f' {key}="{shown}"'
