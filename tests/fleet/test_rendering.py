"""The fleet report with hostile names: no markup, no control character, no formula, no link gets through."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from markdown_it import MarkdownIt

from analyzer.fleet import html, markdown, text
from analyzer.fleet.rollup import rollup
from tests.fleet.fleets import ByHand

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a|b|c`d`",
    "[x](javascript:alert(1)) ![y](http://evil.example/p.png)",
    "esc\x1b[2J\x07\u202egnp.exe",
    "line\nbreak\r\n# heading",
    "${jndi:ldap://x} {{7*7}} &lt;",
    "http://evil.example/ @someone #12",
)


def hostile_fleet():
    made = ByHand()
    for number, word in enumerate(HOSTILE):
        made.add(
            word,
            [{"title": word, "subject": word, "path": word, "first": (1_700_000_000 + number) * 10**9},
             {"cause": "records-disagree", "rank": 2, "title": word, "severity": "warning"}],
            [("image", word), ("kernel", HOSTILE[0]), ("base", HOSTILE[1])],
            [{"command": f"rm {word}", "effect": word, "after": word, "risk": "data-loss"}],
            sha256=f"{number:064x}",
        )  # fmt: skip
        made.add(f"{word} well", [], [("kernel", "5.14")], sha256=f"{number + 100:064x}")
        made.add(f"{word} thin", [], thin=word, verdict="undetermined")
        made.add(f"{word} failed", failed="timeout", path=word, reason=word)
    made.add("one", [{"cause": "lone", "title": HOSTILE[0]}], sha256="f" * 64)
    made.add("two", [], sha256="f" * 64)
    return rollup(made.db)


@pytest.fixture(scope="module")
def fleet():
    return hostile_fleet()


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.said: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.said.append(data)


def test_the_fleet_is_what_it_should_be(fleet):
    assert fleet["nodes"]["failed"] == len(HOSTILE)
    assert fleet["causes"][0]["compared"]["shared"]
    assert fleet["duplicates"] == [{"node": "two", "of": "one"}]


def test_html_holds_text_only(fleet):
    source, asset = html.render(fleet), files("analyzer.fleet.html").joinpath("fleet.js").read_text()
    page = Page()
    page.feed(source)
    assert not {tag for tag, _ in page.tags} & {"img", "iframe", "object", "form", "link", "base"}
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert asset in source
    for _, attributes in page.tags:
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
        assert re.fullmatch(r"#\w*|reports/[\w.~%-]+", attributes.get("href", "#"))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", source)
    said = "".join(page.said)
    assert "script-src &#x27;sha256-" in source
    assert "<script>alert(1)</script>" in said
    assert "\\x1b[2J\\x07\\u202e" in said
    assert "default-src &#x27;none&#x27;; style-src &#x27;sha256-" in source
    assert html.render(fleet) == source


def test_markdown_holds_text_only(fleet):
    source = markdown.render(fleet)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", source)
    tokens = MarkdownIt("gfm-like").parse(source)
    flat = [inner for token in tokens for inner in (token, *(token.children or ()))]
    assert not [t for t in flat if t.type in ("html_block", "html_inline", "link_open", "image")]
    rows = [line for line in source.splitlines() if line.startswith("|")]
    assert rows
    widths = {}
    for line in rows:
        if set(line) <= set("|-"):
            continue
        widths.setdefault(len(re.findall(r"(?<!\\)\|", line)), 0)
    assert set(widths) == {3, 4, 6}
    cells = [tokens[n + 1].children for n, token in enumerate(tokens) if token.type == "td_open"]
    assert "a|b|c`d`" in [child.content for cell in cells for child in cell]
    headings = [tokens[n + 1].content for n, token in enumerate(tokens) if token.type == "heading_open"]
    assert not any("heading" in said for said in headings)


def test_text_holds_no_control_characters(fleet):
    said = text.render(fleet)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", said)
    assert "no report: <script>alert(1)</script> failed (timeout)" in said


def test_fleets_without_damage_say_what_is_known():
    healthy, failed = ByHand().add("a").add("b"), ByHand().add("a").add("b", failed="timeout")
    fine, unsure = rollup(healthy.db), rollup(failed.db)
    assert "No node is damaged." in text.render(fine)
    assert "v-healthy" in html.render(fine)
    assert "No damage was seen, but 1 node could not be judged." in text.render(unsure)
    assert "v-undetermined" in html.render(unsure)
    assert "No node is damaged" not in markdown.render(unsure)
    for fleet in (fine, unsure):
        assert "Do this first" not in html.render(fleet) + markdown.render(fleet)
