"""The report for a terminal: the first screen says what is wrong, who is hit and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from analyzer.causes.model import Cause
from analyzer.checks.finding import Finding
from analyzer.outlook.danger import deleted, loses
from analyzer.outlook.model import CRIO_IMAGES, PODMAN_IMAGES, Outlook
from analyzer.report.encode.text import inert, short_ids, shortened, width
from analyzer.report.formats.document import container_words, image_names
from analyzer.report.lines import hanging, painted, wrapped, wrapped_command
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.chain import chain_of
from analyzer.report.model.coverage import capture_hides, content, how_captured, settling, xattrs
from analyzer.report.views.grade import check_said
from analyzer.report.words import format_and_size, record_counts
from analyzer.version import __version__
from analyzer.words import and_more, percent, plural, whom

TOP_CAUSES = 3
NAMES = 3
INDENT = 12
LISTINGS = frozenset({CRIO_IMAGES, PODMAN_IMAGES})
NARROWEST = 40
PROMPT = 2
"""Lines of a terminal that are not the report's: what comes after it."""
COLOURS = {
    "healthy": "good", "advisory": "warn", "damaged": "bad", "undetermined": "warn",
    "info": "quiet", "warning": "warn", "error": "bad", "critical": "bad",
}  # fmt: skip
LINE = 60
PLAIN = (("└─", "`-"), ("─", "-"), ("·", "-"), ("…", "..."), ("→", "->"), ("✗", "x"))


def render(
    report: Analysis,
    *,
    everything: bool = False,
    columns: int = 100,
    rows: int | None = None,
    ascii_only: bool = False,
    colour: bool = False,
) -> str:
    """Return the text report; no line is wider than `columns`, but for a word of a command that is.

    Args:
        report: what to tell.
        everything: also every finding, every reason and every skipped check, ids and paths in full.
        columns: width to wrap at.
        rows: height of a terminal; a report that is longer ends with its answer, which is what stays in sight there.
        ascii_only: draw without characters beyond ASCII.
        colour: mark verdict, severities and commands with the sequences of ECMA-48.
    """
    shown = _ascii if ascii_only else inert
    text = _Text(report, everything, columns, colour=colour, shown=shown)
    lines = list(text.lines())
    if rows is not None and len(lines) > rows - PROMPT:
        lines += text.closing()
    return "\n".join(lines) + "\n"


def _ascii(text: str) -> str:
    """Return text that is inert and has nothing beyond ASCII."""
    text = inert(text)
    for fancy, plain in PLAIN:
        text = text.replace(fancy, plain)
    return text.encode("ascii", "backslashreplace").decode("ascii")


def cause_lines(report: Analysis, cause: Cause, *, columns: int = 100) -> list[str]:
    """Return the lines that tell of one cause: title, who is hit, what to do, proof."""
    return list(_Text(report, False, columns).cause(cause))


def outlook_line(item: Outlook) -> str:
    """Return what an engine would answer, in one unescaped line."""
    return f"{item.engine} {item.version} `{item.command}`: {_answer(item)}"


def _in_contrast(items: Sequence[Outlook]) -> list[Outlook]:
    """Return the listings that work where that of another engine fails: both are told, the user has seen both."""
    listings = [item for item in items if item.command in LISTINGS]
    works = [item for item in listings if item.works]
    return works if len(works) < len(listings) else []


def _answer(item: Outlook) -> str:
    message, deletes = item.message, item.deletes
    said = f"{item.verdict}: {message}" if message and not item.works else item.verdict
    if deletes is None:
        return said
    gone = deleted(deletes)
    if loses(item):
        return f"DELETES {gone}" if item.works else f"{said}; DELETES {gone}"
    return f"{said}; removes {gone}" if gone else said


