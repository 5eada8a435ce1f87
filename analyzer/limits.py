"""Limits that keep hostile input from costing unbounded time or memory.

A limit that is hit never raises: the reader stops or skips, and the coverage says which limit, at which value,
and where, so that "no findings" is not taken for "healthy".
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; sizes in bytes unless the name says otherwise."""

    members: int = 20_000_000
    """Archive members or directory entries."""
    total_bytes: int = 2 << 40
    """Decompressed bytes read."""
    expansion_ratio: int = 2_000
    """Decompressed to compressed bytes, judged after `expansion_floor` bytes (sparse stores compress well)."""
    expansion_floor: int = 1 << 30
    """Decompressed bytes before the expansion ratio is judged."""
    zstd_window: int = 1 << 27
    """Largest zstd window accepted."""
    xz_memory: int = 1 << 28
    """Memory the xz decoder may take."""
    extended_header: int = 1 << 20
    """One pax or GNU long-name payload."""
    pax_records: int = 1_000
    """Records in one pax header."""
    sparse_entries: int = 65_536
    """Entries of one sparse map."""
    path: int = 16_384
    """Length of one member path."""
    index_file: int = 256 << 20
    """layers.json, images.json and the like."""
    small_file: int = 4 << 20
    """Manifests, configs, link, lower and other small evidence (containers/image refuses manifests over 4 MiB)."""
    log_tail: int = 4 << 20
    """Last bytes of one captured log that are read."""
    logs: int = 64 << 20
    """Sum of what is read of captured logs."""
    tar_split: int = 64 << 20
    """One tar-split.gz, compressed."""
    kept_bytes: int = 2 << 30
    """Sum of all file contents kept in memory."""
    rebuild: int = 1 << 30
    """Contents of layer files held in memory out of order while layers are rebuilt (depth deep)."""
    json_depth: int = 64
    """Nesting of one JSON document."""
    directory_depth: int = 512
    """Nesting of a directory given as a bundle."""


DEFAULT = Limits()
