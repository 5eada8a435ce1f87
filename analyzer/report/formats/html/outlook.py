"""What CRI-O and Podman would answer on this store, and what a command would remove."""

from __future__ import annotations

from analyzer.outlook.danger import deleted, loses
from analyzer.outlook.model import Outlook
from analyzer.report.markup import NOTHING, Markup, el, scroller
from analyzer.report.model.analysis import Analysis
from analyzer.report.views.grade import check_said


def outlook_block(report: Analysis) -> Markup:
    """Return the section, nothing where nothing was predicted."""
    if not report.outlook:
        return NOTHING
    head = el("tr", [el("th", name, scope="col") for name in ("engine", "command", "answer", "would delete")])
    ids = report.finding_ids
    rows = [_row(item, [ids[f] for f in item.because if f in ids]) for item in report.outlook]
    return el(
        "section",
        el("h2", "Predicted engine behaviour"),
        el("p", "Predicted from the records; nothing was run.", class_="quiet"),
        scroller("Answers of the engines", el("table", el("thead", head), el("tbody", rows))),
        _checks(report),
        id="outlook",
    )


def _checks(report: Analysis) -> Markup:
    """Return how the lines of captured checks were graded."""
    if not report.graded:
        return NOTHING
    said = [el("li", el("code", check.path), ": ", check_said(check)) for check in report.graded]
    return el("div", el("h3", "What an engine's own check said about this store"), el("ul", said))


def _row(item: Outlook, because: list[str]) -> Markup:
    answer: list[Markup | str] = [
        el("strong", _verdict(item), class_="good" if item.works and not loses(item) else "bad")
    ]
    if item.message:
        answer += [" ", el("code", item.message, class_="wrap")]
    for finding in because[:8]:
        answer += [" ", el("a", finding, href=f"#{finding}")]
    return el(
        "tr",
        el("td", f"{item.engine} {item.version}"),
        el("td", el("code", item.command)),
        el("td", answer),
        el("td", _removed(item)),
    )


def _verdict(item: Outlook) -> str:
    return "deletes" if item.works and loses(item) else item.verdict


def _removed(item: Outlook) -> Markup | str:
    if item.deletes is None:
        return "nothing by design"
    gone = deleted(item.deletes) or "nothing"
    return el("strong", gone, class_="bad") if loses(item) else gone
