"""Steps that plans share: stop the writers, remove the smallest thing, pull again, look whether it worked.

Where a step depends on what an engine does with a command, the step says what was run.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from analyzer.causes.model import CONTAINER_LOSS, DATA_LOSS, IMAGE_REPULL, NONE, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.causes.case import Case

SHOWN = 5
GRAPH_ROOT = "/var/lib/containers/storage"


def on_node(case: Case, path: str) -> str:
    """Return where a member path of the graph root lies on the node, by the default graph root, quoted for a shell."""
    root = case.store.root
    below = path[len(root) :].lstrip("/") if root and path.startswith(root + "/") else path
    return shlex.quote(f"{GRAPH_ROOT}/{below}")


def stop_writers(case: Case) -> Step:
    """Return the step that keeps engines from changing the store."""
    command = "systemctl stop kubelet crio" if case.view.crio else "systemctl stop podman.socket podman.service"
    return Step(
        command,
        "Stop everything that opens this store: opening it read-write deletes incomplete layers and rewrites records.",
        NONE,
        "no crio, podman or buildah process is left",
    )


def keep_copy(case: Case) -> Step:
    """Return the step that saves the small files which cannot be made again."""
    driver = case.store.driver
    texts = f" {driver}/*/link {driver}/*/lower" if driver == "overlay" else ""
    command = f"cd {GRAPH_ROOT} && tar -cf /root/storage-records.tar {driver}-*/*.json{texts}"
    return Step(command, "Keep the records and link texts before anything changes.", NONE, "")


def start_again(case: Case) -> Step:
    """Return the step that starts the engines and shows the result."""
    if case.view.crio:
        return Step("systemctl start crio kubelet", "Start again.", NONE, "`crictl images` lists every image")
    return Step("podman images && podman ps -a", "Look whether the store opens.", NONE, "every image is listed")


def remove_containers(case: Case, containers: Iterable[str]) -> list[Step]:
    """Return steps that remove the containers that stand on something broken; their writable layers are lost."""
    steps = []
    pods: set[str] = set()
    for container_id in containers:
        container = case.rel.containers.get(container_id)
        pod = container.details.get("pod-id") if container and container.engine == "cri-o" else None
        if isinstance(pod, str) and pod:
            pods.add(pod)
            continue
        name = container.name if container else ""
        steps.append(
            Step(
                f"podman rm -f {shlex.quote(container_id)}",
                f"Remove the container {name or container_id}. Save its `diff/` first if its data matters.",
                CONTAINER_LOSS,
            )
        )
    steps.extend(
        Step(f"crictl rmp -f {shlex.quote(pod)}", "Remove the pod; the kubelet makes it again.", CONTAINER_LOSS)
        for pod in sorted(pods)
    )
    return shortened(steps, "containers")


def repull(case: Case, images: Iterable[str]) -> list[Step]:
    """Return steps that remove images by id and pull them again.

    By id and with podman: `crictl rmi` asks for the image's status first and fails on a broken image by name and by
    id (run on CRI-O 1.37).
    """
    steps = []
    for image_id in images:
        image = case.rel.images.get(image_id)
        names = image.names if image else ()
        pullable = [name for name in names if not name.startswith("localhost/")]
        again = f" && podman pull {shlex.quote(pullable[0])}" if pullable else ""
        label = ", ".join(names) or "no name"
        effect = f"Remove the image {image_id[:12]} ({label})" + (
            " and pull it again." if again else "; build it again."
        )
        steps.append(Step(f"podman rmi {shlex.quote(image_id)}{again}", effect, IMAGE_REPULL if again else DATA_LOSS))
    return shortened(steps, "images")


def shortened(steps: list[Step], what: str) -> list[Step]:
    """Return the first steps and one that says how many more of the same kind there are."""
    if len(steps) <= SHOWN:
        return steps
    rest = len(steps) - SHOWN
    worst = max((s.risk for s in steps), key=[NONE, IMAGE_REPULL, CONTAINER_LOSS, DATA_LOSS].index)
    return [*steps[:SHOWN], Step("", f'The same for the {rest} other {what} under "who is hit".', worst)]


def write_text(case: Case, path: str, text: str, effect: str) -> Step:
    """Return the step that writes a small file of the driver back exactly."""
    return Step(
        f"printf %s {shlex.quote(text)} > {on_node(case, path)}", effect, NONE, f"the file holds {len(text)} bytes"
    )


def renumber(*parts: Step | Iterable[Step]) -> tuple[Step, ...]:
    """Return steps and lists of steps as one plan."""
    plan: list[Step] = []
    for part in parts:
        if isinstance(part, Step):
            plan.append(part)
        else:
            plan.extend(part)
    return tuple(plan)
