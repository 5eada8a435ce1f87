"""Records, findings and causes as pandas DataFrames, which join by id with those of `analyzer.snapshot.frames`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from analyzer.checks.store_view import StoreView
from analyzer.graph.relations import Relations
from analyzer.graph.usage import usage
from analyzer.outlook.timeline import timeline
from analyzer.report.columns import AFFECTED, CAUSES, EVENTS, FINDINGS, affected_rows, cause_rows, finding_rows
from analyzer.report.model.analysis import Analysis
from analyzer.report.views.records import container_state, image_size, image_state, layer_state, own_size
from analyzer.report.views.timeline import rows as event_rows
from analyzer.snapshot.columns import CONTAINERS, IMAGES, LAYERS
from analyzer.snapshot.frames import frame
from analyzer.snapshot.rows import container_row, image_row, in_range, layer_row, size_in_range
from analyzer.snapshot.store import Store
from analyzer.source.member import FILE
from analyzer.verify.facts import FACETS, PLANTED

if TYPE_CHECKING:
    import pandas as pd

TEXTS = ("id", "name", "behaviour")
CHANGES = {
    "store": "string",
    "layer": "string",
    "name": "string",
    "what": "string",
    "kind": "string",
    "expected": "string",
    "observed": "string",
    "mtime": "datetime64[ns, UTC]",
    "recorded_mtime": "datetime64[ns, UTC]",
    "size": "Int64",
    "recorded_size": "Int64",
    "note": "string",
    "path": "string",
}
SPACE = {
    "store": "string",
    "id": "string",
    "name": "string",
    "names": "object",
    "shared": "Int64",
    "unique": "Int64",
    "big_data": "Int64",
    "frees": "Int64",
    "containers": "int64",
    "unknown_layers": "int64",
}
BUNDLES = {
    "node": "string",
    "path": "string",
    "verdict": "string",
    "complete": "bool",
    "layers": "int64",
    "images": "int64",
    "containers": "int64",
    "findings": "int64",
    "causes": "int64",
    "first_cause": "string",
    "probability": "Float64",
    "title": "string",
    "error": "string",
}


def findings_of(document: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per finding of a report document, in its order; `subject` is an id, or a path for a file."""
    return frame(finding_rows(document), FINDINGS)


