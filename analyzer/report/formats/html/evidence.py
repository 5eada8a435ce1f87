"""The tables below the causes: findings, coverage, and what the rules that spoke mean."""

from __future__ import annotations

from analyzer.causes.plugins import known_families
from analyzer.checks.finding import RANK, SEVERITIES, Evidence, Finding
from analyzer.checks.plugins import known_rules
from analyzer.report.encode.text import inert
from analyzer.report.formats.html.causes import place
from analyzer.report.markup import NOTHING, Markup, coded, el, scroller
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.objects import Objects
from analyzer.report.pages import page_sections, page_title
from analyzer.words import plural

SHOWN = 1_000
"""Rows of the table of findings; those beyond are searched, and shown when they match."""
LOSSES = 200


def findings_block(report: Analysis, objects: Objects) -> Markup:
    """Return the table, worst first; beyond a thousand rows the rest is counted."""
    if not report.findings:
        return NOTHING
    ids = report.finding_ids
    explained: dict[str, list[int]] = {}
    for cause in report.causes:
        for finding in cause.hypothesis.explains:
            explained.setdefault(ids[finding], []).append(cause.rank)
    rows = [
        _row(f, ids[f], explained.get(ids[f], []), objects, known=report.is_old(f)) for f in report.findings[:SHOWN]
    ]
    names = (("id", "num"), ("severity", "num"), ("rule", "text"), ("what was found", ""), ("cause", "num"))
    head = [
        el("th", el("button", name, type="button", class_="sort live") if kind else name, Markup(_plain(name, kind)),
           scope="col", data_kind=kind or None)
        for name, kind in names
    ]  # fmt: skip
    left = len(report.findings) - len(rows)
    said = f"and {plural(left, 'more finding')}, which the filter searches too; --format json has them all."
    more = el("p", said, class_="quiet") if left else None
    return el(
        "section",
        el("h2", f"Findings ({len(report.findings):,})"),
        _filters(report),
        scroller("Findings", el("table", el("thead", el("tr", head)), el("tbody", rows), id="found")),
        more,
        id="findings",
    )


def further_findings(report: Analysis, objects: Objects) -> list[list[str | int]]:
    """Return the rows that the table leaves out: id, severity, rule, slug, kind, name, object, message, cause."""
    ids = report.finding_ids
    rank = {finding: cause.rank for cause in reversed(report.causes) for finding in cause.hypothesis.explains}
    rows: list[list[str | int]] = []
    for finding in report.findings[SHOWN:]:
        subject, item = finding.subject, objects.of(finding.subject, finding.root)
        name = subject.names[0] if subject.names and subject.kind != "layer" else subject.id[:12] or subject.path
        texts = map(inert, (subject.kind, name))
        rows.append([ids[finding], finding.severity, finding.rule, finding.slug, *texts,
                     item.number if item else -1, inert(finding.message), rank.get(finding, 0)])  # fmt: skip
    return rows


def _plain(name: str, kind: str) -> str:
    return el("span", name, class_="dead") if kind else NOTHING


def _filters(report: Analysis) -> Markup:
    present = {finding.severity for finding in report.findings}
    boxes = [
        el("label", el("input", type="checkbox", checked=True, value=severity, class_="level"), " ", severity)
        for severity in reversed(SEVERITIES)
        if severity in present
    ]
    text = el("input", id="filter", type="search", placeholder="rule, id, name, words", autocomplete="off")
    return el(
        "div",
        el("label", "Filter ", text),
        el("fieldset", el("legend", "Severity", class_="hidden-label"), boxes),
        el("output", "", id="matched", for_="filter"),
        class_="filters live-flex",
    )


def _row(finding: Finding, finding_id: str, explained: list[int], objects: Objects, *, known: bool) -> Markup:
    item = objects.of(finding.subject, finding.root)
    subject = finding.subject
    about: list[Markup | str] = [f"{subject.kind} "]
    name = subject.names[0] if subject.names and subject.kind != "layer" else subject.id[:12] or subject.path
    about.append(el("button", name, type="button", class_="go", data_n=item.number) if item else el("code", name))
    return el(
        "tr",
        el("td", el("a", finding_id, href=f"#{finding_id}"), data_v=int(finding_id[1:])),
        el("td", el("span", finding.severity, class_=f"chip sev-{finding.severity}"),
           el("div", "known", class_="quiet") if known else None, data_v=RANK[finding.severity]),
        el("td", el("a", finding.rule, href=f"#rule-{finding.rule}"), el("div", finding.slug, class_="quiet"),
           data_v=finding.rule),
        el("td", el("div", about, class_="about"), el("div", coded(finding.message)), _evidence(finding)),
        el("td", [item for rank in explained for item in (el("a", f"{rank}", href=f"#cause-{rank}"), " ")] or "-",
           data_v=explained[0] if explained else 9999),
        id=finding_id,
        data_level=finding.severity,
    )  # fmt: skip


