"""Big-data file of an image does not have its recorded size.

What it finds
    A file that is longer or shorter than `big-data-sizes` says. Empty and NUL-filled files are IMG-005, absent ones
    IMG-001.

Why it matters
    A file of another size has other content. A manifest or config that was cut fails CRI-O's and Podman's whole image
    listing, usually with `unexpected end of JSON input`; other items break what reads them. The engines' own check
    reports the size, and its repair removes the image.

How sure
    High: both numbers are in the bundle. Where the content still has the digest it must have, the record is wrong and
    the file is right: a warning.

Remedy
    `analyzer plan` restores the item from the copy filed under its digest, else from a new pull of the image; no
    container is removed. If no registry has the image, remove its record by id, not by name.

Engine source
    containers/storage images.go setBigData, check.go (ErrImageDataIncorrectSize).
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.verify.image_items import RESIZED, BigDataItem, expected_digest, item_facts


@rule(
    "IMG-002",
    severity=ERROR,
    needs=(Need.IMAGE_RECORDS,),
    says="{item} of image {name} ({image}) is {seen:byte} long; its record says {expected}{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the size of every item's file with the record."""
    for each in view.images_judged:
        found = each.having(RESIZED)
        if not found:
            continue
        first = found[0]
        error, facts = item_facts(each, found)
        yield this.found(
            view.image(each.image),
            [(item.where, f"{item.size} bytes", f"{_size(item)} bytes") for item in found],
            severity=_severity(found, error),
            seen=_size(first),
            expected=first.size,
            cut=_size(first) < (first.size or 0),
            **facts,
            unsynced=False,
        )


def _size(item: BigDataItem) -> int:
    return item.file.member.size if item.file else 0


def _severity(found: list[BigDataItem], error: str) -> str:
    if error:
        return CRITICAL
    return WARNING if all(item.seen and item.seen == expected_digest(item) for item in found) else ERROR
