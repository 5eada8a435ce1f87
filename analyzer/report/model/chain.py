"""The way from a workload down to the break, as a list of steps for any renderer to draw."""

from __future__ import annotations

from msgspec import Struct

from analyzer.causes.model import Cause
from analyzer.graph.relations import Relations

LONGEST = 12


class Link(Struct, frozen=True):
    """One step: what it is, its short label, and what is wrong with it (`""` = nothing seen)."""

    kind: str
    label: str
    broken: str = ""


def chain_of(cause: Cause, relations: tuple[Relations, ...]) -> list[Link]:
    """Return one example chain: a container where there is one, its image, its layers, down to the cause's subject.

    Empty when the cause is not about a layer.
    """
    subject = cause.hypothesis.subjects[0]
    if subject.kind != "layer":
        return []
    rel = next((r for r in relations if subject.id in r.images_on or subject.id in r.layers), None)
    if rel is None:
        return []
    links, top = _head(cause, rel, subject.id)
    wrong = {s.id for s in cause.hypothesis.subjects}
    for layer_id in rel.chain(top):
        links.append(Link("layer", layer_id[:12], _state(cause, rel, layer_id) if layer_id in wrong else ""))
        if layer_id == subject.id:
            break
    if len(links) > LONGEST:
        cut = len(links) - LONGEST + 1
        links = [*links[: LONGEST - 3], Link("", f"{cut} more layers"), *links[-2:]]
    return links


def _head(cause: Cause, rel: Relations, layer_id: str) -> tuple[list[Link], str]:
    for container_id in cause.hypothesis.affected.containers:
        container = rel.containers.get(container_id)
        if container is None or layer_id not in rel.chain(container.layer):
            continue
        links = [Link("container", container.name or container_id[:12])]
        image = rel.images.get(container.image)
        if image is not None:
            links.append(Link("image", image.names[0] if image.names else image.id[:12]))
            if image.layer and layer_id in rel.chain(image.layer):
                return links, image.layer
        return links, container.layer
    for image_id in cause.hypothesis.affected.images:
        image = rel.images[image_id]
        if layer_id in rel.chain(image.layer):
            return [Link("image", image.names[0] if image.names else image.id[:12])], image.layer
    return [], layer_id


def _state(cause: Cause, rel: Relations, layer_id: str) -> str:
    """Return what is wrong with a layer in few words: what is missing, else the slugs of its findings."""
    directory = rel.directory(layer_id)
    if layer_id not in rel.layers:
        return "no record" + (", directory still there" if directory else ", no directory")
    if directory is None and rel.stores[0].home.layers:
        return "record, but no directory"
    slugs = {f.slug for f in cause.hypothesis.explains if f.subject.id == layer_id or f.facts.get("layer") == layer_id}
    return ", ".join(sorted(slugs)) or "here"
