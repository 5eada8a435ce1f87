"""The words that text and Markdown share; every line is unescaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.report.encode.text import short_ids
from analyzer.words import plural, whom

STATE = {"gone": "gone", "new": "new", "changed": "changed", "not-seen": "not seen", "same": "the same"}
KIND = {
    "cause": "causes",
    "finding": "findings",
    "answer": "engines' answers",
    "engine": "engine versions",
    "store": "stores",
    "index": "index files",
    "image": "images",
    "name": "image names",
    "layer": "layers",
    "container": "containers",
    "directory": "layer directories",
    "link": "short links",
    "image-data": "image data",
    "layer-data": "layer data",
    "container-data": "container data",
    "file": "files of layers",
}
PART = {"image": "record", "layer": "record", "container": "record", "directory": "directory", "link": "short link"}
SHORT, LONG, VALUE = 12, 40, 160
IDS = frozenset("0123456789abcdef")
SAME_STORE = {
    True: "both captures show the same store",
    False: "two different stores, or one that was recreated: no layer in both has the same short link id",
    None: "whether both captures show the same store cannot be told",
}
FATE = {"new": "NEW", "gone": "GONE", "same": "STILL", "changed": "STILL", "not-seen": "OPEN"}
ORDER = ("new", "not-seen", "changed", "same", "gone")


def headline(value: Mapping[str, Any]) -> str:
    """Return what became of the causes, in one line."""
    counts = value["summary"].get("cause", {})
    came, went = counts.get("new", 0), counts.get("gone", 0)
    stayed, opened = counts.get("same", 0) + counts.get("changed", 0), counts.get("not-seen", 0)
    if not any((came, went, stayed, opened)):
        return "neither capture shows a cause of damage"
    parts = [f"{plural(came, 'new cause')}", f"{went} gone", f"{stayed} still there"]
    if opened:
        parts.append(f"{opened} that one capture could not show")
    return ", ".join(parts)


def captured(side: Mapping[str, Any]) -> str:
    """Return the end of a line about a capture: when it was made, as far as its times tell."""
    return f", captured at or after {side['captured_not_before']}" if side["captured_not_before"] else ""


def clock_note(value: Mapping[str, Any]) -> str:
    """Return a warning where B seems to be the earlier capture."""
    first, second = value["a"]["captured_not_before"], value["b"]["captured_not_before"]
    if first and second and second < first and value["same_store"] is not False:
        return "the newest change in B is older than the newest in A: B may be the earlier capture"
    return ""


def ordered_causes(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return causes, those that came first."""
    return sorted(value["causes"], key=lambda cause: ORDER.index(cause["state"]))


def cause_note(cause: Mapping[str, Any]) -> str:
    """Return severity, family and who is hit."""
    return f"{cause['severity']} · {cause['id']} · affects {whom(cause['images'], cause['containers'])}"


def opened(cause: Mapping[str, Any]) -> str:
    """Return why a cause is neither gone nor new."""
    return f"not seen in {cause['unseen'].upper()}: {cause['because']}"


def object_name(kind: str, object_id: str, name: str) -> str:
    """Return an object's kind, short id and name."""
    return f"{kind} {shortened_id(object_id)} {name}".strip()


def shortened_id(text: str) -> str:
    """Return the first characters of an id, other text as it is."""
    return text[:SHORT] if len(text) == 64 and IDS.issuperset(text) else text


def parts(changed: Mapping[str, Any]) -> str:
    """Return what of an object is gone, new or changed, and what is still there."""
    held = changed["parts"]
    said = [f"{', '.join(held[s])} {STATE[s]}" for s in ("gone", "new", "changed", "not-seen") if s in held]
    if changed["state"] in ("gone", "new"):
        return ", ".join(held[changed["state"]])
    if "same" in held and ("gone" in held or "new" in held):
        said.append(f"{', '.join(held['same'])} the same")
    return "; ".join(said)


def thing(change: Mapping[str, Any]) -> str:
    """Return one thing in words, with what differs in it."""
    kind, key, name = change["kind"], change["key"], change["name"] or ""
    owner, _, rest = key.partition("/")
    if kind in ("layer", "image", "container"):
        what = f"record of {object_name(kind, key, name)}"
    elif kind == "directory":
        what = f"directory of {object_name('layer', key, name)}"
    elif kind in ("image-data", "layer-data", "container-data"):
        what = f"{rest} of {object_name(kind.removesuffix('-data'), owner, name)}"
    elif kind == "file":
        what = f"{rest.partition('/')[2]} of {object_name('layer', owner, name)}"
    elif kind == "link":
        what = f"short link {key} to {object_name('layer', change['id'] or '?', name)}"
    elif kind == "name":
        what = f"name {key}"
    else:
        what = name or key
    facts = differences(change)
    return f"{what}: {facts}" if facts else what


def differences(change: Mapping[str, Any]) -> str:
    """Return the values that differ, in full where they look alike when they are cut."""
    said = []
    for fact in change["facts"]:
        before, after = _value(fact["before"]), _value(fact["after"])
        if before == after:
            before, after = fact["before"] or "none", fact["after"] or "none"
        said.append(f"{fact['name']} {before} → {after}")
    return ", ".join(said)


def _value(text: str) -> str:
    """Return a value short enough for a line: ids by their first characters, long words and long values cut."""
    if not text:
        return "none"
    shown = short_ids(text)
    shown = " ".join(word if len(word) <= LONG else word[: LONG - 1] + "…" for word in shown.split(" "))
    return shown if len(shown) <= VALUE else shown[: VALUE - 1] + "…"


def counts(value: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield how many things of each kind are in each state; `STATE` has the columns."""
    for kind, states in value["summary"].items():
        yield KIND[kind], *(f"{states[state]:,}" if states[state] else "" for state in STATE)


def gaps(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what was not compared, with the capture and the reason."""
    merged: dict[tuple[str, str], list[str]] = {}
    for gap in value["not_compared"]:
        merged.setdefault((gap["side"], gap["because"]), []).append(KIND[gap["kind"]])
    for (side, because), kinds in merged.items():
        yield ", ".join(dict.fromkeys(kinds)), f"{side.upper()}: {because}"
