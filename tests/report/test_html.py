"""The HTML report: one file, a closed policy, nothing from data becomes markup, records come through whole."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

import analyzer
from analyzer.report.formats.html import render
from analyzer.report.formats.notebook import report_html
from tests.archives import report_of
from tests.editing import BUNDLES, Edited
from tests.report.test_hostile_text import HOSTILE, PLACES, controls, poisoned

ROOT = pathlib.Path(__file__).parents[2]
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "a", "header", "div", "svg", "path", "h1", "p", "code",
    "nav", "label", "input", "ul", "button", "main", "dl", "dt", "dd", "br", "span", "section", "h2", "article",
    "h3", "figure", "desc", "g", "rect", "text", "h4", "li", "ol", "pre", "details", "summary", "table",
    "caption", "thead", "tbody", "tr", "th", "td", "strong", "fieldset", "legend", "output", "line", "aside",
    "footer", "script",
}  # fmt: skip
VOID = {"meta", "input", "br"}


class Page(html.parser.HTMLParser):
    """Collects elements with their attributes, what scripts hold, and all visible text."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.scripts, self.words = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("script", "style"):
            self.scripts.append((self.open[-1], data))
        else:
            self.words.append(data)

    def data(self):
        return next(json.loads(text) for tag, text in self.scripts if tag == "script")


@pytest.fixture(scope="module")
def damaged():
    return analyzer.analyze(BUNDLES / "parent-record-missing.tar.zst")


def test_the_policy_allows_this_style_and_script_and_nothing_else(damaged):
    page = Page(render(damaged))
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    style = next(text for tag, text in page.scripts if tag == "style")
    script = [text for tag, text in page.scripts if tag == "script"][-1]
    for name, text in (("style-src", style), ("script-src", script)):
        assert rules[name] == f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def check_closed(text):
    """Assert that a page has only our elements, links only inside itself, and no attribute that runs or loads."""
    page = Page(text)
    assert page.open == []
    for tag, attributes in page.elements:
        assert tag in ALLOWED
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in ("src", "style", "srcset", "action", "formaction", "xlink:href")
            if name == "href":
                assert value.startswith("#")
    return page


@pytest.mark.parametrize("bundle", sorted(path.name for path in BUNDLES.glob("*.tar.zst")))
def test_every_bundle_gives_a_closed_page(bundle):
    report = analyzer.analyze(BUNDLES / bundle)
    page = check_closed(render(report))
    words = " ".join(page.words)
    for cause in report.causes:
        assert " ".join(cause.hypothesis.title.split()) in " ".join(words.split())
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for tag, a in page.elements if tag == "a" and a["href"] != "#"}
    assert targets <= set(ids)
    assert {f"F{n}" for n in range(1, len(report.findings) + 1)} <= set(ids)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_stays_text(kind, place):
    report = report_of(poisoned(HOSTILE[kind], place))
    for text in (render(report), report_html(report)):
        assert controls(text) == set()
        page = check_closed(text)
        assert [tag for tag, _ in page.elements].count("img") == 0
    scripts = [text for tag, text in Page(render(report)).scripts if tag == "script"]
    assert len(scripts) == 2
    assert not re.search(r"[<>&]", scripts[0])


def test_the_same_bundle_gives_the_same_bytes():
    bundle = BUNDLES / "combo-power-loss.tar.zst"
    made = set()
    for seed in ("1", "2"):
        for form in ("html", "markdown", "sarif", "junit"):
            command = [sys.executable, "-m", "analyzer", "report", str(bundle), "--format", form, "--exit-zero"]
            done = subprocess.run(
                command,
                capture_output=True,
                check=True,
                cwd=ROOT,
                env=os.environ | {"PYTHONHASHSEED": seed},
            )
            made.add((form, done.stdout))
    assert len(made) == 4


def records_of(page):
    """Take the records out of the data block the way the page's script does."""
    data = page.data()
    rows, raw = data["objects"]["rows"], data["raw"]
    found = {}
    for number, row in enumerate(raw["rows"]):
        if isinstance(row, dict):
            found[rows[number][1]] = json.loads("\n".join(row["text"]))
        elif row:
            values = [
                rows[value[0]][1] if isinstance(value, list) else value["j"] if isinstance(value, dict) else value
                for value in row[1:]
            ]
            found[rows[number][1]] = dict(zip(raw["shapes"][row[0]], values, strict=True))
    return found


@pytest.mark.parametrize("bundle", ["healthy-overlay", "userns-mapped", "podman-list"])
def test_records_come_through_as_found(bundle):
    store = Edited(bundle)
    found = records_of(Page(render(report_of(store))))
    paths = [path for path in store.entries if re.search(r"overlay-\w+/(layers|images|containers)\.json$", path)]
    assert paths
    for path in paths:
        for record in store.records(path):
            assert found[record["id"]] == record


def test_numbers_that_a_script_would_change_come_through_as_text():
    store = Edited("podman-list")
    path = next(path for path in store.entries if path.endswith("overlay-layers/layers.json"))
    record = {"id": "a" * 64, "big": 2**60 + 1, "real": 1.0, "__proto__": {"x": 1}, "7": 7}
    store.write_records(path, [*store.records(path), record])
    assert records_of(Page(render(report_of(store))))["a" * 64] == record


def test_the_notebook_cell_has_no_script_and_the_same_causes(damaged):
    text = report_html(damaged)
    page = check_closed(text)
    assert "script" not in {tag for tag, _ in page.elements}
    assert damaged.causes[0].hypothesis.title in " ".join(page.words)
    assert "svg" in {tag for tag, _ in page.elements}


def test_a_healthy_page_says_what_was_read():
    words = " ".join(Page(render(analyzer.analyze(BUNDLES / "healthy-metadata-only.tar.zst"))).words)
    assert "Healthy" in words
    assert "content absent" in words
    assert "Skipped" in words
