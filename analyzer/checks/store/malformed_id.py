"""Id is not 64 lowercase hexadecimal digits.

What it finds
    A layer, image or container record whose id has another form.

Why it matters
    The engines only write such ids. CRI-O can't make a reference to an image with another id, and its whole listing
    fails: `invalid ID value …: invalid reference`. Garbage collection passes over directories with such names, so
    their space is never freed. An id with a path separator leads the engine out of its own directories.

How sure
    High for the form. The store itself doesn't insist on it, so for layers and containers, and for images on a node
    without a trace of CRI-O, this is a warning.

Remedy
    Remove the object with the tool that made it, by exactly this id. If no tool takes the id, delete the record from
    the index file with the engines stopped.

Engine source
    CRI-O internal/storage/references; containers/image storage/storage_reference.go; containers/storage store.go:
    GarbageCollect.
"""

from __future__ import annotations

import re

from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import record_subject, records
from analyzer.snapshot.digests import HEX_ID

UNSAFE = re.compile(r"[/\x00]|^\.{1,2}$")


@rule(
    "STO-012",
    severity=ERROR,
    needs=(Need.INDEX,),
    says="the {kind} record at {pointer} of {path} has the id {seen}, not 64 lowercase hexadecimal digits; {effect}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the id of every record; an absent one is STO-004's."""
    for kind, record in records(view):
        if not record.id or HEX_ID.fullmatch(record.id):
            continue
        unsafe = UNSAFE.search(record.id) is not None
        listing = kind == "image" and bool(view.crio)
        seen = f"{record.id!r:.80}"
        yield this.found(
            record_subject(kind, record),
            [(record.where.field("id"), "64 lowercase hexadecimal digits", seen)],
            severity=ERROR if unsafe or listing else WARNING,
            variant=kind,
            kind=kind,
            path=record.where.path,
            pointer=record.where.pointer,
            seen=seen,
            effect=_effect(unsafe=unsafe, listing=listing),
        )


def _effect(*, unsafe: bool, listing: bool) -> str:
    if unsafe:
        return "as a path it leads out of its directory"
    return "it makes CRI-O's whole image listing fail" if listing else "garbage collection passes over its data"
