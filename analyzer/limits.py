"""Limits that keep hostile input from costing unbounded time or memory.

A limit that is hit never raises: the reader stops or skips, and the coverage says which limit, at which value,
and where, so that "no findings" is not taken for "healthy". Each is an option of every command that reads a bundle, a
key of the configuration and a field of `Limits`: `--max-small-file 16M`, `max-small-file = "16M"`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Any

BYTES, COUNT = "bytes", "count"


def _limit(value: int, says: str, unit: str = BYTES) -> Any:
    """Return a field with its default, what it bounds, and whether it counts bytes."""
    return field(default=value, metadata={"says": says, "unit": unit})


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; the metadata of each field says what it bounds and in which unit."""

    members: int = _limit(20_000_000, "archive members or directory entries", COUNT)
    total_bytes: int = _limit(2 << 40, "decompressed bytes read")
    expansion_ratio: int = _limit(
        500, "decompressed bytes, but for runs of zeros, for each compressed one, judged past expansion-floor", COUNT
    )
    expansion_zeros: int = _limit(256 << 30, "decompressed runs of zeros of a bundle that expands more than that")
    expansion_floor: int = _limit(16 << 30, "decompressed bytes before the expansion counts")
    zstd_window: int = _limit(1 << 27, "largest zstd window")
    xz_memory: int = _limit(1 << 28, "memory of the xz decoder")
    extended_header: int = _limit(1 << 20, "one pax or GNU long-name payload")
    pax_records: int = _limit(1_000, "records in one pax header", COUNT)
    sparse_entries: int = _limit(65_536, "entries of one sparse map", COUNT)
    path: int = _limit(16_384, "characters of one member path", COUNT)
    index_file: int = _limit(128 << 20, "layers.json, images.json and the like")
    small_file: int = _limit(
        4 << 20, "manifests, configs, link, lower and the like (containers/image refuses manifests over 4 MiB)"
    )
    libpod_database: int = _limit(64 << 20, "podman's bolt_state.db or db.sql, its write-ahead log likewise")
    mark: int = _limit(4_096, "a lock file or a mark of the driver")
    log_tail: int = _limit(4 << 20, "last bytes of one captured log that are read")
    logs: int = _limit(64 << 20, "sum of what is read of captured logs")
    tar_split: int = _limit(64 << 20, "one tar-split.gz, compressed")
    tar_split_text: int = _limit(8 << 30, "one tar-split, decompressed (a million files take about 1 GiB)")
    tar_split_line: int = _limit(32 << 20, "one line of a tar-split")
    kept_bytes: int = _limit(2 << 30, "sum of all file contents kept in memory")
    rebuild: int = _limit(1 << 30, "contents of layer files held out of order while layers are rebuilt (depth deep)")
    json_depth: int = _limit(64, "nesting of one JSON document", COUNT)
    directory_depth: int = _limit(512, "nesting of a directory given as a bundle", COUNT)


DEFAULT = Limits()
NAMES = tuple(each.name for each in fields(Limits))
HIT = re.compile(r"limit ([a-z_]+)=\d+")


def option(name: str) -> str:
    """Return the option that sets a limit."""
    return "--max-" + name.replace("_", "-")


def reached(name: str, value: int) -> str:
    """Return the words of a limit that was hit."""
    return f"limit {name}={value} reached ({option(name)} sets it)"


def advised(text: str) -> str:
    """Return a message with the option of the limit it names, once."""
    match = HIT.search(text)
    if match is None or match.group(1) not in NAMES or option(match.group(1)) in text:
        return text
    return f"{text} ({option(match.group(1))} sets it)"


def changed(limits: Limits) -> dict[str, int]:
    """Return the limits that are not the usual ones."""
    return {name: getattr(limits, name) for name in NAMES if getattr(limits, name) != getattr(DEFAULT, name)}
