"""What holds for every rule: a page, a test of the same name with a sample, a hit on it, silence on its clean twin."""

from __future__ import annotations

import functools
import importlib.util
import pathlib

import pytest

from analyzer.checks.finding import SEVERITIES
from analyzer.checks.run import builtin_rules
from tests.editing import Edited
from tests.wording import clumsy

HERE = pathlib.Path(__file__).parent
SECTIONS = ("What it finds", "Why it matters", "How sure", "Remedy", "Engine source")
RULES = {rule.id: rule for rule in builtin_rules()}


@functools.cache
def companion(rule_id: str):
    """Return the test module of a rule."""
    rule = RULES[rule_id]
    path = HERE / rule.group / f"test_{rule.slug.replace('-', '_')}.py"
    assert path.is_file(), f"{rule_id} has no test at {path.relative_to(HERE.parent)}"
    spec = importlib.util.spec_from_file_location(f"sample_{rule.slug.replace('-', '_')}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def clean_twin(bundle: str):
    return Edited(bundle).check()


def test_ids_and_slugs_are_unique():
    rules = builtin_rules()
    assert len(RULES) == len(rules)
    assert len({rule.slug for rule in rules}) == len(rules)


@pytest.mark.parametrize("rule_id", RULES)
def test_page(rule_id):
    page = RULES[rule_id].page
    heads = [line for line in page.splitlines() if line and not line.startswith(" ")]
    assert [head for head in heads[1:] if head in SECTIONS] == list(SECTIONS)
    assert RULES[rule_id].severity in SEVERITIES


@pytest.mark.parametrize("rule_id", RULES)
def test_sample_is_hit_and_its_clean_twin_is_not(rule_id):
    module = companion(rule_id)
    assert rule_id == module.RULE
    store, key = module.sample()
    options = getattr(module, "OPTIONS", {})
    hits = [finding for finding in store.findings(rule_id, **options) if finding.subject.key == key]
    assert hits, f"{rule_id} does not name {key}"
    for finding in hits:
        assert clumsy(finding.message) == []
        assert all(evidence.expected and evidence.observed for evidence in finding.evidence)
    twin = clean_twin(store.path.removesuffix(".tar")).findings
    assert [f for f in twin if f.rule == rule_id and f.severity != "info" and f.subject.key == key] == []
