"""The API's fixed points: frames, graph and report of a bundle, with the same numbers as the JSON report."""

from __future__ import annotations

import pathlib
import pickle

import networkx as nx
import pandas as pd
import pytest

import analyzer

SAMPLES = sorted((pathlib.Path(__file__).parents[2] / "samples").glob("*.tar.zst"))


@pytest.fixture(scope="module", params=SAMPLES, ids=lambda path: path.name)
def opened(request):
    return analyzer.open(request.param)


def test_frames_hold_the_numbers_of_the_document(opened):
    document = opened.report().to_dict()
    assert [len(f) for f in (opened.layers, opened.images, opened.containers)] == [
        sum(store[kind] for store in document["stores"]) for kind in ("layers", "images", "containers")
    ]
    assert list(opened.findings["id"]) == [finding["id"] for finding in document["findings"]]
    assert list(opened.findings["fingerprint"]) == [finding["fingerprint"] for finding in document["findings"]]
    assert list(opened.causes["title"]) == [cause["title"] for cause in document["causes"]]
    assert list(opened.causes["probability"]) == [cause["probability"] for cause in document["causes"]]


def test_ids_stay_text_and_times_are_utc(opened):
    assert isinstance(opened.layers["id"].dtype, pd.StringDtype)
    assert str(opened.layers["created"].dtype) == "datetime64[ns, UTC]"
    assert set(opened.layers["id"].str.len()) == {64}


def test_the_graph_joins_with_the_frames(opened):
    assert isinstance(opened.graph, nx.DiGraph)
    present = {data["id"] for _, data in opened.graph.nodes(data=True) if data["kind"] == "layer" and data["present"]}
    assert present == set(opened.layers["id"])


def test_a_snapshot_can_be_pickled(opened):
    again = pickle.loads(pickle.dumps(opened))
    assert again.report().to_dict() == opened.report().to_dict()


def test_it_shows_itself_without_script(opened):
    html = opened.report()._repr_html_()
    assert "<script" not in html.lower()
    assert opened.report().verdict in html.lower()


def test_a_platform_given_is_the_platform():
    report = analyzer.open(SAMPLES[0], platform="linux/s390x").report()
    assert report.to_dict()["platform"]["architecture"] == "s390x"
    assert report.to_dict()["platform"]["source"] == "--platform"
