"""Findings of tar-splits that decompress well but break their format; shared by TSP-003 and TSP-005."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from analyzer.checks.finding import Finding
from analyzer.checks.rule import Rule
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.tar_split import DAMAGE


def breaks(view: StoreView, this: Rule, kinds: Collection[str]) -> Iterator[Finding]:
    """Yield one finding for each tar-split with problems of these kinds, unless it is damaged altogether."""
    for layer_id, facts in view.contents.items():
        file = facts.description
        problems = [problem for problem in facts.problems if problem.kind in kinds]
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
