"""Records as pandas DataFrames, built from records with explicit dtypes: ids stay strings, times are UTC."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.snapshot.content import KINDS
from analyzer.snapshot.kubernetes import KubernetesName
from analyzer.snapshot.overlay import link_target
from analyzer.source.checksum import CUT, HAS_CRC, ZEROED
from analyzer.source.member import SYMLINK

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from analyzer.snapshot.containers import ContainerRecord
    from analyzer.snapshot.content import DiffTable
    from analyzer.snapshot.snapshot import BundleSnapshot
    from analyzer.snapshot.store import Store

SURROGATE = re.compile(r"[\ud800-\udfff]")

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
    "namespace": "string",
    "pod": "string",
    "container": "string",
    "attempt": "string",
    "sandbox": "bool",
    "image": "string",
    "layer": "string",
    "engine": "string",
    "created": "datetime64[ns, UTC]",
    "volatile": "bool",
    "path": "string",
    "pointer": "string",
}
LINKS = {
    "store": "string",
    "link": "string",
    "layer": "string",
    "named_by": "string",
    "target": "string",
    "symlink": "bool",
    "leads": "bool",
    "path": "string",
}
FILES = {
    "store": "string",
    "layer": "string",
    "name": "string",
    "kind": "string",
    "mode": "Int64",
    "uid": "UInt64",
    "gid": "UInt64",
    "size": "Int64",
    "mtime": "datetime64[ns, UTC]",
    "crc64": "string",
    "zeroed": "bool",
    "cut": "bool",
    "target": "string",
    "path": "string",
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
        elif dtype == "string":
            data[name] = pd.Series([valid(value) for value in values], dtype=dtype)
        elif dtype == "object":
            data[name] = pd.Series([tuple(map(valid, value)) for value in values], dtype=dtype)
        else:
            data[name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(data, columns=list(columns))


def joined(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return frames of one kind below each other, with their names in a first column `bundle`."""
    parts = []
    for name, each in frames.items():
        part = each.copy()
        part.insert(0, "bundle", pd.Series([valid(name)] * len(part), index=part.index, dtype="string"))
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"bundle": pd.Series([], dtype="string")})


def valid(value: Any) -> Any:
    """Return text with undecodable bytes and lone surrogates as visible escapes; anything else as it is."""
    return value if not isinstance(value, str) or value.isascii() else SURROGATE.sub(_escaped, value)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def in_range(ns: int | None) -> int | None:
    """Return nanoseconds that pandas can hold, else None."""
    return ns if ns is not None and -(1 << 62) < ns < (1 << 63) - 1 else None


def _total(sizes: Iterable[Any]) -> int | None:
    """Return the sum of the sizes that are numbers of bytes, None when no column can hold it."""
    total = sum(size for size in sizes if type(size) is int and size > 0)
    return total if total < 1 << 63 else None


def layers(snapshot: BundleSnapshot) -> pd.DataFrame:
    """Return one row per layer record, in store and file order; columns as in `LAYERS`, sizes in bytes."""
    return frame(
        (
            {
                "store": store.root or ".",
                "id": layer.id,
                "parent": layer.parent,
                "created": in_range(layer.created_ns),
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


def images(snapshot: BundleSnapshot) -> pd.DataFrame:
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
                "created": in_range(image.created_ns),
                "big_data_bytes": _total(image.big_data_sizes.values()),
                "path": image.where.path,
                "pointer": image.where.pointer,
            }
            for store in snapshot.stores
            for image in store.images
        ),
        IMAGES,
    )


def containers(snapshot: BundleSnapshot) -> pd.DataFrame:
    """Return one row per container record, in store and file order; columns as in `CONTAINERS`."""
    return frame(
        (
            {
                "store": store.root or ".",
                "id": container.id,
                "name": container.name,
                **kubernetes_columns(container),
                "image": container.image,
                "layer": container.layer,
                "engine": container.engine,
                "created": in_range(container.created_ns),
                "volatile": container.volatile,
                "path": container.where.path,
                "pointer": container.where.pointer,
            }
            for store in snapshot.stores
            for container in store.containers
        ),
        CONTAINERS,
    )


