"""Field name, id or file name is one bit off.

What it finds
    A field of a record whose name is no field of the engine's and differs from one in a single bit; an id in a record,
    its own or one that it names, that differs in a single bit from the id which data and other records have; a file or
    directory whose name is one bit off the one that is absent there.

Why it matters
    The engine drops a field that it does not know, and takes an id as it stands: the record loses its id, parent or
    digest, its data has no record any more, and garbage collection may delete it. A file under another name is not
    there for it.

How sure
    High: no hand that edits changes one bit of a letter, and no copy does. Go reads a field whatever its case, so that
    another case is no damage. Of an id and a directory that are one bit apart the one is right that the image's own
    config, or podman's database, confirms; else the directory is believed. It points at the medium or the memory, so
    more may be wrong.

Remedy
    With the engines stopped, write the letter back, or restore the file from a backup. Look at the disk and the memory
    of the node before anything else is written to them.

Engine source
    containers/storage layers.go, images.go, containers.go: the fields of a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.capture.misnamed import image_elsewhere, misnamed
from analyzer.checks.rule import ERROR, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.index_emptied import named_without_record
from analyzer.checks.store.index_files import documents, unrecorded
from analyzer.snapshot.bigdata import file_name

FIELDS = frozenset(
    {
        "id", "names", "names-history", "created", "metadata", "flags", "parent", "mountlabel", "mountpoint",
        "compressed-diff-digest", "compressed-size", "diff-digest", "diff-size", "toc-digest", "compression", "uidset",
        "gidset", "uidmap", "gidmap", "readonly", "big-data-names", "big-data-sizes", "big-data-digests", "digest",
        "layer", "mapped-layers", "image",
    }
)  # fmt: skip
"""Names of the fields of all records (containers/storage layers.go, images.go, containers.go)."""


NAMES = {
    "layers": {"parent": "layers"},
    "images": {"layer": "layers"},
    "containers": {"layer": "layers", "image": "images"},
}
"""Fields of records that name another record, and the part that has it."""
OF_A_LAYER = frozenset({"diff", "link", "lower", "merged", "work", "empty"})
"""What an overlay layer directory holds (containers/storage drivers/overlay: create)."""


@rule("STO-021", severity=ERROR, needs=(Need.INDEX,), says="{path}: {found} is one bit off {right} (at {pointer})")
def check(view: StoreView, this: Rule) -> Findings:
    """Look at the field names of every record, then at ids that nothing knows, its own and those it names."""
    for part, document in documents(view):
        lost = unrecorded(view, part) | named_without_record(view, part, volatile=document.name.startswith("volatile-"))
        for row in document.salvaged.rows:
            if not isinstance(row.value, dict):
                continue
            fields = {name.lower(): value for name, value in row.value.items()}
            key = str(fields.get("id", ""))
            for name in fields.keys() - FIELDS:
                if right := misnamed(name, FIELDS):
                    about = [str(fields[name])] if right == "id" else [key]
                    pointer = f"{row.pointer}/{name}"
                    yield _finding(view, this, part, Where(document.path, pointer), f"field {name}", right, about)
            right = "" if _has_data(view, part, key) else misnamed(key, lost)
            if right and _confirmed(view, part, key, right):
                yield _of_name(view, this, part, view.store.part_path(part, right), key, [key, right])
            elif right:
                where = Where(document.path, f"{row.pointer}/id")
                yield _finding(view, this, part, where, f"id {key}", right, [key, right])
            for name, wrong, right in _references(view, part, fields):
                where = Where(document.path, f"{row.pointer}/{name}")
                yield _finding(view, this, part, where, f"{name} {wrong}", right, [key, wrong, right], [key])
    yield from _names(view, this)


def _names(view: StoreView, this: Rule) -> Findings:
    """Look at names in the directories of layers and of images in which another one is absent."""
    store = view.store
    for layer in store.home.layers.values():
        for name in OF_A_LAYER - layer.entries.keys() if layer.name in view.rel.layers else ():
            if other := misnamed(name, layer.entries):
                yield _of_name(view, this, "layers", f"{layer.path}/{other}", name, [layer.name])
    for image in store.images:
        files = store.image_files.get(image.id, {})
        for name in {file_name(key) for key in image.big_data_names} - files.keys():
            if other := misnamed(name, files):
                path = store.part_path("images", image.id, other)
                yield _of_name(view, this, "images", path, name, [image.id])


def _confirmed(view: StoreView, part: str, key: str, other: str) -> bool:
    """Tell whether something else than its record has an id, so that the directory of another name is wrong."""
    if part == "images":
        return image_elsewhere(view.store, key) == other
    return part == "containers" and any(key in state.containers for state in view.store.libpod)


def _of_name(view: StoreView, this: Rule, part: str, path: str, right: str, about: list[str]) -> Finding:
    """Return the finding about a name in a directory; `about` are the ids that it explains."""
    name = path.rpartition("/")[2]
    return this.found(
        view.file(path),
        [(Where(path), right, name)],
        variant=path,
        says="{path} is one bit off {right}, which is absent there",
        path=path,
        part=part,
        found=f"name {name}",
        right=right,
        pointer="",
        ids=about,
        broken=about[:1],
    )


def _references(view: StoreView, part: str, row: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (field, id, right id) of ids that a record names, and that nothing has but for one bit."""
    for name, target in NAMES.get(part, {}).items():
        wrong = str(row.get(name) or "")
        known = view.rel.images if target == "images" else view.rel.layers
        if not wrong or wrong in known or _has_data(view, target, wrong):
            continue
        if right := misnamed(wrong, known):
            yield name, wrong, right


def _has_data(view: StoreView, part: str, key: str) -> bool:
    store = view.store
    if part == "layers":
        return key in store.home.layers or key in store.tar_splits or key in store.layer_files
    return key in (store.image_files if part == "images" else store.container_files)


def _finding(
    view: StoreView,
    this: Rule,
    part: str,
    where: Where,
    found: str,
    right: str,
    about: list[str],
    broken: Sequence[str] = (),
) -> Finding:
    """Return the finding: `about` are the ids that it explains, `broken` those records that fail, all where empty."""
    return this.found(
        view.file(where.path),
        [(where, right, found)],
        variant=f"{where.pointer}",
        path=where.path,
        part=part,
        found=found,
        right=right,
        pointer=where.pointer,
        ids=about,
        broken=list(broken or about),
    )
