"""Element of an index file is not a record with an id.

What it finds
    A `null` element of an index file, or a record whose `id` is absent or empty.

Why it matters
    A `null` element makes every command of every engine panic (`invalid memory address or nil pointer dereference`)
    as soon as the file is loaded. A record without an id loads, can't be named by any command, and stands for the
    whole directory of its kind where the engine builds a path from it.

How sure
    High: the bytes are in the bundle, and the panic was seen with podman and skopeo.

Remedy
    With the engines stopped, delete the element from the file, keep its mode (0600) and owner, and check that the
    file still parses.

Engine source
    containers/storage layers.go, images.go, containers.go: load.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.index_files import SHOWN, documents, records

PANIC = "every engine panics when it loads the file"
UNNAMED = "the engine can't name them and takes the directory of all for theirs"


@rule(
    "STO-004",
    severity=CRITICAL,
    needs=(Need.INDEX,),
    says="{path} has {count} {seen}, the first at {pointer}: {effect}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the elements of every index file."""
    nameless = _nameless(view)
    for part, document in documents(view):
        nulls = [problem.where for problem in document.salvaged.problems if problem.kind == "null-row"]
        if nulls:
            yield _finding(view, this, part, nulls, null=True)
        if nameless.get(document.path):
            yield _finding(view, this, part, nameless[document.path], null=False)


def _finding(view: StoreView, this: Rule, part: str, places: list[Where], *, null: bool) -> Finding:
    return this.found(
        view.file(places[0].path),
        [(where, "a record with an id", "null" if null else "no id") for where in places[:SHOWN]],
        severity=CRITICAL if null else ERROR,
        variant="null" if null else "no-id",
        path=places[0].path,
        part=part,
        count=len(places),
        seen="null elements" if null else "records without an id",
        effect=PANIC if null else UNNAMED,
        pointer=places[0].pointer,
    )


def _nameless(view: StoreView) -> dict[str, list[Where]]:
    found: dict[str, list[Where]] = {}
    for _, record in records(view):
        if not record.id and not any(problem.where.pointer.endswith("/id") for problem in record.problems):
            found.setdefault(record.where.path, []).append(record.where)
    return found
