"""The report for a ticket: GitHub-flavoured Markdown that fits the field limits of GitHub and Jira."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from analyzer.report.coverage import content, xattrs
from analyzer.report.document import container_name, image_names
from analyzer.report.escape import markdown_block, markdown_code, markdown_text
from analyzer.report.mermaid import mermaid
from analyzer.report.neighbourhood import neighbourhood
from analyzer.report.objects import Objects
from analyzer.report.words import MEANING, RISKS, VERDICTS, human, percent, plural
from analyzer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.causes.model import Cause
    from analyzer.checks.finding import Finding
    from analyzer.report.report import Report

LIMIT = 32_000
PROOF, NAMES, STEPS = 3, 10, 15
CAUSES, FINDINGS = 10, 100


def render(report: Report) -> str:
    """Return the report; what does not fit in 32,000 characters is counted, not shown (Jira takes 32,767)."""
    return _Ticket(report).text()


class _Ticket:
    """Blocks in order of worth; each later one is added only while it fits."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.ids = report.finding_ids
        self.blocks: list[str] = []
        self.left = LIMIT - 200

    def text(self) -> str:
        report = self.report
        self.add(self.head())
        shown = 0
        for cause in report.causes[:CAUSES]:
            shown += self.add_first(partial(self.cause, cause), partial(self.short, cause))
            if cause.rank == 1:
                self.add(self.graph(cause))
        if len(report.causes) > shown:
            self.force(f"_{plural(len(report.causes) - shown, 'more cause')} not shown here._")
        self.add(self.outlook())
        self.findings()
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

    def add_first(self, *ways: Callable[[], str]) -> bool:
        """Add the first form of a block that fits."""
        return any(self.add(way()) for way in ways)

    def head(self) -> str:
        report, snapshot = self.report, self.report.snapshot
        verdict = report.verdict
        lines = [f"## {VERDICTS[verdict]}: {markdown_code(snapshot.bundle.path)}", ""]
        lines.append(MEANING.get(verdict) or f"Too little was read to judge: {markdown_text(report.too_thin)}.")
        lines.append("")
        bundle = snapshot.bundle
        size = f", {human(bundle.bytes)}" if bundle.bytes else ""
        lines.append(f"- **Bundle** {bundle.format}, {plural(bundle.members, 'member')}{size}")
        if bundle.sha256:
            lines.append(f"- **SHA-256** `{bundle.sha256}`")
        for store in snapshot.stores:
            counts = ", ".join(
                plural(len(some), noun)
                for some, noun in ((store.layers, "layer"), (store.images, "image"), (store.containers, "container"))
            )
            lines.append(
                f"- **Store** {markdown_code(store.root or '.')} ({store.role}, {markdown_text(store.driver)}): "
                f"{counts}"
            )
        platform = report.platform
        if platform.architecture:
            name = "/".join(filter(None, (platform.os, platform.architecture, platform.variant)))
            lines.append(f"- **Node** {markdown_text(name)} (from {markdown_text(platform.source)})")
        state = "complete" if report.complete else "**not complete**"
        checked = report.checked
        lines.append(
            f"- **Coverage** {state}, depth {snapshot.depth}, content {content(snapshot)}, xattrs {xattrs(snapshot)}; "
            f"{plural(len(checked.run), 'check')} run, {len(checked.skipped)} skipped"
        )
        lines += [
            f"- **Lost** {markdown_code(loss.where)}: {markdown_text(loss.what)} (offset {loss.offset})"
            for loss in snapshot.losses[:5]
        ]
        if len(snapshot.losses) > 5:
            lines.append(f"- and {len(snapshot.losses) - 5} more losses")
        return "\n".join(lines)

    def short(self, cause: Cause) -> str:
        title = markdown_text(cause.hypothesis.title)
        return f"### {cause.rank}. {title}\n\n{cause.severity} · {percent(cause.probability)} · `{cause.id}`"

    def cause(self, cause: Cause) -> str:
        parts = [self.short(cause), self.proof(cause), self.hit(cause), self.plan(cause), self.doubts(cause)]
        return "\n\n".join(filter(None, parts))

    def proof(self, cause: Cause) -> str:
        ordered = sorted(cause.hypothesis.explains.items(), key=lambda item: (-item[1], int(self.ids[item[0]][1:])))
        lines = ["**Proof**", ""]
        lines += [self.finding(finding) for finding, _ in ordered[:PROOF]]
        if len(ordered) > PROOF:
            lines.append(f"- and {plural(len(ordered) - PROOF, 'more finding')}")
        return "\n".join(lines)

    def finding(self, finding: Finding) -> str:
        evidence = finding.evidence[0]
        place = evidence.where
        where = markdown_code(place.path + (f" {place.pointer}" if place.pointer else ""))
        said = f"{finding.rule} ({finding.severity}): {markdown_text(finding.message)}"
        return f"- {self.ids[finding]} {said}  \n  at {where}"

    def hit(self, cause: Cause) -> str:
        hit, relations = cause.hypothesis.affected, self.report.relations
        lines = ["**Hit**", ""]
        named = {i: ", ".join(image_names(i, relations)) for i in hit.images}
        named |= {i: container_name(i, relations) for i in hit.containers}
        for noun, ids in (("image", hit.images), ("container", hit.containers)):
            if ids:
                shown = ", ".join(markdown_code(named[i] or i[:12]) for i in ids[:NAMES])
                more = f" and {len(ids) - NAMES} more" if len(ids) > NAMES else ""
                lines.append(f"- {plural(len(ids), noun)}: {shown}{more}")
        return "\n".join(lines) if len(lines) > 2 else "**Hit** no image and no container"

    def plan(self, cause: Cause) -> str:
        steps = cause.hypothesis.plan
        if not steps:
            return ""
        lines = ["**Plan**", ""]
        for number, step in enumerate(steps[:STEPS], 1):
            risk = f" **[{RISKS[step.risk]}]**" if step.risk != "none" else ""
            lines.append(f"{number}. {markdown_text(step.effect)}{risk}")
            if step.command:
                block = markdown_block(step.command, "sh")
                lines += ["", *("   " + line for line in block.split("\n")), ""]
            if step.after:
                lines.append(f"   Then: {markdown_text(step.after)}.")
        if len(steps) > STEPS:
            lines.append(f"\nand {plural(len(steps) - STEPS, 'more step')}")
        return "\n".join(lines)

    def doubts(self, cause: Cause) -> str:
        hypothesis = cause.hypothesis
        lines = [
            f"- {'for' if reason.weight > 0 else 'against'} ({reason.weight:+.1f}): {markdown_text(reason.text)}"
            for reason in hypothesis.reasons
        ]
        lines += [f"- would settle it: {markdown_text(text)}" for text in hypothesis.would_settle]
        return folded("For, against, and what would settle it", "\n".join(lines)) if lines else ""

    def graph(self, cause: Cause) -> str:
        return folded("Who stands on what", mermaid(neighbourhood(cause, Objects(self.report))))

    def outlook(self) -> str:
        if not self.report.outlook:
            return ""
        lines = []
        for item in self.report.outlook:
            said = "works" if item.works else f"fails: {markdown_text(item.message)}" if item.message else "fails"
            gone = item.deletes
            if gone is not None and gone.whole_root:
                said += "; **removes the whole graph root**"
            elif gone is not None and (gone.layers or gone.images or gone.containers):
                said += f"; removes {gone.layers} layers, {gone.images} images, {gone.containers} containers"
            lines.append(f"- {item.engine} {markdown_text(item.version)} {markdown_code(item.command)}: {said}")
        return folded("What the engines would answer on this store", "\n".join(lines))

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

    def skipped(self) -> str:
        skipped = self.report.checked.skipped
        lines = [f"- {rule}: {markdown_text(reason)}" for rule, reason in skipped]
        tail = f"\n\n_analyzer {__version__}_"
        return (folded(f"Checks skipped ({len(skipped)})", "\n".join(lines)) if lines else "") + tail


def folded(summary: str, body: str) -> str:
    """Return a block that opens on a click; the summary is our own text."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"
