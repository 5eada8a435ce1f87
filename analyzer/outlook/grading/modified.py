"""Grade `layer content modified`: the check's tree of tar headers against the mounted layer.

The check builds that tree from the headers of the whole chain. Where no header names a directory it takes the header of
what lies in it, so that every directory a tar leaves out counts as modified, in this layer and all above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from analyzer.checks.finding import Finding
from analyzer.outlook.grading.evidence import GradedTree, GradingEvidence
from analyzer.outlook.grading.verdict import (
    HARD_LINK,
    IMPLIED,
    MAPPED,
    PARTIAL_PULL,
    TIME,
    Verdict,
    confirmed,
    left_open,
    refuted,
)
from analyzer.snapshot.tar_entry import TarEntry
from analyzer.snapshot.times import SECOND
from analyzer.source.member import DIRECTORY, HARDLINK
from analyzer.verify.facts import MISSING, OPAQUE, PLANTED, WHITEOUT

LINE = re.compile(
    r"(?P<sign>[+-]?)/(?P<path>.*?)(?:\((?P<deltas>[a-z]{2,8}:[^()]{1,400})\))?(?:, ?(?:[a-z][a-z ]{0,24})?)?"
)
DELTA = re.compile(r"([a-z]{2,8}):(0x[0-9a-f]{1,16}|\d{1,20})[^0-9a-z,)]{1,4}(0x[0-9a-f]{1,16}|\d{1,20})")
STACKING = (
    "OVL-001", "OVL-002", "OVL-003", "OVL-004", "OVL-005", "OVL-007", "OVL-008", "OVL-009", "OVL-028", "LAY-008",
)  # fmt: skip
CONTENT = ("TSP-", "OVL-016", "OVL-022", "OVL-023", "OVL-024")
MADE_BY_ENGINE = 0o755


class ReportedChange(NamedTuple):
    """One line: `+` or `-` where a whole file differs, else which attributes, as (recorded, seen) by name."""

    sign: str
    path: str
    deltas: dict[str, tuple[str, str]]


def parse_change(text: str) -> ReportedChange | None:
    """Return what a line says, None when it is no such line."""
    match = LINE.fullmatch(text)
    if match is None:
        return None
    deltas = {name: (old, new) for name, old, new in DELTA.findall(match.group("deltas") or "")}
    return ReportedChange(match.group("sign") if not deltas else "", match.group("path").strip("/"), deltas)


def grade_change(evidence: GradingEvidence, layer_id: str, change: ReportedChange) -> Verdict:
    """Return the grade of one line about a layer."""
    chain = evidence.chain(layer_id)
    if not change.deltas:
        return _whole_file(evidence, chain, change)
    holder = next((each for each in chain if _holds(evidence, each, change.path)), None)
    if holder is None:
        return _unheld(evidence, chain, change)
    tree = evidence.tree(holder)
    assert tree is not None
    if change.path in tree.implied:
        return _implied(evidence, chain, holder, change)
    return _recorded(evidence, chain, holder, change)


def _holds(evidence: GradingEvidence, layer_id: str, path: str) -> bool:
    tree = evidence.tree(layer_id)
    return tree is not None and (path in tree.entries or path in tree.implied)


def _implied(evidence: GradingEvidence, chain: list[str], holder: str, change: ReportedChange) -> Verdict:
    """Judge a directory that the tar of `holder` leads through without naming it."""
    found = evidence.found(holder, change.path)
    seen = change.deltas.get("mode", ("", ""))[1]
    if found is not None:
        if found.kind != DIRECTORY:
            return confirmed(f"/{change.path} of layer {holder[:12]} should be a directory and is a {found.kind}")
        if found.mode & 0o777 != MADE_BY_ENGINE:
            return left_open(
                f"the tar of layer {holder[:12]} has no entry for /{change.path}, so nothing says what it should be; "
                f"but its mode {found.mode & 0o777:04o} is not the 0755 that an engine gives such a directory"
            )
    elif seen and _number("mode", seen) != MADE_BY_ENGINE:
        return left_open(
            f"the tar of layer {holder[:12]} has no entry for /{change.path}, so nothing says what it should be; the "
            f"check saw mode {seen}, which is not the 0755 that an engine gives such a directory"
        )
    child = next(filter(None, (_child(evidence, layer_id, change) for layer_id in chain)), None)
    if child is None:
        return left_open(
            f"the tar of layer {holder[:12]} has no entry for /{change.path}, yet the check expects what no entry in "
            "it has"
        )
    return refuted(
        IMPLIED,
        f"the tar of layer {holder[:12]} has no entry for /{change.path}: the engine made that directory itself, and "
        f"the check compares it with /{child}, which lies in it",
    )


def _child(evidence: GradingEvidence, layer_id: str, change: ReportedChange) -> str | None:
    """Return the entry of a layer below a directory with the attributes the check expects of it, None for none."""
    tree = evidence.tree(layer_id)
    prefix = change.path + "/"
    for path, entry in tree.entries.items() if tree is not None else ():
        if path.startswith(prefix):
            has = {"size": entry.size, "mode": entry.mode & 0o777, "mtime": entry.mtime_ns // SECOND}
            if all(_number(name, old) == has[name] for name, (old, _) in change.deltas.items() if name in has):
                return path
    return None


def _number(name: str, text: str) -> int:
    """Return a value as the check prints it: times in hex, modes in octal with the type in front, the rest decimal."""
    if name == "mode":
        return int(text, 8) & 0o777 if text.isdigit() and not set(text) & {"8", "9"} else -1
    return int(text, 16) if text.startswith("0x") else int(text)


def _recorded(evidence: GradingEvidence, chain: list[str], holder: str, change: ReportedChange) -> Verdict:
    tree = evidence.tree(holder)
    assert tree is not None
    recorded = tree.entries[change.path]
    name = f"/{change.path} of layer {holder[:12]}"
    if why := evidence.unseen(holder):
        return left_open(f"the tar names {name}, but its file is not to be seen: {why}")
    here = [each for each in evidence.differences(holder) if each.path.strip("/") == change.path]
    if here:
        first = here[0]
        return confirmed(f"{name} should be {first.expected} and is {first.observed}", _of_content(evidence, [holder]))
    if stacked := _stacking(evidence, chain):
        return confirmed("the layers are not stacked as their records say", stacked)
    if set(change.deltas) <= {"mtime", "size"} and recorded.kind == DIRECTORY:
        inside = [d for d in evidence.differences(holder) if d.path.strip("/").rpartition("/")[0] == change.path]
        if inside:
            return confirmed(f"in {name}, /{inside[0].path} is {inside[0].observed}", _of_content(evidence, [holder]))
        return refuted(
            TIME,
            f"only the time of the directory differs; everything that the tar has in {name} is there as recorded, and "
            "nothing else is",
        )
    if explained := _explained(evidence, chain[0], tree, recorded, change):
        return explained
    if any(_partial(evidence, each) for each in chain):
        return refuted(PARTIAL_PULL, f"{name} is as its description says; the check compares partial pulls wrongly")
    return left_open(f"not so in this bundle: {name} is as its tar says")


def _explained(
    evidence: GradingEvidence, layer_id: str, tree: GradedTree, recorded: TarEntry, change: ReportedChange
) -> Verdict | None:
    """Return the refutation of attributes that an engine rightly gave the file, None where some are not explained."""
    layer = evidence.rel.layers.get(layer_id)
    maps = {"uid": layer.uidmap, "gid": layer.gidmap} if layer is not None else {}
    left = {name: values for name, values in change.deltas.items() if not _is_mapped(maps.get(name, ()), values)}
    if not left:
        return refuted(
            MAPPED,
            f"the record of layer {layer_id[:12]} maps the owners in its tar to those that were seen: it is a copy for "
            "containers in a user name space",
        )
    target = recorded.link if recorded.kind == HARDLINK else recorded.path
    twins = [each for each in tree.entries.values() if target in (each.path, each.kind == HARDLINK and each.link)]
    twin = next((each for each in twins if each.path != recorded.path and _has(each, left)), None)
    if twin is None and not (len(twins) > 1 and _has(recorded, left)):
        return None
    last = twin or recorded
    return refuted(
        HARD_LINK,
        f"/{recorded.path} and /{twins[0].path if last is recorded else last.path} are one file, to which the layer's "
        f"tar gives different attributes; the engine sets those of the last entry, /{last.path}",
    )


def _is_mapped(ranges: Iterable[tuple[int, int, int]], values: tuple[str, str]) -> bool:
    """Tell whether an id map, as (inside, outside, size), leads from a recorded owner to the one that was seen."""
    inside, seen = (int(value, 0) if value.startswith("0x") else int(value) for value in values)
    return any(first <= inside < first + size and outside + inside - first == seen for first, outside, size in ranges)


def _has(entry: TarEntry, deltas: dict[str, tuple[str, str]]) -> bool:
    """Tell whether an entry of a tar has the attributes that the check saw."""
    has = {"mode": entry.mode & 0o777, "uid": entry.uid, "gid": entry.gid, "mtime": entry.mtime_ns // SECOND}
    return all(name in has and _number(name, seen) == has[name] for name, (_, seen) in deltas.items())


def _unheld(evidence: GradingEvidence, chain: list[str], change: ReportedChange) -> Verdict:
    if stacked := _stacking(evidence, chain):
        return confirmed("the layers are not stacked as their records say", stacked)
    blind = [each for each in chain if evidence.tree(each) is None]
    if blind:
        partial = ": a partial pull" if _partial(evidence, blind[0]) else ""
        return left_open(f"layer {blind[0][:12]} has no readable tar-split{partial}, so its files are not known")
    return left_open(f"no tar of the chain names /{change.path}")


def _whole_file(evidence: GradingEvidence, chain: list[str], change: ReportedChange) -> Verdict:
    """Judge a file that the check saw without a header, or missed in spite of one."""
    facets = (PLANTED, OPAQUE, WHITEOUT) if change.sign == "+" else (MISSING,)
    for layer_id in chain:
        for each in evidence.differences(layer_id):
            if _concerns(each.path, change.path) and (each.facet in facets or each.path.strip("/") == change.path):
                text = (
                    f"/{each.path.strip('/')} of layer {layer_id[:12]} should be {each.expected} and is {each.observed}"
                )
                return confirmed(text, _of_content(evidence, [layer_id]))
    if stacked := _stacking(evidence, chain):
        return confirmed("the layers are not stacked as their records say", stacked)
    for layer_id in chain:
        facts = evidence.facts(layer_id)
        if facts is not None and facts.unjudged:
            return left_open(f"the files of layer {layer_id[:12]} are not to be seen: {facts.unjudged}")
    return left_open("nothing in this bundle shows that")


def _concerns(found: str, path: str) -> bool:
    """Tell whether a difference is about a path: itself, or a directory above it."""
    found = found.strip("/")
    return found == path or path.startswith(found + "/") or not found


def _partial(evidence: GradingEvidence, layer_id: str) -> bool:
    record = evidence.rel.layers.get(layer_id)
    return record is not None and bool(record.toc_digest)


def _stacking(evidence: GradingEvidence, chain: Iterable[str]) -> Finding | None:
    return evidence.first_finding(chain, *STACKING)


def _of_content(evidence: GradingEvidence, layers: Iterable[str]) -> Finding | None:
    return evidence.first_finding(layers, *CONTENT)
