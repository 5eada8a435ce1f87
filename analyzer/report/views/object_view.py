"""Everything the bundle says about one object: its record as it lies, its chain, its files, what is wrong with it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.graph.find import CONTAINER, IMAGE, LAYER, FoundObject, names_of
from analyzer.graph.relations import Relations
from analyzer.graph.users import chain_below, users_of
from analyzer.report.encode.text import inert
from analyzer.report.formats.document import cleaned
from analyzer.report.lines import hanging
from analyzer.report.words import ranked
from analyzer.snapshot.content import Entry
from analyzer.snapshot.overlay import LayerDirectory, lower_ids, text_of
from analyzer.snapshot.provenance import SmallFile, Where
from analyzer.snapshot.store import Store

PARTS = {LAYER: "layers", IMAGE: "images", CONTAINER: "containers"}
SHOWN = 12


def shown(found: FoundObject, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of an object as one JSON value.

    Args:
        found: the object.
        document: the JSON report on the bundle, for its findings and causes.
    """
    rel, kind, object_id = found.rel, found.kind, found.id
    users = users_of(rel, kind, object_id)
    value: dict[str, Any] = {
        "kind": kind,
        "id": object_id,
        "name": found.name,
        "found_by": found.how,
        "path": found.path or None,
        "records": _records(rel, kind, object_id),
        "chain": [_step(rel, *step) for step in chain_below(rel, kind, object_id)],
        "used_by": {
            "layers": list(users.layers),
            "images": [{"id": i, "names": list(rel.image_names(i))} for i in users.images],
            "containers": [{"id": c, "name": names_of(rel, CONTAINER, c)} for c in users.containers],
            "pods": list(users.pods),
        },
        "files": _files(rel, kind, object_id),
        "findings": [f for f in document["findings"] if _about(f, found)],
        "causes": [_cause(c) for c in document["causes"] if any(s["id"] == object_id for s in c["subjects"])],
        "hit_by": [_cause(c) for c in document["causes"] if _hit(c, kind, object_id)],
    }
    if kind == LAYER:
        value["driver"] = _driver(rel, object_id)
    if found.path:
        value["entry"] = _entry(rel, found)
    whole: dict[str, Any] = cleaned(value)
    return whole


def _records(rel: Relations, kind: str, object_id: str) -> list[dict[str, Any]]:
    """Return every record of that id as it lies in its index file; the first one is the one that counts."""
    if kind not in PARTS:
        return []
    return [
        {**_place(record.where), "value": _raw(store, record.where)}
        for store in rel.stores
        for record in getattr(store, PARTS[kind])
        if record.id == object_id
    ]


def _place(where: Where) -> dict[str, Any]:
    return {"path": where.path, "pointer": where.pointer, "offset": where.offset}


def _raw(store: Store, where: Where) -> Any:
    for document in store.documents.values():
        if document.path == where.path:
            return next((row.value for row in document.salvaged.rows if row.pointer == where.pointer), None)
    return None


def _step(rel: Relations, kind: str, object_id: str) -> dict[str, Any]:
    records: dict[str, Any] = {LAYER: rel.layers, IMAGE: rel.images, CONTAINER: rel.containers}.get(kind) or {}  # type: ignore[assignment]
    step = {"kind": kind, "id": object_id, "name": names_of(rel, kind, object_id), "record": object_id in records}
    if kind == LAYER:
        step["directory"] = rel.directory(object_id) is not None
    return step


def _driver(rel: Relations, layer_id: str) -> dict[str, Any] | None:
    directory = rel.directory(layer_id)
    if directory is None:
        return None
    lower = text_of(directory.lower)
    ids = (lower_ids(lower) or []) if lower is not None else []
    return {
        "path": directory.path,
        "link": text_of(directory.link),
        "lower": lower,
        "lower_layers": [rel.links.get(link, "") for link in ids],
        "entries": sorted(directory.entries),
        "content": _content(directory),
    }


def _content(directory: LayerDirectory) -> dict[str, Any]:
    return {name: {"entries": table.counted, "bytes": table.bytes} for name, table in sorted(directory.tables.items())}


def _files(rel: Relations, kind: str, object_id: str) -> list[dict[str, Any]]:
    files: list[SmallFile] = []
    for store in rel.stores:
        tree = {LAYER: store.layer_files, IMAGE: store.image_files, CONTAINER: store.container_files}.get(kind, {})
        files.extend(tree.get(object_id, {}).values())
        if kind == LAYER and object_id in store.tar_splits:
            files.append(store.tar_splits[object_id])
    return [
        {"path": file.path, "kind": file.member.kind, "size": file.member.size, "digest": file.digest() or None}
        for file in files
    ]


def _about(finding: Mapping[str, Any], found: FoundObject) -> bool:
    subject = finding["subject"]
    return subject["id"] == found.id or found.id in subject["path"]


def _cause(cause: Mapping[str, Any]) -> dict[str, Any]:
    return {key: cause[key] for key in ("rank", "id", "title", "probability", "severity")}


