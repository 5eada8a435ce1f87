"""docs/api.md: its examples run, and its tables are the frames' columns."""

from __future__ import annotations

import doctest
import pathlib
import re

import pytest

import analyzer
from analyzer.api.plan import STEPS
from analyzer.report import frames as judged
from analyzer.snapshot import frames as recorded

ROOT = pathlib.Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "api.md").read_text()
FRAMES = {
    "layers": recorded.LAYERS,
    "images": recorded.IMAGES,
    "containers": recorded.CONTAINERS,
    "links": recorded.LINKS,
    "files": recorded.FILES,
    "changes": judged.CHANGES,
    "events": judged.EVENTS,
    "space": judged.SPACE,
    "findings": judged.FINDINGS,
    "causes": judged.CAUSES,
    "affected": judged.AFFECTED,
    "bundles": judged.BUNDLES,
}


def test_examples(monkeypatch):
    monkeypatch.chdir(ROOT)
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(PAGE, {"__name__": "__main__"}, "api.md", "docs/api.md", 0))
    assert runner.tries > 15
    assert runner.failures == 0


@pytest.mark.parametrize("name", FRAMES)
def test_columns_are_documented_with_their_dtypes(name):
    section = PAGE.partition(f"\n### {name}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (.+) \|$", section, re.MULTILINE)
    assert {column: dtype for column, dtype, _ in rows} == FRAMES[name]
    assert [column for column, _, _ in rows] == list(FRAMES[name])


@pytest.mark.parametrize("kind", [analyzer.Snapshot, analyzer.Fleet])
def test_every_public_member_is_documented(kind):
    members = [name for name in vars(kind) if not name.startswith("_")]
    missing = [name for name in members if not re.search(rf"`(?:fleet\.)?{name}[(`]", PAGE)]
    assert missing == []


def test_plan_steps_have_the_columns_of_the_json_plan():
    document = analyzer.analyze(ROOT / "samples" / "seed-case.tar.zst").to_dict()
    assert set(document["causes"][0]["plan"][0]) == set(STEPS) - {"rank", "cause"}
