"""The rows that one report gives to every table of the dataset, and their way between processes.

A row is a list in the order of the table's columns, without `node`: text, whole numbers, numbers, truth, lists of
these, times as Unix nanoseconds, None for what is not known.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from analyzer.api.report import Report
from analyzer.fleet import schema
from analyzer.fleet.facts import facts, first_value
from analyzer.fleet.task import Task
from analyzer.outlook.timeline import Timeline, timeline
from analyzer.report.columns import affected_rows, cause_rows, finding_rows
from analyzer.report.formats.document import cleaned
from analyzer.snapshot.rows import container_row, image_row, in_range, layer_row

Rows = dict[str, list[list[Any]]]
BAD_EVENTS = 200
"""Bad events that are kept of one node."""


class Payload(msgspec.Struct, frozen=True):
    """What a worker sends back: the report's document, the rows of every table but `runs`, and the page if wanted."""

    document: dict[str, Any]
    rows: Rows
    page: str = ""


def pack(report: Report, task: Task) -> bytes:
    """Return the payload of an outcome as JSON."""
    document = report.to_dict()
    return msgspec.json.encode(Payload(document, rows_of(report, document, task), _page(report) if task.page else ""))


def _page(report: Report) -> str:
    from analyzer.report.formats.html.page import render  # noqa: PLC0415  not for every batch

    return render(report)


def unpack(data: bytes) -> Payload:
    """Return what `pack` made.

    Raises:
        ValueError: it is something else.
    """
    try:
        return msgspec.json.decode(data, type=Payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError(f"no payload: {error}") from error


def rows_of(report: Report, document: Mapping[str, Any], task: Task | None = None) -> Rows:
    """Return the rows of every table but `runs`."""
    line = timeline(report.snapshot, report.findings)
    known, stores = list(facts(report)), report.snapshot.stores
    made: dict[str, Iterable[Mapping[str, Any]]] = {
        "nodes": [_node(report, document, line, known, task)],
        "causes": _causes(report, document, line),
        "findings": finding_rows(document),
        "affected": affected_rows(document),
        "plan": ({**step, "rank": c["rank"], "cause": c["id"]} for c in document["causes"] for step in c["plan"]),
        "coverage": _coverage(document),
        "events": _events(line),
        "facts": ({"kind": kind, "value": value} for kind, value in known),
        "images": (image_row(store, image) for store in stores for image in store.images),
        "layers": (layer_row(store, layer) for store in stores for layer in store.layers),
        "containers": (container_row(store, each) for store in stores for each in store.containers),
    }
    return {name: ordered(name, rows) for name, rows in made.items()}


def ordered(table: str, rows: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """Return rows as lists in the order of a table's columns; every string valid Unicode."""
    names = [name for name in schema.TABLES[table] if name != "node"]
    return [cleaned([row[name] for name in names]) for row in rows]


def failed_row(path: str, sha256: str | None, failure: str, reason: str, tool: str) -> dict[str, Any]:
    """Return the row of `nodes` of a bundle without a report: nothing is known of it."""
    blank: dict[str, Any] = {name: _blank(kind) for name, kind in schema.NODES.items()}
    told = {"path": path, "sha256": sha256, "status": "failed", "failure": failure, "reason": reason, "tool": tool}
    return {**blank, **told, "verdict": "undetermined", "thin": "there is no report"}


def _blank(kind: str) -> Any:
    return {"string": "", "bool": False, "int64": 0}.get(kind)


def _node(
    report: Report, document: Mapping[str, Any], line: Timeline, known: list[tuple[str, str]], task: Task | None
) -> dict[str, Any]:
    coverage, bundle, platform = document["coverage"], document["bundle"], document["platform"]
    first = document["causes"][0] if document["causes"] else None
    root = document["stores"][0]
    bad = line.events[line.first_bad] if line.first_bad >= 0 else None
    return {
        "path": task.path if task is not None else bundle["path"],
        "sha256": bundle["sha256"],
        "status": "done",
        "failure": "",
        "reason": "",
        "verdict": document["verdict"],
        "thin": report.too_thin,
        "complete": coverage["complete"],
        "depth": coverage["depth"],
        "content": coverage["content"],
        "xattrs": coverage["xattrs"],
        "losses": len(coverage["losses"]),
        "checks": len(coverage["checks"]["run"]),
        "skipped": len(coverage["checks"]["skipped"]),
        "format": bundle["format"],
        "layout": bundle["layout"],
        "members": bundle["members"],
        "bytes": bundle["bytes"],
        "platform": "/".join(filter(None, (platform["os"], platform["architecture"], platform["variant"]))),
        "driver": root["driver"],
        "backing_fs": root["backing_fs"] or "",
        **{kind: first_value(known, kind) for kind in ("crio", "podman", "kernel", "os")},
        **{part: sum(store[part] for store in document["stores"]) for part in ("layers", "images", "containers")},
        "findings": len(document["findings"]),
        "causes": len(document["causes"]),
        "first_cause": first["id"] if first else "",
        "severity": first["severity"] if first else "",
        "probability": first["probability"] if first else None,
        "title": first["title"] if first else "",
        "newest": in_range(line.newest_ns) if line.newest_ns > 0 else None,
        "first_bad": bad.ns if bad else None,
        "first_bad_event": " ".join(filter(None, (bad.path, bad.event))) if bad else "",
        "report": "",
        "tool": document["tool"]["version"],
    }


def _causes(report: Report, document: Mapping[str, Any], line: Timeline) -> Iterator[dict[str, Any]]:
    for cause, item, row in zip(report.causes, document["causes"], cause_rows(document), strict=True):
        explained = set(cause.hypothesis.explains)
        times = [event.ns for event in line.events if event.bad and not explained.isdisjoint(event.findings)]
        yield {
            **row,
            "fingerprint": cause_fingerprint(item),
            "known": report.is_known(cause),
            "first": min(times, default=None),
            "last": max(times, default=None),
        }


def cause_fingerprint(cause: Mapping[str, Any]) -> str:
    """Return 16 hex digits that two causes share when the same happened to the same object.

    The object is the cause's first subject: its kind and id, or the last part of its path where it has no id. Layers
    and images of the same content have the same ids on every node.
    """
    subject = cause["subjects"][0]
    text = "\0".join((cause["id"], subject["kind"], subject["id"] or subject["path"].rpartition("/")[2]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _coverage(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    coverage = document["coverage"]
    for kind, items in (("loss", coverage["losses"]), ("note", coverage["notes"])):
        for item in items:
            yield {"kind": kind, "what": item["what"], "place": f"{item['where']} at {item['offset']}"}
    for item in coverage["checks"]["skipped"]:
        yield {"kind": "skipped", "what": item["because"], "place": item["rule"]}
    for item in coverage["checks"]["faulty"]:
        yield {"kind": "faulty", "what": item["because"], "place": item["name"]}


def _events(line: Timeline) -> Iterator[dict[str, Any]]:
    """Yield the first bad events of a node and the landmarks of its logs."""
    bad = 0
    for event in line.events:
        bad += event.bad
        if (event.bad and bad <= BAD_EVENTS) or (event.kind == "log" and not event.behaviour):
            yield {
                "time": in_range(event.ns),
                "kind": event.kind,
                "event": event.event,
                "id": event.id,
                "name": event.name,
                "path": event.path,
                "bad": event.bad,
            }
