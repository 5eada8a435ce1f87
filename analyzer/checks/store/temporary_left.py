"""Temporary file of an index is left.

What it finds
    `.tmp-<name><random>` files beside the index files.

Why it matters
    The engine writes an index to such a file, flushes it and renames it. One that stayed dates a write that was
    interrupted by a kill, a full disk or a power cut; the index itself still has its last whole content. It is
    harmless, and evidence of what happened and when.

How sure
    High that the file is there. In a bundle taken from a running node it may just be a write in progress.

Remedy
    None. Delete it while the engines are stopped, if at all.

Engine source
    containers/storage pkg/ioutils/fswriters.go: NewAtomicFileWriter.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Rule, StoreView, rule
from analyzer.snapshot.times import format_time


@rule(
    "STO-006",
    severity=INFO,
    says="{path} was left by a write interrupted at {time} ({size:byte}); the engine ignores it",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Name every temporary file of the store."""
    for file in view.store.temporaries:
        size, time = file.member.size, format_time(file.member.mtime_ns)
        yield this.found(
            view.file(file.path),
            [(file.where, "no temporary file", f"{size} bytes, modified {time}")],
            path=file.path,
            size=size,
            time=time,
            mtime_ns=file.member.mtime_ns,
            unsynced=size == 0 or file.zeroed,
        )
