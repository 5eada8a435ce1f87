"""What CRI-O and Podman would answer on this store, and what a command would remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report.markup import NOTHING, Markup, el, scroller
from analyzer.report.views.grade import check_said
from analyzer.report.words import plural

if TYPE_CHECKING:
    from analyzer.outlook.model import Deletes, Outlook
    from analyzer.report.model.analysis import Analysis


def outlook_block(report: Analysis) -> Markup:
    """Return the section, nothing where nothing was predicted."""
    if not report.outlook:
        return NOTHING
    head = el("tr", [el("th", name, scope="col") for name in ("engine", "command", "answer", "would remove")])
    ids = report.finding_ids
    rows = [_row(item, [ids[f] for f in item.because if f in ids]) for item in report.outlook]
    return el(
        "section",
        el("h2", "What the engines would answer"),
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
    return el("div", el("h3", "What an engine's check said of this store"), el("ul", said))


def _row(item: Outlook, because: list[str]) -> Markup:
    answer: list[Markup | str] = [el("strong", item.verdict, class_="good" if item.works else "bad")]
    if item.message:
        answer += [" ", el("code", item.message, class_="wrap")]
    for finding in because[:8]:
        answer += [" ", el("a", finding, href=f"#{finding}")]
    return el(
        "tr",
        el("td", f"{item.engine} {item.version}"),
        el("td", el("code", item.command)),
        el("td", answer),
        el("td", _removed(item.deletes)),
    )


def _removed(deletes: Deletes | None) -> Markup | str:
    if deletes is None:
        return "nothing by design"
    if deletes.whole_root:
        return el("strong", "the whole graph root", class_="bad")
    counts = ((deletes.layers, "layer"), (deletes.images, "image"), (deletes.containers, "container"))
    parts = [plural(count, noun) for count, noun in counts if count]
    return ", ".join(parts) or "nothing"
