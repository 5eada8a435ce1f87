"""docs/api.md: its examples run, and its tables are the frames' columns."""

from __future__ import annotations

import doctest
import inspect
import pathlib
import re
import tomllib

import pytest

import analyzer
from analyzer.api.diff import Diff
from analyzer.api.plan import STEPS
from analyzer.limits import DEFAULT
from analyzer.report import columns as found
from analyzer.report.compared import frames as compared
from analyzer.report.formats import frames as judged
from analyzer.snapshot import columns

ROOT = pathlib.Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "api.md").read_text()
FRAMES = {
    "layers": columns.LAYERS,
    "images": columns.IMAGES,
    "containers": columns.CONTAINERS,
    "links": columns.LINKS,
    "files": columns.FILES,
    "changes": judged.CHANGES,
    "events": found.EVENTS,
    "space": judged.SPACE,
    "findings": found.FINDINGS,
    "causes": found.CAUSES,
    "affected": found.AFFECTED,
    "bundles": judged.BUNDLES,
    "differences": compared.DIFFERENCES,
}


def test_examples(monkeypatch):
    monkeypatch.chdir(ROOT)
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(PAGE, {"__name__": "__main__"}, "api.md", "docs/api.md", 0))
    assert runner.tries > 15
    assert runner.failures == 0


@pytest.mark.parametrize("name", ["open", "open_many", "analyze", "analyze_many"])
def test_help_shows_an_example_that_runs(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    runner = doctest.DocTestRunner()
    for test in doctest.DocTestFinder(recurse=False).find(getattr(analyzer, name), name, globs={}):
        runner.run(test)
    assert runner.tries >= 3
    assert runner.failures == 0


@pytest.mark.parametrize("name", FRAMES)
def test_columns_are_documented_with_their_dtypes(name):
    section = PAGE.partition(f"\n### {name}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (.+) \|$", section, re.MULTILINE)
    assert {column: dtype for column, dtype, _ in rows} == FRAMES[name]
    assert [column for column, _, _ in rows] == list(FRAMES[name])


@pytest.mark.parametrize("kind", [analyzer.Snapshot, analyzer.Fleet, Diff])
def test_every_public_member_is_documented(kind):
    members = [name for name in vars(kind) if not name.startswith("_")]
    missing = [name for name in members if not re.search(rf"`(?:fleet\.)?{name}[(`]", PAGE)]
    assert missing == []


def test_plan_steps_have_the_columns_of_the_json_plan():
    document = analyzer.analyze(ROOT / "samples" / "seed-case.tar.zst").to_dict()
    assert set(document["causes"][0]["plan"][0]) == set(STEPS) - {"rank", "cause"}


SIGNATURES = dict(re.findall(r"^\| `analyzer\.(\w+)\((.*?)\)` \|", PAGE, re.MULTILINE))


def test_every_function_is_documented():
    functions = [name for name in analyzer.__all__ if name[0].islower() and callable(getattr(analyzer, name))]
    assert sorted(SIGNATURES) == sorted(functions)


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_are_as_documented(name):
    text = f"lambda {SIGNATURES[name].replace('pattern_or_paths', 'paths')}: None"
    documented = inspect.signature(eval(text, {"DEFAULT": DEFAULT}))
    real = inspect.signature(getattr(analyzer, name))
    for given, wanted in zip(documented.parameters.values(), real.parameters.values(), strict=True):
        assert (given.name, given.kind, given.default) == (wanted.name, wanted.kind, wanted.default)


def test_extras_that_the_page_names_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    named = set(re.findall(r"analyzer\[(\w+)\]", PAGE))
    assert named
    assert named <= set(extras)


def test_every_block_of_python_is_run():
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) >= 7
    for block in blocks:
        assert block.startswith(">>> ")
