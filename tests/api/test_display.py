"""What values of the API give to a notebook: HTML or a picture without script and network, and the same as text.

JupyterLab and VS Code show what IPython's formatter makes of a value, marimo what its own makes of it.
"""

from __future__ import annotations

import html.parser
import re
from collections import Counter

import pytest

import analyzer
from tests.archives import BUNDLES

VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}
ACTIVE = {"script", "iframe", "object", "embed", "form", "link", "meta", "base", "audio", "video"}


@pytest.fixture(scope="module")
def values():
    """Return one of each kind of value that shows itself."""
    s = analyzer.open(BUNDLES / "base-file-edited.tar.zst")
    before = analyzer.open(BUNDLES / "healthy-overlay.tar.zst")
    return {
        "report": s.report(),
        "cause": s.cause(1),
        "layer": s.layer(s.causes.subject[0]),
        "image": s.image(s.images.name[0]),
        "container": s.container(s.containers.id[0]),
        "graph": s.graph,
        "plan": s.plan(),
        "simulation": s.simulate([s.images.id[0]]),
        "why": s.why("layer not known"),
        "diff": before.diff(s),
        "frame": s.images,
        "space": s.plot_space(),
        "timeline": s.plot_timeline(),
        "fleet": analyzer.open_many([str(BUNDLES / "base-file-edited.tar.zst")]).plot_causes(),
    }


NAMES = (
    "report", "cause", "layer", "image", "container", "graph", "plan", "simulation", "why", "diff", "frame", "space",
    "timeline", "fleet",
)  # fmt: skip
PICTURES = ("space", "timeline", "fleet")


class Page(html.parser.HTMLParser):
    """Elements and attributes of a fragment; every element that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.seen, self.attributes, self.open, self.text = set(), [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def inert(text):
    """Judge a fragment: nothing in it runs, and nothing is fetched."""
    page = Page(text)
    assert not page.seen & ACTIVE
    for tag, name, value in page.attributes:
        assert not name.startswith("on"), (tag, name)
        if name in ("src", "href", "xlink:href", "action", "data"):
            assert value.startswith(("#", "data:image/")), (tag, name, value)
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert "@import" not in styles
    assert not re.search(r"url\((?!['\"]?(?:data:|#))", styles)
    return page


def words(text):
    """Return the words between the tags of a page."""
    return html.unescape(re.sub(r"<[^>]*>", " ", text)).split()


@pytest.mark.parametrize("name", NAMES)
def test_ipython_gives_html_or_a_picture_and_the_same_as_text(name, values):
    formatter = pytest.importorskip("IPython.core.formatters", reason="needs ipykernel ([notebook])").DisplayFormatter()
    data, metadata = formatter.format(values[name])
    assert metadata == {}
    assert data["text/plain"].strip()
    if name in PICTURES:
        assert set(data) == {"text/plain", "image/png"}
        assert data["image/png"].startswith(b"\x89PNG")
        return
    assert set(data) == {"text/plain", "text/html"}
    page = inert(data["text/html"])
    assert "".join(page.text).strip()


@pytest.mark.parametrize("name", ["report", "cause", "layer", "image", "container", "graph"])
def test_what_has_a_place_in_the_graph_comes_with_a_picture(name, values):
    page = inert(values[name]._repr_html_())
    assert "svg" in page.seen
    assert page.seen & {"rect", "path", "text"} == {"rect", "path", "text"}


@pytest.mark.parametrize("name", NAMES)
def test_marimo_shows_it(name, values):
    formatting = pytest.importorskip("marimo", reason="needs marimo ([test])").as_html
    shown = formatting(values[name]).text
    if name in PICTURES:
        assert "data:image/png;base64," in shown
    elif name == "frame":
        assert "marimo-table" in shown
    else:
        inert(shown)
        assert values[name]._repr_html_() in shown


def test_nbconvert_keeps_them(values, tmp_path):
    nbformat = pytest.importorskip("nbformat", reason="needs nbformat ([test])")
    exporter = pytest.importorskip("nbconvert.exporters", reason="needs jupyterlab ([notebook])").HTMLExporter()
    formatter = pytest.importorskip("IPython.core.formatters", reason="needs ipykernel").DisplayFormatter()
    notebook = nbformat.v4.new_notebook()
    for name in ("report", "graph", "diff"):
        cell = nbformat.v4.new_code_cell("x", execution_count=1)
        data = formatter.format(values[name])[0]
        cell.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=1)]
        notebook.cells.append(cell)
    page, _ = exporter.from_notebook_node(notebook)
    whole = Counter(words(page))
    for name in ("report", "graph", "diff"):
        assert not Counter(words(values[name]._repr_html_())) - whole
    assert page.count("<svg") >= 2
