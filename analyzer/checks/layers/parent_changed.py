"""Layer id proves another parent than the record names.

What it finds
    A layer whose id is the hash of its digest and of *another* parent than its record names, where that other parent
    is known to the store (or is none at all).

Why it matters
    The record's parent was changed after the pull: by hand, or by restoring an older layers.json over a newer store.
    Engines go by the record: they sum, remove, push and re-use the wrong chain. The kernel goes by `lower`, which may
    still be the true one.

How sure
    As sure as SHA-256: the id could not have come out of any other parent. Layers of builds, containers and id-mapped
    copies have random ids; for these nothing can be told and nothing is. Where record and `lower` were changed alike,
    the config of an image names the digests of the layers below.

Remedy
    With the engines stopped, put the parent that the finding states back into layers.json, or restore the file from a
    copy.

Engine source
    containers/image storage/storage_dest.go: layerID.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.checks.layers.identity import chain_ids, made_on, parent_of_id
from analyzer.checks.overlay.lowers import Lowers, lowers_of
from analyzer.checks.rule import ERROR, Finding, Findings, Need, Rule, StoreView, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.layers import LayerRecord

MOST_TRIES = 200_000


@rule(
    "LAY-008",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says=(
        "the id of layer {layer} proves that its parent is {true_words}, but its record names {recorded_words};"
        " needed by {needed}"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the true parent of every layer whose id does not follow from the recorded one."""
    lowers: Lowers | None = None
    by_configs: dict[str, str] | None = None
    tries = MOST_TRIES
    for record in view.layer_records:
        if not (record.diff_digest or record.toc_digest):
            continue
        if record.uidmap or record.id in view.rel.mapped or made_on(record, record.parent):
            continue
        lowers = lowers or lowers_of(view.rel)
        by_configs = _by_configs(view) if by_configs is None else by_configs
        likely = dict.fromkeys(["", *_named(lowers, record), by_configs.get(record.id, "")])
        true = _first_match(record, likely)
        if true is None and tries > 0 and not _lower_agrees(lowers, record):
            tries -= len(view.rel.layers)
            true = parent_of_id(record, (*view.rel.layers, *view.rel.children))
        if true is not None and true != record.parent:
            yield _finding(view, this, record, true)


def _by_configs(view: StoreView) -> dict[str, str]:
    """Return the parents that the configs of images give the layers that were pulled for them."""
    found: dict[str, str] = {}
    for _, _, opening in view.images_judged:
        ids = chain_ids(opening.config.diff_ids) if opening.config is not None else []
        found.update(zip(ids, ["", *ids], strict=False))
    return found


def _named(lowers: Lowers, record: LayerRecord) -> list[str]:
    """Return the layers that `lower` names first and what its recorded parent stands on."""
    parent = lowers.rel.layers.get(record.parent)
    return [lowers.layer_of(lowers.first_link(record.id)), parent.parent if parent else ""]


def _lower_agrees(lowers: Lowers, record: LayerRecord) -> bool:
    """Tell whether the layer's directory stands on what its record names: both were not changed alike."""
    directory = lowers.rel.directory(record.id)
    if directory is None or not directory.has_diff:
        return False
    if directory.lower is None:
        return not record.parent and "empty" in directory.entries
    return bool(record.parent) and lowers.layer_of(lowers.first_link(record.id)) == record.parent


def _first_match(record: LayerRecord, candidates: Iterable[str]) -> str | None:
    return next((each for each in candidates if made_on(record, each)), None)


def _finding(view: StoreView, this: Rule, record: LayerRecord, true: str) -> Finding:
    pointer = record.where.field("parent")
    return this.found(
        view.layer(record.id),
        [(pointer, true or "no parent", record.parent or "no parent")],
        **users_of(view, [record.id]).facts,
        parent_should_be=true,
        recorded=record.parent,
        true_words=true or "no parent",
        recorded_words=record.parent or "none",
    )
