"""A healthy store is never called damaged, whatever way it was captured: real programs, real stores."""

from __future__ import annotations

import itertools
import shutil

import pytest

import analyzer
from analyzer.errors import AnalyzerError
from tests.captures.stores import BUNDLES, capture, usable
from tests.captures.ways import FORMATS, WAYS

REASON = usable()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)
EACH = 3
"""Stores each way is tried on; which ones goes round, so that all stores are met by all kinds of ways."""
PAIRS = [
    (way, name)
    for number, way in enumerate(WAYS)
    for name in itertools.islice(itertools.cycle(BUNDLES), number, number + EACH)
]


def test_there_are_many_ways_and_stores():
    assert len(WAYS) >= 60
    assert len(BUNDLES) >= 8
    assert len(FORMATS) >= 20


@pytest.mark.parametrize(("way", "name"), PAIRS, ids=lambda each: getattr(each, "name", each))
def test_no_way_of_capturing_makes_damage(way, name, tmp_path):
    missing = [program for program in way.needs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{missing[0]} is not installed")
    bundle = capture(name, way.script, tmp_path)
    if bundle is None:
        pytest.skip("this store has nothing that this way is about")
    try:
        report = analyzer.analyze(bundle).to_dict()
    except AnalyzerError as error:
        assert "store" in str(error)  # noqa: PT017  what holds no store is told in one line
        return
    in_flight = name == "inflight-pull"
    quiet = ("info", "warning") if in_flight else ("info",)
    assert [(f["rule"], f["message"]) for f in report["findings"] if f["severity"] not in quiet] == []
    assert [cause["title"] for cause in report["causes"] if cause["severity"] not in quiet] == []
    assert report["verdict"] in {"healthy", "undetermined", *(["advisory"] if in_flight else [])}
