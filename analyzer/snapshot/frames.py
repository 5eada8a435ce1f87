"""Records as pandas DataFrames, built from records with explicit dtypes: ids stay strings, times are UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analyzer.snapshot.snapshot import Snapshot

LAYERS = {
    "store": "string",
    "id": "string",
    "parent": "string",
    "created": "datetime64[ns, UTC]",
    "diff_digest": "string",
    "diff_size": "Int64",
    "toc_digest": "string",
    "compressed_diff_digest": "string",
    "compressed_size": "Int64",
    "incomplete": "bool",
    "volatile": "bool",
    "link": "string",
    "path": "string",
    "pointer": "string",
}
IMAGES = {
    "store": "string",
    "id": "string",
    "name": "string",
    "names": "object",
    "digest": "string",
    "layer": "string",
    "mapped_layers": "object",
    "created": "datetime64[ns, UTC]",
    "big_data_bytes": "Int64",
    "path": "string",
    "pointer": "string",
}
CONTAINERS = {
    "store": "string",
    "id": "string",
    "name": "string",
    "image": "string",
    "layer": "string",
    "engine": "string",
    "created": "datetime64[ns, UTC]",
    "volatile": "bool",
    "path": "string",
    "pointer": "string",
}


def frame(rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Return a frame with exactly these columns and dtypes, also when there are no rows.

    Times are given as Unix nanoseconds or None.
    """
    kept = list(rows)
    data: dict[str, pd.Series[Any]] = {}
    for name, dtype in columns.items():
        values = [row[name] for row in kept]
        if dtype.startswith("datetime64"):
            times = pd.to_datetime(pd.array(values, dtype="Int64"), unit="ns", utc=True)
            data[name] = pd.Series(times, dtype=dtype)
        else:
            data[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(data, columns=list(columns))


def _time(ns: int | None) -> int | None:
    """Return nanoseconds that pandas can hold, else None."""
    return ns if ns is not None and -(1 << 62) < ns < (1 << 63) - 1 else None


def _total(sizes: Iterable[Any]) -> int | None:
    """Return the sum of the sizes that are numbers of bytes, None when no column can hold it."""
    total = sum(size for size in sizes if type(size) is int and size > 0)
    return total if total < 1 << 63 else None


def layers(snapshot: Snapshot) -> pd.DataFrame:
    """Return one row per layer record, in store and file order; columns as in `LAYERS`, sizes in bytes."""
    return frame(
        (
            {
                "store": store.root or ".",
                "id": layer.id,
                "parent": layer.parent,
                "created": _time(layer.created_ns),
                "diff_digest": layer.diff_digest,
                "diff_size": layer.diff_size,
                "toc_digest": layer.toc_digest,
                "compressed_diff_digest": layer.compressed_diff_digest,
                "compressed_size": layer.compressed_size,
                "incomplete": layer.incomplete,
                "volatile": layer.volatile,
                "link": home.link_id if (home := store.home.layers.get(layer.id)) else "",
                "path": layer.where.path,
                "pointer": layer.where.pointer,
            }
            for store in snapshot.stores
            for layer in store.layers
        ),
        LAYERS,
    )


def images(snapshot: Snapshot) -> pd.DataFrame:
    """Return one row per image record, in store and file order; columns as in `IMAGES`, sizes in bytes."""
    return frame(
        (
            {
                "store": store.root or ".",
                "id": image.id,
                "name": image.names[0] if image.names else "",
                "names": image.names,
                "digest": image.digest,
                "layer": image.layer,
                "mapped_layers": image.mapped_layers,
                "created": _time(image.created_ns),
                "big_data_bytes": _total(image.big_data_sizes.values()),
                "path": image.where.path,
                "pointer": image.where.pointer,
            }
            for store in snapshot.stores
            for image in store.images
        ),
        IMAGES,
    )


def containers(snapshot: Snapshot) -> pd.DataFrame:
    """Return one row per container record, in store and file order; columns as in `CONTAINERS`."""
    return frame(
        (
            {
                "store": store.root or ".",
                "id": container.id,
                "name": container.name,
                "image": container.image,
                "layer": container.layer,
                "engine": container.engine,
                "created": _time(container.created_ns),
                "volatile": container.volatile,
                "path": container.where.path,
                "pointer": container.where.pointer,
            }
            for store in snapshot.stores
            for container in store.containers
        ),
        CONTAINERS,
    )
