"""What is absent from the bundle and may be there on the node: mended only where it is gone there too.

Every edit for such a layer waits for a mark that the first step leaves, so that on a node where the capture alone left
the files out nothing is pulled and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from analyzer.causes.model import NONE
from analyzer.checks.finding import Finding
from analyzer.graph.relations import Relations
from analyzer.limits import DEFAULT
from analyzer.repair.place import Place
from analyzer.repair.shell import quoted
from analyzer.repair.site import layer_path
from analyzer.repair.steps import PlanStep
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.tar_split import TarSplit
from analyzer.source.member import CHAR
from analyzer.verify.differences import META_PREFIX
from analyzer.verify.facts import WHITEOUT_PREFIX

MODES = "OVL-024"
"""Modes that are wrong in the whole bundle: setting one right does nothing where the node has it right already."""


def doubted_paths(findings: Sequence[Finding], rel: Relations) -> dict[str, str]:
    """Return what must be gone on the node, below the graph root, by layer.

    These are layers without a directory, all of them or some, and layers that should have whiteouts or device nodes in
    a bundle without any.
    """
    found: dict[str, str] = {}
    for finding in findings:
        layers = [layer for layer in _layers(finding) if HEX_ID.fullmatch(str(layer))]
        if not finding.doubt or finding.root != rel.stores[0].root:
            continue
        if finding.rule == "OVL-012":
            found |= {layer: layer_path(rel.stores[0].driver, layer) for layer in layers}
        elif finding.rule == "OVL-023" and rel.stores[0].driver == "overlay":
            found |= {layer: path for layer in layers if (path := _node(rel, layer))}
    return found


def _layers(finding: Finding) -> tuple[str, ...]:
    """Return the layers that a finding is about."""
    subject = finding.subject
    if subject.kind == "layer" and finding.rule == "OVL-012":
        return (subject.id,)
    return tuple(finding.facts.get("layers", ()))


def _node(rel: Relations, layer: str) -> str:
    """Return one whiteout or device node that a layer has by its tar-split, `""` for none."""
    split = rel.stores[0].tar_splits.get(layer)
    if split is None:
        return ""
    for entry in TarSplit(split, DEFAULT).entries():
        directory, _, name = entry.path.rpartition("/")
        hidden = name.startswith(WHITEOUT_PREFIX) and not name.startswith(META_PREFIX)
        if hidden or entry.kind == CHAR:
            name = name.removeprefix(WHITEOUT_PREFIX) if hidden else name
            return f"overlay/{layer}/diff/{directory + '/' if directory else ''}{name}"
    return ""


def believed(findings: Sequence[Finding], paths: dict[str, str]) -> list[Finding]:
    """Return the findings as they are if what is absent is gone on the node."""
    taken = ("OVL-012", "OVL-023")
    return [
        replace(f, severity="error", facts={**f.facts, "doubt": ""})
        if f.doubt and ((f.rule in taken and not paths.keys().isdisjoint(_layers(f))) or f.rule == MODES)
        else f
        for f in findings
    ]


def split_up(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings of several layers as one a layer, as the edits take them."""
    found = []
    for finding in findings:
        layers = finding.facts.get("layers", ())
        if finding.rule != "OVL-023" or len(layers) < 2:
            found.append(finding)
            continue
        for layer in layers:
            subject = replace(finding.subject, id=layer)
            found.append(replace(finding, subject=subject, facts={**finding.facts, "layer": layer}))
    return found


def mark_step(paths: dict[str, str], place: Place, work: str) -> PlanStep:
    """Return the step that looks on the node what is really gone, and marks it."""
    marks = [
        f"[ -e {quoted(f'{place.path}/{path}')} ] || : > {quoted(f'{work}/gone-{layer}')}"
        for layer, path in sorted(paths.items())
    ]
    first = quoted(f"{place.path}/{min(paths.values())}")
    return PlanStep(
        (f"mkdir -p -m 700 -- {quoted(work)}", *marks),
        f"Look on the node: whether {first} is there and the capture left it out. The steps below repair what is gone "
        "on the node too, and do nothing about what is there.",
        NONE,
        f"where no file gone-* lies in {work}, nothing is gone and nothing has to be done",
        tuple(paths),
        kind="mark",
    )
