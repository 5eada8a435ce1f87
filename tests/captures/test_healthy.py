"""A healthy store is never called damaged, whatever way it was captured: real programs, real stores."""

from __future__ import annotations

import functools
import itertools
import shutil

import pytest

import analyzer
from analyzer.errors import AnalyzerError
from tests.captures.handed_on import HANDED_ON
from tests.captures.stores import BUNDLES, capture, usable
from tests.captures.ways import FORMATS, WAYS

REASON = usable()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)
EACH = 2
"""Stores each way is tried on; which ones goes round, so that all stores are met by all kinds of ways."""
PAIRS = [
    (way, name)
    for number, way in enumerate([*WAYS, *HANDED_ON])
    for name in itertools.islice(itertools.cycle(BUNDLES), number, number + EACH)
]


def test_there_are_many_ways_and_stores():
    assert len(WAYS) >= 60
    assert len(BUNDLES) >= 8
    assert len(FORMATS) >= 20


@pytest.mark.parametrize(("way", "name"), [pytest.param(*pair, id=f"{pair[0].name}-{pair[1]}") for pair in PAIRS])
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
    known = baseline(name)
    assert [(f["rule"], f["message"]) for f in report["findings"] if loud(f) and f["rule"] not in known] == []
    assert [cause["title"] for cause in report["causes"] if loud(cause) and not known] == []
    assert report["verdict"] in {"healthy", "undetermined", *(["advisory"] if known else [])}
    assert report["coverage"]["capture"]


def loud(each) -> bool:
    return each["severity"] != "info"


@functools.cache
def baseline(name: str) -> frozenset[str]:
    """Return the rules that warn of a store as it is: a pull in flight, a manifest list made on the node."""
    report = analyzer.analyze(BUNDLES[name]).to_dict()
    assert report["verdict"] in ("healthy", "advisory")
    return frozenset(finding["rule"] for finding in report["findings"] if loud(finding))
