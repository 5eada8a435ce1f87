"""Objects of podman's share one lock.

What it finds
    Containers, pods and volumes in podman's database that have the number of one lock.

Why it matters
    A command that needs two of them waits for itself: `podman pod start` on a pod and a container with one lock never
    returned on 4.3.1. After a reboot podman cannot take the lock twice (`acquiring lock 0 for container …: file
    exists`), and leaves such containers as they were.

How sure
    High: podman gives every container, pod and volume a lock of its own. Podman 1.1 and 1.2 gave many the lock 0; a
    database that was copied or restored while podman ran may repeat others.

Remedy
    Stop all containers, run `podman system renumber`, which gives each a lock of its own, then reboot.

Engine source
    libpod container_config.go: LockID; runtime_renumber.go; podman#3381, podman#16784; run on podman 4.3.1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analyzer.checks.finding import ERROR, Finding
from analyzer.checks.rule import Rule, rule
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.libpod.state import LibpodContainer, LibpodPod, LibpodState, LibpodVolume
from analyzer.words import and_more

Held = tuple[str, LibpodContainer | LibpodPod | LibpodVolume]

TOLD = 3


@rule(
    "LPD-011",
    severity=ERROR,
    says="{name} have the same lock {number} in {path}: commands that need two of them never return",
)
def check(view: StoreView, this: Rule) -> Iterator[Finding]:
    """Count the holders of each lock in the first database of a graph root."""
    for state in view.store.libpod[:1]:
        for number, held in sorted(_by_lock(state).items()):
            if len(held) > 1:
                names = ", ".join(f"{kind} {each.name}" for kind, each in held[:TOLD]) + and_more(len(held), TOLD)
                yield this.found(
                    view.file(state.path),
                    [(each.where, "a lock of its own", f"lock {number}") for _, each in held[:TOLD]],
                    variant=str(number),
                    name=names,
                    number=number,
                    path=state.path,
                    containers=[each.id for _, each in held if isinstance(each, LibpodContainer)],
                )


def _by_lock(state: LibpodState) -> dict[int, list[Held]]:
    found: dict[int, list[Held]] = defaultdict(list)
    for kind, objects in (("container", state.containers), ("pod", state.pods), ("volume", state.volumes)):
        for each in objects.values():
            if each.lock is not None:
                found[each.lock].append((kind, each))
    return found
