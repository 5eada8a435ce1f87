"""The tar headers inside a tar-split are headers, and say what its entries say.

What it finds
    A readable tar-split with a raw piece that is no tar header where one must be (wrong checksum, no number, cut), or
    an entry whose name or size is not that of its header.

Why it matters
    The tar made from it cannot be read: `archive/tar: invalid tar header`.

How sure
    High: the engine copies both from one header.

Remedy
    `crictl rmi ID` or `podman rmi ID` for each image on the layer, then pull again.

Engine source
    vbatts/tar-split tar/asm/disassemble.go; archive/tar reader.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.checks.evidence import Need
from analyzer.checks.finding import ERROR, Finding
from analyzer.checks.rule import Rule, rule
from analyzer.snapshot.tar_split import DAMAGE, HEADERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.checks.view import View


@rule(
    "TSP-005",
    severity=ERROR,
    needs=(Need.LAYER_RECORDS,),
    says="a tar header in the tar-split of layer {layer} is wrong: expected {expected}, found {seen}",
)
def check(view: View, this: Rule) -> Iterator[Finding]:
    """Tell headers that do not parse or disagree with their entry."""
    for layer_id, facts in view.contents.items():
        file = facts.description
        problems = [problem for problem in facts.problems if problem.kind in HEADERS]
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
