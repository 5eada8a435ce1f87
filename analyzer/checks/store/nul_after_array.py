"""Something follows the array of an index file.

What it finds
    NUL bytes behind the closing bracket of an index file. (Text behind it, or NUL bytes inside the array, make the
    file unreadable: STO-001.)

Why it matters
    Today's engines stop at the first NUL and load the file, so nothing fails. The bytes are the mark of a write that
    was cut short or of a file system repair, and another JSON reader (Go's own, jq) refuses the file.

How sure
    High for the bytes; that the engine accepts them follows from its JSON reader (json-iterator takes a NUL for the
    end of the input) and was not run.

Remedy
    None is urgent. Any change of the store rewrites the file: with the engines running, tag and untag an image.

Engine source
    containers/storage layers.go, images.go, containers.go: load; json-iterator Unmarshal.
"""

from __future__ import annotations

from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import documents


@rule(
    "STO-003",
    severity=WARNING,
    needs=(Need.INDEX,),
    says="{path} has {seen} after its array, from byte {offset} on; the engine ignores them",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the tail of every index file."""
    for part, document in documents(view):
        for problem in document.salvaged.problems:
            if problem.kind == "nul-tail":
                yield this.found(
                    view.file(document.path),
                    [(problem.where, problem.expected, problem.observed)],
                    path=document.path,
                    part=part,
                    name=document.name,
                    offset=problem.where.offset,
                    seen=problem.observed,
                    unsynced=True,
                )
