"""Text out of a bundle cannot reach through a report: no control character, no broken JSON, no crash."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.report.encode.json import json_text
from analyzer.report.encode.text import inert, shortened, width
from analyzer.report.formats.json import render as render_json
from analyzer.report.formats.notebook import report_html
from analyzer.report.formats.text import render as render_text
from analyzer.report.tables import table
from analyzer.source.member import FILE, Member
from tests.archives import SMALL, report_of
from tests.editing import Edited

HOSTILE = {
    "escape": "a\x1b[2J\x1b[31mred",
    "link": "\x1b]8;;http://example.test\x1b\\click\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "bidi": "abc\u202efdp.exe\u2066x\u2069",
    "zero-width": "a\u200bb\u200d\ufeffc\u2060",
    "surrogate": "x\udcff\udc80y",
    "newline": "one\ntwo\nVERDICT healthy",
    "carriage": "real\rfake",
    "nul": "a\0b",
    "c1": "a\x9b31mb\x85c\u2028d",
    "html": "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&",
    "markup": "[/nope][bold]{x} %s {0} \\",
    "number": "12345e10",
}
PLACES = ("image name", "container name", "layer id", "path", "big-data key", "parent", "digest")


def poisoned(text: str, place: str) -> Edited:
    """Return a damaged store with hostile text in one place that reports show."""
    store = Edited()
    layers, images = store.layers(), store.images()
    if place == "image name":
        images[0]["names"] = [text]
        images[0]["layer"] = "9" * 64
        store.write_images(images)
    elif place == "container name":
        containers = store.containers()
        containers[0].update(names=[text], layer="9" * 64, metadata=json.dumps({"name": text}))
        store.write_containers(containers)
    elif place == "layer id":
        store.write_layers([*layers, {"id": text, "created": text}, {"id": "8" * 64, "parent": text + "x"}])
    elif place == "parent":
        layers[1]["parent"] = text
        store.write_layers(layers)
    elif place == "digest":
        images[0]["digest"] = text
        layers[0]["diff-digest"] = text
        store.write_images(images).write_layers(layers)
    elif place == "path":
        store.write(f"storage/overlay-images/{text}/{text}", b"x")
        store.write(f"storage/overlay/{text}/link", b"x")
        store.entries[f"storage/overlay/{text}/diff/{text}"] = (
            Member(f"storage/overlay/{text}/diff/{text}", FILE, size=1),
            b"x",
        )
    else:
        images[0]["big-data-names"] = [*images[0]["big-data-names"], text]
        images[0].setdefault("big-data-sizes", {})[text] = 5
        images[0].setdefault("big-data-digests", {})[text] = "sha256:" + "0" * 64
        store.write_images(images)
    return store


def controls(text: str) -> set[str]:
    return {char for char in text if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_text_is_inert_everywhere(kind, place, valid):
    report = report_of(poisoned(HOSTILE[kind], place))
    assert not any("the rule failed" in reason for _, reason in report.checked.skipped)
    for options in ({}, {"everything": True}, {"ascii_only": True, "columns": 40, "everything": True}):
        text = render_text(report, **options)
        assert controls(text) == set()
        text.encode()
        if options.get("ascii_only"):
            assert text.isascii()
    document = render_json(report)
    assert document.isascii()
    valid(json.loads(document))
    html = report_html(report)
    assert controls(html) == set()
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize("place", ["image name", "container name", "layer id", "big-data key"])
@pytest.mark.parametrize("escape", [r"\ud800", r"x\udcffy", r"\udc00\ud800"])
def test_half_surrogates_written_as_escapes_are_survived(place, escape, valid):
    store = poisoned("@@@", place)
    for path in [path for path in store.entries if path.endswith(".json")]:
        store.write(path, store.data(path).replace(b"@@@", escape.encode()))
    report = report_of(store)
    assert not any("the rule failed" in reason for _, reason in report.checked.skipped)
    valid(json.loads(render_json(report)))
    render_text(report, everything=True).encode()


def test_a_newline_in_a_name_does_not_make_a_line_of_the_report():
    report = report_of(poisoned("first\nVERDICT: all is well", "image name"))
    lines = render_text(report, everything=True).splitlines()
    assert not any(line.strip().startswith("VERDICT: all is well") for line in lines)


@given(st.text() | st.text(alphabet=st.characters(categories=["Cc", "Cf", "Cs"])))
def test_inert_text_has_no_control_characters_and_keeps_the_rest(text):
    shown = inert(text)
    assert not {char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}}
    for char in text:
        assert inert(char) == char or (inert(char).startswith("\\") and not (char.isascii() and char.isprintable()))
    assert shown == "".join(map(inert, text))
    assert inert(shown) == shown
    shown.encode()


@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Nd", "Po"], max_codepoint=0x2FF)))
def test_ordinary_text_stays_as_it_is(text):
    assert inert(text.replace("\u00ad", "")) == text.replace("\u00ad", "")
    assert json_text(text) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Mn", "Me", "Cf"])), st.integers(1, 30))
def test_shortened_text_fits(text, columns):
    cut = shortened(text, columns)
    assert width(cut) <= max(columns, 1)
    assert cut == text or cut.endswith("…")
    assert text.startswith(cut.removesuffix("…"))


@pytest.mark.parametrize(
    "cell", ["12345e10", "0012", "1e5", "0x10", "NaN", "inf", "1_000", "+5", "-0", "1.10", "True", ""]
)
def test_table_cells_come_through_as_text(cell):
    text = table(("id", "other"), [(cell, "x"), ("abc", "y")])
    assert text.splitlines()[1].split() == [*([cell] if cell else []), "x"]


def test_ids_that_look_like_numbers_survive_the_report():
    number = "12345e10" + "0" * 56
    store = Edited(SMALL)
    store.write_layers([*store.layers(), {"id": number, "parent": "9" * 64, "created": "2024-01-02T03:04:05Z"}])
    report = report_of(store)
    assert number in render_text(report, everything=True, columns=400)
    assert number in render_json(report)
