"""Findings of items whose content has another digest than it must have; shared by IMG-003 and IMG-004."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.checks.finding import CRITICAL, ERROR, WARNING, Finding
from analyzer.checks.rule import Rule
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.image_open import MANIFEST
from analyzer.verify.image_items import (
    ALTERED,
    BigDataItem,
    ImageItems,
    expected_digest,
    item_facts,
    title,
    unsynced,
)


def altered_items(view: StoreView, this: Rule, *, manifests: bool) -> Iterator[Finding]:
    """Yield one finding for each image with altered items, of manifests or of all others."""
    for each in view.images_judged:
        kind = [item for item in each.items if item.key.startswith(MANIFEST) == manifests]
        found = [item for item in each.having(ALTERED) if item in kind]
        if found:
            yield _of_files(view, this, each, found)
        misnamed = [item for item in kind if not item.fault and item.seen and item.digest not in ("", item.seen)]
        if misnamed:
            yield _of_record(view, this, each, misnamed)


def _of_files(view: StoreView, this: Rule, each: ImageItems, found: list[BigDataItem]) -> Finding:
    first = found[0]
    error, facts = item_facts(each, found)
    return this.found(
        view.image(each.image),
        [(item.where, expected_digest(item), item.seen) for item in found],
        severity=CRITICAL if error else ERROR,
        seen=first.seen,
        expected=expected_digest(first),
        unsynced=any(unsynced(item.file) for item in found),
        **facts,
    )


def _of_record(view: StoreView, this: Rule, each: ImageItems, found: list[BigDataItem]) -> Finding:
    first, image = found[0], each.image
    place = image.where.field("big-data-digests")
    return this.found(
        view.image(image),
        [(place, f"{item.key}: {item.seen}", f"{item.key}: {item.digest}") for item in found],
        severity=WARNING,
        variant="record",
        says="the record of image {name} ({image}) gives {item} the digest {seen}; its content has {expected}",
        name=title(image),
        image=image.id,
        images=[image.id],
        item=first.key,
        items=[item.key for item in found],
        seen=first.digest,
        expected=first.seen,
        unsynced=False,
        fails_listing=False,
        engine_message="",
    )