def _hit(cause: Mapping[str, Any], kind: str, object_id: str) -> bool:
    hit = cause["affected"]
    if kind == LAYER:
        return object_id in hit["layers"]
    return any(item["id"] == object_id for item in hit.get(f"{kind}s", ()))


def _entry(rel: Relations, found: FoundObject) -> dict[str, Any] | None:
    """Return facts of the file below a diff directory that was asked for."""
    directory = rel.directory(found.id) if found.kind == LAYER else None
    for table in directory.tables.values() if directory else ():
        if found.path.startswith(table.path + "/") and (entry := table.get(found.path[len(table.path) + 1 :])):
            return _facts(entry)
    return None


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "mode": f"{entry.mode:04o}",
        "uid": entry.uid,
        "gid": entry.gid,
        "size": entry.size,
        "mtime_ns": entry.mtime_ns,
        "crc64": f"{entry.crc:016x}" if entry.crc is not None else None,
        "zeroed": entry.zeroed,
        "cut": entry.cut,
        "link": entry.link or None,
        "device": list(entry.rdev) if entry.kind in ("char", "block") else None,
        "xattrs": {name: value.hex() for name, value in sorted(entry.xattrs.items())},
    }


def render(value: Mapping[str, Any], columns: int = 100) -> str:
    """Return what `shown` gave as text for a terminal."""
    return "\n".join(inert(line) for line in _lines(value, columns)) + "\n"


def _lines(value: Mapping[str, Any], columns: int) -> Iterator[str]:
    name = f" ({value['name']})" if value["name"] else ""
    yield f"{value['kind']} {value['id']}{name}"
    if value["path"]:
        yield f"found by its {value['found_by']} {value['path']}"
    for record in value["records"]:
        yield f"record     {record['path']} {record['pointer']} (byte {record['offset']})"
        text = json.dumps(record["value"], indent=2, ensure_ascii=False)
        yield from (f"           {line}" for line in text.splitlines())
    if not value["records"]:
        yield "record     none in this bundle"
    yield from _chain(value)
    yield from _directory(value.get("driver"))
    if value.get("entry"):
        yield from _block("entry", [f"{key} {fact}" for key, fact in value["entry"].items() if fact not in (None, {})])
    yield from _block("files", [f"{f['path']}  {f['size']} bytes  {f['digest'] or f['kind']}" for f in value["files"]])
    yield from _users(value["used_by"])
    yield from _judged(value, columns)


def _block(label: str, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield (f"{label:<10} " if number == 0 else " " * 11) + line


def _chain(value: Mapping[str, Any]) -> Iterator[str]:
    lines = []
    for step in value["chain"]:
        wrong = "" if step["record"] else "  ✗ no record"
        if step.get("directory") is False:
            wrong += "  ✗ no directory"
        lines.append(f"{step['kind']} {step['id'][:12]}  {step['name']}".rstrip() + wrong)
    yield from _block("chain", lines)


def _directory(driver: Mapping[str, Any] | None) -> Iterator[str]:
    if driver is None:
        return
    lower = ", ".join(layer[:12] or "?" for layer in driver["lower_layers"])
    lines = [driver["path"], f"link {driver['link']!r}" if driver["link"] is not None else "no link file"]
    if driver["lower"] is not None:
        lines.append(f"lower {len(driver['lower_layers'])} links: {lower}" if lower else f"lower {driver['lower']!r}")
    lines.extend(
        f"{name}: {held['entries']} entries, {held['bytes']} bytes" for name, held in driver["content"].items()
    )
    yield from _block("directory", lines)


def _users(users: Mapping[str, Any]) -> Iterator[str]:
    lines = [f"image {i['id'][:12]}  {', '.join(i['names'])}" for i in users["images"]]
    lines += [f"container {c['id'][:12]}  {c['name']}" for c in users["containers"]]
    lines += [f"layer {layer[:12]}" for layer in users["layers"]]
    more = len(lines) - SHOWN
    yield from _block("used by", lines[:SHOWN] + ([f"and {more} more: `analyzer who-uses`"] if more > 0 else []))
    if not lines:
        yield "used by    nothing"


def _judged(value: Mapping[str, Any], columns: int) -> Iterator[str]:
    lines: list[str] = []
    for finding in value["findings"]:
        text = f"{finding['id']} {finding['rule']} {finding['severity']} {finding['message']}"
        lines += hanging(inert(text), max(columns - 11, 30), "", "  ")
        lines += [f"  at {e['path']} {e['pointer'] or ''}".rstrip() for e in finding["evidence"]]
        lines += [f"  expected {e['expected']}, seen {e['observed']}" for e in finding["evidence"][:1]]
    yield from _block("findings", lines or ["none about it"])
    yield from _block("cause", list(map(ranked, value["causes"])))
    yield from _block("hit by", list(map(ranked, value["hit_by"])))
