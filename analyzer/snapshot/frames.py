"""Links and files as pandas DataFrames with explicit dtypes: ids stay strings, times are UTC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analyzer.snapshot.columns import FILES, LINKS
from analyzer.snapshot.content import KINDS, DiffTable
from analyzer.snapshot.overlay import link_target
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.source.checksum import CUT, HAS_CRC, ZEROED
from analyzer.source.member import SYMLINK

SURROGATE = re.compile(r"[\ud800-\udfff]")
NOTHING = ("", "")
"""What an entry without a target has."""


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
    """Return frames of one kind below each other, with the names of their nodes in a first column `node`."""
    parts = []
    for name, each in frames.items():
        part = each.copy()
        part.insert(0, "node", pd.Series([valid(name)] * len(part), index=part.index, dtype="string"))
        parts.append(part)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({"node": pd.Series([], dtype="string")})


def valid(value: Any) -> Any:
    """Return text with undecodable bytes and lone surrogates as visible escapes; anything else as it is."""
    return value if not isinstance(value, str) or value.isascii() else SURROGATE.sub(_escaped, value)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


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
        layer = link_target(member) if member is not None else ""
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


class FileRows(NamedTuple):
    """Rows of one table of files that go into a frame: None for all of them; `layer` and `store` as shown."""

    store: str
    layer: str
    table: DiffTable
    rows: Sequence[int] | None = None


def files(snapshot: BundleSnapshot, layer_id: str | None = None) -> pd.DataFrame:
    """Return one row per entry of every layer's files, in archive order; columns as in `FILES`, sizes in bytes.

    Args:
        snapshot: the bundle.
        layer_id: only the files of this layer.
    """
    return file_frame(
        FileRows(store.root or ".", directory.name, table)
        for store in snapshot.stores
        for directory in store.home.layers.values()
        if layer_id in (None, directory.name)
        for table in directory.tables.values()
    )


def file_frame(parts: Iterable[FileRows]) -> pd.DataFrame:
    """Return the rows of some tables below each other; every column is built once, whatever their number."""
    kept = [part for part in parts if len(part.table) and (part.rows is None or len(part.rows))]
    if not kept:
        return frame((), FILES)
    flags = _numbers(kept, "flags", np.uint8)
    kinds = _numbers(kept, "kinds", np.uint8)
    known = (flags & HAS_CRC).astype(bool) & (kinds == KINDS.index("file"))
    crcs = zip(_numbers(kept, "crcs", np.uint64).tolist(), known.tolist(), strict=True)
    counts = [len(part.table) if part.rows is None else len(part.rows) for part in kept]
    names = [name for part in kept for name in _names(part)]
    below = (text for part, count in zip(kept, counts, strict=True) for text in repeat(f"{part.table.path}/", count))
    values: dict[str, Any] = {
        "store": np.repeat(np.array([valid(part.store) for part in kept], dtype=object), counts),
        "layer": np.repeat(np.array([valid(part.layer) for part in kept], dtype=object), counts),
        "name": list(map(valid, names)),
        "kind": np.array(KINDS, dtype=object)[kinds],
        "mode": _numbers(kept, "modes", np.uint16),
        "uid": _numbers(kept, "uids", np.uint64),
        "gid": _numbers(kept, "gids", np.uint64),
        "size": _numbers(kept, "sizes", np.int64),
        "mtime": pd.to_datetime(_numbers(kept, "mtimes", np.int64), unit="ns", utc=True),
        "crc64": [f"{crc:016x}" if has else None for crc, has in crcs],
        "zeroed": (flags & ZEROED).astype(bool),
        "cut": (flags & CUT).astype(bool),
        "target": [target for part in kept for target in _targets(part)],
        "path": [valid(start + name) for start, name in zip(below, names, strict=True)],
    }
    return pd.DataFrame({name: pd.Series(values[name], dtype=dtype) for name, dtype in FILES.items()})


def _numbers(parts: Iterable[FileRows], column: str, dtype: Any) -> np.ndarray[Any, Any]:
    """Return one column of numbers of all tables."""
    whole = ((np.frombuffer(getattr(part.table, column), dtype=dtype), part.rows) for part in parts)
    return np.concatenate([values if rows is None else values[np.asarray(rows)] for values, rows in whole])


def _names(part: FileRows) -> Iterable[str]:
    names = part.table.names
    return names if part.rows is None else (names[row] for row in part.rows)


def _targets(part: FileRows) -> Iterator[str]:
    extra = part.table.extra
    for row in range(len(part.table)) if part.rows is None else part.rows:
        link, *_, outside = extra.get(row, NOTHING)
        yield valid(link or outside)
