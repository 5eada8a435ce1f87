"""Grade the output of checks that a bundle holds, or that is given."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from analyzer.checks.finding import Finding
from analyzer.graph.relations import Relations
from analyzer.outlook.grading.consequences import Consequences, consequences
from analyzer.outlook.grading.evidence import GradingEvidence
from analyzer.outlook.grading.grade import grade_output
from analyzer.outlook.grading.lines import CheckOutput, read_output
from analyzer.outlook.grading.verdict import CONFIRMED, OPEN, REFUTED, Graded
from analyzer.snapshot.host import check_outputs
from analyzer.snapshot.platform import Platform
from analyzer.snapshot.snapshot import BundleSnapshot


class GradedCheck(Struct, frozen=True):
    """The output of one check with its grades.

    Attributes:
        path: where the output came from.
        output: as read.
        graded: every error with its grade, in order.
        after: what a repair would delete.
    """

    path: str
    output: CheckOutput
    graded: tuple[Graded, ...]
    after: tuple[Consequences, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Return numbers of errors by grade."""
        found = Counter(each.verdict.grade for each in self.graded)
        return {grade: found[grade] for grade in (CONFIRMED, OPEN, REFUTED)}

    @property
    def false_alarms(self) -> dict[str, int]:
        """Return numbers of refuted errors by the kind of their refutation, most first."""
        return dict(Counter(each.verdict.reason for each in self.graded if each.verdict.reason).most_common())

    @property
    def in_vain(self) -> int:
        """Return how many records `--repair --force` would delete for refuted errors alone."""
        return len(self.after[-1].in_vain) if self.after else 0


def grade_text(
    path: str,
    text: str,
    snapshot: BundleSnapshot,
    relations: Sequence[Relations],
    findings: Iterable[Finding],
    platform: Platform,
) -> GradedCheck:
    """Grade the output of a check against the group of stores that it speaks of; arguments as in a report."""
    said = read_output(text)
    named = {claim.id for claim in said.claims} | {claim.about for claim in said.claims}
    rel = max(relations, key=lambda each: len(named & {*each.layers, *each.images, *each.containers}))
    evidence = GradingEvidence(snapshot, rel, findings, platform)
    graded = grade_output(evidence, said)
    return GradedCheck(path, said, graded, consequences(evidence, graded))


def grade_captured(
    snapshot: BundleSnapshot, relations: Sequence[Relations], findings: Sequence[Finding], platform: Platform
) -> tuple[GradedCheck, ...]:
    """Grade every output of a check that a bundle holds, in path order."""
    return tuple(
        grade_text(path, text, snapshot, relations, findings, platform) for path, text in check_outputs(snapshot.host)
    )
