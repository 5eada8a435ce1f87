"""The report for a ticket: GitHub-flavoured Markdown that fits the field limits of GitHub and Jira."""

from __future__ import annotations

from analyzer.causes.model import Cause
from analyzer.checks.finding import Finding
from analyzer.outlook.danger import deleted, loses
from analyzer.report.drawing.mermaid import fenced
from analyzer.report.drawing.neighbourhood import neighbourhood
from analyzer.report.encode.markdown import markdown_block, markdown_code, markdown_text
from analyzer.report.formats.document import container_name, image_names
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.coverage import capture_hides, content, how_captured, settling, xattrs
from analyzer.report.model.objects import Objects
from analyzer.report.views.grade import check_said
from analyzer.report.words import MEANING, RISKS, VERDICTS, format_and_size, record_counts
from analyzer.version import __version__
from analyzer.words import and_more, percent, plural

LIMIT = 32_000
PROOF, NAMES, STEPS = 3, 10, 15
CAUSES, FINDINGS, STORES = 10, 100, 8
LONGEST, COMMAND = 700, 3_000


def render(report: Analysis) -> str:
    """Return the report; what does not fit in 32,000 characters is counted, not shown (Jira takes 32,767)."""
    return _Ticket(report).text()


class _Ticket:
    """Blocks in order of worth; each later one is added only while it fits."""

    def __init__(self, report: Analysis) -> None:
        self.report = report
        self.ids = report.finding_ids
        self.blocks: list[str] = []
        self.left = LIMIT - 200

    def text(self) -> str:
        report = self.report
        self.force(self.head())
        shown = 0
        for cause in report.causes[:CAUSES]:
            shown += self.add(self.cause(cause)) or self.add(self.short(cause))
            if cause.rank == 1:
                self.add(self.graph(cause))
        if len(report.causes) > shown:
            self.force(f"_{plural(len(report.causes) - shown, 'more cause')} not shown here._")
        self.add(self.outlook())
        self.add(self.checks())
        self.findings()
        self.add(self.ignored())
        self.add(self.skipped())
        return "\n\n".join(filter(None, self.blocks)) + "\n"

    def force(self, block: str) -> None:
        self.blocks.append(block)
        self.left -= len(block) + 2

    def add(self, block: str) -> bool:
        """Add a block if it fits."""
        if len(block) + 2 > self.left:
            return False
        if block:
            self.force(block)
        return True

    def head(self) -> str:
        report, snapshot = self.report, self.report.snapshot
        verdict = report.verdict
        lines = [f"## {VERDICTS[verdict]}: {_code(snapshot.bundle.path)}", ""]
        lines.append(MEANING.get(verdict) or f"Too little was read to judge: {_said(report.too_thin)}.")
        if command := settling(report):
            lines.append(f"\nTo settle it: {_code(command)}, then on the node `sh more.sh > more.tar`.")
        lines += [f"\n**DANGER: {_said(danger)}**" for danger in report.dangers]
        lines.append("")
        bundle = snapshot.bundle
        lines.append(f"- **Bundle** {format_and_size(bundle)}")
        if bundle.sha256:
            lines.append(f"- **SHA-256** `{bundle.sha256}`")
        for store in snapshot.stores[:STORES]:
            lines.append(
                f"- **Store** {_code(store.root or '.')} ({store.role}, {_said(store.driver)}): {record_counts(store)}"
            )
        platform = report.platform
        if platform.architecture:
            lines.append(f"- **Node** {_said(platform.name)} (from {_said(platform.source)})")
        state = "complete" if report.complete else "**not complete**"
        checked = report.checked
        lines.append(
            f"- **Coverage** {state}, depth {snapshot.depth}, content {content(snapshot)}, xattrs {xattrs(snapshot)}; "
            f"{plural(len(checked.run), 'check')} run, {len(checked.skipped)} skipped"
        )
        if capture_hides(report):
            lines.append(f"- **Capture** {_said(how_captured(report))}")
        lines += [
            f"- **Lost** {_code(loss.where)}: {_said(loss.what)} (offset {loss.offset})" for loss in report.losses[:5]
        ]
        if len(report.losses) > 5:
            lines.append(f"- and {len(report.losses) - 5} more losses")
        if report.redacted:
            lines.append("- **Redacted** names are replaced by pseudonyms; ids are as found")
        if report.policy:
            lines.append(f"- **Policy** {'; '.join(map(_said, report.policy))}")
        return "\n".join(lines)

    def short(self, cause: Cause) -> str:
        title = _said(cause.hypothesis.title)
        known = " · known from the baseline" if self.report.is_known(cause) else ""
        return f"### {cause.rank}. {title}\n\n{cause.severity} · {percent(cause.probability)} · `{cause.id}`{known}"

    def cause(self, cause: Cause) -> str:
        parts = [self.short(cause), self.proof(cause), self.hit(cause), self.plan(cause), self.doubts(cause)]
        return "\n\n".join(filter(None, parts))

    def proof(self, cause: Cause) -> str:
        ordered = sorted(cause.hypothesis.explains.items(), key=lambda item: (-item[1], int(self.ids[item[0]][1:])))
        lines = ["**Evidence**", ""]
        lines += [self.finding(finding) for finding, _ in ordered[:PROOF]]
        if len(ordered) > PROOF:
            lines.append(f"- and {plural(len(ordered) - PROOF, 'more finding')}")
        return "\n".join(lines)

    def finding(self, finding: Finding) -> str:
        evidence = finding.evidence[0]
        place = evidence.where
        where = _code(place.path + (f" {place.pointer}" if place.pointer else ""))
        known = ", known" if self.report.is_old(finding) else ""
        named = f"{self.ids[finding]} {finding.rule} ({finding.severity}{known})"
        return f"- {named}: {_said(finding.message)}  \n  at {where}"

    def hit(self, cause: Cause) -> str:
        hit, relations = cause.hypothesis.affected, self.report.relations
        lines = ["**Hit**", ""]
        images = [", ".join(image_names(i, relations)) or i[:12] for i in hit.images]
        containers = [container_name(i, relations) or i[:12] for i in hit.containers]
        for noun, names in (("image", images), ("container", containers)):
            if names:
                more = and_more(len(names), NAMES)
                lines.append(f"- {plural(len(names), noun)}: {', '.join(map(_code, names[:NAMES]))}{more}")
        return "\n".join(lines) if len(lines) > 2 else "**Hit** no image and no container"

    def plan(self, cause: Cause) -> str:
        steps = cause.hypothesis.steps
        if not steps:
            return ""
        lines = ["**Plan**", ""]
        for number, step in steps[:STEPS]:
            risk = f" **[{RISKS[step.risk]}]**" if step.risk != "none" else ""
            lines.append(f"- **{number}.** {_said(step.effect)}{risk}")  # an ordered list would count for itself
            if step.command:
                fits = len(step.command) <= COMMAND
                block = markdown_block(step.command if fits else "# too long for a ticket: see the HTML report", "sh")
                lines += ["", *("  " + line for line in block.split("\n")), ""]
            if step.after:
                lines.append(f"  Expect: {_said(step.after)}.")
        if len(steps) > STEPS:
            lines.append(f"\nand {plural(len(steps) - STEPS, 'more step')}")
        return "\n".join(lines)

    def doubts(self, cause: Cause) -> str:
        hypothesis = cause.hypothesis
        lines = [
            f"- {'for' if reason.weight > 0 else 'against'} ({reason.weight:+.1f}): {_said(reason.text)}"
            for reason in hypothesis.reasons
        ]
        lines += [f"- would settle it: {_said(text)}" for text in hypothesis.would_settle]
        return folded("For, against, and what would settle it", "\n".join(lines)) if lines else ""

    def graph(self, cause: Cause) -> str:
        return folded("Who stands on what", fenced(neighbourhood(cause, Objects(self.report))))

    def outlook(self) -> str:
        if not self.report.outlook:
            return ""
        lines = []
        for item in self.report.outlook:
            said = _said(item.verdict) + (f": {_said(item.message)}" if item.message and not item.works else "")
            if gone := deleted(item.deletes):
                said += f"; **DELETES {gone}**" if loses(item) else f"; removes {gone}"
            lines.append(f"- {item.engine} {_said(item.version)} {_code(item.command)}: {said}")
        return folded("Predicted engine behaviour", "\n".join(lines))

    def checks(self) -> str:
        lines = [f"- {_code(check.path)}: {_said(check_said(check))}" for check in self.report.graded]
        return folded("What an engine's own check said about this store", "\n".join(lines)) if lines else ""

    def findings(self) -> None:
        """Add as many findings as fit."""
        every = self.report.findings
        if not every:
            return
        lines: list[str] = []
        room = self.left - 300
        for finding in every[:FINDINGS]:
            line = self.finding(finding)
            room -= len(line) + 1
            if room < 0:
                break
            lines.append(line)
        if len(lines) < len(every):
            lines.append(f"- and {plural(len(every) - len(lines), 'more finding')}: `--format json` has them all")
        self.add(folded(f"All findings ({len(every)})", "\n".join(lines)))

    def ignored(self) -> str:
        """Return what the configuration leaves out, with reasons."""
        ignored = self.report.checked.ignored
        lines = [f"- {f.rule} ({f.severity}): {_said(f.message)}  \n  because: {_said(why)}" for f, why in ignored]
        if len(lines) > FINDINGS:
            lines = [*lines[:FINDINGS], f"- and {len(ignored) - FINDINGS} more"]
        return folded(f"Ignored as configured ({len(ignored)})", "\n".join(lines)) if lines else ""

    def skipped(self) -> str:
        skipped = self.report.checked.skipped
        lines = [f"- {rule}: {_said(reason)}" for rule, reason in skipped]
        faulty = "".join(f"\n\nFaulty: {_said(name)}: {_said(reason)}" for name, reason in self.report.checked.faulty)
        tail = f"{faulty}\n\n_analyzer {__version__}_"
        return (folded(f"Checks skipped ({len(skipped)})", "\n".join(lines)) if lines else "") + tail


def folded(summary: str, body: str) -> str:
    """Return a block that opens on a click; the summary is our own text."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def _said(text: str) -> str:
    return markdown_text(_cut(text))


def _code(text: str) -> str:
    return markdown_code(_cut(text))


def _cut(text: str) -> str:
    """Return text cut to what a ticket can hold of one value."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"
