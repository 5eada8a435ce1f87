"""What the records themselves answer: who uses an image or a layer, and who has a name that is said to be taken.

These are no damage: the store works as it should, and the message is its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from analyzer.graph.find import CONTAINER, IMAGE, LAYER, FoundObject, names_of
from analyzer.graph.relations import Relations
from analyzer.outlook.why.objects import Named
from analyzer.signatures.match import Match
from analyzer.snapshot.containers import ContainerRecord

IN_USE, NAME_TAKEN = "image-in-use", "container-name-taken"
MOST = 20
BUILDAH_STATE = "buildah.json"
OTHERS = {
    "buildah": "Buildah's: `podman ps -a` lists it with --external only",
    "cri-o": "CRI-O's: `crictl ps -a` lists it",
}
REMOVE = {"buildah": "buildah rm {id}", "cri-o": "crictl rm -f {id}", "podman": "podman rm -f {id}"}


class Holder(Struct, frozen=True):
    """One container that holds what could not be removed or used.

    Attributes:
        behaviour: id of the behaviour it answers.
        container: it.
        image: its image, None where that has no record.
        engine: who made it: `podman`, `buildah`, `cri-o` or `""`.
        text: what it holds, in one line.
        command: removes it; `""` where the engine is not known.
    """

    behaviour: str
    container: FoundObject
    image: FoundObject | None
    engine: str
    text: str
    command: str


def holders(relations: tuple[Relations, ...], matches: Iterable[Match], named: Named) -> tuple[Holder, ...]:
    """Return the containers that answer a text; those it names, else those of the images and layers it names."""
    wanted = {each.behaviour.id for each in matches if each.message.specific} & {IN_USE, NAME_TAKEN}
    if not wanted:
        return ()
    behaviour = IN_USE if IN_USE in wanted else NAME_TAKEN
    objects = [found for _, found in named.found]
    meant = [found for found in objects if found.kind == CONTAINER and found.id in found.rel.containers]
    if not meant and behaviour == IN_USE:
        meant = list(_using(relations, objects))
    return tuple(_holder(behaviour, each) for each in meant[:MOST])


def _using(relations: tuple[Relations, ...], objects: list[FoundObject]) -> Iterator[FoundObject]:
    images = {found.id for found in objects if found.kind == IMAGE}
    layers = {found.id for found in objects if found.kind == LAYER}
    for rel in relations:
        for container in rel.containers.values():
            if container.image in images or container.layer in layers:
                yield FoundObject(rel, CONTAINER, container.id, container.name, "uses it")


def _holder(behaviour: str, found: FoundObject) -> Holder:
    record = found.rel.containers[found.id]
    image = None
    if record.image in found.rel.images:
        image = FoundObject(found.rel, IMAGE, record.image, names_of(found.rel, IMAGE, record.image), "used")
    engine = _engine(found.rel, record)
    text = _text(behaviour, record, image, engine)
    return Holder(behaviour, found, image, engine, text, REMOVE.get(engine, "").format(id=found.id))


def _engine(rel: Relations, record: ContainerRecord) -> str:
    """Return who made a container; Buildah writes no metadata, and a file of its own."""
    if record.engine:
        return record.engine
    files = (name for store in rel.stores for name in store.container_files.get(record.id, ()))
    return "buildah" if any(name.rpartition("/")[2] == BUILDAH_STATE for name in files) else ""


def _text(behaviour: str, record: ContainerRecord, image: FoundObject | None, engine: str) -> str:
    name = f"{record.id[:12]} ({record.name})" if record.name else record.id[:12]
    whose = f", {OTHERS[engine]}" if engine in OTHERS else ""
    if behaviour == NAME_TAKEN:
        return f"container {name} has the name{whose}"
    used = f"image {record.image[:12]}, which has no record"
    if image is not None:
        used = f"image {image.name or image.id[:12]}"
    return f"container {name} uses {used}{whose}"
