"""Records as rows: what a record says of itself, by column of `analyzer.snapshot.columns`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.kubernetes import KubernetesName
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.store import Store

FITS = 1 << 63


def layer_row(store: Store, layer: LayerRecord) -> dict[str, Any]:
    """Return a layer record as a row, sizes in bytes, times in Unix nanoseconds."""
    return {
        "store": store.root or ".",
        "id": layer.id,
        "parent": layer.parent,
        "created": in_range(layer.created_ns),
        "diff_digest": layer.diff_digest,
        "diff_size": size_in_range(layer.diff_size),
        "toc_digest": layer.toc_digest,
        "compressed_diff_digest": layer.compressed_diff_digest,
        "compressed_size": size_in_range(layer.compressed_size),
        "incomplete": layer.incomplete,
        "volatile": layer.volatile,
        "link": home.link_id if (home := store.home.layers.get(layer.id)) else "",
        "path": layer.where.path,
        "pointer": layer.where.pointer,
    }


def image_row(store: Store, image: ImageRecord) -> dict[str, Any]:
    """Return an image record as a row; of its own size only the big data is in the record."""
    return {
        "store": store.root or ".",
        "id": image.id,
        "name": image.names[0] if image.names else "",
        "names": image.names,
        "digest": image.digest,
        "layer": image.layer,
        "mapped_layers": image.mapped_layers,
        "created": in_range(image.created_ns),
        "big_data_bytes": _total(image.big_data_sizes.values()),
        "path": image.where.path,
        "pointer": image.where.pointer,
    }


def container_row(store: Store, container: ContainerRecord) -> dict[str, Any]:
    """Return a container record as a row, with what Kubernetes calls it."""
    known = container.kubernetes or KubernetesName("", "", "", "", sandbox=False)
    return {
        "store": store.root or ".",
        "id": container.id,
        "name": container.name,
        **known._asdict(),
        "image": container.image,
        "layer": container.layer,
        "engine": container.engine,
        "created": in_range(container.created_ns),
        "volatile": container.volatile,
        "path": container.where.path,
        "pointer": container.where.pointer,
    }


def in_range(ns: int | None) -> int | None:
    """Return nanoseconds that a column can hold, else None."""
    return ns if ns is not None and -(1 << 62) < ns < FITS - 1 else None


def size_in_range(size: int | None) -> int | None:
    """Return a size that a column can hold, else None."""
    return size if size is not None and abs(size) < FITS else None


def _total(sizes: Iterable[Any]) -> int | None:
    """Return the sum of the sizes that are numbers of bytes, None when no column can hold it."""
    total = sum(size for size in sizes if type(size) is int and size > 0)
    return size_in_range(total)
