"""What a capture looked at: where it did not, nothing of that kind is called gone or new."""

from __future__ import annotations

from analyzer.checks.evidence import Need, missing
from analyzer.checks.finding import Finding
from analyzer.checks.run import builtin_rules
from analyzer.checks.store_view import StoreView
from analyzer.compare.model import (
    CONTAINER,
    CONTAINER_DATA,
    DIRECTORY,
    IMAGE,
    IMAGE_DATA,
    INDEX,
    LAYER,
    LAYER_DATA,
    LINK,
    NAME,
    JudgedCapture,
)
from analyzer.graph.relations import Relations
from analyzer.snapshot.snapshot import BundleSnapshot

RECORDS = {
    IMAGE: ("images", Need.ALL_IMAGE_RECORDS),
    NAME: ("images", Need.ALL_IMAGE_RECORDS),
    LAYER: ("layers", Need.ALL_LAYER_RECORDS),
    CONTAINER: ("containers", Need.CONTAINER_RECORDS),
}
LISTINGS = {
    IMAGE_DATA: Need.IMAGE_DATA,
    LAYER_DATA: Need.LAYER_DATA,
    CONTAINER_DATA: Need.CONTAINER_DATA,
    LINK: Need.LINKS,
    INDEX: Need.WHOLE_ARCHIVE,
}


def unseen(kind: str, snapshot: BundleSnapshot, rel: Relations) -> str:
    """Return why the absence of a thing proves nothing, `""` where it does.

    Args:
        kind: of the thing; not for files, findings and causes.
        snapshot: the capture.
        rel: the group of stores the thing would be in.
    """
    view = StoreView(snapshot, rel.stores[0], rel)
    if whole := missing(Need.WHOLE_ARCHIVE, view):
        return whole
    if kind in RECORDS:
        return _records(view, *RECORDS[kind])
    if kind == DIRECTORY:
        listed = any(store.home.layers for store in rel.stores)
        return "" if listed else f"the bundle has no layer directories of {view.store.driver}"
    return missing(LISTINGS[kind], view) if kind in LISTINGS else ""


def _records(view: StoreView, part: str, need: Need) -> str:
    """Return why records are missing; an index file that a listed directory does not have is an empty list."""
    stores = view.rel.stores
    if not any(key.startswith(f"{part}/") for store in stores for key in store.documents):
        return "" if any(store.part_listed(part) for store in stores) else missing(need, view)
    return missing(need, view)


def unlooked(finding: Finding, side: JudgedCapture, rel: Relations | None) -> str:
    """Return why a capture that lacks a finding does not show whether the thing is still so, `""` where it does.

    Args:
        finding: of the other capture.
        side: the capture that lacks it.
        rel: the group of stores in it where it would be, None where it does not hold that.
    """
    if rel is None:
        return "the bundle does not hold this store"
    if finding.rule in side.checked.failed:
        return f"{finding.rule} failed"
    if whole := missing(Need.WHOLE_ARCHIVE, StoreView(side.snapshot, rel.stores[0], rel)):
        return whole
    rule = next((rule for rule in builtin_rules() if rule.id == finding.rule), None)
    if rule is None:
        reason = dict(side.checked.skipped).get(finding.rule, "")
        return reason or ("" if finding.rule in side.checked.run else f"{finding.rule} did not run")
    reasons = [
        next(filter(None, (missing(need, StoreView(side.snapshot, s, rel)) for need in rule.needs)), "")
        for s in rel.stores
    ]
    return reasons[0] if all(reasons) else ""
