"""The answer to an error message, for a terminal and as data."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from analyzer.outlook.why.answer import FORETOLD, HIT, KIND, OBJECT, PRINTS, log_only
from analyzer.report.encode.text import inert
from analyzer.report.formats.document import cleaned, report_document
from analyzer.report.formats.text import cause_lines, outlook_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.outlook.why.answer import Answer, Reply, Tie
    from analyzer.report.model.analysis import Analysis
    from analyzer.signatures.catalogue import Fault
    from analyzer.snapshot.platform import Platform

SHOWN = 3
TIES = 3
MANY = 8


def render(answer: Answer, report: Analysis, *, assumed: str = "", columns: int = 100) -> str:
    """Return the answer as text; every value of the bundle and of the message is made inert.

    Args:
        answer: what to tell.
        report: on the store, for the platform that the answer is for.
        assumed: what the bundle says of the platform, where the message was believed instead.
        columns: width to wrap at.
    """
    return "\n".join(_Lines(answer, report, assumed, max(columns, 40)).lines()) + "\n"


class _Lines:
    def __init__(self, answer: Answer, report: Analysis, assumed: str, columns: int) -> None:
        self.answer = answer
        self.report = report
        self.assumed = assumed
        self.columns = columns

    def lines(self) -> Iterator[str]:
        yield from self.known()
        yield from self.named()
        yield ""
        yield from self.verdict()
        for reply in self.answer.replies[:SHOWN]:
            for number, text in enumerate(tie_texts(reply, self.report)[:TIES]):
                yield from self.wrap("because" if number == 0 else "", text)
            yield ""
            yield from cause_lines(self.report, reply.cause, columns=self.columns)
            yield ""
        yield from self.engines()
        yield from self.rest()
        yield from self.remarks()

    def wrap(self, label: str, text: str, indent: int = 11) -> Iterator[str]:
        body = textwrap.wrap(inert(text), self.columns - indent, break_on_hyphens=False) or [""]
        for number, line in enumerate(body):
            yield (f"   {label:<{indent - 3}}" if number == 0 else " " * indent) + line

    def plain(self, text: str) -> Iterator[str]:
        yield from textwrap.wrap(text, self.columns)

    def known(self) -> Iterator[str]:
        faults = list({each.fault.id: each for each in self.answer.matches}.values())
        if not faults:
            yield from self.plain("The text matches none of the known messages.")
        for each in faults[:SHOWN]:
            weak = "" if each.signature.specific else " (others print this too)"
            wrapped = ", over a line end" if each.wrapped else ""
            yield from self.wrap("message", f"{each.fault.title}{weak} · {each.fault.id}")
            yield from self.wrap("", f"line {each.line}{wrapped}: {each.excerpt}")
        if len(faults) > SHOWN:
            yield from self.wrap("", f"and {len(faults) - SHOWN} more known messages")

    def named(self) -> Iterator[str]:
        found = self.answer.named.found
        for number, (word, each) in enumerate(found[:MANY]):
            name = f" {each.name}" if each.name else ""
            state = "" if any(_touches(reply, word) for reply in self._all()) else ": nothing wrong seen with it"
            yield from self.wrap("names" if number == 0 else "", f"{each.kind} {each.id[:12]}{name}{state}")
        if len(found) > MANY:
            yield from self.wrap("", f"and {len(found) - MANY} more objects of this store")
        for number, word in enumerate(self.answer.named.unknown[:MANY]):
            yield from self.wrap("unknown" if number == 0 else "", f"{word}: nothing in this store has or names it")

    def _all(self) -> tuple[Reply, ...]:
        return (*self.answer.replies, *self.answer.elsewhere)

    def verdict(self) -> Iterator[str]:
        replies = self.answer.replies
        if replies:
            more = f"{len(replies)} causes, the best first" if len(replies) > 1 else "one cause"
            says = "ANSWER: this store has what makes an engine print that"
            if not replies[0].sure:
                says = "POSSIBLE ANSWER: this store has damage that may make an engine print that"
            yield from self.plain(f"{says}: {more}")
            return
        yield from self.plain("NO REASON SHOWN: this store does not show why an engine would print that")
        if not self.report.complete:
            yield from self.wrap("but", "the bundle was not read whole: a reason may be in what is missing")

    def engines(self) -> Iterator[str]:
        told = [tie.outlook for reply in self.answer.replies[:SHOWN] for tie in reply.ties[:TIES]]
        items = [item for item in self.answer.predictions if item not in told]
        if items:
            yield ""
            yield "what the engines would answer on this store"
            for item in items:
                yield from self.wrap("", outlook_line(item))

    def rest(self) -> Iterator[str]:
        if self.answer.elsewhere:
            yield ""
            yield from self.plain(
                "related at most: other objects than the text names, or a message that many faults share"
            )
            for reply in self.answer.elsewhere[:SHOWN]:
                cause = reply.cause
                yield from self.wrap(f"#{cause.rank}", f"{cause.hypothesis.title} ({cause.severity}, {cause.id})")
        if self.answer.others:
            yield ""
            yield "what else gives that message" if self.answer.replies else "what gives that message"
            for fault in self.answer.others[:MANY]:
                yield from self.wrap("-", f"{fault.title}: {fault.means} {fault.do}")
                yield from self.wrap("", seen_text(fault, self.report))

    def remarks(self) -> Iterator[str]:
        answer = self.answer
        texts = []
        if self.assumed:
            texts.append(
                f"judged for the platform in the message; the bundle is of a node that is {self.assumed}: see that "
                "both are the same node"
            )
        if answer.conflict:
            texts.append(
                f"the message is of a node that is {answer.conflict}, the bundle of one that is "
                f"{platform_text(self.report.platform)}: see that both are the same node"
            )
        texts += [f"{rule} could not look: {reason}" for rule, reason in answer.skipped]
        if answer.named.many:
            texts.append("the text names more objects than were looked up")
        if answer.cut:
            texts.append(f"{answer.cut} characters at the end of the text were not read")
        if texts:
            yield ""
        for text in texts:
            yield from self.wrap("note", text)


def platform_text(platform: Platform) -> str:
    """Return a platform with its source, `""` where it is not known."""
    if not platform.architecture:
        return ""
    name = "/".join(filter(None, (platform.os, platform.architecture, platform.variant)))
    return f"{name} (from {platform.source})"


def _touches(reply: Reply, word: str) -> bool:
    return any(tie.word == word for tie in reply.ties)


def tie_texts(reply: Reply, report: Analysis) -> list[str]:
    """Return in words why a cause belongs to the text."""
    ids = report.finding_ids
    texts: dict[object, str] = {}
    for tie in reply.ties:
        message = tie.finding.facts.get("engine_message") if tie.finding is not None else None
        same = (tie.kind, message) if tie.kind == PRINTS else tie
        name = ids.get(tie.finding, tie.finding.rule) if tie.finding is not None else ""
        texts.setdefault(same, _tie_text(tie, name))
    return list(texts.values())


def _tie_text(tie: Tie, finding: str) -> str:
    if tie.kind == PRINTS and tie.finding is not None:
        return f"{finding} says that an engine prints `{tie.finding.facts['engine_message']}`"
    if tie.kind == FORETOLD and tie.outlook is not None:
        return f"{finding} decides an engine's answer here: {outlook_line(tie.outlook)}"
    if tie.kind == OBJECT:
        return f"the text names what is at fault ({tie.word})"
    if tie.kind == HIT:
        return f"the text names what suffers from it ({tie.word})"
    title = tie.fault.title if tie.fault is not None else ""
    sure = "is what prints it" if tie.kind == KIND else "is among what prints it"
    return f"{finding} shows the fault that {sure}: {title}"


def seen_text(fault: Fault, report: Analysis) -> str:
    """Return how much this analysis can say of a fault that it does not show."""
    if log_only(fault) or not fault.rules:
        return "No bundle of the storage shows it: look at the node."
    found = [name for finding, name in report.finding_ids.items() if finding.rule in fault.rules]
    if found:
        return f"What is here of that kind ({', '.join(found[:MANY])}) is not what the text speaks of."
    run = set(report.checked.run)
    looked = [rule for rule in fault.rules if rule in run]
    if not looked:
        return f"Not looked at here: {', '.join(fault.rules)} could not run."
    part = "" if fault.visible == "full" else "; a bundle shows a part of it at most"
    return f"Not here: {', '.join(looked)} found nothing{part}."


def to_dict(answer: Answer, report: Analysis, *, assumed: str = "") -> dict[str, Any]:
    """Return the answer as data; causes, findings and predictions as the report contract has them."""
    document = report_document(report)
    places = {id(item): number for number, item in enumerate(report.outlook)}
    whole: dict[str, Any] = cleaned(
        {
            "answered": bool(answer.replies),
            "messages": [
                {
                    "fault": each.fault.id,
                    "title": each.fault.title,
                    "specific": each.signature.specific,
                    "line": each.line,
                    "over_line_end": each.wrapped,
                    "excerpt": each.excerpt,
                    "names": dict(each.groups),
                }
                for each in answer.matches
            ],
            "objects": [
                {"word": word, "kind": each.kind, "id": each.id, "name": each.name, "how": each.how}
                for word, each in answer.named.found
            ],
            "unknown": list(answer.named.unknown),
            "causes": [_reply(reply, report, document) for reply in answer.replies],
            "related": [_reply(reply, report, document) for reply in answer.elsewhere],
            "outlook": [document["outlook"][places[id(item)]] for item in answer.predictions],
            "other_faults": [
                {
                    "fault": fault.id,
                    "title": fault.title,
                    "means": fault.means,
                    "do": fault.do,
                    "visible": fault.visible,
                    "here": seen_text(fault, report),
                }
                for fault in answer.others
            ],
            "skipped": [{"rule": rule, "because": reason} for rule, reason in answer.skipped],
            "platform": document["platform"],
            "platform_in_message": answer.conflict or None,
            "platform_of_bundle_not_believed": assumed or None,
            "characters_not_read": answer.cut,
        }
    )
    return whole


def _reply(reply: Reply, report: Analysis, document: dict[str, Any]) -> dict[str, Any]:
    return {**document["causes"][reply.cause.rank - 1], "answers_because": tie_texts(reply, report), "sure": reply.sure}
