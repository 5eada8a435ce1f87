"""What in a store makes an engine print a message, as a value that shows itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.api.reading import judge
from analyzer.errors import UsageError
from analyzer.outlook.why.answer import answer, platform_named
from analyzer.report.answer import platform_text, render, to_dict
from analyzer.report.cells import preformatted
from analyzer.signatures.match import match
from analyzer.signatures.text import prepare
from analyzer.snapshot.platform import known, parse_platform, platform_of

if TYPE_CHECKING:
    from analyzer.outlook.why.answer import Answer
    from analyzer.report.report import Report
    from analyzer.signatures.text import Pasted
    from analyzer.snapshot.platform import Platform
    from analyzer.snapshot.snapshot import Snapshot


class Why:
    """The answer to an error message.

    Attributes:
        answer: the parts of it.
        report: the report it rests on.
        assumed: platform that was taken from the message, `""` when none was.
    """

    def __init__(self, found: Answer, report: Report, assumed: str = "") -> None:
        self.answer = found
        self.report = report
        self.assumed = assumed

    def to_dict(self) -> dict[str, Any]:
        """Return what `analyzer why --format json` prints."""
        return to_dict(self.answer, self.report, assumed=self.assumed)

    def __repr__(self) -> str:
        return render(self.answer, self.report, assumed=self.assumed, columns=100).rstrip()

    def _repr_html_(self) -> str:
        return preformatted(repr(self))


def why(reading: Snapshot, text: str, platform: str | None = None) -> Why:
    """Return what makes an engine print a text; where it names a platform nobody else tells, it is believed.

    Raises:
        UsageError: the text is empty.
    """
    pasted = prepare(text)
    if not pasted.records:
        raise UsageError("the text is empty: give the message as it was printed")
    told = platform_named(match(pasted))
    believed = known(parse_platform(told), "the message") if told else None
    given = platform or (believed if not platform_of(reading).architecture else None)
    found = _ask(reading, pasted, given)
    if found.answer.conflict and platform is None and not found.answer.replies:
        again = _ask(reading, pasted, believed)
        if again.answer.replies:
            return Why(again.answer, again.report, platform_text(again.report.platform))
    return found


def _ask(reading: Snapshot, pasted: Pasted, platform: str | Platform | None) -> Why:
    report = judge(reading, platform=platform)
    return Why(answer(pasted, report.relations, report.checked, report.causes, report.outlook, report.platform), report)
