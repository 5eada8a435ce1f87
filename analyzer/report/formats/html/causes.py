"""Causes as cards: what happened, the picture, the proof, who is hit, what to do."""

from __future__ import annotations

from analyzer.causes.model import Cause, Step
from analyzer.checks.finding import Evidence, Finding
from analyzer.report.drawing.neighbourhood import neighbourhood
from analyzer.report.drawing.svg import draw
from analyzer.report.encode.text import short_ids
from analyzer.report.formats.document import container_name, image_names
from analyzer.report.markup import NOTHING, Markup, coded, el, join, scroller
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.chain import chain_of
from analyzer.report.model.objects import Objects
from analyzer.report.words import RISKS
from analyzer.words import percent, plural

OPEN, SHOWN = 3, 40
PROOF, NAMES = 3, 12


def causes(report: Analysis, objects: Objects) -> Markup:
    """Return the section: the first causes open, further ones folded, beyond forty only counted."""
    if not report.causes:
        return NOTHING
    cards = [_card(report, objects, cause) for cause in report.causes[:SHOWN]]
    more = len(report.causes) - len(cards)
    rest: Markup = NOTHING
    if cards[OPEN:]:
        rest = el("details", el("summary", plural(len(cards) - OPEN, "more cause")), cards[OPEN:], class_="more")
    left = (
        el("p", f"{plural(more, 'more cause')}: --format json has them all.", class_="quiet") if more > 0 else NOTHING
    )
    return el("section", el("h2", "Causes", class_="hidden-label"), cards[:OPEN], rest, left, id="causes")


def _card(report: Analysis, objects: Objects, cause: Cause) -> Markup:
    hypothesis = cause.hypothesis
    chips = el(
        "p",
        el("span", cause.severity, class_=f"chip sev-{cause.severity}"),
        el("span", f"{percent(cause.probability)} likely", class_="chip"),
        el("span", el("code", cause.id), class_="chip"),
        el("span", "known from the baseline", class_="chip") if report.is_known(cause) else None,
        class_="chips",
    )
    return el(
        "article",
        el("h3", el("span", str(cause.rank), class_="rank"), " ", hypothesis.title, id=f"cause-{cause.rank}"),
        chips,
        _picture(report, objects, cause),
        el(
            "div",
            el("div", _proof(report, cause), _hit(report, cause), _doubts(report, cause), class_="col"),
            el("div", _plan(hypothesis.steps), class_="col"),
            class_="cols",
        ),
        class_=f"card sev-{cause.severity}",
        aria_labelledby=f"cause-{cause.rank}",
    )


def _picture(report: Analysis, objects: Objects, cause: Cause) -> Markup:
    links = chain_of(cause, report.relations)
    words = ", ".join(f"{link.kind} {link.label}{': ' + link.broken if link.broken else ''}".strip() for link in links)
    caption = f"One way down to the break: {words}." if words else ""
    drawn = draw(neighbourhood(cause, objects), f"What cause {cause.rank} is about", caption)
    return el("figure", scroller("Graph", drawn), class_="picture")


def _proof(report: Analysis, cause: Cause) -> Markup:
    ids = report.finding_ids
    ordered = sorted(cause.hypothesis.explains.items(), key=lambda item: (-item[1], int(ids[item[0]][1:])))
    rows = [el("li", _finding(finding, ids[finding])) for finding, _ in ordered[:PROOF]]
    if len(ordered) > PROOF:
        others = [
            item
            for finding, _ in ordered[PROOF : PROOF + 60]
            for item in (el("a", ids[finding], href=f"#{ids[finding]}"), " ")
        ]
        tail = f"and {len(ordered) - PROOF - 60} more" if len(ordered) > PROOF + 60 else None
        rows.append(el("li", f"and {plural(len(ordered) - PROOF, 'more finding')}: ", others, tail, class_="quiet"))
    return el("div", el("h4", "Evidence"), el("ul", rows, class_="plain"))


def _finding(finding: Finding, finding_id: str) -> Markup:
    return join(
        (
            el("a", finding_id, href=f"#{finding_id}"),
            " ",
            el("a", finding.rule, href=f"#rule-{finding.rule}", class_="rule"),
            " ",
            coded(short_ids(finding.message)),
            place(finding.evidence[0]),
        )
    )


def place(evidence: Evidence) -> Markup:
    """Return where a fact was read."""
    where = evidence.where
    tail = f" {where.pointer}" if where.pointer else ""
    offset = f" (byte {where.offset:,})" if where.pointer and where.offset > 0 else ""
    return el("div", "at ", el("code", where.path + tail), offset, class_="place")


def _hit(report: Analysis, cause: Cause) -> Markup:
    hit, relations = cause.hypothesis.affected, report.relations
    parts: list[Markup] = [el("h4", "Affected")]
    images = [", ".join(image_names(i, relations)) or i[:12] for i in hit.images]
    containers = [container_name(i, relations) or i[:12] for i in hit.containers]
    for noun, names in (("image", images), ("container", containers)):
        if names:
            parts.append(el("p", plural(len(names), noun), class_="count"))
            parts.append(_names(names))
    if not images and not containers:
        parts.append(el("p", "No image and no container."))
    return el("div", parts)


def _names(names: list[str]) -> Markup:
    rows = [el("li", el("code", name)) for name in names]
    first = el("ul", rows[:NAMES], class_="names")
    if len(rows) <= NAMES:
        return first
    limit = NAMES + 500
    tail = el("li", f"and {len(rows) - limit} more") if len(rows) > limit else None
    rest = el("details", el("summary", f"{len(rows) - NAMES} more"), el("ul", rows[NAMES:limit], tail, class_="names"))
    return Markup(first + rest)


def _plan(steps: tuple[tuple[int, Step], ...]) -> Markup:
    if not steps:
        return NOTHING
    items = [el("li", _step(step), value=number) for number, step in steps]
    return el("div", el("h4", "Fix"), el("ol", items, class_="plan"))


def _step(step: Step) -> list[Markup]:
    parts: list[Markup] = [
        el("p", coded(step.effect), " ", el("span", RISKS[step.risk], class_=f"risk r-{step.risk}")),
    ]
    if step.command:
        copy = el("button", "Copy", type="button", class_="copy live", aria_label="Copy this command")
        parts.append(el("div", el("pre", el("code", step.command), tabindex="0"), copy, class_="command"))
    if step.after:
        parts.append(el("p", coded(f"Expect: {step.after}."), class_="quiet"))
    return parts


def _doubts(report: Analysis, cause: Cause) -> Markup:
    hypothesis, ids = cause.hypothesis, report.finding_ids
    terms = [(f"{ids[f]} {f.rule}", weight) for f, weight in hypothesis.explains.items()][:20]
    terms += [(reason.text, reason.weight) for reason in hypothesis.reasons]
    rows = [el("tr", el("td", f"{weight:+.1f}", class_="num"), el("td", text)) for text, weight in terms]
    table = el(
        "table",
        el("caption", "Weights in nats: how much each speaks for or against it"),
        el("tbody", rows),
    )
    settle = [el("li", text) for text in hypothesis.would_settle]
    would = [el("p", "What would settle it:"), el("ul", settle)] if settle else []
    return el("details", el("summary", "For, against, and what would settle it"), table, would)
