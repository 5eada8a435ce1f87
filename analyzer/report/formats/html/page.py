"""Put the page together: policy, style, blocks, data and script."""

from __future__ import annotations

from analyzer.report.encode.json import script_json
from analyzer.report.formats.html.causes import causes
from analyzer.report.formats.html.contents import contents_block
from analyzer.report.formats.html.data import page_data
from analyzer.report.formats.html.evidence import coverage_block, findings_block, rules_block
from analyzer.report.formats.html.head import banner, facts
from analyzer.report.formats.html.outlook import outlook_block
from analyzer.report.formats.html.skin import asset, content_hash, shared_script, styles
from analyzer.report.formats.html.strips import space_block, timeline_block
from analyzer.report.markup import Markup, el, join
from analyzer.report.model.analysis import Analysis
from analyzer.report.model.objects import Objects
from analyzer.report.words import VERDICTS
from analyzer.version import __version__

SECTIONS = (
    ("causes", "Causes"),
    ("outlook", "Outlook"),
    ("store", "Graph"),
    ("findings", "Findings"),
    ("timeline", "Timeline"),
    ("space", "Disk use"),
    ("contents", "Contents"),
    ("coverage", "Coverage"),
    ("rules", "Rules"),
)


def render(report: Analysis) -> str:
    """Return the page; the same bundle gives the same bytes."""
    objects = Objects(report)
    style, script = styles(), Markup(shared_script() + asset("formats/html/script.js"))
    blocks = {
        "causes": causes(report, objects),
        "outlook": outlook_block(report),
        "store": _explorer(objects),
        "findings": findings_block(report, objects),
        "timeline": timeline_block(report),
        "space": space_block(report),
        "contents": contents_block(report),
        "coverage": coverage_block(report),
        "rules": rules_block(report),
    }
    shown = [(name, title) for name, title in SECTIONS if blocks[name]]
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=_policy(style, script)),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"{VERDICTS[report.verdict]} · {report.snapshot.bundle.path} · analyzer"),
        el("style", style),
    )
    body = el(
        "body",
        el("a", "Skip to the report", class_="skip", href="#main"),
        banner(report),
        _bar(shown),
        el("main", facts(report), [blocks[name] for name, _ in shown], id="main"),
        _panel(),
        el("p", class_="status", id="status", role="status", aria_live="polite"),
        el("footer", f"analyzer {__version__}. This page loads nothing and sends nothing."),
        el("script", Markup(script_json(page_data(report, objects))), type="application/json", id="data"),
        el("script", script),
        class_="az",
    )
    return f"<!DOCTYPE html>\n{el('html', head, body, lang='en')}\n"


def _policy(style: str, script: str) -> str:
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src {content_hash(style)}",
            f"script-src {content_hash(script)}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _bar(sections: list[tuple[str, str]]) -> Markup:
    links = [el("a", title, href=f"#{name}") for name, title in sections]
    search = el(
        "div",
        el("label", "Search", for_="q", class_="hidden-label"),
        el(
            "input", id="q", type="search", placeholder="id, name, path or link", autocomplete="off", spellcheck="false"
        ),
        el("ul", id="hits", hidden=True, aria_label="Search results"),
        class_="search",
    )
    buttons = el(
        "div",
        el("button", "Theme", type="button", id="theme", title="Light, dark, or as the system"),
        el("button", "Print", type="button", id="print"),
        class_="tools",
    )
    return el("div", el("nav", links, aria_label="Sections"), search, buttons, class_="top-bar live-flex")


def _explorer(objects: Objects) -> Markup:
    return el(
        "section",
        el("h2", "The whole store"),
        el(
            "p",
            "Containers on the left, what they stand on to the right. Runs of layers with nothing to tell are folded.",
            class_="quiet",
        ),
        el(
            "div",
            el("button", f"Draw all {len(objects):,} objects", type="button", id="draw", class_="strong"),
            class_="live",
        ),
        el("p", "Drawing needs the script of this page.", class_="dead quiet"),
        el("div", id="whole", hidden=True),
        id="store",
    )


def _panel() -> Markup:
    return el(
        "aside",
        el(
            "div",
            el("h2", "", id="panel-title", tabindex="-1"),
            el("button", "Close", type="button", id="panel-close"),
            class_="panel-head",
        ),
        el("div", id="panel-body"),
        id="panel",
        hidden=True,
        aria_labelledby="panel-title",
    )


def fragment(report: Analysis) -> Markup:
    """Return verdict, facts and causes without script, for a notebook cell."""
    return join((banner(report), facts(report), causes(report, Objects(report))))