class _Text:
    """Line by line; every value passes through `shown`, which makes it inert, before it is measured."""

    def __init__(
        self,
        report: Analysis,
        everything: bool,
        columns: int,
        *,
        colour: bool = False,
        shown: Callable[[str], str] = inert,
    ) -> None:
        self.shown = shown
        self.report = report
        self.everything = everything
        self.columns = max(columns, NARROWEST)
        self.colour = colour
        self.told: set[Finding] = set()

    def lines(self) -> Iterator[str]:
        yield from self.head()
        yield ""
        yield from self.verdict()
        yield from self.dangers()
        shown = self.report.causes if self.everything else self.report.causes[:TOP_CAUSES]
        for cause in shown:
            yield ""
            yield from self.cause(cause)
        yield from self.outlook()
        yield from self.checks()
        yield from self.rest(len(shown))

    def dangers(self) -> Iterator[str]:
        for danger in self.report.dangers:
            yield from self.block(danger, "DANGER: ", " " * 8, colour="bad")

    def paint(self, text: str, colour: str) -> str:
        return painted(text, colour) if self.colour else text

    def row(self, label: str, text: str, *, margin: str = "", colour: str = "") -> Iterator[str]:
        """Yield a labelled paragraph, its text from one column on."""
        return self.block(text, f"{margin}{label}".ljust(INDENT), " " * INDENT, colour)

    def wrap(self, label: str, text: str) -> Iterator[str]:
        yield from self.row(label, text, margin="   ")

    def block(self, text: str, first: str = "", rest: str = "", colour: str = "") -> Iterator[str]:
        for number, line in enumerate(wrapped(self.shown(text), self.columns - max(len(first), len(rest)))):
            yield (first if number == 0 else rest) + (self.paint(line, colour) if colour else line)

    def head(self) -> Iterator[str]:
        snapshot = self.report.snapshot
        bundle = snapshot.bundle
        yield from self.row("analyzer", f"{__version__} · {bundle.path} · {format_and_size(bundle)}")
        for store in snapshot.stores:
            fs = f" on {store.backing_fs}" if store.backing_fs else ""
            yield from self.row(
                "store", f"{store.root or '.'} ({store.role}): {store.driver}{fs}, {record_counts(store)}"
            )
        platform = self.report.platform
        if platform.architecture:
            yield from self.row("node", f"{platform.name} (from {platform.source})")
        state = "complete" if self.report.complete else "NOT COMPLETE"
        checked = self.report.checked
        yield from self.row(
            "coverage",
            f"{state}, depth {snapshot.depth}, content {content(snapshot)}, xattrs {xattrs(snapshot)}; "
            f"{plural(len(checked.run), 'check')} run, {len(checked.skipped)} skipped",
            colour="" if self.report.complete else "warn",
        )
        if capture_hides(self.report):
            yield from self.row("capture", how_captured(self.report))
        for loss in self.report.losses[: None if self.everything else 3]:
            yield from self.wrap("lost", f"{loss.where}: {loss.what} (offset {loss.offset})")
        if self.report.custody is not None:
            told = self.report.custody
            yield from self.row("custody", f"sha256 {told.sha256} of this {told.kind}, {told.bytes:,} bytes")
        if self.report.redacted:
            yield from self.row("redacted", "names are replaced by pseudonyms; ids are as found")
        yield from self.policy()

    def policy(self) -> Iterator[str]:
        """Tell what the user's own decisions keep out of this report or mark in it."""
        said = self.report.policy
        if said:
            yield from self.row("policy", "; ".join(said))
        for name, reason in self.report.checked.faulty[: None if self.everything else 3]:
            yield from self.wrap("faulty", f"{name}: {reason}")

    def verdict(self) -> Iterator[str]:
        report = self.report
        verdict = report.verdict
        line = verdict.upper()
        if report.causes:
            worst = report.causes[0].hypothesis.affected
            several = len(report.causes) > 1
            line += f": {plural(len(report.causes), 'root cause')}" + (", worst first" if several else "")
            if worst.images or worst.containers:
                hit = whom(len(worst.images), len(worst.containers))
                line += f"{'; the first affects' if several else ', affecting'} {hit}"
        elif verdict == "healthy":
            line += ": nothing above `info` found in what was read"
        elif verdict == "undetermined":
            line += f": {report.too_thin}"
        yield from self.block(line, colour=COLOURS[verdict])
        if command := settling(report):
            yield from self.row("next", f"run `{command}`, then on the node `sh more.sh > more.tar`")

    def cause(self, cause: Cause) -> Iterator[str]:
        hypothesis = cause.hypothesis
        yield from self.block(hypothesis.title, f"{cause.rank}. ", "   ", colour="strong")
        known = " · known" if self.report.is_known(cause) else ""
        severity = self.paint(cause.severity, COLOURS[cause.severity])
        told = self.shown(f" · {percent(cause.probability)} likely · {cause.id}{known}")
        yield f"   {severity}{told}"
        yield from self.hit(cause)
        yield from self.plan(cause)
        yield from self.proof(cause)
        yield from self.drawn(cause)
        if self.everything:
            for reason in hypothesis.reasons:
                yield from self.wrap("for" if reason.weight > 0 else "against", f"{reason.text} ({reason.weight:+.1f})")
            for text in hypothesis.would_settle:
                yield from self.wrap("confirm", text)

    def short(self, text: str, mark: str = "") -> str:
        """Return text with ids cut to twelve digits, unless everything is asked for."""
        return text if self.everything else short_ids(text, mark)

    def proof(self, cause: Cause) -> Iterator[str]:
        ids = self.report.finding_ids
        ordered = sorted(cause.hypothesis.explains.items(), key=lambda item: (-item[1], int(ids[item[0]][1:])))
        shown = ordered if self.everything else ordered[:2]
        for number, (finding, _) in enumerate(shown):
            label = "evidence" if number == 0 else ""
            if finding in self.told:
                yield from self.wrap(label, f"{ids[finding]} {finding.rule} (above)")
                continue
            self.told.add(finding)
            sure = f"{finding.severity}, confidence {finding.confidence}: " if self.everything else ""
            old = "known: " if self.everything and self.report.is_old(finding) else ""
            yield from self.wrap(label, f"{ids[finding]} {finding.rule} {sure}{old}{self.short(finding.message)}")
            place = finding.evidence[0].where
            where = f"{self.short(place.path, '…')} {place.pointer}".strip()
            yield from self.block(f"at {where}", " " * (INDENT + 2), " " * (INDENT + 5))
        if len(ordered) > len(shown):
            yield from self.wrap("", f"and {plural(len(ordered) - len(shown), 'more finding')}")

    def closing(self) -> Iterator[str]:
        """Yield the answer once more: what is wrong, who is hit, what to do first."""
        yield ""
        yield self.shown("─" * min(self.columns, LINE))
        yield from self.verdict()
        yield from self.dangers()
        for cause in self.report.causes[:1]:
            yield from self.block(cause.hypothesis.title, f"{cause.rank}. ", "   ", colour="strong")
            yield from self.hit(cause, few=2)
            steps = cause.hypothesis.plan
            if steps:
                yield from self.wrap("first", steps[0].effect)
            more = [plural(len(steps) - 1, "more step")] if len(steps) > 1 else []
            more += [plural(len(self.report.causes) - 1, "more cause")] if len(self.report.causes) > 1 else []
            if more:
                yield from self.wrap("then", f"{' and '.join(more)}: above, and `analyzer plan` prints every command")

    def hit(self, cause: Cause, few: int = NAMES) -> Iterator[str]:
        hit = cause.hypothesis.affected
        if not hit.images and not hit.containers:
            yield from self.wrap("affects", whom(0, 0))
            return
        label = "affects"
        for ids, noun in ((hit.images, "image"), (hit.containers, "container")):
            if ids:
                yield from self.wrap(label, f"{plural(len(ids), noun)}: {self.names(ids, noun, few)}")
                label = ""

    def names(self, ids: tuple[str, ...], noun: str, few: int) -> str:
        relations = self.report.relations
        limit = len(ids) if self.everything else few
        found = [
            (self.image(image_names(i, relations)) if noun == "image" else container_words(i, relations)) or i[:12]
            for i in ids[:limit]
        ]
        more = and_more(len(ids), limit)
        return ", ".join(found) + more

    def image(self, names: Sequence[str]) -> str:
        """Return the names of an image, the first of them where there are many."""
        more = f" (+{len(names) - 1})" if len(names) > 1 and not self.everything else ""
        return ", ".join(names[: None if self.everything else 1]) + more

    def drawn(self, cause: Cause) -> Iterator[str]:
        for depth, link in enumerate(chain_of(cause, self.report.relations)):
            label = "   chain".ljust(INDENT) if depth == 0 else " " * INDENT
            arm = "" if depth == 0 else "  " * (depth - 1) + "└─ "
            mark = f"  ✗ {link.broken}" if link.broken else ""
            line = self.fitted(f"{arm}{link.kind} {link.label}{mark}")
            yield label + (self.paint(line, "bad") if mark else line)

    def fitted(self, text: str) -> str:
        """Return text cut to one line."""
        dots = self.shown("…")
        safe, room = self.shown(text), self.columns - INDENT
        return safe if width(safe) <= room else shortened(safe, room - len(dots) + 1).removesuffix("…") + dots

    def plan(self, cause: Cause) -> Iterator[str]:
        """Give every step with its command in full: it is there to be copied."""
        for place, (number, step) in enumerate(cause.hypothesis.steps):
            risk = f" [{step.risk}]" if step.risk != "none" else ""
            then = f" Expect: {step.after}." if step.after and self.everything else ""
            yield from self.wrap("fix" if place == 0 else "", f"{number}. {step.effect}{risk}{then}")
            if step.command:
                lines = wrapped_command(self.shown(step.command), self.columns - INDENT - 2)
                for at, line in enumerate(lines):
                    yield " " * INDENT + ("$ " if at == 0 else "  ") + self.paint(line, "strong")

    def outlook(self) -> Iterator[str]:
        items = self.report.outlook
        failing = [item for item in items if not item.works or loses(item)]
        if not failing and not (self.everything and items):
            return
        yield ""
        yield "predicted engine behaviour"
        alike: dict[tuple[str, str, str], list[str]] = {}
        for item in items if self.everything else [*failing, *_in_contrast(items)]:
            alike.setdefault((item.engine, item.version, _answer(item)), []).append(f"`{item.command}`")
        for (engine, version, answer), commands in alike.items():
            yield from self.wrap("", self.short(f"{engine} {version} {', '.join(commands)}: {answer}"))

    def checks(self) -> Iterator[str]:
        """Tell how much of what an engine's check said holds."""
        if self.report.graded:
            yield ""
            yield "what an engine's own check said about this store (`analyzer grade` has every line)"
        for check in self.report.graded:
            yield from self.wrap("", f"{check.path}: {check_said(check)}")

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
            more.append(f"{plural(len(report.checked.skipped), 'check')} skipped")
        if more:
            yield ""
            yield from self.block(
                f"{', '.join(more)} (show with `--all`). `analyzer explain ID` describes a rule or cause."
            )

    def all_findings(self) -> Iterator[str]:
        report = self.report
        checked, ids = report.checked, report.finding_ids
        rows = [
            (ids[f], f.rule, f.severity, f.confidence, f"{'known: ' if report.is_old(f) else ''}{f.message}")
            for f in report.findings
            if f not in self.told
        ]
        yield from self.listed(
            "findings of no cause" if self.told else "findings", ("id", "rule", "severity", "sure", "what"), rows
        )
        ignored = [(f.rule, f.severity, f"{f.message} (because: {reason})") for f, reason in checked.ignored]
        yield from self.listed("findings ignored as configured", ("rule", "severity", "what"), ignored)
        yield from self.skipped()

    def skipped(self) -> Iterator[str]:
        """Yield the skipped checks by reason, the reason of most first."""
        by_reason: dict[str, list[str]] = {}
        for rule, reason in self.report.checked.skipped:
            by_reason.setdefault(reason, []).append(rule)
        rows = [
            (str(len(rules)), f"{reason}: {', '.join(rules)}")
            for reason, rules in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
        ]
        yield from self.listed(
            "checks skipped, by reason", ("checks", "because"), rows, len(self.report.checked.skipped)
        )

    def listed(
        self, title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], count: int | None = None
    ) -> Iterator[str]:
        """Yield a table whose last column is wrapped; nothing where it has no rows."""
        if not rows:
            return
        yield ""
        yield f"{title} ({len(rows) if count is None else count})"
        cells = [[self.shown(cell) for cell in row] for row in (headers, *rows)]
        widths = [max(width(row[column]) for row in cells) for column in range(len(headers) - 1)]
        indent = sum(widths) + 2 * len(widths)
        for *short, text in cells:
            head = "".join(cell + " " * (wide - width(cell) + 2) for cell, wide in zip(short, widths, strict=True))
            yield from hanging(text, max(self.columns, indent + NARROWEST // 2), head, " " * indent)
