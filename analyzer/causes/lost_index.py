"""What to do after an index file was lost, emptied or cut: put that one file right and leave the rest of the store.

Run on podman 4.3.1 with the file gone: after `containers.json`, every image still lists and mounts, and `podman rm -f`
by id takes the container out of Podman's own database; after `images.json`, pulling the same names brings every image
record back over the layers that are there, and containers mount as before. After `layers.json` nothing but a backup
helps.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from analyzer.causes.model import CONTAINER_LOSS, DATA_LOSS, IMAGE_REPULL, NONE, Step
from analyzer.causes.plan import GRAPH_ROOT, command, counted, keep_copy, on_node, pulls, start_again, stop_writers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from analyzer.causes.case import Case
    from analyzer.checks.finding import Finding


def without_index(case: Case, findings: Iterable[Finding]) -> tuple[Step, ...]:
    """Return the plan for index files that are lost, empty or unreadable (findings of STO-001, STO-002, STO-003)."""
    steps = dict.fromkeys(step for finding in findings for step in _mend(case, finding))
    return (stop_writers(case), keep_copy(case), *steps, start_again(case))


def _mend(case: Case, finding: Finding) -> Iterator[Step]:
    path = finding.evidence[0].where.path
    name = path.rpartition("/")[2]
    if finding.facts.get("volatile"):
        yield _volatile(path, name)
        return
    part = str(finding.facts.get("part"))
    if part not in {"containers", "images"}:
        yield _whole_store(name, _held(finding))
        return
    yield _aside(case, finding, path, name)
    yield from _containers(case) if part == "containers" else _images(case)


def _volatile(path: str, name: str) -> Step:
    return Step(
        f"mv {name} {name}.bad   # in {path.rpartition('/')[0]}",
        f"Move only {name} aside: it holds nothing but throw-away containers. All images stay.",
        CONTAINER_LOSS,
        "the store opens",
    )


def _whole_store(name: str, held: str) -> Step:
    return Step(
        f"mv {GRAPH_ROOT} {GRAPH_ROOT}.bad",
        f"Restore {name}{held} from a backup of this node if there is one. Otherwise move the store aside and pull "
        "again; keep storage.bad/volumes and storage.bad/db.sql. Never start CRI-O on it as it is: garbage "
        "collection at the start deletes what the file no longer names.",
        DATA_LOSS,
        "the images are pulled again",
    )


def _held(finding: Finding) -> str:
    kept = finding.facts.get("rows")
    return f" ({kept} rows of it can still be read)" if kept else ""


def _aside(case: Case, finding: Finding, path: str, name: str) -> Step:
    effect = f"Restore {name}{_held(finding)} from a backup of this node if there is one, and leave out what follows."
    if finding.facts.get("absent"):
        return Step("", effect, NONE, "the file lists what the directories hold")
    place = on_node(case, path)
    return Step(
        f"mv {place} {place}.bad",
        f"{effect} Otherwise move only {name} aside.",
        NONE,
        "the store opens",
    )


def _containers(case: Case) -> Iterator[Step]:
    known = {key: record.name or key[:12] for key, record in case.rel.containers.items() if not record.volatile}
    lost = {**known, **{key: key[:12] for key in case.unrecorded_containers()}}
    if not lost:
        return
    save = (
        "Save `diff/` of their layers first if their data matters: the next start of CRI-O (1.28 and newer) deletes "
        "their directories."
    )
    if case.view.crio:
        yield Step("", f"{counted(lost, 'container')}: the kubelet makes the pods again. {save}", CONTAINER_LOSS)
        return
    effect = f"Make the engine forget {counted(lost, 'container')}, then create them again. {save}"
    yield Step(command("podman rm -f", lost), effect, CONTAINER_LOSS, "`podman images` lists the same images as before")


def _images(case: Case) -> Iterator[Step]:
    images = case.everything().images
    names = {key: case.rel.image_names(key) for key in images}
    pull = [name for key in images for name in names[key] if pulls(name)]
    local = {key: (names[key] or (key[:12],))[0] for key in images if not any(map(pulls, names[key]))}
    if pull:
        effect = "Pull them again by name, and remove nothing: the layers are there, a pull writes the records anew."
        yield Step(" ; ".join(f"podman pull {shlex.quote(n)}" for n in pull), effect, IMAGE_REPULL)
    if local:
        yield Step(
            "",
            f"{counted(local, 'image')} cannot be pulled by a name this bundle knows: find the name in the pod specs, "
            "or build again. Copy the graph root first: the next start of CRI-O (1.28 and newer) deletes their "
            "directories.",
            DATA_LOSS,
        )
