"""Lock file is not a regular file of 0 or 64 bytes.

What it finds
    A `*.lock` of the store that is a directory, a link or a device, or a regular file of another size.

Why it matters
    The engine opens its locks before anything else. A directory in place of one makes every command fail (`open
    …/images.lock: is a directory`). Another size is harmless: the engine takes it for a foreign last writer and reads
    the index again.

How sure
    High for the kind and the size.

Remedy
    With the engines stopped, delete the lock; the engine makes it again.

Engine source
    containers/storage pkg/lockfile/lockfile.go: openLock, GetLastWrite.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, INFO, WARNING, Finding, Findings, Rule, StoreView, Where, rule
from analyzer.source.member import DIRECTORY, FILE, HARDLINK

NAMES = ("layers.lock", "images.lock", "containers.lock")
EXPECTED = "a regular file of 0 or 64 bytes"


@rule("STO-008", severity=WARNING, says="{path} is {seen}; expected a regular file of 0 or 64 bytes; {effect}")
def check(view: StoreView, this: Rule) -> Findings:
    """Judge kind and size of every lock file of the store."""
    for lock in view.store.locks.values():
        member = lock.file.member
        if member.kind == HARDLINK or (member.kind == FILE and member.size in (0, 64)):
            continue
        if member.kind == FILE:
            yield _finding(view, this, member.path, f"{member.size} bytes long", INFO)
        elif member.kind == DIRECTORY:
            yield _finding(view, this, member.path, "a directory", ERROR)
        else:
            yield _finding(view, this, member.path, f"a {member.kind}", WARNING)
    store = view.store
    parts = (("layers", store.layer_files), ("images", store.image_files), ("containers", store.container_files))
    for part, directories in parts:
        for name in NAMES:
            if name in directories:
                yield _finding(view, this, store.part_path(part, name), "a directory", ERROR)


def _finding(view: StoreView, this: Rule, path: str, seen: str, severity: str) -> Finding:
    effects = {INFO: "harmless", ERROR: "no engine can open the store", WARNING: "the engine may refuse to open it"}
    return this.found(
        view.file(path),
        [(Where(path), EXPECTED, seen)],
        severity=severity,
        path=path,
        seen=seen,
        effect=effects[severity],
    )
