"""HTML, Markdown, SARIF and JUnit: well formed, inert, and the same bytes every time."""

from __future__ import annotations

import importlib
import json
import pathlib
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import jsonschema
import pytest

from analyzer.api import analyze, judge
from tests.editing import Edited

HERE = pathlib.Path(__file__).parent
SAMPLES = sorted((HERE.parents[1] / "samples").glob("*.tar.zst"))
FORMATS = ("html", "markdown", "sarif", "junit")
HOSTILE = "evil<script>alert(1)</script>\x1b]8;;http://x\x07\u202e`|[x](http://y)\"'"


def render(report, name):
    return importlib.import_module(f"analyzer.report.formats.{name}").render(report)


class Page(HTMLParser):
    """Collects what a browser would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts = 0
        self.handlers = []
        self.fetched = []
        self.policy = ""
        self.open = []

    def handle_starttag(self, tag, attrs):
        facts = dict(attrs)
        if tag == "script" and facts.get("type", "text/javascript") == "text/javascript":
            self.scripts += 1
        if tag == "meta" and facts.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = facts["content"]
        self.handlers += [name for name in facts if name.startswith("on")]
        self.fetched += [value for name, value in attrs if name in ("src", "href") and not value.startswith("#")]


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.name)
def report(request):
    return analyze(request.param)


@pytest.fixture(scope="module")
def hostile():
    store = Edited()
    image = store.image_named("quay.example.test/shop/api:2.0")
    rows = [{**row, "names": [HOSTILE]} if row["id"] == image["id"] else row for row in store.images()]
    store.write_images(rows).write(f"storage/overlay/{image['layer']}/link", b"")
    return judge(store.snapshot())


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(report, name):
    assert render(report, name) == render(report, name)


def test_html_runs_and_fetches_nothing_foreign(report, hostile):
    for each in (report, hostile):
        text = render(each, "html")
        page = Page()
        page.feed(text)
        assert page.scripts <= 1
        assert page.handlers == []
        assert page.fetched == []
        assert "default-src 'none'" in page.policy
        assert "unsafe-inline" not in page.policy
        assert each.verdict in text.lower()
        for cause in each.causes[:1]:
            assert cause.id in text


@pytest.mark.parametrize("name", FORMATS)
def test_hostile_names_are_inert(hostile, name):
    text = render(hostile, name)
    assert "\x1b" not in text
    assert "\u202e" not in text
    if name in ("html", "junit"):
        assert "<script>alert" not in text


def test_sarif_follows_its_schema(report, hostile):
    schema = json.loads((HERE / "schemas" / "sarif-schema-2.1.0.json").read_text())
    for each in (report, hostile):
        document = json.loads(render(each, "sarif"))
        jsonschema.Draft7Validator(schema).validate(document)
        [run] = document["runs"]
        assert len(run["results"]) >= len([f for f in each.findings if f.severity != "info"])


def test_junit_counts_what_failed(report):
    root = ET.fromstring(render(report, "junit"))
    failed = {case.get("name") for case in root.iter("testcase") if case.find("failure") is not None}
    bad = {f.rule for f in report.findings if f.severity in ("error", "critical")}
    assert {rule for rule in bad if any(rule in name for name in failed)} == bad


def test_markdown_names_the_first_cause(report):
    text = render(report, "markdown")
    assert len(text) < 65_536
    for cause in report.causes[:1]:
        assert cause.id in text
