"""The top of the page: verdict in a sentence, facts of the node and the bundle, what was looked at."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.report.formats.html.skin import MARKS
from analyzer.report.markup import NOTHING, Markup, coded, el, join
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.coverage import content, settling, xattrs
from analyzer.report.words import MEANING, VERDICTS, format_and_size, record_counts
from analyzer.snapshot.engines import CRIO, PODMAN, engine_version
from analyzer.snapshot.times import format_time
from analyzer.words import plural, whom

ENGINES = {CRIO: "CRI-O", PODMAN: "Podman", "buildah": "Buildah"}


def banner(report: Analysis) -> Markup:
    """Return the header: the verdict, and what it means here."""
    verdict = report.verdict
    mark = el("svg", el("path", d=MARKS[verdict]), viewBox="0 0 24 24", class_="sign", aria_hidden="true")
    return el(
        "header",
        el(
            "div",
            mark,
            el(
                "div",
                el("h1", VERDICTS[verdict]),
                el("p", _sentence(report), class_="says"),
                join([el("p", danger, class_="danger", role="alert") for danger in report.dangers]),
                _first(report),
                _settling(report),
                el("p", "analyzer report on ", el("code", report.snapshot.bundle.path), class_="quiet"),
            ),
            class_="verdict",
        ),
        class_=f"top v-{verdict}",
    )


def _sentence(report: Analysis) -> str:
    verdict, causes = report.verdict, report.causes
    if verdict == "undetermined":
        return f"Too little was read to judge: {report.too_thin}."
    if not causes:
        return MEANING[verdict]
    hit = causes[0].hypothesis.affected
    first = plural(len(causes), "root cause") + (", most likely and worst first." if len(causes) > 1 else ".")
    told = whom(len(hit.images), len(hit.containers))
    return f"{first} {'The first' if len(causes) > 1 else 'It'} affects {told}."


def _settling(report: Analysis) -> Markup:
    """Return how to capture what is lacking."""
    command = settling(report)
    if not command:
        return NOTHING
    return el("p", "To settle it: ", el("code", command), ", then on the node ", el("code", "sh more.sh > more.tar"))


def _first(report: Analysis) -> Markup:
    """Return the first cause and the first step in a line each: what is wrong, and what to do."""
    if not report.causes:
        return NOTHING
    hypothesis = report.causes[0].hypothesis
    lines = [el("p", el("a", hypothesis.title, href="#cause-1"), class_="first")]
    if hypothesis.plan:
        steps = plural(len(hypothesis.plan), "step")
        lines.append(el("p", f"Fix: {steps}. ", el("strong", "First: "), coded(hypothesis.plan[0].effect)))
    return join(lines)


def facts(report: Analysis) -> Markup:
    """Return what is known of node, engines, stores and bundle, and the coverage in one look."""
    rows = [*_stores(report), *_node(report), *_engines(report), *_bundle(report), *_coverage(report), *_policy(report)]
    return el("dl", [el("div", el("dt", name), el("dd", value)) for name, value in rows], class_="facts")


def _stores(report: Analysis) -> Iterator[tuple[str, list[Markup | str]]]:
    for store in report.snapshot.stores:
        disk = f" on {store.backing_fs}" if store.backing_fs else ""
        place = [el("code", store.root or "."), f" {store.driver}{disk}"]
        yield f"Store ({store.role})", [*place, el("br"), record_counts(store)]


def _node(report: Analysis) -> Iterator[tuple[str, list[Markup | str]]]:
    platform = report.platform
    if platform.architecture:
        yield "Node", [platform.name, el("br"), el("span", f"from {platform.source}", class_="quiet")]
    else:
        yield "Node", ["platform not in the bundle"]


def _engines(report: Analysis) -> Iterator[tuple[str, list[Markup | str]]]:
    made = {c.engine for rel in report.relations for c in rel.containers.values() if c.engine}
    lines: list[Markup | str] = []
    for engine, name in ENGINES.items():
        version = engine_version(engine, report.snapshot.host) if engine in (CRIO, PODMAN) else None
        if version is not None and version.source:
            lines.append(el("div", f"{name} {version.text} ", el("span", f"from {version.source}", class_="quiet")))
        elif engine in made:
            lines.append(
                el("div", f"{name} ", el("span", "made containers; version not in the bundle", class_="quiet"))
            )
    if lines:
        yield "Engines", lines


def _bundle(report: Analysis) -> Iterator[tuple[str, list[Markup | str]]]:
    bundle = report.snapshot.bundle
    lines: list[Markup | str] = [format_and_size(bundle)]
    if report.snapshot.newest_ns > 0:
        newest = f"newest change of a store entry {format_time(report.snapshot.newest_ns)}"
        lines += [el("br"), el("span", newest, class_="quiet")]
    if bundle.sha256:
        lines += [el("br"), el("code", f"sha256:{bundle.sha256}", class_="wrap")]
    yield "Bundle", lines


def _policy(report: Analysis) -> Iterator[tuple[str, list[Markup | str]]]:
    """Tell what the user's own decisions leave out or mark, and that names are not those of the site."""
    if report.policy:
        yield "Policy", [el("div", said) for said in report.policy]
    if report.redacted:
        yield "Redacted", ["names are replaced by pseudonyms; ids are as found"]


def _coverage(report: Analysis) -> Iterator[tuple[str, list[Markup | str]]]:
    snapshot, checked = report.snapshot, report.checked
    whole = "complete" if report.complete else el("strong", "not complete", class_="bad")
    seen = f", depth {snapshot.depth}; content {content(snapshot)}, xattrs {xattrs(snapshot)}"
    counts = f"{plural(len(checked.run), 'check')} run, "
    skipped = el("a", f"{len(checked.skipped)} skipped", href="#coverage") if checked.skipped else "none skipped"
    lost = el("div", plural(len(report.losses), "part"), " not read", class_="bad") if report.losses else NOTHING
    yield "Coverage", [whole, seen, el("br"), counts, skipped, lost]
