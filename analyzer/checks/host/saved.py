"""What rules share that hold listings of engines against the index of a part."""

from __future__ import annotations

from analyzer.checks.rule import LOW, Finding, Rule, StoreView, Subject, Where
from analyzer.snapshot.node.container_listings import EngineContainer
from analyzer.snapshot.node.listings import EngineImage


def saved_ns(view: StoreView, part: str) -> int:
    """Return when the youngest index of a part was saved, 0 without one."""
    documents = (document for store in view.rel.stores for document in store.documents_of(part))
    return max((document.file.member.mtime_ns for document in documents), default=0)


def not_recorded(this: Rule, kind: str, row: EngineContainer | EngineImage, reading: str, *, open_: bool) -> Finding:
    """Tell of an image or a container that was listed and has no record; `open_` where its record may be lost."""
    name = row.name or "<none>"
    return this.found(
        Subject(kind, row.id, row.path),
        [(Where(row.path), f"{kind}s of the index", f"{name} {row.id}")],
        confidence=LOW,
        variant=row.id,
        path=row.path,
        name=name,
        id=row.id,
        reading=reading,
        doubt=f"{row.path} lists {kind} {name}, which no index has: {reading}" if open_ else "",
    )


def not_listed(this: Rule, subject: Subject, path: str, name: str, identity: str, reading: str) -> Finding:
    """Tell of an image or a container that has a record older than a listing that leaves it out."""
    return this.found(
        subject,
        [(Where(path), f"{name} {identity}", "not listed")],
        confidence=LOW,
        variant=f"unlisted {identity} {path}",
        says="{path} does not list {kind} {name} ({id}), which the index has had since before: {reading}",
        path=path,
        kind=subject.kind,
        name=name or "<none>",
        id=identity,
        reading=reading,
    )
