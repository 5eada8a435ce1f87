r"""Index file does not load as a JSON array.

What it finds
    A `layers.json`, `images.json`, `containers.json` or one of their `volatile-` twins that is cut off, NUL-filled,
    overwritten, or no file at all. Every whole record before and behind the damage is read and counted.

Why it matters
    One bad byte costs the whole file. With a bad images or containers file the store doesn't open: CRI-O doesn't
    start (`validating root config: failed to get store to set defaults: loading "…"`) and every podman command fails.
    With a bad layers file CRI-O starts, and then every listing and every creation fails: `loading primary layer store
    data: loading "…/layers.json": … expect [ or n, but found \x00`. CRI-O's internal repair (on by default since 1.31)
    takes a bad layers file after an unclean stop as a reason to remove the whole graph root, podman's data and
    volumes included.

How sure
    High: the bytes are in the bundle. A file that the *archive* cuts short is never judged. NUL bytes, or a length
    that is a multiple of 4096, are the marks of a write that never reached the disk.

Remedy
    Stop kubelet, CRI-O and podman, and keep a copy. `analyzer plan` writes the file again: whole records as they
    were, the others from the store. Up to Podman 4.3 the next pull or create writes the file without what comes
    after the fault. Don't start CRI-O on it with `internal_repair`.

Engine source
    containers/storage layers.go, images.go, containers.go: load; CRI-O internal/lib/container_server.go.
"""

from __future__ import annotations

from analyzer.capture.text_mode import marks
from analyzer.checks.absence import CHANGED, weigh
from analyzer.checks.rule import CRITICAL, HIGH, MEDIUM, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import documents, driver_directories, listed, unrecorded
from analyzer.snapshot.documents import Document
from analyzer.snapshot.provenance import Problem

BLOCK = 4096


@rule(
    "STO-001",
    severity=CRITICAL,
    needs=(Need.INDEX,),
    says=(
        "{path} does not load: at byte {offset} of {size} expected {expected}, found {seen}; {rows} {part} can "
        "still be read from it, {missing} more have data on disk but no record"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge every index file of the store."""
    for part, document in documents(view):
        problem = document.broken
        if problem is None or not _judged(document):
            continue
        lost = unrecorded(view, part)
        size = document.file.member.size
        confidence = HIGH if view.snapshot.whole else MEDIUM
        what = f"{document.path} begins with a byte order mark"
        yield this.found(
            view.file(document.path),
            [(problem.where, problem.expected, problem.observed)],
            **(weigh(marks(view.store), CRITICAL, what, confidence, CHANGED) or {}),
            variant=problem.kind,
            path=document.path,
            part=part,
            name=document.name,
            volatile=document.name.startswith("volatile-"),
            kind=problem.kind,
            offset=problem.where.offset,
            size=size,
            expected=problem.expected,
            seen=problem.observed,
            rows=len(document.salvaged.rows),
            missing=len(lost),
            directories=len(driver_directories(view, part, lost)),
            unsynced=_unsynced(document, problem),
            **listed(part, lost),
        )


def _unsynced(document: Document, problem: Problem) -> bool:
    """Tell the picture of a write that never reached the disk: NUL bytes in text, or an end at the edge of a block."""
    if problem.kind == "cut" and document.file.member.size % BLOCK == 0:
        return True
    return problem.kind != "byte-order-mark" and b"\0" in (document.file.data or b"")


def _judged(document: Document) -> bool:
    """Leave out what the capture, not the store, made unreadable: cut, over a limit, a link that leads elsewhere."""
    if document.file.data is None:
        return not document.file.elsewhere
    return not document.cut
