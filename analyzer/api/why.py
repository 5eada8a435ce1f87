"""What in a store makes an engine print a message, as a value that shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.api.reading import judge
from analyzer.checks.policy import NO_POLICY
from analyzer.errors import UsageError
from analyzer.outlook.why.answer import answer, platform_named
from analyzer.outlook.why.log import read_log
from analyzer.outlook.why.objects import StoreWords
from analyzer.report.views.cells import preformatted
from analyzer.report.views.why import platform_text, render, to_dict
from analyzer.report.views.why_log import log_to_dict, render_log
from analyzer.signatures.match import match
from analyzer.signatures.text import prepare
from analyzer.snapshot.platform import known, parse_platform, platform_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from analyzer.api.report import Report
    from analyzer.checks.policy import Policy
    from analyzer.outlook.why.answer import Answer
    from analyzer.outlook.why.log import Log
    from analyzer.signatures.text import Pasted
    from analyzer.snapshot.platform import Platform
    from analyzer.snapshot.snapshot import BundleSnapshot


class Why:
    """The answer to an error message.

    Attributes:
        answer: the parts of it.
        report: the report it rests on.
        assumed: what the bundle says of the platform, where the message was believed instead.
    """

    def __init__(self, found: Answer, report: Report, assumed: str = "") -> None:
        self.answer = found
        self.report = report
        self.assumed = assumed

    def to_dict(self) -> dict[str, Any]:
        """Return what `analyzer why --format json` prints."""
        return to_dict(self.answer, self.report, assumed=self.assumed)

    def render(self, columns: int = 100) -> str:
        """Return what `analyzer why` prints, wrapped at a width."""
        return render(self.answer, self.report, assumed=self.assumed, columns=columns)

    def __repr__(self) -> str:
        return self.render().rstrip()

    def _repr_html_(self) -> str:
        return preformatted(repr(self))


def why(
    reading: BundleSnapshot,
    text: str,
    platform: str | None = None,
    *,
    engines: tuple[str, ...] = (),
    policy: Policy = NO_POLICY,
) -> Why:
    """Return what makes an engine print a text; where it names a platform nobody else tells, it is believed.

    Args:
        reading: from `read`.
        text: as printed; wrapped, quoted or with escapes.
        platform: the node's, when the caller knows it; it is then believed before the text.
        engines: `cri-o@1.25`, `podman@4.3`, …, when the caller knows them.
        policy: what the user decided about findings.

    Raises:
        UsageError: the text is empty, or a platform or an engine has another form.
    """
    pasted = prepare(text)
    if not pasted.records:
        raise UsageError("the text is empty: give the message as it was printed")

    def ask(node: str | Platform | None) -> Why:
        report = judge(reading, platform=node, engines=engines, policy=policy)
        return Why(_answer(pasted, StoreWords.of(report.relations), report), report)

    told = platform_named(match(pasted))
    believed = known(parse_platform(told), "the message") if told else None
    found = ask(platform or (believed if not platform_of(reading).architecture else None))
    if found.answer.conflict and platform is None and not found.answer.replies:
        again = ask(believed)
        if again.answer.replies:
            return Why(again.answer, again.report, platform_text(found.report.platform))
    return found


class WhyLog:
    """The answers to what a whole log says.

    Attributes:
        log: distinct messages with counts and times.
        answers: one for each message, in the same order.
        report: the report they rest on.
    """

    def __init__(self, log: Log, answers: tuple[Answer, ...], report: Report) -> None:
        self.log = log
        self.answers = answers
        self.report = report

    def to_dict(self) -> dict[str, Any]:
        """Return what `analyzer why --log FILE --format json` prints."""
        return log_to_dict(self.log, self.answers, self.report)

    def render(self, columns: int = 100) -> str:
        """Return what `analyzer why --log FILE` prints, wrapped at a width."""
        return render_log(self.log, self.answers, self.report, columns=columns)

    def __repr__(self) -> str:
        return self.render().rstrip()

    def _repr_html_(self) -> str:
        return preformatted(repr(self))


def why_log(
    reading: BundleSnapshot,
    lines: Iterable[str],
    platform: str | None = None,
    *,
    engines: tuple[str, ...] = (),
    policy: Policy = NO_POLICY,
    tick: Callable[[int], None] | None = None,
) -> WhyLog:
    """Return what this store answers to every distinct message of a log.

    Args:
        reading: from `read`.
        lines: of the log, in order; they are read once, and few are kept.
        platform: the node's, when the caller knows it.
        engines: `cri-o@1.25`, `podman@4.3`, …, when the caller knows them.
        policy: what the user decided about findings.
        tick: called with the number of lines read now and then.

    Raises:
        UsageError: a platform or an engine has another form.
    """
    report = judge(reading, platform=platform, engines=engines, policy=policy)
    log = read_log(lines, reading.newest_ns, tick)
    words = StoreWords.of(report.relations)
    return WhyLog(log, tuple(_answer(each.text, words, report, whole=True) for each in log.messages), report)


def _answer(pasted: Pasted, words: StoreWords, report: Report, *, whole: bool = False) -> Answer:
    return answer(pasted, words, report.checked, report.causes, report.outlook, report.platform, whole=whole)
