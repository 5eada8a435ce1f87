"""A comparison for a notebook cell: causes with their changes, what else changed, counts; static, without script."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.report.compared import text, words
from analyzer.report.markup import Markup, coded, el, join
from analyzer.report.views.cells import preformatted
from analyzer.report.words import VERDICTS

WITH_IT, LISTED = 8, 12
COLORS = {"new": "#b2182b", "gone": "#1a7f4b", "not-seen": "#8a6d00", "changed": "#b2182b", "same": "#b2182b"}
CARD = "border:1px solid #8886;border-left:5px solid {};border-radius:6px;padding:.5em .9em;margin:.6em 0"
TAG = "display:inline-block;width:5em;text-indent:0;opacity:.75"
LINE = "padding-left:5em;text-indent:-5em"
QUIET = "opacity:.75"


def render(value: Mapping[str, Any]) -> Markup:
    """Return the comparison as a fragment; colours are those of the theme around it but for the marks of causes."""
    folded = el("details", el("summary", "The same as text"), preformatted(text.render(value)))
    return el("div", *_head(value), *map(_cause, words.ordered_causes(value)), _objects(value), _counts(value), folded)


def _head(value: Mapping[str, Any]) -> Iterator[Markup]:
    yield el("p", el("strong", words.headline(value)), style="font-size:1.15em;margin:.3em 0")
    for side in "ab":
        of = value[side]
        state = "" if of["complete"] else ", not complete"
        said = f": {VERDICTS[of['verdict']]}{state}{words.captured(of)}"
        yield el("div", el("strong", side.upper()), " ", el("code", of["path"]), said)
    for note in filter(None, (words.SAME_STORE[value["same_store"]], words.clock_note(value))):
        yield el("div", note[:1].upper(), note[1:], ".", style=QUIET)


def _cause(cause: Mapping[str, Any]) -> Markup:
    rest: list[Markup] = []
    if cause["state"] == "not-seen":
        rest.append(el("div", words.opened(cause)))
    if cause["state"] in ("new", "gone"):
        label = "With it" if cause["state"] == "new" else "Since then"
        changes = [(change["state"], words.thing(change)) for change in cause["changes"]]
        none = "nothing that it is about differs between the captures"
        rest.append(el("div", label, ": ", none if not changes else None, style="margin-top:.3em"))
        rest.append(_listed(changes, WITH_IT))
    color = COLORS[cause["state"]]
    fate = el("strong", words.FATE[cause["state"]], style=f"color:{color};margin-right:.6em")
    title = el("div", fate, el("strong", cause["title"]))
    return el("div", title, el("div", words.cause_note(cause), style=QUIET), *rest, style=CARD.format(color))


def _objects(value: Mapping[str, Any]) -> Markup:
    """Return what changed by object, then what else changed, and then what the engines would answer."""
    lines = [
        (each["state"], f"{words.object_name(each['kind'], each['id'], each['name'])}: {words.parts(each)}")
        for each in value["objects"]
    ]
    lines += _changed(value, "engine", "store", "index", "name")
    blocks = (("What changed", lines), ("Predicted engine behaviour", _changed(value, "answer")))
    return join(el("div", el("strong", title), _listed(each, LISTED)) for title, each in blocks if each)


def _changed(value: Mapping[str, Any], *kinds: str) -> list[tuple[str, str]]:
    """Return things of some kinds; names that came or went are told with their image."""
    return [
        (change["state"], words.thing(change))
        for change in value["changes"]
        if change["kind"] in kinds and (change["state"] == "changed" or change["kind"] in ("engine", "index"))
        if change["state"] != "not-seen"
    ]


def _listed(lines: list[tuple[str, str]], count: int) -> Markup:
    shown = [
        el("li", el("span", words.STATE[state], style=TAG), coded(said), style=LINE) for state, said in lines[:count]
    ]
    if len(lines) > count:
        shown.append(el("li", f"and {len(lines) - count:,} more: .changes", style=QUIET))
    return el("ul", *shown, style="list-style:none;padding-left:.4em;margin:.2em 0")


def _counts(value: Mapping[str, Any]) -> Markup:
    head = el("tr", *(el("th", column) for column in ("", *words.STATE.values())))
    rows = (el("tr", el("th", row[0], style="text-align:left"), *map(_number, row[1:])) for row in words.counts(value))
    gaps = [el("li", f"{kinds}: {why}") for kinds, why in words.gaps(value)]
    missing = el("div", "Not compared, because one capture does not show it:", el("ul", *gaps)) if gaps else Markup()
    table = el("table", head, *rows, style="margin:.4em 0")
    return el("details", el("summary", "Counted, by kind"), table, missing, open=bool(gaps))


def _number(text: str) -> Markup:
    return el("td", text, style="text-align:right")
