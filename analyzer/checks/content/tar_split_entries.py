"""The entries of a tar-split are numbered, of known types, checksummed and name each file once.

What it finds
    A readable tar-split whose entries are not numbered 0, 1, 2, …, have a type other than 1 and 2 or a negative size,
    lack the CRC-64 of a file with content (or have one without content), or name a path twice.

Why it matters
    The layer tar cannot be made again. A doubled path is refused with `duplicates of file paths not supported`.

How sure
    High: the engine cannot have written it so; the gzip checksum holds, so the file was damaged before it was
    compressed, or was made by hand.

Remedy
    `crictl rmi ID` or `podman rmi ID` for each image on the layer, then pull again.

Engine source
    vbatts/tar-split tar/storage/packer.go: jsonPacker, jsonUnpacker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.checks.evidence import Need
from analyzer.checks.finding import ERROR, Finding
from analyzer.checks.rule import Rule, rule
from analyzer.snapshot.tar_split import DAMAGE, STRUCTURE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.checks.view import View


@rule(
    "TSP-003",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="the tar-split of layer {layer} breaks its format: expected {expected}, found {seen}",
)
def check(view: View, this: Rule) -> Iterator[Finding]:
    """Tell breaks of the format in tar-splits that decompress well."""
    for layer_id, facts in view.contents.items():
        file = facts.description
        problems = [problem for problem in facts.problems if problem.kind in STRUCTURE]
        if not problems or file is None or any(problem.kind in DAMAGE for problem in facts.problems):
            continue
        yield this.found(
            view.layer(layer_id, file.path),
            [(problem.where, problem.expected, problem.observed) for problem in problems],
            layer=layer_id,
            layers=[layer_id],
            expected=problems[0].expected,
            seen=problems[0].observed,
        )