def kubernetes_columns(container: ContainerRecord) -> dict[str, Any]:
    """Return what Kubernetes calls a container, by column; empty for one of no pod."""
    return (container.kubernetes or KubernetesName("", "", "", "", sandbox=False))._asdict()


def links(snapshot: BundleSnapshot) -> pd.DataFrame:
    """Return one row per short link of the overlay driver and layer that uses its name; columns as in `LINKS`."""
    return frame((row for store in snapshot.stores for row in _links(store)), LINKS)


def _links(store: Store) -> Iterator[dict[str, Any]]:
    home = store.home
    named_by: dict[str, list[str]] = {}
    for directory in home.layers.values():
        if directory.link_id:
            named_by.setdefault(directory.link_id, []).append(directory.name)
    for link in (*home.links, *(link for link in named_by if link not in home.links)):
        member = home.links.get(link)
        layer = link_target(member) if member is not None and member.kind == SYMLINK else ""
        for owner in named_by.get(link, [""]):
            yield {
                "store": store.root or ".",
                "link": link,
                "layer": layer,
                "named_by": owner,
                "target": member.link if member is not None else "",
                "symlink": member is not None and member.kind == SYMLINK,
                "leads": layer in home.layers,
                "path": store.path(store.driver, "l", link),
            }


def files(snapshot: BundleSnapshot) -> pd.DataFrame:
    """Return one row per entry of every layer's files, in archive order; columns as in `FILES`, sizes in bytes."""
    return _joined_files(
        _files(store, directory.name, table)
        for store in snapshot.stores
        for directory in store.home.layers.values()
        for table in directory.tables.values()
        if len(table)
    )


def files_of_layer(snapshot: BundleSnapshot, layer_id: str) -> pd.DataFrame:
    """Return the rows of `files` of one layer."""
    return _joined_files(
        _files(store, layer_id, table)
        for store in snapshot.stores
        if (directory := store.home.layers.get(layer_id)) is not None
        for table in directory.tables.values()
        if len(table)
    )


def _joined_files(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    kept = list(parts)
    return pd.concat(kept, ignore_index=True) if kept else frame((), FILES)


def _files(store: Store, layer: str, table: DiffTable) -> pd.DataFrame:
    count = len(table)
    flags = np.frombuffer(table.flags, dtype=np.uint8)
    names = [valid(name) for name in table.names]
    files = np.frombuffer(table.kinds, dtype=np.uint8) == KINDS.index("file")
    known = (flags & HAS_CRC).astype(bool) & files
    crcs = [f"{crc:016x}" if has else None for crc, has in zip(table.crcs, known.tolist(), strict=True)]
    targets = [""] * count
    for row, (link, *_, outside) in table.extra.items():
        targets[row] = valid(link or outside)
    values: dict[str, Any] = {
        "store": [store.root or "."] * count,
        "layer": [layer] * count,
        "name": names,
        "kind": [KINDS[code] for code in table.kinds],
        "mode": np.frombuffer(table.modes, dtype=np.uint16),
        "uid": np.frombuffer(table.uids, dtype=np.uint64),
        "gid": np.frombuffer(table.gids, dtype=np.uint64),
        "size": np.frombuffer(table.sizes, dtype=np.int64),
        "mtime": pd.to_datetime(np.frombuffer(table.mtimes, dtype=np.int64), unit="ns", utc=True),
        "crc64": crcs,
        "zeroed": (flags & ZEROED).astype(bool),
        "cut": (flags & CUT).astype(bool),
        "target": targets,
        "path": [f"{table.path}/{name}" for name in table.names],
    }
    values["store"], values["layer"], values["path"] = (
        [valid(text) for text in values[name]] for name in ("store", "layer", "path")
    )
    return pd.DataFrame({name: pd.Series(values[name], dtype=dtype) for name, dtype in FILES.items()})
