"""The report as JUnit XML for pipelines: one suite a group of rules, one case a rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.checks.finding import ERROR, Finding
from analyzer.checks.plugins import known_rules
from analyzer.checks.rule import Rule
from analyzer.report.encode.markup import xml_text
from analyzer.report.model.analysis import Analysis
from analyzer.report.pages import page_title


def render(report: Analysis) -> str:
    """Return the document: a case fails on error and critical findings that no baseline names.

    Lesser, known and ignored ones are noted in its output.
    """
    return "\n".join(_Document(report).lines()) + "\n"


class _Document:
    """Line by line; every value passes through `xml_text`."""

    def __init__(self, report: Analysis) -> None:
        self.report = report
        self.ids = report.finding_ids
        self.found: dict[str, list[Finding]] = {}
        for finding in report.findings:
            self.found.setdefault(finding.rule, []).append(finding)
        self.ignored: dict[str, list[tuple[Finding, str]]] = {}
        for finding, reason in report.checked.ignored:
            self.ignored.setdefault(finding.rule, []).append((finding, reason))
        self.skipped = dict(report.checked.skipped)
        self.groups: dict[str, list[Rule]] = {}
        for rule in known_rules():
            if rule.id in report.checked.run or rule.id in self.skipped or rule.id in self.found:
                self.groups.setdefault(rule.group, []).append(rule)

    def lines(self) -> Iterator[str]:
        every = [rule for rules in self.groups.values() for rule in rules]
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield f'<testsuites name="analyzer {xml_text(self.report.snapshot.bundle.path)}"{self.counts(every)}>'
        for group, rules in self.groups.items():
            yield f'  <testsuite name="analyzer.{group}"{self.counts(rules)}>'
            if group == next(iter(self.groups)):
                yield from self.properties()
            for rule in rules:
                yield from self.case(rule)
            yield "  </testsuite>"
        yield "</testsuites>"

    def counts(self, rules: Iterable[Rule]) -> str:
        outcomes = [self.outcome(rule) for rule in rules]
        numbers = (("tests", len(outcomes)), *((f"{o}s", outcomes.count(o)) for o in ("failure", "error")))
        return "".join(f' {name}="{n}"' for name, n in numbers) + f' skipped="{outcomes.count("skipped")}"'

    def outcome(self, rule: Rule) -> str:
        if rule.id in self.report.checked.failed:
            return "error"
        if any(map(self.fails, self.found.get(rule.id, ()))):
            return "failure"
        return "skipped" if rule.id not in self.report.checked.run else "passed"

    def fails(self, finding: Finding) -> bool:
        return finding.is_at_least(ERROR) and not self.report.is_old(finding)

    def properties(self) -> Iterator[str]:
        report = self.report
        yield "    <properties>"
        for name, value in (
            ("verdict", report.verdict),
            *((f"danger.{n}", said) for n, said in enumerate(report.dangers, 1)),
            ("complete", str(report.complete).lower()),
            ("depth", report.snapshot.depth),
            ("redacted", str(report.redacted).lower()),
            *((f"policy.{n}", said) for n, said in enumerate(report.policy, 1)),
            *((f"cause.{cause.rank}", f"{cause.id}: {cause.hypothesis.title}") for cause in report.causes),
            *((f"loss.{n}", f"{loss.where}: {loss.what}") for n, loss in enumerate(report.losses, 1)),
        ):
            yield f'      <property name="{name}" value="{xml_text(value)}"/>'
        yield "    </properties>"

    def case(self, rule: Rule) -> Iterator[str]:
        outcome = self.outcome(rule)
        found = self.found.get(rule.id, [])
        name = xml_text(f"{rule.id} {rule.slug}: {page_title(rule.page)}")
        head = f'    <testcase classname="analyzer.{rule.group}" name="{name}"'
        body = list(self.body(rule, outcome, found))
        if not body:
            yield f"{head}/>"
            return
        yield f"{head}>"
        yield from body
        yield "    </testcase>"

    def body(self, rule: Rule, outcome: str, found: list[Finding]) -> Iterator[str]:
        if outcome in ("skipped", "error"):
            yield f'      <{outcome} message="{xml_text(self.skipped.get(rule.id, ""))}"/>'
        failing = [f for f in found if self.fails(f)]
        if outcome == "failure":
            text = "\n".join(map(self.told, failing))
            first = failing[0]
            yield f'      <failure message="{xml_text(first.message)}" type="{first.severity}">{text}</failure>'
        rest = [f for f in found if f not in failing or outcome != "failure"]
        noted = [*map(self.told, rest), *(self.left_out(*each) for each in self.ignored.get(rule.id, ()))]
        if noted:
            yield "      <system-out>" + "\n".join(noted) + "</system-out>"

    def told(self, finding: Finding) -> str:
        place = finding.evidence[0].where
        where = f"{place.path} {place.pointer}".strip()
        known = " known" if self.report.is_old(finding) else ""
        return xml_text(f"{self.ids[finding]} {finding.severity}{known}: {finding.message} (at {where})")

    def left_out(self, finding: Finding, reason: str) -> str:
        return xml_text(f"ignored {finding.severity}: {finding.message} (because: {reason})")
