"""Find bundles: what the words of a command line, a list or a pattern mean, local or behind a URL."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from analyzer.errors import UsageError
from analyzer.source.locations.globs import SUFFIXES, expand
from analyzer.source.locations.urls import BrokenOffError, filesystem, is_url

INSIDE = ("overlay", "vfs", "btrfs", "zfs")
STORES = ("storage", "var/lib/containers/storage", ".local/share/containers/storage")
LISTED = ("sos_commands", "var/lib/crio", "must-gather.log")
DEEPEST = 64
"""Directories in directories that are searched for bundles."""


def find_bundles(words: Iterable[str]) -> list[str]:
    """Return the bundles that words mean, each place once, in the order of the words.

    Args:
        words: paths; patterns (`**` for any depth); directories, which are a bundle when they hold a store, and else
            are searched for archives and for directories that do (one without any stands for itself); `@FILE` with
            one such word a line (`@-` for standard input; blank lines and lines that begin with `#` do not count);
            URLs, with patterns where their file system can list.

    Raises:
        UsageError: a pattern fits nothing, or a list or a directory cannot be read.
        BrokenOffError: a URL cannot be listed.
    """
    found: dict[str, str] = {}
    for word in words:
        for path in _meant(word):
            found.setdefault(place(path), path)
    return list(found.values())


def place(path: str) -> str:
    """Return what two names of one place share: an absolute path, or the URL."""
    return path if is_url(path) else os.path.abspath(path)  # noqa: PTH100  a pure function of the text


def _meant(word: str, *, listed: bool = False) -> Iterator[str]:
    if word.startswith("@") and not listed and not os.path.lexists(word):
        for line in _lines(word[1:]):
            yield from _meant(line, listed=True)
    elif is_url(word):
        yield from _remote(word)
    elif os.path.isdir(word):  # noqa: PTH112  a name that no file can have is none
        yield from _directory(word)
    elif glob.has_magic(word) and not os.path.lexists(word):
        paths = expand(word)
        if not paths:
            raise UsageError(f"{word!r} fits no file")
        for path in paths:
            yield from _directory(path) if Path(path).is_dir() else [path]
    else:
        yield word


def _lines(name: str) -> list[str]:
    try:
        text = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"this list cannot be read ({getattr(error, 'strerror', None) or error})", where=name
        ) from error
    lines = (os.fsdecode(line.strip()) for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _directory(path: str) -> Iterator[str]:
    if _has_store(path):
        yield path
        return
    yield from list(_below(path, 0)) or [path]


def _below(path: str, depth: int) -> Iterator[str]:
    """Yield the bundles in a directory that is none itself; links to directories are not followed."""
    try:
        entries = sorted(os.scandir(path), key=lambda entry: entry.name)
    except OSError as error:
        raise UsageError(f"cannot be listed ({error.strerror})", where=path) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir(follow_symlinks=False):
            if _has_store(entry.path):
                yield entry.path
            elif depth < DEEPEST:
                yield from _below(entry.path, depth + 1)
        elif _is_archive(entry.name) and entry.is_file():
            yield entry.path


def _has_store(path: str) -> bool:
    """Tell whether a directory is the root of a node, of a report on one, a graph root, or what holds one."""
    inside = any(Path(path, f"{driver}-layers").is_dir() for driver in INSIDE)
    return inside or any(Path(path, *part.split("/")).exists() for part in (*STORES, *LISTED))


def _is_archive(name: str) -> bool:
    return name.endswith(ARCHIVES)


ARCHIVES = (".tar", ".tgz", *(f".tar{suffix}" for suffix in SUFFIXES if suffix not in (".tar", ".tgz")))


def _remote(url: str) -> Iterator[str]:
    if not glob.has_magic(url) and not url.endswith("/"):
        yield url
        return
    system, inner = filesystem(url)
    try:
        names = list(filter(_is_archive, system.find(inner))) if url.endswith("/") else system.glob(inner)
    except Exception as error:  # what a file system of any kind raises
        raise BrokenOffError(f"cannot be listed ({error})", where=url) from error
    if not names:
        raise UsageError(f"{url!r} fits no file")
    for name in sorted(names):
        yield name if is_url(name) else system.unstrip_protocol(name)
