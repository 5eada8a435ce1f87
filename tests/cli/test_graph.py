"""graph: every format holds the same objects and edges, read back by the tools it is for."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html import escape

import networkx as nx
import pytest

import analyzer
from analyzer.graph.build import build_graph
from analyzer.graph.relations import relate
from analyzer.report.drawing.layout import arrange
from analyzer.report.drawing.pieces import scene_of
from tests.cli.digging import API, HEALTHY, error, hostile, run
from tests.editing import BUNDLES, Edited

FORMATS = ("dot", "graphml", "mermaid", "svg")
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def whole():
    snapshot = Edited().snapshot()
    graph = build_graph(snapshot, relate(snapshot))
    return graph.subgraph([node for node in graph if node[0] != "store"])


def graphml(*args) -> nx.DiGraph:
    return nx.parse_graphml(run("graph", *args, "--format", "graphml"))


def test_graphml_is_read_back(whole):
    graph = graphml(HEALTHY)
    assert set(graph) == {f"{kind}:{i}" for kind, i in whole}
    assert {(a, b): d["kinds"] for a, b, d in graph.edges(data=True)} == {
        (":".join(a), ":".join(b)): ",".join(d["kinds"]) for a, b, d in whole.edges(data=True)
    }
    assert all(d["present"] is True for _, d in graph.nodes(data=True))


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")
def test_graphviz_draws_the_dot(whole):
    text = run("graph", HEALTHY)
    done = subprocess.run(["dot", "-Tsvg"], input=text, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    groups = [g.get("class") for g in ET.fromstring(done.stdout).iter(f"{SVG}g")]
    assert groups.count("node") == len(whole)
    assert groups.count("edge") == whole.number_of_edges()


def test_svg_has_a_box_for_every_object_and_no_two_overlap(whole):
    root = ET.fromstring(run("graph", HEALTHY, "--format", "svg"))
    boxes = [g for g in root.iter(f"{SVG}g") if g.get("class", "").startswith("box ")]
    places = [tuple(map(float, re.findall(r"[\d.]+", box.get("transform")))) for box in boxes]
    body = boxes[0].find(f"{SVG}rect[@class='body']")
    width, height = float(body.get("width")), float(body.get("height"))
    assert len(places) == len(whole)
    titles = " ".join(box.find(f"{SVG}title").text for box in boxes)
    assert all(object_id in titles for _, object_id in whole)
    for i, (x, y) in enumerate(places):
        assert all(abs(x - a) >= width or abs(y - b) >= height for a, b in places[i + 1 :])
    edges = [path for path in root.iter(f"{SVG}path") if path.get("class", "").startswith("edge ")]
    assert len(edges) == whole.number_of_edges()
    assert all(x >= 0 and x + width <= float(root.get("width")) for x, _ in places)


def test_mermaid_has_a_line_for_every_node_and_edge(whole):
    lines = run("graph", HEALTHY, "--format", "mermaid").splitlines()
    assert lines[0] == "flowchart LR"
    assert len([line for line in lines if re.match(r'  n\d+\(?\["', line)]) == len(whole)
    assert len([line for line in lines if re.match(r"  n\d+ (-->|-\.->)", line)]) == whole.number_of_edges()


def test_a_file_has_its_colours_in_place():
    """Viewers other than browsers know no variables of style sheets."""
    text = run("graph", HEALTHY, "--format", "svg")
    assert "<style>" in text
    assert "var(" not in text
    assert "--g-" not in text


def test_users_stand_left_of_what_they_need(whole):
    scene = scene_of(whole, {})
    arrange(scene)
    columns = {box.about.split(" ")[0]: box.column for box in scene.boxes}
    for user, used in whole.edges:
        if {"parent", "top-layer", "layer"} & set(whole.edges[user, used]["kinds"]):
            assert columns[user[1]] < columns[used[1]]


def test_focus_keeps_what_it_needs_and_what_needs_it(whole):
    image = ("image", Edited().image_named(API)["id"])
    expected = {image} | nx.descendants(whole, image) | nx.ancestors(whole, image)
    assert set(graphml(HEALTHY, "--focus", "api:2.0")) == {":".join(node) for node in expected}


def test_the_whole_graph_shows_whom_damage_hits():
    bundle = str(BUNDLES / "layer-dir-removed.tar.zst")
    (cause,) = analyzer.analyze(bundle).causes
    hit, (subject,) = cause.hypothesis.affected, cause.hypothesis.subjects
    root = ET.fromstring(run("graph", bundle, "--format", "svg"))
    drawn = {
        box.find(f"{SVG}title").text: box.get("class").rpartition(" ")[2]
        for box in root.iter(f"{SVG}g")
        if "box" in box.get("class", "").split()
    }
    ids = {*hit.layers, *hit.images, *hit.containers} - {subject.id}
    assert {state for title, state in drawn.items() if any(i in title for i in ids)} == {"s-hit"}
    assert sum(state == "s-hit" for state in drawn.values()) == len(ids)
    assert sum(state == "s-broken" for state in drawn.values()) == 1


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_depth_counts_steps_either_way(whole, depth):
    image = ("image", Edited().image_named(API)["id"])
    below = nx.single_source_shortest_path_length(whole, image, cutoff=depth)
    above = nx.single_source_shortest_path_length(whole.reverse(), image, cutoff=depth)
    assert set(graphml(HEALTHY, "--focus", "api:2.0", "--depth", depth)) == {":".join(n) for n in {*below, *above}}


def test_a_cause_is_drawn_with_whom_it_hits_like_the_page():
    bundle = str(BUNDLES / "layer-dir-removed.tar.zst")
    report = analyzer.analyze(bundle)
    root = ET.fromstring(run("graph", bundle, "--cause", "1", "--format", "svg"))
    drawn = [box.find(f"{SVG}title").text for box in root.iter(f"{SVG}g") if "box" in box.get("class", "").split()]
    (subject,) = report.causes[0].hypothesis.subjects
    assert any(subject.id[:12] in title for title in drawn)
    page = run("report", bundle, "--format", "html", "--exit-zero")
    picture = page[page.index("What cause 1 is about") :]
    assert set(re.findall(r"<title>([^<]+)</title>", picture[: picture.index("</svg>")])) >= set(map(escape, drawn))
    chart = run("graph", bundle, "--cause", "1", "--format", "mermaid")
    assert chart.count(":::") == sum(
        box.get("class", "").endswith(("s-broken", "s-hit", "s-missing")) for box in root.iter()
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--cause", "9", "--format", "svg"), "there is no cause 9; the report has 1"),
        (("--cause", "1", "--format", "graphml"), "--cause draws a picture: --format svg or mermaid"),
        (("--cause", "1", "--focus", "x"), "--cause and --focus both say what to draw"),
    ],
)
def test_a_cause_that_cannot_be_drawn(words, said):
    assert said in error("graph", str(BUNDLES / "layer-dir-removed.tar.zst"), *words)


def test_depth_without_a_focus_is_refused():
    assert "--focus" in error("graph", HEALTHY, "--depth", 2)


def test_a_missing_layer_is_drawn_as_missing():
    damaged = Edited("parent-record-missing")
    known = {row["id"] for row in damaged.layers()}
    missing = {row["parent"] for row in damaged.layers() if row.get("parent")} - known
    graph = graphml(BUNDLES / "parent-record-missing.tar.zst")
    assert {f"layer:{i}" for i in missing} == {n for n, d in graph.nodes(data=True) if d["present"] is False}
    assert all(graph.nodes[f"layer:{i}"]["broken"] for i in missing)


def test_a_parent_circle_is_drawn():
    bundle = BUNDLES / "parent-cycle.tar.zst"
    graph = graphml(bundle)
    assert not nx.is_directed_acyclic_graph(graph)
    ET.fromstring(run("graph", bundle, "--format", "svg"))


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_stay_text(tmp_path, form):
    text = run("graph", hostile(tmp_path / "b.tar"), "--format", form)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "<script>" not in text or form == "dot"
    if form == "graphml":
        names = [d["name"] for _, d in nx.parse_graphml(text).nodes(data=True)]
        assert any("<script>alert(1)</script>" in name for name in names)
    if form == "svg":
        assert "script" not in {element.tag.rpartition("}")[2] for element in ET.fromstring(text).iter()}
    if form == "mermaid":
        labels = re.findall(r'n\d+\(?\["(.*)"\]', text)
        assert len(labels) == len([line for line in text.splitlines() if re.match(r"  n\d+\(?\[", line)])
        assert all('"' not in label and not re.search("<(?!br>)", label) for label in labels)
    if form == "dot" and shutil.which("dot"):
        done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True)
        assert done.stderr == ""


def test_the_same_bundle_gives_the_same_bytes():
    for form in FORMATS:
        assert run("graph", HEALTHY, "--format", form) == run("graph", HEALTHY, "--format", form)


def test_output_goes_to_a_file_but_not_into_the_evidence(tmp_path):
    target = tmp_path / "g.dot"
    assert run("graph", HEALTHY, "-o", target) == ""
    assert target.read_text() == run("graph", HEALTHY)
    assert "evidence" in error("graph", HEALTHY, "-o", HEALTHY)


def test_a_long_chain_is_laid_out_in_linear_time():
    graph = nx.DiGraph()
    for number in range(20000):
        graph.add_node(("layer", str(number)), kind="layer", id=str(number), name="")
        if number:
            graph.add_edge(("layer", str(number)), ("layer", str(number - 1)), kinds=("parent",))
    columns, rows = arrange(scene_of(graph, {}))
    assert (columns, rows) == (20000, 1)
