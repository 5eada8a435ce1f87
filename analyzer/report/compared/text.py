"""A comparison for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.report.compared import words
from analyzer.report.encode.text import inert
from analyzer.report.lines import labelled
from analyzer.report.tables import table

WITH_IT, LISTED, DETAILS = 6, 20, 12
INDENT = 9


def render(value: Mapping[str, Any], *, everything: bool = False, columns: int = 100) -> str:
    """Return the comparison as text.

    Args:
        value: from `analyzer.report.compared.document`.
        everything: every change; long values are cut all the same.
        columns: width to wrap at.
    """
    lines = _Lines(value, everything, max(columns, 40)).lines()
    return "\n".join(lines) + "\n"


class _Lines:
    """Line by line; every value passes through `inert`."""

    def __init__(self, value: Mapping[str, Any], everything: bool, columns: int) -> None:
        self.value = value
        self.everything = everything
        self.columns = columns

    def lines(self) -> Iterator[str]:
        yield from self.head()
        for cause in words.ordered_causes(self.value):
            yield ""
            yield from self.cause(cause)
        yield from self.section("answer", "predicted engine behaviour")
        yield from self.section("engine", "engine versions")
        yield from self.section("store", "stores")
        yield from self.section("index", "index files")
        yield from self.names()
        yield from self.objects()
        yield from self.findings()
        yield from self.summary()
        yield from self.gaps()

    def wrap(self, label: str, text: str, indent: int = INDENT) -> Iterator[str]:
        return labelled(label, inert(text), self.columns, indent)

    def limit(self, count: int) -> int | None:
        return None if self.everything else count

    def head(self) -> Iterator[str]:
        for side in "ab":
            of = self.value[side]
            state = "" if of["complete"] else ", NOT COMPLETE"
            yield from self.wrap(side.upper(), f"{of['path']}: {of['verdict'].upper()}{state}{words.captured(of)}", 3)
        yield from self.wrap("", words.SAME_STORE[self.value["same_store"]], 3)
        if note := words.clock_note(self.value):
            yield from self.wrap("", note, 3)
        yield ""
        yield from self.wrap("", words.headline(self.value), 0)

    def cause(self, cause: Mapping[str, Any]) -> Iterator[str]:
        yield from self.wrap(words.FATE[cause["state"]], cause["title"])
        yield from self.wrap("", words.cause_note(cause))
        if cause["facts"]:
            yield from self.wrap("", words.differences(cause))
        if cause["state"] == "not-seen":
            yield from self.wrap("", words.opened(cause))
        if cause["state"] not in ("new", "gone"):
            return
        with_it = cause["changes"]
        if not with_it:
            yield from self.wrap("", "nothing that it is about differs between the captures")
            return
        yield from self.wrap("", "with it" if cause["state"] == "new" else "since then")
        yield from self.listed(with_it, WITH_IT, INDENT + 9)

    def listed(self, changes: list[dict[str, Any]], count: int, indent: int = INDENT) -> Iterator[str]:
        shown = changes[: self.limit(count)]
        for change in shown:
            label = " " * (indent - 9) + words.STATE[change["state"]]
            yield from self.wrap(label, words.thing(change), indent)
            if change["state"] == "not-seen":
                yield from self.wrap("", f"{change['unseen'].upper()}: {change['because']}", indent)
        if len(changes) > len(shown):
            yield " " * indent + f"and {len(changes) - len(shown):,} more: --all"

    def of(self, kind: str) -> list[dict[str, Any]]:
        found = [change for change in self.value["changes"] if change["kind"] == kind]
        return found if self.everything else [change for change in found if change["state"] != "not-seen"]

    def section(self, kind: str, title: str) -> Iterator[str]:
        found = self.of(kind)
        if found:
            yield ""
            yield title
            yield from self.listed(found, LISTED)

    def names(self) -> Iterator[str]:
        moved = [change for change in self.of("name") if change["state"] == "changed"]
        if moved:
            yield ""
            yield "names that lead elsewhere"
            yield from self.listed(moved, LISTED)

    def objects(self) -> Iterator[str]:
        details: dict[str, list[dict[str, Any]]] = {}
        for change in self.value["changes"]:
            if change["state"] != "not-seen" and (change["facts"] or change["kind"] == "file"):
                details.setdefault(change["id"] or change["key"], []).append(change)
        for kind in ("image", "layer", "container"):
            found = [each for each in self.value["objects"] if each["kind"] == kind]
            if not found:
                continue
            yield ""
            yield words.KIND[kind]
            for each in found[: self.limit(LISTED)]:
                name = words.object_name(kind, each["id"], each["name"])
                yield from self.wrap(words.STATE[each["state"]], f"{name}: {words.parts(each)}")
                yield from self.details([d for d in details.get(each["id"], ()) if self.belongs(d, kind)])
            if len(found) > LISTED and not self.everything:
                yield " " * INDENT + f"and {len(found) - LISTED:,} more: --all"

    @staticmethod
    def belongs(change: Mapping[str, Any], kind: str) -> bool:
        own = {
            "image": ("image", "image-data"),
            "layer": ("layer", "directory", "link", "layer-data", "file"),
            "container": ("container", "container-data"),
        }
        return change["kind"] in own[kind]

    def details(self, changes: list[dict[str, Any]]) -> Iterator[str]:
        shown = changes[: self.limit(DETAILS)]
        for change in shown:
            part = change["key"].split("/", 2)[-1] if change["kind"] == "file" else words.PART.get(change["kind"], "")
            part = part or change["key"].partition("/")[2]
            facts = words.differences(change) or words.STATE[change["state"]]
            yield from (f"  {line}" for line in self.wrap("", f"{part}: {facts}"))
        if len(changes) > len(shown):
            yield " " * INDENT + f"  and {len(changes) - len(shown):,} more: --all"

    def findings(self) -> Iterator[str]:
        if self.everything:
            yield from self.section("finding", "findings")

    def summary(self) -> Iterator[str]:
        yield ""
        yield from table(("", *words.STATE.values()), words.counts(self.value)).splitlines()

    def gaps(self) -> Iterator[str]:
        found = list(words.gaps(self.value))
        if found:
            yield ""
            yield "not compared, because one capture does not show it"
            for kinds, why in found:
                yield from self.wrap("", f"{kinds}: {why}", 2)
