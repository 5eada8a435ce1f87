"""Container has what its engine noted about another one.

What it finds
    A container whose record and whose engine's own notes are about different containers: the image or the name in its
    `metadata`, the id in its `state.json`, `config.json` or `buildah.json`. An empty image too, where the container
    stands on a layer: a container from scratch stands on none.

Why it matters
    CRI-O and buildah take a container for the one in their notes: it is listed, restored and removed as the other.
    Podman removes an image that no record names while the container still stands on it.

How sure
    High: engines write both sides at once. Podman and buildah rename a container in its record alone, so of podman's
    names only two that were exchanged count. A configuration without its engine's notes is not judged.

Remedy
    Write each record's own values back where they are known; else save what the container wrote and remove it.

Engine source
    CRI-O internal/storage/runtime.go: createContainerOrPodSandbox; libpod/storage.go: CreateContainerStorage; buildah
    new.go, buildah.go: Save.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.index_files import record_subject
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.gojson import as_object, as_text
from analyzer.snapshot.salvage import load_object

NOTED = "io.kubernetes.cri-o.ContainerID"


@rule(
    "CTR-012",
    severity=WARNING,
    needs=(Need.CONTAINER_RECORDS,),
    says="container {name} has the {what} {seen} by {file}, {expected} by its record",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare every container's record with what its engine noted; the first difference is told."""
    named = {name: container for container in view.store.containers for name in container.names}
    for container in view.store.containers:
        for what, where, expected, seen in _differences(view, container, named):
            yield this.found(
                record_subject("container", container),
                [(where, expected or "none", seen)],
                severity=ERROR if container.engine == "cri-o" or what == "id" else WARNING,
                variant=what,
                name=container.name or container.id,
                what=what,
                file=where.path,
                seen=seen,
                expected=expected or "none",
                containers=[container.id],
            )
            break


def _differences(
    view: StoreView, container: ContainerRecord, named: Mapping[str, ContainerRecord]
) -> Iterator[tuple[str, Where, str, str]]:
    """Yield what a container has of another: what, where it is noted, what its record has, what is noted."""
    metadata = container.where.field("metadata")
    image, name = (container.detail(key) for key in ("image-id", "name"))
    layer = view.rel.layers.get(container.layer)
    if image and container.image != image and (not container.image or container.image in view.rel.images):
        yield "image", metadata, container.image, image
    elif not container.image and layer is not None and layer.parent:
        yield (
            "image",
            layer.where.field("parent"),
            "",
            f"that stands on {layer.parent}",
        )
    if name and container.names and name not in container.names:
        other = named.get(name)
        exchanged = other is not None and other.detail("name") in container.names
        if exchanged or container.engine == "cri-o":
            yield "name", metadata, container.names[0], name
    files = view.store.container_files.get(container.id, {})
    for file, key in (("state.json", "id"), ("config.json", NOTED), ("buildah.json", "container-id")):
        kept = files.get(f"userdata/{file}")
        value = load_object(kept.content)[0] if kept is not None and kept.content else None
        notes = as_object(value).get("annotations") if key == NOTED else value
        noted = as_text(as_object(notes).get(key))
        if noted and noted != container.id:
            yield "id", Where(view.store.part_path("containers", container.id, f"userdata/{file}")), container.id, noted
