"""Where the space went: what each image alone holds, what images share, what nothing uses. Bytes as records state."""

from __future__ import annotations

from msgspec import Struct

from analyzer.graph.relations import Relations
from analyzer.report.model.analysis import Analysis


class ImageSpace(Struct, frozen=True):
    """Bytes of one image by `diff-size` of its layers.

    `unknown` counts layers that state no size or have no record: the image is larger than its bytes say.
    """

    id: str
    names: tuple[str, ...]
    unique: int
    shared: int
    layers: int
    unknown: int


class Space(Struct, frozen=True):
    """Disk use of all stores.

    Attributes:
        images: largest total first.
        used: bytes of layers that any image or container needs, each layer once.
        unneeded: bytes of layers with a record that nothing needs.
        unneeded_layers: how many these are.
        directories: layer directories without a record, with the content bytes seen in them.
        unknown: layers that state no size.
    """

    images: tuple[ImageSpace, ...]
    used: int
    unneeded: int
    unneeded_layers: int
    directories: tuple[tuple[str, int], ...]
    unknown: int


def space(report: Analysis) -> Space:
    """Add up the disk use; container layers state no size and count as unknown."""
    images: list[ImageSpace] = []
    used = unneeded = unneeded_layers = unknown = 0
    directories: list[tuple[str, int]] = []
    for rel in report.relations:
        images.extend(_images(rel))
        for layer in rel.layers.values():
            needed = rel.images_on.get(layer.id) or rel.containers_on.get(layer.id)
            size = _size(layer.diff_size)
            unknown += size is None
            used += (size or 0) if needed else 0
            unneeded += 0 if needed else (size or 0)
            unneeded_layers += not needed
        for store in rel.stores:
            directories.extend(
                (directory.path, directory.bytes)
                for name, directory in store.home.layers.items()
                if name not in rel.layers and store.documents
            )
    images.sort(key=lambda i: (-(i.unique + i.shared), i.names, i.id))
    return Space(tuple(images), used, unneeded, unneeded_layers, tuple(sorted(directories)), unknown)


def _images(rel: Relations) -> list[ImageSpace]:
    found = []
    for image in rel.images.values():
        chain = list(dict.fromkeys(layer for top in (image.layer, *image.mapped_layers) for layer in rel.chain(top)))
        unique = shared = unknown = 0
        for layer_id in chain:
            record = rel.layers.get(layer_id)
            size = _size(record.diff_size) if record is not None else None
            if size is None:
                unknown += 1
            elif len(rel.images_on.get(layer_id, ())) > 1:
                shared += size
            else:
                unique += size
        found.append(ImageSpace(image.id, image.names, unique, shared, len(chain), unknown))
    return found


def _size(stated: int | None) -> int | None:
    return stated if stated is not None and stated >= 0 else None
