"""Families name rules and read facts by words: each of them is a rule's, so that a slip of the pen fails here."""

from __future__ import annotations

import ast
import pathlib
import re

import pytest

import analyzer.causes
import analyzer.checks
from analyzer.causes.family import builtin_families
from analyzer.checks.rule import builtin_rules

RULE = re.compile(r"[A-Z]{3}-\d{3}")
CAUSES = sorted(pathlib.Path(analyzer.causes.__path__[0]).rglob("*.py"))
CHECKS = sorted(pathlib.Path(analyzer.checks.__path__[0]).rglob("*.py"))
OF_EVERY_FINDING = {"rule", "slug", "severity"}


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


def facts_read(tree) -> set[str]:
    """Return the keys of `X.facts["key"]` and of `X.facts.get("key", …)`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and _is_facts(node.value) and isinstance(node.slice, ast.Constant):
            found.add(node.slice.value)
        is_get = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get"
        if is_get and _is_facts(node.func.value) and node.args and isinstance(node.args[0], ast.Constant):
            found.add(node.args[0].value)
    return found


def _is_facts(node) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "facts"


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


def parts() -> set[str]:
    """Return names that come from the parts of a store: `listed` gives ids under them."""
    return {"layers", "images", "containers"}


@pytest.mark.parametrize(("path", "tree"), trees(CAUSES), ids=lambda value: getattr(value, "name", ""))
def test_every_rule_that_a_family_names_is_there(path, tree):
    known = {rule.id for rule in builtin_rules()}
    named = {word for text in strings(tree) for word in RULE.findall(text) if word == text}
    assert named <= known, path


@pytest.mark.parametrize(("path", "tree"), trees(CAUSES), ids=lambda value: getattr(value, "name", ""))
def test_every_fact_that_a_family_reads_is_some_rules(path, tree):
    assert facts_read(tree) <= facts_made() | parts() | OF_EVERY_FINDING, path


def test_a_slip_of_the_pen_is_seen():
    tree = ast.parse('def f(case):\n    return [x.facts["kinb"] for x in case.of("STO-O20", "STO-999")]\n')
    assert facts_read(tree) == {"kinb"}
    assert not facts_read(tree) <= facts_made()
    assert not {"STO-999"} <= {rule.id for rule in builtin_rules()}


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
