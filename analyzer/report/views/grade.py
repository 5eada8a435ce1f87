"""The grades of a check's output, for a terminal and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.outlook.grading.captured import GradedCheck
from analyzer.outlook.grading.consequences import Consequences
from analyzer.outlook.grading.lines import CheckOutput
from analyzer.outlook.grading.verdict import CONFIRMED, OPEN, REFUTED, Graded
from analyzer.report.encode.text import inert, shortened
from analyzer.report.formats.document import cleaned, container_name, image_names
from analyzer.report.lines import labelled
from analyzer.report.model.analysis import Analysis
from analyzer.words import and_more, plural

ORDER = {CONFIRMED: 0, OPEN: 1, REFUTED: 2}
WORDS = {CONFIRMED: "CONFIRMED", OPEN: "OPEN", REFUTED: "REFUTED"}
SAME = 3
NAMES = 8


def check_said(check: GradedCheck) -> str:
    """Return how the lines of an engine's check were graded, in one unescaped line."""
    if not check.graded:
        return "no error"
    counts = check.counts
    alarms = plural(counts["refuted"], "false alarm")
    why = ", ".join(f"{reason} {count}" for reason, count in check.false_alarms.items())
    said = f"{plural(len(check.graded), 'error')}: {counts['confirmed']} confirmed, {counts['open']} open, {alarms}"
    said += f" ({why})" if why else ""
    if check.in_vain:
        said += f"; `--repair --force` would delete {plural(check.in_vain, 'record')} for false alarms alone: don't"
    return said


def render(
    name: str,
    output: CheckOutput,
    graded: Sequence[Graded],
    after: Sequence[Consequences],
    report: Analysis,
    *,
    everything: bool = False,
    columns: int = 100,
) -> str:
    """Return the grades as text, confirmed ones first; errors with one reason are put together.

    Args:
        name: where the output came from.
        output: as read.
        graded: every error with its grade.
        after: what a repair would delete.
        report: on the store.
        everything: every line on its own.
        columns: width to wrap at.
    """
    lines = _Lines(name, output, graded, after, report, everything, max(columns, 40)).lines()
    return "\n".join(lines) + "\n"


class _Lines:
    def __init__(
        self,
        name: str,
        output: CheckOutput,
        graded: Sequence[Graded],
        after: Sequence[Consequences],
        report: Analysis,
        everything: bool,
        columns: int,
    ) -> None:
        self.name = name
        self.output = output
        self.graded = graded
        self.after = after
        self.report = report
        self.everything = everything
        self.columns = columns

    def lines(self) -> Iterator[str]:
        counts = Counter(each.verdict.grade for each in self.graded)
        said = ", ".join(f"{counts[grade]} {grade}" for grade in ORDER)
        yield from self.wrap("", f"{self.name}: {plural(len(self.graded), 'error')}: {said}", 0)
        for group in self.groups():
            yield ""
            yield from self.group(group)
        yield from self.rest()
        if self.graded:
            yield ""
            for each in self.after:
                yield from self.consequence(each)

    def wrap(self, label: str, text: str, indent: int = 11) -> Iterator[str]:
        return labelled(label, inert(text), self.columns, indent)

    def groups(self) -> list[list[Graded]]:
        """Return errors of one grade and reason together, the worst grade first."""
        groups: dict[tuple[str, str], list[Graded]] = {}
        for number, each in enumerate(self.graded):
            key = str(number) if self.everything else each.verdict.because
            groups.setdefault((each.verdict.grade, key), []).append(each)
        return sorted(groups.values(), key=lambda group: ORDER[group[0].verdict.grade])

    def group(self, group: list[Graded]) -> Iterator[str]:
        verdict = group[0].verdict
        finding = (
            f" ({self.report.finding_ids.get(verdict.finding, '')} {verdict.finding.rule})" if verdict.finding else ""
        )
        yield from self.wrap(WORDS[verdict.grade], f"{verdict.because}{finding}")
        for each in group[: None if self.everything else SAME]:
            claim = each.claim
            about = f", {claim.about_kind} {claim.about[:12]}" if claim.about != claim.id else ""
            text = f"line {claim.line}  {claim.kind} {claim.id[:12]}{about}: {claim.says}"
            yield " " * 11 + shortened(inert(text), self.columns - 11)
        if not self.everything and len(group) > SAME:
            yield " " * 11 + f"and {len(group) - SAME} more lines for the same reason"

    def rest(self) -> Iterator[str]:
        if self.output.other:
            yield ""
            yield from self.wrap(
                "NOT READ", f"{plural(len(self.output.other), 'line')} that no check is known to print"
            )
            for number, line in self.output.other[: None if self.everything else SAME]:
                yield " " * 11 + shortened(inert(f"line {number}  {line}"), self.columns - 11)
        if self.output.cut:
            yield from self.wrap("NOT READ", "the output is longer than what is read: its end was left out")

    def consequence(self, after: Consequences) -> Iterator[str]:
        counts = f"{len(after.layers)} layers, {len(after.images)} images, {len(after.containers)} containers"
        text = f"given these errors, `{after.option}` would delete {counts}"
        if not (after.layers or after.images or after.containers):
            text = f"given these errors, `{after.option}` would delete nothing"
        if not after.works:
            text += "; a step of it fails, upon which `crio check --wipe` and CRI-O's own repair remove the graph root"
        yield from self.wrap("REPAIR", text)
        names = [", ".join(image_names(i, self.report.relations)) or i[:12] for i in after.images]
        if names:
            yield from self.wrap("", "images: " + _some(names))
        pods = [container_name(i, self.report.relations) or i[:12] for i in after.containers]
        if pods:
            yield from self.wrap("", "containers: " + _some(pods))
        if after.in_vain:
            yield from self.wrap("", f"{len(after.in_vain)} of these for false alarms alone: do not run it")


def _some(names: list[str]) -> str:
    more = and_more(len(names), NAMES)
    return ", ".join(names[:NAMES]) + more


def to_dict(
    name: str, output: CheckOutput, graded: Sequence[Graded], after: Sequence[Consequences], report: Analysis
) -> dict[str, Any]:
    """Return the grades as data."""
    ids = report.finding_ids
    counts = Counter(each.verdict.grade for each in graded)
    whole: dict[str, Any] = cleaned(
        {
            "output": name,
            "counts": {grade: counts[grade] for grade in ORDER},
            "lines": [
                {
                    "line": each.claim.line,
                    "kind": each.claim.kind,
                    "id": each.claim.id,
                    "about": {"kind": each.claim.about_kind, "id": each.claim.about},
                    "read_only_store": each.claim.foreign,
                    "says": each.claim.says,
                    "grade": each.verdict.grade,
                    "reason": each.verdict.reason or None,
                    "because": each.verdict.because,
                    "finding": ids.get(each.verdict.finding) if each.verdict.finding else None,
                }
                for each in graded
            ],
            "not_read": [{"line": number, "text": text} for number, text in output.other],
            "cut": output.cut,
            "repair": [
                {
                    "option": each.option,
                    "works": each.works,
                    "deletes": {
                        "layers": list(each.layers),
                        "images": list(each.images),
                        "containers": list(each.containers),
                    },
                    "for_false_alarms_alone": list(each.in_vain),
                }
                for each in after
            ],
        }
    )
    return whole
