"""A comparison for a ticket: GitHub-flavoured Markdown, cut to what its fields take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.report.compared import words
from analyzer.report.encode.markdown import markdown_code, markdown_text
from analyzer.report.words import VERDICTS

LIMIT, WITH_IT, LISTED, LONGEST = 32_000, 10, 25, 700
TITLES = {
    "answer": "Predicted engine behaviour",
    "engine": "Engine versions",
    "store": "Stores",
    "index": "Index files",
}


def render(value: Mapping[str, Any]) -> str:
    """Return the comparison; blocks that do not fit in 32,000 characters are left out and counted."""
    kept: list[str] = []
    left, dropped = LIMIT - 100, 0
    for block in filter(None, _blocks(value)):
        if len(block) + 2 > left:
            dropped += 1
            continue
        kept.append(block)
        left -= len(block) + 2
    if dropped:
        kept.append(f"_{dropped} more parts do not fit here: see the text or JSON output._")
    return "\n\n".join(kept) + "\n"


def _blocks(value: Mapping[str, Any]) -> Iterator[str]:
    yield f"## {_text(words.headline(value))}"
    yield "\n".join(_head(value))
    yield from ("\n".join(_cause(cause)) for cause in words.ordered_causes(value))
    yield "\n".join(_counts(value))
    for kind, title in TITLES.items():
        found = [c for c in value["changes"] if c["kind"] == kind and c["state"] != "not-seen"]
        yield _section(title, [f"{words.STATE[c['state']]}: {words.thing(c)}" for c in found])
    moved = [c for c in value["changes"] if c["kind"] == "name" and c["state"] == "changed"]
    yield _section("Names that lead elsewhere", [words.thing(c) for c in moved])
    for kind in ("image", "layer", "container"):
        yield _section(words.KIND[kind].capitalize(), [_object(o) for o in value["objects"] if o["kind"] == kind])
    yield _section("Not compared", [f"{kinds}: {why}" for kinds, why in words.gaps(value)])


def _head(value: Mapping[str, Any]) -> Iterator[str]:
    for side in "ab":
        of = value[side]
        state = "" if of["complete"] else ", **not complete**"
        path = markdown_code(of["path"][:LONGEST])
        yield f"- **{side.upper()}** {path}: {VERDICTS[of['verdict']]}{state}{words.captured(of)}"
    yield f"- {_text(words.SAME_STORE[value['same_store']])}"
    if note := words.clock_note(value):
        yield f"- {_text(note)}"


def _cause(cause: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {words.FATE[cause['state']]}: {_text(cause['title'])}"
    yield ""
    yield _text(words.cause_note(cause))
    if cause["state"] == "not-seen":
        yield ""
        yield _text(words.opened(cause))
    if cause["state"] not in ("new", "gone"):
        return
    yield ""
    if not cause["changes"]:
        yield "Nothing that it is about differs between the captures."
        return
    yield "With it:" if cause["state"] == "new" else "Since then:"
    yield ""
    yield from _listed([f"{words.STATE[c['state']]}: {words.thing(c)}" for c in cause["changes"]], WITH_IT)


def _counts(value: Mapping[str, Any]) -> Iterator[str]:
    columns = ("", *words.STATE.values())
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in words.counts(value):
        yield f"| {' | '.join(row)} |"


def _object(changed: Mapping[str, Any]) -> str:
    name = words.object_name(changed["kind"], changed["id"], changed["name"])
    return f"{words.STATE[changed['state']]}: {name}: {words.parts(changed)}"


def _section(title: str, lines: list[str]) -> str:
    if not lines:
        return ""
    return "\n".join((f"**{title}**", "", *_listed(lines, LISTED)))


def _listed(lines: list[str], count: int) -> Iterator[str]:
    for line in lines[:count]:
        yield f"- {_text(line)}"
    if len(lines) > count:
        yield f"- and {len(lines) - count:,} more"


def _text(text: str) -> str:
    return markdown_text(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")
