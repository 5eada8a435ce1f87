"""The report for a terminal: the first screen says what is wrong, who is hit and what to do."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

from analyzer.report.chain import chain_of
from analyzer.report.coverage import content, xattrs
from analyzer.report.document import container_name, image_names
from analyzer.report.escape import inert, shortened
from analyzer.report.tables import table
from analyzer.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.causes.model import Cause
    from analyzer.outlook.model import Outlook
    from analyzer.report.report import Report

TOP_CAUSES = 3
NAMES = 6
LONG_ID = re.compile(r"\b[0-9a-f]{64}\b")
VERDICT = {
    "healthy": "HEALTHY",
    "advisory": "ADVISORY",
    "damaged": "DAMAGED",
    "undetermined": "UNDETERMINED",
}


def render(report: Report, *, everything: bool = False, columns: int = 100, ascii_only: bool = False) -> str:
    """Return the text report.

    Args:
        report: what to tell.
        everything: also every finding, every step and every skipped check.
        columns: width to wrap at.
        ascii_only: draw without characters beyond ASCII.
    """
    text = "\n".join(_Text(report, everything, max(columns, 40)).lines()) + "\n"
    if ascii_only:
        for fancy, plain in (("└─", "`-"), ("·", "-"), ("…", "..."), ("→", "->"), ("✗", "x")):
            text = text.replace(fancy, plain)
        text = text.encode("ascii", "backslashreplace").decode("ascii")
    return text


def cause_lines(report: Report, cause: Cause, *, columns: int = 100) -> list[str]:
    """Return the lines that tell of one cause: title, proof, who is hit, what to do."""
    return list(_Text(report, False, max(columns, 40)).cause(cause))


def outlook_line(item: Outlook) -> str:
    """Return what an engine would answer, in one unescaped line."""
    return f"{item.engine} {item.version} `{item.command}`: {_Text.answer(item)}"


class _Text:
    """Line by line; every value passes through `inert`."""

    def __init__(self, report: Report, everything: bool, columns: int) -> None:
        self.report = report
        self.everything = everything
        self.columns = columns

    def lines(self) -> Iterator[str]:
        yield from self.head()
        yield ""
        yield from self.verdict()
        shown = self.report.causes if self.everything else self.report.causes[:TOP_CAUSES]
        for cause in shown:
            yield ""
            yield from self.cause(cause)
        yield from self.outlook()
        yield from self.rest(len(shown))

    def wrap(self, label: str, text: str, indent: int = 11) -> Iterator[str]:
        first = f"   {label:<{indent - 3}}"
        body = textwrap.wrap(inert(text), self.columns - indent, break_on_hyphens=False) or [""]
        for number, line in enumerate(body):
            yield (first if number == 0 else " " * indent) + line

    def head(self) -> Iterator[str]:
        snapshot = self.report.snapshot
        bundle = snapshot.bundle
        size = f", {human(bundle.bytes)}" if bundle.bytes else ""
        yield inert(f"analyzer {__version__} · {bundle.path} · {bundle.format}, {bundle.members} members{size}")
        for store in snapshot.stores:
            counts = f"{len(store.layers)} layers, {len(store.images)} images, {len(store.containers)} containers"
            fs = f" on {store.backing_fs}" if store.backing_fs else ""
            yield inert(f"store      {store.root or '.'} ({store.role}): {store.driver}{fs}, {counts}")
        platform = self.report.platform
        if platform.architecture:
            name = "/".join(filter(None, (platform.os, platform.architecture, platform.variant)))
            yield inert(f"node       {name} (from {platform.source})")
        state = "complete" if self.report.complete else "NOT COMPLETE"
        checked = self.report.checked
        yield (
            f"coverage   {state}, depth {snapshot.depth}, content {content(snapshot)}, xattrs {xattrs(snapshot)}; "
            f"{len(checked.run)} checks run, {len(checked.skipped)} skipped"
        )
        for loss in snapshot.losses[: None if self.everything else 3]:
            yield from self.wrap("lost", f"{loss.where}: {loss.what} (offset {loss.offset})")
        yield from self.policy()

    def policy(self) -> Iterator[str]:
        """Tell what the user's own decisions keep out of this report or mark in it."""
        checked = self.report.checked
        parts = []
        if checked.ignored:
            parts.append(f"{plural(len(checked.ignored), 'finding')} ignored as configured")
        if checked.known:
            known = sum(finding.fingerprint in checked.known for finding in self.report.findings)
            parts.append(f"{known} of {plural(len(self.report.findings), 'finding')} known from the baseline")
        if checked.overridden:
            parts.append(f"severity set for {plural(len(checked.overridden), 'rule')}")
        if parts:
            yield f"policy     {'; '.join(parts)}"
        for name, reason in checked.faulty[: None if self.everything else 3]:
            yield from self.wrap("faulty", f"{name}: {reason}")

    def verdict(self) -> Iterator[str]:
        report = self.report
        verdict = report.verdict
        line = VERDICT[verdict]
        if report.causes:
            worst = report.causes[0].hypothesis.affected
            line += f": {plural(len(report.causes), 'cause')}, most likely and worst first"
            if worst.images or worst.containers:
                images, containers = plural(len(worst.images), "image"), plural(len(worst.containers), "container")
                line += f"; the first hits {images} and {containers}"
        elif verdict == "healthy":
            line += ": nothing above `info` found in what was read"
        elif verdict == "undetermined":
            line += f": {report.too_thin}"
        yield inert(line)

    def cause(self, cause: Cause) -> Iterator[str]:
        hypothesis = cause.hypothesis
        yield from self.titled(f"{cause.rank}. ", hypothesis.title)
        known = " · known" if self.report.is_known(cause) else ""
        yield f"   {cause.severity} · {cause.probability:.0%} · {cause.id}{known}"
        yield from self.proof(cause)
        yield from self.hit(cause)
        yield from self.drawn(cause)
        yield from self.plan(cause)
        if self.everything:
            for reason in hypothesis.reasons:
                yield from self.wrap("for" if reason.weight > 0 else "against", f"{reason.text} ({reason.weight:+.1f})")
            for text in hypothesis.would_settle:
                yield from self.wrap("settle", text)

    def titled(self, mark: str, text: str) -> Iterator[str]:
        for number, line in enumerate(textwrap.wrap(inert(text), self.columns - 3, break_on_hyphens=False)):
            yield (mark if number == 0 else "   ") + line

    def proof(self, cause: Cause) -> Iterator[str]:
        ids = self.report.finding_ids
        ordered = sorted(cause.hypothesis.explains.items(), key=lambda item: (-item[1], int(ids[item[0]][1:])))
        shown = ordered if self.everything else ordered[:2]
        for number, (finding, _) in enumerate(shown):
            place = finding.evidence[0].where
            pointer = f" {place.pointer}" if place.pointer else ""
            message = finding.message if self.everything else LONG_ID.sub(lambda m: m.group()[:12], finding.message)
            text = f"{ids[finding]} {finding.rule} {message}"
            yield from self.wrap("proof" if number == 0 else "", text)
            yield f"{' ' * 11}   at {inert(place.path + pointer)}"
        if len(ordered) > len(shown):
            yield from self.wrap("", f"and {plural(len(ordered) - len(shown), 'more finding')}")

    def hit(self, cause: Cause) -> Iterator[str]:
        hit = cause.hypothesis.affected
        names = self.names(hit.images, "images")
        pods = self.names(hit.containers, "containers")
        if not hit.images and not hit.containers:
            yield from self.wrap("hit", "no image and no container")
            return
        if hit.images:
            yield from self.wrap("hit", f"images ({len(hit.images)}): {names}")
        if hit.containers:
            yield from self.wrap("" if hit.images else "hit", f"containers ({len(hit.containers)}): {pods}")

    def names(self, ids: tuple[str, ...], kind: str) -> str:
        relations = self.report.relations
        found = [
            (", ".join(image_names(i, relations)) if kind == "images" else container_name(i, relations)) or i[:12]
            for i in ids
        ]
        limit = len(found) if self.everything else NAMES
        more = f" and {len(found) - limit} more" if len(found) > limit else ""
        return ", ".join(found[:limit]) + more

    def drawn(self, cause: Cause) -> Iterator[str]:
        for depth, link in enumerate(chain_of(cause, self.report.relations)):
            label = "   chain   " if depth == 0 else " " * 11
            arm = "" if depth == 0 else "  " * (depth - 1) + "└─ "
            mark = f"  ✗ {link.broken}" if link.broken else ""
            yield label + shortened(inert(f"{arm}{link.kind} {link.label}{mark}"), self.columns - 11)

    def plan(self, cause: Cause) -> Iterator[str]:
        """Give every step with its command in full: it is there to be copied."""
        for number, step in enumerate(cause.hypothesis.plan, 1):
            risk = f" [{step.risk}]" if step.risk != "none" else ""
            then = f" Then: {step.after}." if step.after and self.everything else ""
            yield from self.wrap("do" if number == 1 else "", f"{number}. {step.effect}{risk}{then}")
            if step.command:
                yield f"{' ' * 14}$ {inert(step.command)}"

    def outlook(self) -> Iterator[str]:
        items = self.report.outlook
        failing = [item for item in items if not item.works or (item.deletes and item.deletes.whole_root)]
        if not failing and not (self.everything and items):
            return
        yield ""
        yield "what the engines would answer on this store"
        for item in items if self.everything else failing:
            yield from self.wrap("", f"{item.engine} {item.version} `{item.command}`: {self.answer(item)}")

    @staticmethod
    def answer(item: object) -> str:
        works, message, deletes = item.works, item.message, item.deletes  # type: ignore[attr-defined]
        said = "works" if works else f"fails: {message}" if message else "fails"
        if deletes is not None and deletes.whole_root:
            said += "; removes the whole graph root"
        elif deletes is not None and (deletes.layers or deletes.images or deletes.containers):
            said += f"; removes {deletes.layers} layers, {deletes.images} images, {deletes.containers} containers"
        return said

    def rest(self, shown: int) -> Iterator[str]:
        report = self.report
        if self.everything:
            yield from self.all_findings()
            return
        more = []
        if len(report.causes) > shown:
            more.append(plural(len(report.causes) - shown, "more cause"))
        if report.findings:
            more.append(plural(len(report.findings), "finding"))
        if report.checked.skipped:
            more.append(plural(len(report.checked.skipped), "skipped check"))
        if more:
            yield ""
            yield f"{', '.join(more)}: `--all` · a rule or cause in words: `analyzer explain ID`"

    def all_findings(self) -> Iterator[str]:
        report = self.report
        if report.findings:
            yield ""
            yield f"findings ({len(report.findings)})"
            ids = report.finding_ids
            rows = [(ids[f], f.rule, f.severity, f.confidence, f.message) for f in report.findings]
            yield table(("id", "rule", "severity", "sure", "what"), rows)
        if report.checked.ignored:
            yield ""
            yield f"findings ignored as configured ({len(report.checked.ignored)})"
            ignored = [(f.rule, f.severity, f.message, reason) for f, reason in report.checked.ignored]
            yield table(("rule", "severity", "what", "because"), ignored)
        if report.checked.skipped:
            yield ""
            yield f"checks skipped ({len(report.checked.skipped)})"
            yield table(("rule", "because"), report.checked.skipped)


def plural(count: int, noun: str) -> str:
    """Return a count with its noun."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def human(size: int) -> str:
    """Return a size in binary units, one decimal from KiB on."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{size} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"
