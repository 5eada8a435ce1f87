"""Records of images, layers and containers, and names, as things to compare."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from analyzer.compare.model import ComparedItem
from analyzer.graph.relations import Relations
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.words import and_more


def images(rel: Relations) -> Iterator[ComparedItem]:
    """Yield image records; their names are things of their own."""
    for image in rel.images.values():
        yield ComparedItem(image.id, image.id, ", ".join(rel.image_names(image.id)), _image(image), image.where.path)


def _image(image: ImageRecord) -> dict[str, str]:
    return {
        "digest": image.digest,
        "layer": image.layer,
        "mapped-layers": ", ".join(image.mapped_layers),
        "created": image.created,
        "metadata": image.metadata,
        "big-data-names": ", ".join(image.big_data_names),
        "big-data-sizes": _json(image.big_data_sizes),
        "big-data-digests": _json(image.big_data_digests),
        "flags": _json(image.flags),
    }


def names(rel: Relations) -> Iterator[ComparedItem]:
    """Yield image names with the image each leads to."""
    holders: dict[str, list[ImageRecord]] = {}
    for image in rel.images.values():
        for name in image.names:
            holders.setdefault(name, []).append(image)
    for name, held in holders.items():
        ids = ", ".join(sorted({image.id for image in held}))
        yield ComparedItem(name, held[0].id, name, {"image": ids}, held[0].where.path)


def layers(rel: Relations) -> Iterator[ComparedItem]:
    """Yield layer records."""
    for layer in rel.layers.values():
        yield ComparedItem(layer.id, layer.id, layer_users(rel, layer.id), _layer(layer), layer.where.path)


def layer_users(rel: Relations, layer_id: str) -> str:
    """Return what people know a layer by: the container it belongs to, else the images that need it."""
    owners = [rel.containers[c].name or c[:12] for c in rel.owner_of.get(layer_id, ()) if c in rel.containers]
    if owners:
        return f"of container {', '.join(owners)}"
    found = sorted({name for image in rel.images_on.get(layer_id, ()) for name in rel.image_names(image)})
    more = and_more(len(found), 2)
    return f"of {', '.join(found[:2])}{more}" if found else ""


def _layer(layer: LayerRecord) -> dict[str, str]:
    return {
        "parent": layer.parent,
        "created": layer.created,
        "diff-digest": layer.diff_digest,
        "diff-size": _number(layer.diff_size),
        "compressed-diff-digest": layer.compressed_diff_digest,
        "compressed-size": _number(layer.compressed_size),
        "toc-digest": layer.toc_digest,
        "names": ", ".join(layer.names),
        "flags": _json(layer.flags),
        "uidmap": _json(layer.uidmap),
        "gidmap": _json(layer.gidmap),
        "mountlabel": layer.mountlabel,
        "metadata": layer.metadata,
        "big-data-names": ", ".join(layer.big_data_names),
        "volatile": str(layer.volatile).lower(),
    }


def containers(rel: Relations) -> Iterator[ComparedItem]:
    """Yield container records."""
    for container in rel.containers.values():
        yield ComparedItem(container.id, container.id, container.name, _container(container), container.where.path)


def _container(container: ContainerRecord) -> dict[str, str]:
    return {
        "image": container.image,
        "layer": container.layer,
        "created": container.created,
        "names": ", ".join(container.names),
        "metadata": container.metadata,
        "flags": _json(container.flags),
        "uidmap": _json(container.uidmap),
        "gidmap": _json(container.gidmap),
        "big-data-names": ", ".join(container.big_data_names),
        "big-data-sizes": _json(container.big_data_sizes),
        "big-data-digests": _json(container.big_data_digests),
        "volatile": str(container.volatile).lower(),
    }


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
