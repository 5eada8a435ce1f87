"""`zstd-chunked-manifest` of a layer is not a table of contents of version 1.

What it finds
    A layer's table of contents that is empty, NUL-filled, no JSON object, of another version, or without entries.

Why it matters
    Partial pulls read it to re-use files of the layer, and skip the layer when they cannot. With it goes the strongest
    proof of the layer's files: the table holds a SHA-256 of each.

How sure
    High: the file is in the bundle.

Remedy
    `analyzer plan` restores the table of contents from a new pull of the image.

Engine source
    containers/storage pkg/chunked: unmarshalToc, prepareCacheFile.
"""

from __future__ import annotations

from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.salvage import load_object

TOC = "zstd-chunked-manifest"
VERSION = 1


@rule(
    "LAY-011",
    severity=WARNING,
    needs=(Need.LAYER_RECORDS,),
    says="{path}, the table of contents of layer {layer}, is {seen}; it should be a JSON object of version 1",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Parse the table of contents of every layer that lists one."""
    for record in view.layer_records:
        if TOC not in record.big_data_names or record.incomplete:
            continue
        files = [store.layer_files.get(record.id, {}).get(file_name(TOC)) for store in view.rel.stores]
        file = next((each for each in files if each is not None), None)
        if file is None or file.data is None or file.cut:
            continue
        seen = _seen(file.data)
        if not seen:
            continue
        yield this.found(
            view.layer(record.id),
            [(file.where, "a JSON object with version 1 and a list of entries", seen)],
            **users_of(view, [record.id]).facts,
            path=file.path,
            seen=seen,
            unsynced=not file.data or file.zeroed,
        )


def _seen(data: bytes) -> str:
    value, error = load_object(data)
    if error:
        return error
    if not isinstance(value, dict):
        return f"a JSON {type(value).__name__}"
    if value.get("version") != VERSION:
        return f"of version {value.get('version')!r:.40}"
    return "" if isinstance(value.get("entries"), list) else "without a list of entries"
