"""A report in pseudonyms: what was judged stays as it was judged, only what it is called changes."""

from __future__ import annotations

import string
from typing import Generic, TypeVar, cast

from msgspec.structs import replace

from analyzer.causes.model import Affected, Cause, Hypothesis, Step
from analyzer.checks.facts import Facts
from analyzer.checks.finding import Finding, Subject
from analyzer.checks.run import Checked
from analyzer.graph.relations import relate
from analyzer.outlook.model import Outlook
from analyzer.report.model.analysis import Analysis
from analyzer.report.redact.names import Pseudonyms
from analyzer.report.redact.store import in_pseudonyms, loss_of, snapshot

Held = TypeVar("Held", bound=Analysis)


def redacted(report: Held) -> Held:
    """Return the same report with pseudonyms for names; ids, structure, order and arithmetic stay."""
    return _Redactor(report).report


class _Redactor(Generic[Held]):
    def __init__(self, report: Held) -> None:
        self.names = names = Pseudonyms()
        reading = snapshot(report.snapshot, names)
        checked = report.checked
        self.findings: dict[Finding, Finding] = {}
        self.templates: dict[str, str] = {}
        for finding in (*checked.findings, *(each for each, _ in checked.ignored)):
            self.finding(finding)
        self.report = replace(
            report,
            snapshot=reading,
            relations=tuple(relate(reading)),
            checked=self.checked(checked),
            causes=tuple(map(self.cause, report.causes)),
            outlook=tuple(map(self.outlook, report.outlook)),
            platform=replace(report.platform, source=names.prose(report.platform.source)),
            redacted=True,
            graded=tuple(replace(each, path=names.path(each.path)) for each in report.graded),
        )

    def checked(self, checked: Checked) -> Checked:
        said = self.names.prose
        kept = tuple(map(self.finding, checked.findings))
        return replace(
            checked,
            findings=kept,
            skipped=tuple((rule, said(reason)) for rule, reason in checked.skipped),
            faulty=tuple((said(name), said(reason)) for name, reason in checked.faulty),
            failed=tuple(map(said, checked.failed)),
            losses=tuple(loss_of(loss, self.names) for loss in checked.losses),
            ignored=tuple((self.finding(finding), said(reason)) for finding, reason in checked.ignored),
            known=frozenset(self.finding(f).fingerprint for f in checked.findings if f.fingerprint in checked.known),
        )

    def finding(self, finding: Finding) -> Finding:
        found = self.findings.get(finding)
        if found is None:
            found = self.findings[finding] = replace(
                finding,
                subject=self.subject(finding.subject),
                evidence=tuple(in_pseudonyms(each, self.names) for each in finding.evidence),
                says=self.template(finding.says),
                facts=cast("Facts", {key: self.names.fact(value) for key, value in finding.facts.items()}),
                variant=self.names.prose(finding.variant),
                root=self.names.path(finding.root),
            )
        return found

    def template(self, says: str) -> str:
        """Return a message template whose text outside its fields holds no name."""
        if says not in self.templates:
            self.templates[says] = self._template(says)
        return self.templates[says]

    def _template(self, says: str) -> str:
        parts = []
        for text, name, form, conversion in string.Formatter().parse(says):
            parts.append(self.names.prose(text).replace("{", "{{").replace("}", "}}"))
            if name is not None:
                parts.append("{" + name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else "") + "}")
        return "".join(parts)

    def subject(self, subject: Subject) -> Subject:
        names = self.names
        return replace(
            subject,
            id=names.ident(subject.id),
            path=names.path(subject.path),
            names=tuple(map(names.prose, subject.names)),
        )

    def cause(self, cause: Cause) -> Cause:
        return replace(cause, hypothesis=self.hypothesis(cause.hypothesis))

    def hypothesis(self, hypothesis: Hypothesis) -> Hypothesis:
        said = self.names.prose
        return replace(
            hypothesis,
            title=said(hypothesis.title),
            subjects=tuple(map(self.subject, hypothesis.subjects)),
            explains={self.finding(finding): weight for finding, weight in hypothesis.explains.items()},
            reasons=tuple(
                replace(each, text=said(each.text), finding=self.finding(each.finding) if each.finding else None)
                for each in hypothesis.reasons
            ),
            affected=self.affected(hypothesis.affected),
            would_settle=tuple(map(said, hypothesis.would_settle)),
            plan=tuple(map(self.step, hypothesis.plan)),
        )

    def affected(self, hit: Affected) -> Affected:
        ident = self.names.ident
        return replace(
            hit,
            layers=tuple(map(ident, hit.layers)),
            images=tuple(map(ident, hit.images)),
            containers=tuple(map(ident, hit.containers)),
        )

    def step(self, step: Step) -> Step:
        said = self.names.prose
        return replace(step, command=said(step.command), effect=said(step.effect), after=said(step.after))

    def outlook(self, item: Outlook) -> Outlook:
        because = tuple(self.finding(finding) for finding in item.because)
        images = tuple((self.names.ident(image), self.names.prose(said)) for image, said in item.images)
        containers = tuple((self.names.ident(each), self.names.prose(said)) for each, said in item.containers)
        message = self.names.prose(item.message)
        return replace(
            item,
            message=message,
            because=because,
            images=images,
            containers=containers,
            supposing=self.names.path(item.supposing),
        )
