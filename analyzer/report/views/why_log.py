"""The answers to a whole log, for a terminal and as data: first what the store shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.outlook.why.answer import ABSENT, SHOWN, STRANGE, Answer
from analyzer.outlook.why.log import Log, LoggedMessage
from analyzer.report.encode.text import inert
from analyzer.report.formats.document import cleaned, report_document
from analyzer.report.formats.text import cause_lines
from analyzer.report.lines import labelled
from analyzer.report.model.analysis import Analysis
from analyzer.report.views.why import tie_texts
from analyzer.snapshot.times import format_time
from analyzer.words import plural

CAUSES = 3
STRANGE_SHOWN = 10
EXCERPT = 240


def render_log(log: Log, answers: Sequence[Answer], report: Analysis, *, columns: int = 100) -> str:
    """Return the answers as text; every value of the bundle and of the log is made inert.

    Args:
        log: distinct messages.
        answers: one for each, in the same order.
        report: on the store.
        columns: width to wrap at.
    """
    return "\n".join(_LogLines(log, answers, report, max(columns, 40)).lines()) + "\n"


class _LogLines:
    def __init__(self, log: Log, answers: Sequence[Answer], report: Analysis, columns: int) -> None:
        self.log = log
        self.said = list(zip(log.messages, answers, strict=True))
        self.report = report
        self.columns = columns

    def of(self, state: str) -> list[tuple[LoggedMessage, Answer]]:
        found = [each for each in self.said if each[1].state == state]
        return sorted(found, key=lambda each: (_rank(each[1]), -each[0].count, each[0].line))

    def lines(self) -> Iterator[str]:
        shown, absent, strange = (self.of(state) for state in (SHOWN, ABSENT, STRANGE))
        yield from self.wrap(
            f"{plural(self.log.lines, 'line')}: {plural(len(shown), 'message')} that this store shows the reason of, "
            f"{len(absent)} known without a reason seen here, {len(strange)} not known"
        )
        for head, said in (("the store shows it", shown), ("known; the store does not show it", absent)):
            if said:
                yield ""
                yield head
            for each in said:
                yield from self.message(*each)
        if strange:
            yield ""
            yield "not known"
        for each in strange[:STRANGE_SHOWN]:
            yield from self.message(*each)
        if len(strange) > STRANGE_SHOWN:
            rest = sum(message.count for message, _ in strange[STRANGE_SHOWN:])
            yield from self.wrap(
                f"and {len(strange) - STRANGE_SHOWN} more not known, {plural(rest, 'line')}: --format json", 3
            )
        if self.log.beyond:
            yield from self.wrap(f"{plural(self.log.beyond, 'line')} of further messages were counted only", 3)
        ranks = sorted({reply.cause.rank for _, answer in shown for reply in answer.replies[:1]})
        for rank in ranks[:CAUSES]:
            yield ""
            yield from cause_lines(self.report, self.report.causes[rank - 1], columns=self.columns)
        if len(ranks) > CAUSES:
            yield from self.wrap(f"and {plural(len(ranks) - CAUSES, 'further cause')}: see `analyzer report`", 3)

    def wrap(self, text: str, indent: int = 0) -> Iterator[str]:
        return labelled("", inert(text), self.columns, indent)

    def message(self, message: LoggedMessage, answer: Answer) -> Iterator[str]:
        yield from self.wrap(f"{message.count:,} x  {_when(message)}  {_names(answer)}".rstrip(), 3)
        yield from self.wrap(f"line {message.line}: {next(iter(message.samples))[:EXCERPT]}", 8)
        if answer.replies:
            reply = answer.replies[0]
            sure = "" if reply.sure else "possibly "
            yield from self.wrap(f"{sure}cause {reply.cause.rank}: {tie_texts(reply, self.report)[0]}", 8)
        elif answer.holders:
            yield from self.wrap(answer.holders[0].text, 8)


def _rank(answer: Answer) -> int:
    return answer.replies[0].cause.rank if answer.replies else 0


def _names(answer: Answer) -> str:
    names = list(dict.fromkeys(each.behaviour.id for each in answer.matches))
    return ", ".join(names[:CAUSES])


def _when(message: LoggedMessage) -> str:
    if message.first_ns is None or message.last_ns is None:
        return "no time stated"
    first, last = format_time(message.first_ns), format_time(message.last_ns)
    return first if first == last else f"{first} to {last}"


def log_to_dict(log: Log, answers: Sequence[Answer], report: Analysis) -> dict[str, Any]:
    """Return the answers as data; causes as the report contract has them."""
    document = report_document(report)
    whole: dict[str, Any] = cleaned(
        {
            "lines": log.lines,
            "lines_counted_only": log.beyond,
            "messages": [
                {
                    "state": answer.state,
                    "answered": answer.state == SHOWN,
                    "behaviours": list(dict.fromkeys(each.behaviour.id for each in answer.matches)),
                    "line": message.line,
                    "count": message.count,
                    "first": format_time(message.first_ns) if message.first_ns is not None else None,
                    "last": format_time(message.last_ns) if message.last_ns is not None else None,
                    "text": next(iter(message.samples))[:EXCERPT],
                    "objects": [
                        {"kind": each.kind, "id": each.id, "name": each.name} for _, each in answer.named.found
                    ],
                    "causes": [
                        {"rank": reply.cause.rank, "sure": reply.sure, "answers_because": tie_texts(reply, report)}
                        for reply in answer.replies
                    ],
                    "held_by": [{"container": each.container.id, "text": each.text} for each in answer.holders],
                }
                for message, answer in zip(log.messages, answers, strict=True)
            ],
            "causes": document["causes"],
            "platform": document["platform"],
        }
    )
    return whole
