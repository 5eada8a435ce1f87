r"""Big-data file of an image is empty or all NUL.

What it finds
    A file with 0 bytes or nothing but NUL bytes where the record promises content. Signature items of 0 bytes are
    healthy: an unsigned image has one.

Why it matters
    This is what a write that never reached the disk looks like after a power loss. A blank `manifest` or config fails
    CRI-O's and Podman's whole image listing, with `invalid character '\x00' looking for beginning of value` or
    `unexpected end of JSON input`, and the message names no image. The engines' check notices wrong sizes only, so a
    NUL-filled file of the right size passes it.

How sure
    High. A NUL-filled file whose recorded digest is that of NUL bytes is left alone.

Remedy
    `analyzer plan` restores the item from the copy filed under its digest, else from a new pull of the image; no
    container is removed. If no registry has the image, remove its record by id, not by name. Look for other blank files
    of the same minute: layers pulled then may be incomplete too.

Engine source
    containers/image internal/manifest/manifest.go; encoding/json; containers/storage check.go.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.verify.image_items import BLANK, BigDataItem, item_facts


@rule(
    "IMG-005",
    severity=ERROR,
    needs=(Need.IMAGE_RECORDS,),
    says="{item} of image {name} ({image}) is {seen}; expected {expected}{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for files without a single byte of content."""
    for each in view.images_judged:
        found = each.having(BLANK)
        if not found:
            continue
        first = found[0]
        error, facts = item_facts(each, found)
        yield this.found(
            view.image(each.image),
            [(item.where, _expected(item), _seen(item)) for item in found],
            severity=CRITICAL if error else ERROR,
            seen=_seen(first),
            expected=_expected(first),
            unsynced=True,
            **facts,
        )


def _seen(item: BigDataItem) -> str:
    size = item.file.member.size if item.file else 0
    return f"{size} NUL bytes" if size else "empty (0 bytes)"


def _expected(item: BigDataItem) -> str:
    size = "content" if item.size is None else f"{item.size} bytes of content"
    return f"{size} with {item.digest}" if item.digest else size
