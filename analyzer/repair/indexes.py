"""The rows of every index, as far as the files themselves give them back.

A damaged index keeps its whole rows (`analyzer.snapshot.salvage`). A complete temporary file that an unclean stop left
beside it is the newer index: the engines write it first and rename it then. Rows of another index are dropped; an index
that has no row of its own gets those that lie in the others' files (files restored in each other's place).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from analyzer.repair.site import INDEXES, Row, Site
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.documents import Document
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.salvage import salvage_array
from analyzer.snapshot.store import Store
from analyzer.snapshot.times import format_time

NAMES = re.compile(r'"names"\s*:\s*\[([^\]\[]*)\]?')
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
MARKS = {"layers": "diff-digest", "images": "big-data-digests", "containers": "image"}
"""A field that rows of one index have and rows of the others have not (containers alone have `image`)."""


def mend_indexes(site: Site) -> None:
    """Set the rows of every index to what can be read of it."""
    _letters(site)
    for number, store in enumerate(site.stores):
        strays = {part: list(_strays(site, number, part)) for part in INDEXES}
        for part, names in INDEXES.items():
            for name in names:
                key = f"{part}/{name}"
                rows = site.rows[number].get(key)
                newer = _temporary_rows(store, name)
                document = store.documents.get(key)
                if newer and (document is None or document.empty or document.broken or not rows):
                    rows = newer
                if rows is not None:
                    if rows is not newer:
                        _decodable(store, part, document, rows)
                    own = [row for row in rows if _belongs(part, row)]
                    site.rows[number][key] = own or (strays[part] if name == f"{part}.json" else own)


def _strays(site: Site, number: int, part: str) -> Iterator[Row]:
    """Yield rows of an index that lie in the files of the others."""
    for key, rows in site.rows[number].items():
        if key.partition("/")[0] != part:
            yield from (dict(row) for row in rows or () if MARKS[part] in row and _belongs(part, row))


def _letters(site: Site) -> None:
    """Write back the letters of field names and ids that are one bit off."""
    for finding in site.of("STO-021"):
        head, _, name = str(finding.facts["pointer"]).rpartition("/")
        for number, store in enumerate(site.stores):
            for key, document in store.documents.items():
                rows = [row for row in document.salvaged.rows if isinstance(row.value, dict)]
                place = next((at for at, row in enumerate(rows) if row.pointer == head), None)
                if document.path != finding.facts["path"] or place is None:
                    continue
                row, right = site.rows[number][key][place], str(finding.facts["right"])
                if str(finding.facts["found"]).startswith("field "):
                    row[right] = row.pop(name)
                else:
                    row[name] = right


def drop_doubles(site: Site) -> None:
    """Leave one record of an image or a container that has several: the one that the engine uses."""
    twice = {f.subject.id for f in site.of("STO-013") if f.subject.kind != "layer"}
    for documents in site.rows:
        for key, rows in documents.items():
            if not key.startswith("layers/"):
                first = {row["id"]: row for row in reversed(rows)}
                documents[key] = [row for row in rows if row["id"] not in twice or first[row["id"]] is row]


def _decodable(store: Store, part: str, document: Document | None, rows: list[Row]) -> None:
    """Take out of rows what the engine's decoder refuses the whole file for; what is known comes back later."""
    if document is None:
        return
    place = {row.pointer: at for at, row in enumerate(r for r in document.salvaged.rows if isinstance(r.value, dict))}
    records: Sequence[LayerRecord | ImageRecord | ContainerRecord] = getattr(store, part)
    for record in records:
        if record.where.path != document.path or not record.problems:
            continue
        row = rows[place[record.where.pointer]]
        for problem in record.problems:
            key = problem.where.pointer[len(record.where.pointer) + 1 :].partition("/")[0]
            for name in [name for name in row if name.lower() == key and name != "id"]:
                del row[name]
        if "created" not in row:
            row["created"] = format_time(_time_of(store, part, record.id) or 0)


def _time_of(store: Store, part: str, name: str) -> int | None:
    """Return when an object was made: by podman's database, else by its directory or its data."""
    known = store.libpod[0].containers.get(name) if part == "containers" and store.libpod else None
    if known is not None:
        return known.created_ns
    if part == "layers":
        directory = store.home.layers.get(name)
        return directory.member.mtime_ns if directory and directory.member else None
    files = (store.image_files if part == "images" else store.container_files).get(name, {})
    return min((file.member.mtime_ns for file in files.values()), default=None)


def is_lost(site: Site, number: int, part: str) -> bool:
    """Tell whether the index of a part is not there, empty or no list: that a row is missing says nothing then."""
    document = site.stores[number].documents.get(f"{part}/{part}.json")
    if document is None:
        told = site.of("STO-002", "STO-020", "STO-022")
        gone = any(f.facts.get("part") == part and not f.doubt for f in told)
        return gone or (part == "containers" and bool(site.of("LPD-009")))
    emptied = any(f.facts.get("part") == part and f.facts.get("kind") == "emptied" for f in site.of("STO-020"))
    if document.empty or document.broken or emptied:
        return True
    rows = document.salvaged.rows
    kept = site.rows[number].get(f"{part}/{part}.json", [])
    return len(kept) < len(rows) / 2 or (not rows and site.stores[number].part_has_data(part))


def needs_writing(document: Document | None) -> bool:
    """Tell whether an index has to be written even where its rows are right."""
    if document is None:
        return False
    return bool(document.broken or document.empty or document.salvaged.problems)


def _temporary_rows(store: Store, name: str) -> list[Row]:
    """Return the rows of the largest sound temporary file of an index."""
    best: list[Row] = []
    for file in store.temporaries:
        if not file.path.rpartition("/")[2].startswith(f".tmp-{name}") or not file.data or file.reason:
            continue
        salvaged = salvage_array(file.data, file.path)
        rows = [dict(row.value) for row in salvaged.rows if isinstance(row.value, dict)]
        if not salvaged.problems and len(rows) >= len(best):
            best = rows
    return best


def _belongs(part: str, row: Row) -> bool:
    """Tell whether a row is one of this index: it has an id, and not the fields of another index alone."""
    name = row.get("id")
    if not isinstance(name, str) or not name:
        return False
    if MARKS[part] in row:
        return True
    if part == "layers":
        return "big-data-digests" not in row and "image" not in row and "digest" not in row
    if part == "containers":
        return False
    return not ("diff-digest" in row or "image" in row or ("parent" in row and "digest" not in row))


def names_in_pieces(document: Document | None) -> dict[str, list[str]]:
    """Return the names that torn rows of an index still show, by id."""
    found: dict[str, list[str]] = {}
    if document is None or document.file.data is None:
        return found
    text = document.file.data.decode("utf-8", "replace")
    for key in document.salvaged.fragments:
        if not HEX_ID.fullmatch(key):
            continue
        start = text.find(f'"{key}"')
        end = text.find('{"id"', start + 1)
        match = NAMES.search(text, start, end if end > 0 else len(text)) if start >= 0 else None
        if match:
            found[key] = [name for name in STRING.findall(match.group(1)) if "\\" not in name]
    return found
