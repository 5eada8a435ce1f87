"""Field name or id in an index file is one bit off.

What it finds
    A field of a record whose name is no field of the engine's and differs from one in a single bit; an id in a record,
    its own or one that it names, that differs in a single bit from the id which data and other records have.

Why it matters
    The engine drops a field that it does not know, and takes an id as it stands: the record loses its id, parent or
    digest, its data has no record any more, and garbage collection may delete it.

How sure
    High: no hand that edits changes one bit of a letter. It points at the medium or the memory, so more may be wrong.

Remedy
    With the engines stopped, write the letter back, or restore the file from a backup. Look at the disk and the memory
    of the node before anything else is written to them.

Engine source
    containers/storage layers.go, images.go, containers.go: the fields of a record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.checks.rule import ERROR, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.store.index_emptied import named_without_record
from analyzer.checks.store.index_files import documents, unrecorded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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


@rule("STO-021", severity=ERROR, needs=(Need.INDEX,), says="{path}: {found} is one bit off {right} (at {pointer})")
def check(view: StoreView, this: Rule) -> Findings:
    """Look at the field names of every record, then at ids that nothing knows, its own and those it names."""
    for part, document in documents(view):
        lost = unrecorded(view, part) | named_without_record(view, part, volatile=document.name.startswith("volatile-"))
        for row in document.salvaged.rows:
            if not isinstance(row.value, dict):
                continue
            key = str(row.value.get("id", ""))
            for name in row.value.keys() - FIELDS:
                if right := next((field for field in sorted(FIELDS) if one_bit(name, field)), ""):
                    about = [str(row.value[name])] if right == "id" else [key]
                    pointer = f"{row.pointer}/{name}"
                    yield _finding(view, this, part, Where(document.path, pointer), f"field {name}", right, about)
            right = (
                "" if _has_data(view, part, key) else next((each for each in sorted(lost) if one_bit(key, each)), "")
            )
            if right:
                where = Where(document.path, f"{row.pointer}/id")
                yield _finding(view, this, part, where, f"id {key}", right, [key, right])
            for name, wrong, right in _references(view, part, row.value):
                where = Where(document.path, f"{row.pointer}/{name}")
                yield _finding(view, this, part, where, f"{name} {wrong}", right, [key, wrong, right], [key])


def _references(view: StoreView, part: str, row: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield (field, id, right id) of ids that a record names, and that nothing has but for one bit."""
    for name, target in NAMES.get(part, {}).items():
        wrong = str(row.get(name) or "")
        known = view.rel.images if target == "images" else view.rel.layers
        if not wrong or wrong in known or _has_data(view, target, wrong):
            continue
        if right := next((each for each in sorted(known) if one_bit(wrong, each)), ""):
            yield name, wrong, right


def _has_data(view: StoreView, part: str, key: str) -> bool:
    store = view.store
    if part == "layers":
        return key in store.home.layers or key in store.tar_splits or key in store.layer_files
    return key in (store.image_files if part == "images" else store.container_files)


def one_bit(one: str, other: str) -> bool:
    """Tell whether two texts differ in exactly one bit."""
    if one == other or len(one) != len(other):
        return False
    apart = [ord(a) ^ ord(b) for a, b in zip(one, other, strict=True) if a != b]
    return len(apart) == 1 and apart[0].bit_count() == 1


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