def causes_of(document: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per cause of a report document, by rank."""
    return frame(cause_rows(document), CAUSES)


def affected_of(document: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row per object that a cause breaks: images, containers, then layers of each cause by rank."""
    return frame(affected_rows(document), AFFECTED)


def layers(report: Analysis) -> pd.DataFrame:
    """Return one row per layer record, in store and file order, with what stands on it; sizes in bytes."""
    return frame(
        (
            {
                **layer_row(store, layer),
                "images": rel.images_on.count(layer.id),
                "containers": rel.containers_on.count(layer.id),
                "state": layer_state(rel, layer.id),
            }
            for rel, store in _stores(report)
            for layer in store.layers
        ),
        LAYERS,
    )


def images(report: Analysis) -> pd.DataFrame:
    """Return one row per image record, in store and file order, with its containers; sizes in bytes."""
    return frame(
        (
            {
                **image_row(store, image),
                "size": size_in_range(image_size(rel, image)),
                "containers": len(rel.users_of_image.get(image.id, ())),
                "state": image_state(rel, image),
            }
            for rel, store in _stores(report)
            for image in store.images
        ),
        IMAGES,
    )


def containers(report: Analysis) -> pd.DataFrame:
    """Return one row per container record, in store and file order."""
    return frame(
        (
            {
                **container_row(store, container),
                "size": size_in_range(own_size(rel, container.layer)),
                "state": container_state(rel, container.image, container.layer),
            }
            for rel, store in _stores(report)
            for container in store.containers
        ),
        CONTAINERS,
    )


def _stores(report: Analysis) -> list[tuple[Relations, Store]]:
    """Return the stores of a bundle in its order, each with the relations it belongs to."""
    place = {id(store): number for number, store in enumerate(report.snapshot.stores)}
    pairs = ((rel, store) for rel in report.relations for store in rel.stores)
    return sorted(pairs, key=lambda pair: place.get(id(pair[1]), len(place)))


def changes(report: Analysis) -> pd.DataFrame:
    """Return one row per way in which a file is not as its layer's own description has it.

    The description is the layer's tar-split or its table of contents. Of each kind of difference the first thousand of
    a layer are listed.
    """
    stores = ((rel, store) for rel in report.relations for store in rel.stores)
    return frame((row for rel, store in stores for row in _changes(report, rel, store)), CHANGES)


def _changes(report: Analysis, rel: Relations, store: Store) -> Iterator[dict[str, Any]]:
    contents = StoreView(report.snapshot, store, rel, platform=report.platform).contents
    for layer_id, facts in contents.items():
        directory = store.home.layers.get(layer_id)
        tables = directory.tables.values() if directory is not None else ()
        table = next((each for each in tables if each.path == facts.diff), None)
        for difference in facts.of(*FACETS):
            found = table.get(difference.path) if table is not None else None
            yield {
                "store": store.root or ".",
                "layer": layer_id,
                "name": difference.path,
                "what": difference.facet,
                "kind": difference.kind,
                "expected": difference.expected,
                "observed": difference.observed,
                "mtime": in_range(difference.mtime_ns),
                "recorded_mtime": in_range(difference.recorded_ns),
                "size": found.size if found is not None and found.kind == FILE else None,
                "recorded_size": difference.size if difference.facet != PLANTED else None,
                "note": difference.note,
                "path": f"{facts.diff}/{difference.path}",
            }


def events(report: Analysis) -> pd.DataFrame:
    """Return one row per event of the time line, oldest first: what `analyzer timeline` prints."""
    line = timeline(report.snapshot, report.findings)
    told = ({**row, **{name: row[name] or "" for name in TEXTS}, "time": row["ns"]} for row in event_rows(line, report))
    return frame(told, EVENTS)


def image_space(report: Analysis) -> pd.DataFrame:
    """Return the bytes of each image, largest first: the numbers of `analyzer du`."""
    rows = [
        {
            "store": rel.stores[0].root or ".",
            "id": image.id,
            "name": image.names[0] if image.names else "",
            "names": image.names,
            "shared": image.shared,
            "unique": image.unique,
            "big_data": image.big_data,
            "frees": image.frees,
            "containers": len(image.containers),
            "unknown_layers": len(image.unknown),
        }
        for rel in report.relations
        for image in usage(report.snapshot, rel).images
    ]
    return frame(sorted(rows, key=_size), SPACE)


def _size(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return -row["shared"] - row["unique"] - row["big_data"], row["names"], row["id"]


def bundles(documents: Mapping[str, Mapping[str, Any]], failed: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per bundle of a fleet; one that could not be read has its `error` and nothing else."""
    rows = [_bundle(name, document) for name, document in documents.items()]
    blank = dict.fromkeys(("layers", "images", "containers", "findings", "causes"), 0)
    for name, error in failed.items():
        texts = {"path": "", "verdict": "undetermined", "first_cause": "", "title": ""}
        rows.append({"node": name, **texts, **blank, "complete": False, "probability": None, "error": error})
    return frame(rows, BUNDLES)


def _bundle(name: str, document: Mapping[str, Any]) -> dict[str, Any]:
    first = document["causes"][0] if document["causes"] else None
    return {
        "node": name,
        "path": document["bundle"]["path"],
        "verdict": document["verdict"],
        "complete": document["coverage"]["complete"],
        **{part: sum(store[part] for store in document["stores"]) for part in ("layers", "images", "containers")},
        "findings": len(document["findings"]),
        "causes": len(document["causes"]),
        "first_cause": first["id"] if first else "",
        "probability": first["probability"] if first else None,
        "title": first["title"] if first else "",
        "error": "",
    }
