"""Families name rules by words: each of them is a rule's, so that a slip of the pen fails here."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest

import analyzer.causes
import analyzer.checks
from analyzer.api import judge
from analyzer.causes.case import Case
from analyzer.causes.family import builtin_families
from analyzer.checks.facts import Facts
from analyzer.checks.run import builtin_rules
from tests.editing import Edited

RULE = re.compile(r"[A-Z]{3}-\d{3}")
CAUSES = sorted(pathlib.Path(analyzer.causes.__path__[0]).rglob("*.py"))
CHECKS = sorted(pathlib.Path(analyzer.checks.__path__[0]).rglob("*.py"))
IDS_OF_PARTS = {"layers", "images", "containers"}
"""`listed` gives ids under the names of parts."""


def trees(paths):
    return [(path, ast.parse(path.read_text())) for path in paths]


def strings(tree) -> set[str]:
    """Return every string that is no docstring."""
    documents = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None
    }
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documents]
    return {node.value for node in constants if isinstance(node.value, str)}


def facts_made() -> set[str]:
    """Return every name that a rule gives a fact by: keywords of calls, and keys of dictionaries."""
    made = set()
    for _, tree in trees(CHECKS):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                made |= {word.arg for word in node.keywords if word.arg}
            if isinstance(node, ast.Dict):
                made |= {key.value for key in node.keys if isinstance(key, ast.Constant)}
    return made


@pytest.mark.parametrize(("path", "tree"), trees(CAUSES), ids=lambda value: getattr(value, "name", ""))
def test_every_rule_that_a_family_names_is_there(path, tree):
    known = {rule.id for rule in builtin_rules()}
    named = {word for text in strings(tree) for word in RULE.findall(text) if word == text}
    assert named <= known, path


def test_every_fact_that_may_be_read_is_some_rules():
    """That nothing else is read is for the type checker: `Finding.facts` has the type `Facts`."""
    assert set(Facts.__annotations__) - facts_made() <= IDS_OF_PARTS


def test_families_ask_for_rules_that_there_are(monkeypatch):
    """A word that only looks unlike a rule's id, such as one digit short, is seen when it is asked for."""
    asked = set()
    for name, first in {"of": 1, "written": 1, "lost_records": 1, "about": 2}.items():
        ask = getattr(Case, name)

        def spy(*args, ask=ask, first=first, **options):
            asked.update(args[first:])
            return ask(*args, **options)

        monkeypatch.setattr(Case, name, spy)
    for bundle in ("combo-power-loss", "healthy-overlay", "podman-list", "parent-record-missing"):
        judge(Edited(bundle).snapshot())
    assert len(asked) > 40
    assert asked <= {rule.id for rule in builtin_rules()}


def test_what_looks_like_a_rule_is_one():
    """A letter for a digit makes a word that no rule has, and that `RULE` does not match either."""
    like = re.compile(r"[A-Z]{3}-[0-9A-Z]{3}")
    for path, tree in trees(CAUSES):
        assert {text for text in strings(tree) if like.fullmatch(text)} <= {rule.id for rule in builtin_rules()}, path


def test_families_call_themselves_by_their_file():
    for family in builtin_families():
        source = pathlib.Path(analyzer.causes.__path__[0], "families", family.id.replace("-", "_") + ".py")
        named = re.findall(r'family="([^"]+)"', source.read_text())
        assert set(named) <= {family.id}, source
