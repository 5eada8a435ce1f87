"""Steps that plans share: stop the writers, remove the smallest thing, pull again, look whether it worked.

Where a step depends on what an engine does with a command, the step says what was run.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from analyzer.causes.model import CONTAINER_LOSS, DATA_LOSS, IMAGE_REPULL, NONE, Affected, Step
from analyzer.snapshot.references import names_a_version, reference_error

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
    command = f"cd {GRAPH_ROOT} && tar -cf /var/tmp/storage-records.tar {driver}-*/*.json{texts}"
    return Step(command, "Keep the records and link texts before anything changes.", NONE, "")


def start_again(case: Case) -> Step:
    """Return the step that starts the engines and shows the result."""
    if case.view.crio:
        return Step("systemctl start crio kubelet", "Start again.", NONE, "`crictl images` lists every image")
    return Step("podman images && podman ps -a", "Look whether the store opens.", NONE, "every image is listed")


def pull_again(case: Case, affected: Affected, *, first: Iterable[Step] = ()) -> tuple[Step, ...]:
    """Return the plan that removes everything affected and pulls the images again.

    Pods go first, while CRI-O still runs to remove them; `first` are steps to do before anything is removed.
    """
    pods, others = split_by_pod(case, affected.containers)
    steps: list[Step] = []
    if pods:
        steps.append(Step("systemctl stop kubelet", "Stop the kubelet, so that nothing starts the pods again.", NONE))
        effect = f"Remove {counted(pods, 'pod')}; the kubelet makes them again."
        steps.append(Step(command("crictl rmp -f", pods), effect, CONTAINER_LOSS))
    steps += [stop_writers(case), keep_copy(case), *first]
    if others:
        effect = f"Remove {counted(others, 'container')}. Save `diff/` of their layers first if their data matters."
        steps.append(Step(command("podman rm -f", others), effect, CONTAINER_LOSS))
    return (*steps, *repull(case, affected.images), start_again(case))


def split_by_pod(case: Case, containers: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return (names by id of the pods, names by id of containers without a pod)."""
    pods: dict[str, str] = {}
    others: dict[str, str] = {}
    for container_id in containers:
        container = case.rel.containers.get(container_id)
        pod = container.details.get("pod-id") if container and container.engine == "cri-o" else None
        name = (container.name if container else "") or container_id[:12]
        if isinstance(pod, str) and pod:
            pods[pod] = name
        else:
            others[container_id] = name
    return pods, others


def repull(case: Case, images: Iterable[str]) -> list[Step]:
    """Return steps that remove images by id, all of them first, and then pull them again.

    All first, because a pull skips a layer whose record is still there. By id and with podman: `crictl rmi` asks for
    the image's status first and fails on a broken image by name and by id (run on CRI-O 1.37), while `podman rm -f` and
    `podman rmi` by id removed containers and images with missing manifests, layer directories and parent records (run
    on podman 4.3.1 and 5.8.2). By id it refuses an image with several names, so that these are taken away first; forced
    it would take containers along. Each image is pulled on its own: one that no registry has stops no other.
    """
    ids = list(images)
    if not ids:
        return []
    names = {i: case.rel.image_names(i) for i in ids}
    pull = [name for i in ids for name in filter(pulls, names[i][:1])]
    labels = {i: names[i][0] if names[i] else i[:12] for i in ids}
    local = [i for i in ids if not any(map(pulls, names[i][:1]))]
    risk = DATA_LOSS if local else IMAGE_REPULL
    effect = (
        f"Remove {counted(labels, 'image')}, all of them before any is pulled: a pull skips layers that are recorded."
    )
    if local:
        effect += f" {counted({i: labels[i] for i in local}, 'image')} cannot be pulled again: save or rebuild first."
    untag = [f"podman untag {shlex.quote(i)}" for i in ids if len(names[i]) > 1]
    steps = [Step(" && ".join([*untag, command("podman rmi", ids)]), effect, risk)]
    if pull:
        steps.append(Step(" ; ".join(f"podman pull {shlex.quote(n)}" for n in pull), "Pull them again.", NONE))
    return steps


def pulls(name: str) -> bool:
    """Tell whether a registry may have an image of that name; without tag or digest another one would be pulled."""
    return not name.startswith("localhost/") and not reference_error(name) and names_a_version(name)


def command(verb: str, ids: Iterable[str]) -> str:
    """Return a shell command on ids out of a bundle, each quoted."""
    return " ".join([verb, *(shlex.quote(i) for i in ids)])


def counted(named: dict[str, str], noun: str) -> str:
    """Return how many there are and the first names, for a sentence."""
    names = list(dict.fromkeys(named.values()))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    plural = "" if len(named) == 1 else "s"
    return f"{len(named)} {noun}{plural} ({', '.join(names[:SHOWN])}{more})"


def write_text(case: Case, path: str, text: str, effect: str) -> Step:
    """Return the step that writes a small file of the driver back exactly."""
    return Step(
        f"printf %s {shlex.quote(text)} > {on_node(case, path)}", effect, NONE, f"the file holds {len(text)} bytes"
    )
