"""The Markdown report, read by a GitHub-flavoured parser: nothing from data becomes a link, HTML or a block."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

import analyzer
from analyzer.report.encode.markdown import markdown_block, markdown_code, markdown_text, mermaid_text
from analyzer.report.formats.markdown import render
from tests.archives import report_of
from tests.editing import BUNDLES, Edited
from tests.report.stores import write_store
from tests.report.test_hostile_text import HOSTILE, PLACES, controls, poisoned

PARSER = MarkdownIt("gfm-like", {"html": True})
JIRA_LIMIT = 32_767
TAMPER = {
    "table": "a|b|c\n|---|---|",
    "code": "`x` ``` y ````",
    "link": "[click](http://example.test) ![i](x) <http://example.test>",
    "bare": "see https://example.test and www.example.test or a@example.test",
    "comment": "<!-- hidden --> <details open>",
    "heading": "# head\n- item\n> quote\n1. one",
    "entity": "&lt;b&gt; &#60;",
    "mention": "@octocat and #1 GH-2",
    "emphasis": "*a* _b_ ~~c~~ __d__",
    "mermaid": '"]; node [ end click n0 "javascript:alert(1)" %%{init}%%',
    "backslash": "\\* \\` \\\\",
    "math": "$x$ $$y$$",
}


def flat(tokens):
    for token in tokens:
        yield token
        yield from flat(token.children or ())


def check(text):
    """Assert that a ticket has no link, no image, and only our folding as HTML; return its text."""
    words = []
    for token in flat(PARSER.parse(text)):
        assert token.type not in ("link_open", "image", "table_open", "blockquote_open", "hr", "s_open")
        if token.type in ("html_block", "html_inline"):
            lines = token.content.strip().split("\n")
            assert all(re.fullmatch(r"</?details>|<summary>[A-Za-z,() 0-9]+</summary>", line) for line in lines), lines
        if token.type in ("text", "code_inline", "fence"):
            words.append(token.content)
    return "\n".join(words)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", [*HOSTILE, *TAMPER])
def test_hostile_text_stays_text(kind, place):
    text = render(report_of(poisoned((HOSTILE | TAMPER)[kind], place)))
    assert controls(text) == set()
    check(text)
    assert len(text) < JIRA_LIMIT


@pytest.mark.parametrize("kind", TAMPER)
def test_text_reads_as_it_was(kind):
    said = " ".join(TAMPER[kind].split())
    for encoded in (markdown_text(said), markdown_code(said)):
        inline = PARSER.parse(encoded)
        assert [token.type for token in inline] == ["paragraph_open", "inline", "paragraph_close"]
        shown = "".join(
            token.content for token in inline[1].children if token.type in ("text", "code_inline", "text_special")
        )
        assert shown == said


@pytest.mark.parametrize("text", ["a", "```", "x ```` y\n~~~", "~~~\n```sh"])
def test_a_block_ends_where_it_should(text):
    tokens = PARSER.parse(markdown_block(text, "sh"))
    assert [token.type for token in tokens] == ["fence"]
    assert tokens[0].content == text + "\n"


def test_mermaid_text_has_nothing_but_letters_digits_and_codes():
    for text in (HOSTILE | TAMPER).values():
        assert re.fullmatch(r"(?:[A-Za-z0-9 ./_+-]|#\d+;)*", mermaid_text(text))


@pytest.mark.parametrize("bundle", sorted(path.name for path in BUNDLES.glob("*.tar.zst")))
def test_every_bundle_gives_a_ticket(bundle):
    report = analyzer.analyze(BUNDLES / bundle)
    text = render(report)
    assert len(text) < JIRA_LIMIT
    words = check(text)
    for cause in report.causes:
        assert cause.hypothesis.title in re.sub(r"\n", "", words)
        for step in cause.hypothesis.plan[:15]:
            assert step.command in words


def test_the_first_cause_is_drawn():
    report = analyzer.analyze(BUNDLES / "parent-record-missing.tar.zst")
    fences = [token for token in PARSER.parse(render(report)) if token.type == "fence" and token.info == "mermaid"]
    assert len(fences) == 1
    lines = fences[0].content.splitlines()
    boxes = {match[1] for match in (re.match(r"  (n\d+)[\[(]", line) for line in lines) if match}
    edges = [match.groups() for match in (re.match(r"  (n\d+) --> (n\d+)$", line) for line in lines) if match]
    assert edges
    assert {end for edge in edges for end in edge} <= boxes
    subject = report.causes[0].hypothesis.subjects[0].id[:12]
    assert any(f"layer {subject}" in line and ":::broken" in line for line in lines)


def test_a_large_store_still_fits(tmp_path):
    write_store(tmp_path / "big.tar", 3_000, lost=set(range(200, 2_900, 9)))
    report = analyzer.analyze(tmp_path / "big.tar")
    assert len(report.findings) > 3_000
    text = render(replace(report, causes=report.causes * 20))
    assert len(text) < JIRA_LIMIT
    check(text)
    assert re.search(r"\d+ more causes not shown here", text)


def test_a_name_longer_than_the_ticket_is_cut_and_said():
    store = Edited()
    images = store.images()
    images[0].update(names=["n" * 300_000], layer="9" * 64)
    text = render(report_of(store.write_images(images)))
    assert len(text) < JIRA_LIMIT
    assert "characters)" in text
    check(text)
