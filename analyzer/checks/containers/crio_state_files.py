"""CRI-O container lacks its configuration or state files.

What it finds
    A container with CRI-O's metadata whose `userdata/config.json` or `userdata/state.json` is missing, empty,
    NUL-filled or not JSON.

Why it matters
    At its next start CRI-O can't restore it and deletes it: `Could not restore container …` or `Could not restore
    sandbox …`, and with a sandbox all containers of its pod. The kubelet makes them again; what they wrote to their
    own layer is gone.

How sure
    High for a file that is there and bad. A missing file counts only where another CRI-O container of the store has
    it, where the directory of the container has a part of its id for a name, or more than it, or where the time of the
    directory around all of them dates a removal: many captures leave userdata out,
    and containers made in CRI-O's style by tests have none. A container made
    within ten minutes of the capture may not have got that far; that is a warning.

Remedy
    None before the start; save what is wanted from `overlay/<layer>/diff`. `crictl rmp -f POD` removes the pod.

Engine source
    CRI-O internal/lib/container_server.go: LoadSandbox, LoadContainer; internal/oci: FromDisk.
"""

from __future__ import annotations

from analyzer.capture.answer import NotCaptured, Removed
from analyzer.capture.misnamed import container_elsewhere
from analyzer.checks.rule import ERROR, HIGH, LOW, WARNING, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.salvage import load_object
from analyzer.snapshot.times import SECOND
from analyzer.source.member import FILE

NAMES = ("userdata/config.json", "userdata/state.json")
FRESH_NS = 600 * SECOND


@rule(
    "CTR-008",
    severity=ERROR,
    needs=(Need.CONTAINER_RECORDS, Need.CONTAINER_DATA),
    says="{file} of the CRI-O {what} {name} is {seen}: CRI-O deletes the {what} at its next start",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge both files of every CRI-O container, where the capture has them for any."""
    own = [c for c in view.store.containers if c.engine == "cri-o" and HEX_ID.fullmatch(c.id)]
    for name in NAMES:
        files = {c.id: view.store.container_files.get(c.id, {}).get(name) for c in own}
        renamed = {
            c.id for c in own if c.id not in view.store.container_files and container_elsewhere(view.store, c.id)
        }
        gone = {c.id for c in own if c.id not in view.store.container_files} if _all_removed(view, own) else set()
        if not any(files.values()) and not renamed | gone:
            continue
        for container in own:
            file = files[container.id]
            seen = _seen(file)
            answer = view.capture.container_data(view.store, container.id, name) if file is None else None
            if container.id in renamed | gone or (seen and not isinstance(answer, NotCaptured) and any(files.values())):
                yield _finding(view, this, container, name, file, seen=seen)


def _all_removed(view: StoreView, own: list[ContainerRecord]) -> bool:
    """Tell whether no container has a data directory, and the time of the directory around them dates a removal."""
    if any(container.id in view.store.container_files for container in own):
        return False
    answer = view.capture.part(view.store, "containers")
    return isinstance(answer, Removed) and answer.when_ns is not None


def _finding(
    view: StoreView, this: Rule, container: ContainerRecord, name: str, file: SmallFile | None, *, seen: str
) -> Finding:
    created = container.created_ns
    fresh = file is None and created is not None and view.snapshot.newest_ns - created < FRESH_NS
    path = view.store.part_path("containers", container.id, name)
    return this.found(
        view.container(container),
        [(Where(path), "a JSON object", seen)],
        severity=WARNING if fresh else ERROR,
        confidence=LOW if fresh else HIGH,
        variant=name,
        file=name,
        name=container.name or container.id,
        what="sandbox" if container.details.get("pod") is True else "container",
        seen=seen,
        unsynced=file is not None and (file.data == b"" or file.zeroed),
        containers=[container.id],
    )


def _seen(file: SmallFile | None) -> str:
    """Return what is wrong with a file, `""` when it is a JSON object or can't be judged."""
    if file is None:
        return "missing"
    if file.member.kind != FILE or (data := file.content) is None:
        return ""
    value, error = load_object(data)
    return error or ("" if isinstance(value, dict) else "not a JSON object")