def _evidence(finding: Finding) -> Markup:
    rows = [el("li", place(evidence), _values(evidence)) for evidence in finding.evidence[:20]]
    return el(
        "details",
        el("summary", f"Evidence, confidence {finding.confidence}"),
        el("ul", rows, class_="plain"),
        el("p", "fingerprint ", el("code", finding.fingerprint), class_="quiet"),
    )


def _values(evidence: Evidence) -> Markup:
    return el(
        "dl",
        el("dt", "expected"),
        el("dd", evidence.expected),
        el("dt", "found"),
        el("dd", evidence.observed),
        class_="pair",
    )


def coverage_block(report: Analysis) -> Markup:
    """Return what was lost, noted and skipped, with reasons."""
    snapshot, checked = report.snapshot, report.checked
    parts: list[Markup] = []
    for title, some in (("Not read", report.losses), ("Noted", snapshot.notes)):
        if some:
            rows = [el("li", el("code", s.where), f": {s.what} (offset {s.offset:,})") for s in some[:LOSSES]]
            left = len(some) - len(rows)
            parts += [el("h3", title), el("ul", rows, el("li", f"and {left} more") if left else None)]
    if checked.ignored:
        parts += [el("h3", f"Ignored as configured ({len(checked.ignored):,})"), _ignored(report)]
    if checked.skipped:
        rows = [el("tr", el("td", rule), el("td", reason)) for rule, reason in checked.skipped]
        head = el("tr", el("th", "check", scope="col"), el("th", "because", scope="col"))
        parts += [el("h3", f"Skipped ({len(checked.skipped)})"), el("table", el("thead", head), el("tbody", rows))]
    if checked.faulty:
        rows = [el("li", el("code", name), f": {reason}") for name, reason in checked.faulty]
        parts += [el("h3", "Faulty plugins and causes"), el("ul", rows)]
    run = el("p", ", ".join(checked.run), class_="quiet")
    parts.append(el("details", el("summary", f"{plural(len(checked.run), 'check')} run"), run))
    return el("section", el("h2", "What was looked at"), parts, id="coverage")


def _ignored(report: Analysis) -> Markup:
    """Return the findings that the user's configuration leaves out, each with the reason given there."""
    ignored = report.checked.ignored
    rows = [
        el(
            "tr",
            el("td", finding.rule, class_="rule"),
            el("td", el("span", finding.severity, class_=f"chip sev-{finding.severity}")),
            el("td", coded(finding.message)),
            el("td", reason),
        )
        for finding, reason in ignored[:LOSSES]
    ]
    left = len(ignored) - len(rows)
    head = el("tr", [el("th", name, scope="col") for name in ("rule", "severity", "what was found", "because")])
    table = scroller("Ignored", el("table", el("thead", head), el("tbody", rows)))
    return Markup(table + (el("p", f"and {left:,} more", class_="quiet") if left else NOTHING))


def rules_block(report: Analysis) -> Markup:
    """Return the pages of the rules and causes that this report names."""
    spoke = {finding.rule for finding in report.findings}
    named = {cause.id for cause in report.causes}
    pages = [(f.id, f.id, f.page) for f in known_families() if f.id in named]
    pages += [(rule.id, f"{rule.id} {rule.slug}", rule.page) for rule in known_rules() if rule.id in spoke]
    if not pages:
        return NOTHING
    shown = [
        el(
            "details",
            el("summary", f"{name}: ", coded(page_title(page))),
            _page(page),
            id=f"rule-{key}",
            class_="page",
        )
        for key, name, page in pages
    ]
    return el("section", el("h2", "What these causes and rules mean"), shown, id="rules")


def _page(page: str) -> list[Markup]:
    parts: list[Markup] = []
    for heading, paragraphs in page_sections(page):
        parts.append(el("h4", heading))
        parts.extend(el("p", coded(paragraph)) for paragraph in paragraphs)
    return parts
