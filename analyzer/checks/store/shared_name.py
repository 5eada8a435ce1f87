"""Several layers, images or containers of a store carry one name.

What it finds
    One name in two or more records of the same kind in one store. The same name in a graph root and in an additional
    store is legal.

Why it matters
    At the next load the engine takes the name from every holder but the last and rewrites the file without a message:
    a tag can then point to another image than before. In a read-only additional store the engine can't repair it and
    refuses the store: `read-only image store assigns the same name to multiple images`.

How sure
    High: the records are in the bundle, and the order of the file decides.

Remedy
    None for a writable store, if the last holder is the right one; else `podman untag ID NAME` on the wrong one
    and tag the right one again. For an additional store, repair it where it is made.

Engine source
    containers/storage images.go, layers.go, containers.go: load.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, WARNING, Finding, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import SHOWN, Record, listed, record_subject, records
from analyzer.snapshot.store import ADDITIONAL


@rule(
    "STO-014",
    severity=WARNING,
    needs=(Need.INDEX,),
    says="{count} {kind} records claim the name {name}; the engine gives it to the last of them, {keeps}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Count the holders of every name."""
    holders: dict[tuple[str, str], dict[str, Record]] = {}
    for kind, record in records(view):
        for name in record.names:
            holders.setdefault((kind, name), {}).setdefault(record.id, record)
    for (kind, name), found in holders.items():
        if len(found) > 1:
            yield _finding(view, this, kind, name, list(found.values()))


def _finding(view: StoreView, this: Rule, kind: str, name: str, found: list[Record]) -> Finding:
    fatal = kind == "image" and view.store.role == ADDITIONAL
    return this.found(
        record_subject(kind, found[0]),
        [(record.where, f"{name!r} in one record only", f"held by {record.id}") for record in found[:SHOWN]],
        severity=CRITICAL if fatal else WARNING,
        variant=f"{kind} {name}",
        kind=kind,
        name=name,
        count=len(found),
        keeps=found[-1].id,
        read_only=fatal,
        **listed(f"{kind}s", (record.id for record in found)),
    )
