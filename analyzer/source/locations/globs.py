"""Expand a pattern of bundle paths."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable


def expand(pattern: str) -> list[str]:
    """Return the paths that a shell pattern fits (`**` for any depth), sorted; a path that exists stands for itself."""
    if os.path.lexists(pattern):
        return [pattern]
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  Path.glob takes no absolute pattern


def short_name(path: str) -> str:
    """Return a file name without the suffixes of an archive."""
    name = path.replace(os.sep, "/").rstrip("/").rpartition("/")[2]
    while name.endswith(SUFFIXES):
        name = name.rpartition(".")[0]
    return name or path


def names_of(paths: Iterable[str]) -> list[str]:
    """Return a short name for each path: its file name without suffixes, the whole path where that is not unique."""
    kept = list(paths)
    short = [short_name(path) for path in kept]
    counts = Counter(short)
    return [name if counts[name] == 1 else path for name, path in zip(short, kept, strict=True)]


SUFFIXES = (".tar", ".tgz", ".zst", ".gz", ".xz", ".bz2")
