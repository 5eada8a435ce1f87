"""Digest that the engine checks on load is malformed.

What it finds
    An image record whose `digest`, or whose recorded digest of a `manifest…` item, is not `sha256:` and 64 lowercase
    hexadecimal digits (or `sha384`/`sha512` with 96 or 128).

Why it matters
    One such value keeps the whole store from opening: `computing digests for image with ID "…": validating …: invalid
    checksum digest format`. CRI-O doesn't start and every podman command fails. Digests of other items are not
    looked at on load.

How sure
    High: the test is the engine's own.

Remedy
    With the engines stopped, correct the value: the SHA-256 of the manifest file beside the record. An image record
    may have no `digest`; deleting the key is as good.

Engine source
    containers/storage images.go: recomputeDigests; opencontainers/go-digest: Validate.
"""

from __future__ import annotations

import re

from analyzer.checks.rule import CRITICAL, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import SHOWN, record_subject
from analyzer.snapshot.images import ImageRecord

DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
EXPECTED = "sha256: and 64 hexadecimal digits"


@rule(
    "STO-015",
    severity=CRITICAL,
    needs=(Need.INDEX,),
    says="{field} of image {image} is {seen}, which is not a digest: the store does not open",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the digests of every image that the engine validates on load."""
    for image in view.store.images:
        wrong = _wrong(image)
        if wrong:
            field, seen = wrong[0]
            yield this.found(
                record_subject("image", image),
                [(image.where.field(f), EXPECTED, s) for f, s in wrong[:SHOWN]],
                image=image.id,
                field=field,
                seen=seen,
                images=[image.id],
            )


def _wrong(image: ImageRecord) -> list[tuple[str, str]]:
    """Return (pointer, text) of every malformed digest; a value that is no text is STO-005's."""
    found = [("digest", image.digest)] if image.digest else []
    for key, value in image.big_data_digests.items():
        if key.startswith("manifest") and (value is None or isinstance(value, str)):
            found.append((f"big-data-digests/{key.replace('~', '~0').replace('/', '~1')}", value or ""))
    return [(field, f"{value!r:.80}") for field, value in found if not DIGEST.fullmatch(value)]
