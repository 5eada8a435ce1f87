"""Where the space went: bytes of every layer, what images share, what nothing needs, what a removal would free."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from analyzer.graph.relations import Relations
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.snapshot import BundleSnapshot

EMPTY_TAR = 1536


class ImageUse(Struct, frozen=True):
    """Bytes of one image: `unique` goes when it is removed with its containers, `shared` stays for others."""

    id: str
    names: tuple[str, ...]
    shared: int
    unique: int
    big_data: int
    containers: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def frees(self) -> int:
        """Return bytes that removing the image frees, its containers' own layers left out."""
        return self.unique + self.big_data


class ContainerUse(Struct, frozen=True):
    """Bytes of one container: its own layer and its data directory."""

    id: str
    name: str
    image: str
    layer: int | None
    data: int


class Leak(Struct, frozen=True):
    """Something that takes space and that no image or container needs."""

    kind: str
    id: str
    path: str
    bytes: int | None


class SpaceUsage(Struct):
    """Space of one group of stores, in bytes.

    Attributes:
        layers: bytes of every layer whose size is known, by id.
        counted: layers whose bytes were counted from their files; the others' are the recorded size of their diff.
        unknown: layers of which no size is known.
        images, containers, leaks: as above.
        unjudged: why leaks cannot be told, `""` when they can.
    """

    layers: dict[str, int] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    images: list[ImageUse] = field(default_factory=list)
    containers: list[ContainerUse] = field(default_factory=list)
    leaks: list[Leak] = field(default_factory=list)
    unjudged: str = ""


def usage(snapshot: BundleSnapshot, rel: Relations) -> SpaceUsage:
    """Return the space of one group of stores; linear in records times chain length."""
    use = _of_layers(snapshot, rel)
    use.images = [_image(rel, use, image_id) for image_id in rel.images]
    use.containers = [
        ContainerUse(c.id, c.name, c.image, use.layers.get(c.layer), _data(rel, "container_files", c.id))
        for c in rel.containers.values()
    ]
    use.unjudged = _unreadable(rel)
    if not use.unjudged:
        use.leaks = list(_leaks(rel, use))
    return use


def leaks(snapshot: BundleSnapshot, rel: Relations) -> list[Leak]:
    """Return what no image or container needs, as `usage` does; nothing where an index did not load."""
    return [] if _unreadable(rel) else list(_leaks(rel, _of_layers(snapshot, rel)))


def _of_layers(snapshot: BundleSnapshot, rel: Relations) -> SpaceUsage:
    use = SpaceUsage()
    for layer_id in dict.fromkeys((*rel.layers, *(n for s in rel.stores for n in s.home.layers))):
        size = _layer_bytes(snapshot, rel, layer_id, use)
        if size is None:
            use.unknown.append(layer_id)
        else:
            use.layers[layer_id] = size
    return use


def freed_by(rel: Relations, use: SpaceUsage, images: Iterable[str]) -> int:
    """Return bytes freed by removing several images together, with their big data; containers left out."""
    gone = set(images)
    chain = {layer_id for image_id in gone for layer_id in _chain(rel, image_id)}
    alone = (use.layers.get(layer_id, 0) for layer_id in chain if _only(rel, layer_id, gone))
    return sum(alone) + sum(_data(rel, "image_files", image_id) for image_id in gone)


def _layer_bytes(snapshot: BundleSnapshot, rel: Relations, layer_id: str, use: SpaceUsage) -> int | None:
    """Return bytes of a layer's files where the bundle has them, else the recorded size of its diff."""
    directory, record = rel.directory(layer_id), rel.layers.get(layer_id)
    recorded = record.diff_size if record is not None else None
    empty = (recorded or 0) <= EMPTY_TAR
    if directory and snapshot.content_files and (directory.tables or (directory.has_diff and empty)):
        use.counted.add(layer_id)
        return directory.bytes
    return recorded if recorded is None or recorded >= 0 else None


def _chain(rel: Relations, image_id: str) -> set[str]:
    image = rel.images[image_id]
    return {layer_id for top in (image.layer, *image.mapped_layers) for layer_id in rel.chain(top)}


def _only(rel: Relations, layer_id: str, images: set[str]) -> bool:
    """Tell whether nothing but the given images and their containers stands on a layer."""
    own = {c for image in images for c in rel.users_of_image.get(image, ())}
    return rel.images_on.only(layer_id, images) and rel.containers_on.only(layer_id, own)


def _image(rel: Relations, use: SpaceUsage, image_id: str) -> ImageUse:
    shared = unique = 0
    unknown = []
    for layer_id in sorted(_chain(rel, image_id)):
        size = use.layers.get(layer_id)
        if size is None:
            unknown.append(layer_id)
        elif _only(rel, layer_id, {image_id}):
            unique += size
        else:
            shared += size
    containers = tuple(sorted(rel.users_of_image.get(image_id, ())))
    big_data = _data(rel, "image_files", image_id)
    return ImageUse(image_id, rel.images[image_id].names, shared, unique, big_data, containers, tuple(unknown))


def _data(rel: Relations, part: str, object_id: str) -> int:
    files: list[SmallFile] = []
    for store in rel.stores:
        files.extend(getattr(store, part).get(object_id, {}).values())
    return sum(file.member.size for file in files)


def _unreadable(rel: Relations) -> str:
    """Return why it cannot be told what nothing needs: an index that did not load hides who needs what."""
    root = rel.stores[0]
    for part in ("layers", "images"):
        documents = [document for store in rel.stores for document in store.documents_of(part)]
        if not documents:
            return f"the bundle has no {part}.json of {root.root or 'the store'}"
        broken = next((d for d in documents if d.broken is not None or d.file.data is None), None)
        if broken is not None:
            return f"{broken.path} cannot be read whole"
    containers = [document for store in rel.stores for document in store.documents_of("containers")]
    broken = next((d for d in containers if d.broken is not None or d.file.data is None), None)
    return f"{broken.path} cannot be read whole" if broken is not None else ""


def _leaks(rel: Relations, use: SpaceUsage) -> Iterable[Leak]:
    for store in rel.stores:
        for layer in store.layers:
            if layer.id in rel.images_on or layer.id in rel.containers_on or rel.layers.get(layer.id) is not layer:
                continue
            yield Leak("unused layer", layer.id, store.path(store.driver, layer.id), use.layers.get(layer.id))
        for name, directory in store.home.layers.items():
            if name not in rel.layers:
                yield Leak("directory without a record", name, directory.path, use.layers.get(name))
        for name, file in store.tar_splits.items():
            if name not in rel.layers:
                yield Leak("tar-split without a record", name, file.path, file.member.size)
        for part, known in (("image", rel.images), ("container", rel.containers)):
            tree: dict[str, dict[str, SmallFile]] = getattr(store, f"{part}_files")
            for name, files in tree.items():
                if name not in known:
                    held = sum(file.member.size for file in files.values())
                    yield Leak(f"{part} data without a record", name, store.part_path(f"{part}s", name), held)
