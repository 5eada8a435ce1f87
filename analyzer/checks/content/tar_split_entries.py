"""tar-split entry is misnumbered, of unknown type, without checksum or repeated.

What it finds
    A readable tar-split whose entries are not numbered 0, 1, 2, …, have a type other than 1 and 2 or a negative size,
    lack the CRC-64 of a file with content (or have one without content), or name a path twice.

Why it matters
    The layer tar cannot be made again. A doubled path is refused with `duplicates of file paths not supported`.

How sure
    High: the engine cannot have written it so; the gzip checksum holds, so the file was damaged before it was
    compressed, or was made by hand.

Remedy
    `analyzer plan` restores the tar-split from a new pull of the image; no image and no container is removed.

Engine source
    vbatts/tar-split tar/storage/packer.go: jsonPacker, jsonUnpacker.
"""

from __future__ import annotations

from analyzer.checks.content.tar_split_breaks import breaks
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.tar_split import STRUCTURE


@rule(
    "TSP-003",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="the tar-split of layer {layer} is malformed: expected {expected}, found {seen}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Tell breaks of the format in tar-splits that decompress well."""
    yield from breaks(view, this, STRUCTURE)
