"""Field of a record has a type the engine cannot decode.

What it finds
    A value of another JSON type than the engine's record has for it: a number for a name, text for a size, a list for
    an object, a `created` that is no RFC 3339 time, an element of the array that is no object. Also keys that come
    twice in one record, of which the engine takes the last.

Why it matters
    The decoder refuses the whole file for one such value, with the same effect as a cut file (STO-001): no start, or
    no listing. Engines never write this; it comes from hand edits, scripts and version mix-ups.

How sure
    High: types follow the engine's own structures; `null` and absent keys are zero values and are accepted.

Remedy
    With the engines stopped, correct the value at the JSON pointer given, or delete the record if it can be pulled or
    made again.

Engine source
    containers/storage layers.go Layer, images.go Image, containers.go Container: JSON tags.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, WARNING, Finding, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import SHOWN, Record, documents, listed, record_subject, records
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.provenance import Problem

ROWS, TWICE = "wrong-type", "duplicate-key"


@rule(
    "STO-005",
    severity=CRITICAL,
    needs=(Need.INDEX,),
    says="{path} does not load: {pointer} is {seen}; expected {expected}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the values of every record and the elements that are no records."""
    for _, document in documents(view):
        for kind in (ROWS, TWICE):
            problems = [problem for problem in document.salvaged.problems if problem.kind == kind]
            if problems:
                yield _of_file(view, this, kind, problems)
    for kind, record in records(view):
        problems = [*record.problems, *_values(record)]
        if problems:
            first = problems[0]
            yield this.found(
                record_subject(kind, record),
                [(problem.where, problem.expected, problem.observed) for problem in problems[:SHOWN]],
                path=first.where.path,
                pointer=first.where.pointer,
                expected=first.expected,
                seen=first.observed,
                **listed(f"{kind}s", [record.id]),
            )


def _of_file(view: StoreView, this: Rule, kind: str, problems: list[Problem]) -> Finding:
    first = problems[0]
    return this.found(
        view.file(first.where.path),
        [(problem.where, problem.expected, problem.observed) for problem in problems[:SHOWN]],
        severity=WARNING if kind == TWICE else CRITICAL,
        variant=kind,
        says="{path} has a record at {pointer} with {seen}; the engine takes the last" if kind == TWICE else "",
        path=first.where.path,
        pointer=first.where.pointer,
        expected=first.expected,
        seen=first.observed,
    )


def _values(record: Record) -> list[Problem]:
    """Return the values inside maps that the decoder refuses."""
    wrong: list[Problem] = []
    if isinstance(record, LayerRecord):
        return wrong
    for key, value in record.big_data_sizes.items():
        if value is not None and type(value) is not int:
            wrong.append(_problem(record, f"big-data-sizes/{_escaped(key)}", "an integer", value))
    for key, value in record.big_data_digests.items():
        if value is not None and not isinstance(value, str):
            wrong.append(_problem(record, f"big-data-digests/{_escaped(key)}", "a string", value))
    return wrong


def _problem(record: Record, pointer: str, expected: str, value: object) -> Problem:
    where = record.where.field(pointer)
    return Problem("wrong-type", where, expected, f"{type(value).__name__} {value!r:.60}")


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
