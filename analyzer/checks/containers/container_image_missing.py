"""Image of a container has no record.

What it finds
    An image id that containers name and no image store of the engine has. An empty image id is legal (a container
    from scratch). The image is the subject; its containers are said with it.

Why it matters
    The container still runs and keeps its layers, but `inspect`, `commit` and a restart by podman fail with `image not
    known`, and `podman system check` reports `image missing`. Since no image holds the layers below it any more, the
    same check calls them unreferenced after a day, and `--repair` deletes them under the container.

How sure
    High where the layers below the containers are known and only the image is not. Where those layers are unknown
    too, or lie in a store whose images the bundle lacks, and nothing of the image is on disk, the image may live in an
    additional store that was not captured and that no captured configuration names: information only. So is an image
    that a container names by its name: podman 4.3.1 listed, mounted and committed such containers.

Remedy
    Pull the same image again: with the same digest it gets the same id. Otherwise save what the container wrote and
    remove it.

Engine source
    containers/storage store.go: Image; check.go: Check (containers).
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, HIGH, INFO, LOW, Findings, Need, Rule, StoreView, Subject, rule
from analyzer.checks.store.index_files import SHOWN
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID

BY_NAME = "{count:container}, first {name}, names image {image} by its name in place of its id: the engine finds it"


@rule(
    "CTR-002",
    severity=ERROR,
    needs=(Need.CONTAINER_RECORDS, Need.ALL_IMAGE_RECORDS, Need.WHOLE_ARCHIVE),
    says="image {image} ({image_name}) has no record; needed by {count:container}, first {name}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look every container's image up; one finding a missing image."""
    missing: dict[str, list[ContainerRecord]] = {}
    for container in view.store.containers:
        if container.image and container.image not in view.rel.images:
            missing.setdefault(container.image, []).append(container)
    named = {name for image in view.rel.images.values() for name in image.names} if missing else set()
    for image_id, containers in missing.items():
        names = _image_names(containers)
        by_name = image_id in named
        elsewhere = by_name or _may_be_elsewhere(view, image_id, containers)
        yield this.found(
            _subject(view, image_id, names, containers[0]),
            [(each.where.field("image"), "an image with a record", image_id) for each in containers[:SHOWN]],
            severity=INFO if elsewhere else ERROR,
            confidence=LOW if elsewhere and not by_name else HIGH,
            says=BY_NAME if by_name else "",
            image=image_id,
            image_name=", ".join(names) or "name unknown",
            count=len(containers),
            name=containers[0].name or containers[0].id,
            data_present=image_id in view.store.image_files,
            images=[image_id],
            containers=sorted({container.id for container in containers}),
        )


def _subject(view: StoreView, image_id: str, names: tuple[str, ...], container: ContainerRecord) -> Subject:
    well_formed = HEX_ID.fullmatch(image_id)
    path = view.store.part_path("images", image_id) if well_formed else container.where.path
    return Subject("image", image_id, path, names)


def _may_be_elsewhere(view: StoreView, image_id: str, containers: list[ContainerRecord]) -> bool:
    """Tell whether neither the image's data is here nor the layers its containers lie on, in a store with images."""
    if image_id in view.store.image_files:
        return False
    layers = [view.rel.layers.get(container.layer) for container in containers]
    stores = (view.rel.layer_store.get(layer.parent) for layer in layers if layer)
    return not any(store and store.document("images", "images.json") for store in stores)


def _image_names(containers: list[ContainerRecord]) -> tuple[str, ...]:
    """Return the image names that the containers' own metadata keeps."""
    names = (container.details.get("image-name") for container in containers)
    return tuple(sorted({name for name in names if isinstance(name, str) and name}))
