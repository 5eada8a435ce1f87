"""The documentation says what the code does."""

from __future__ import annotations

import importlib.util
import pathlib
import re

from analyzer.causes.family import builtin_families
from analyzer.checks.run import builtin_rules
from analyzer.cli.main import COMMANDS

ROOT = pathlib.Path(__file__).parent.parent


def test_generated_pages_equal_the_docstrings():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.stale() == [], "run `python docs/generate.py`"


def test_every_command_in_the_readme_exists():
    text = (ROOT / "README.md").read_text()
    used = set(re.findall(r"analyzer ([a-z][a-z-]+) ", text))
    assert used <= set(COMMANDS)
    assert "report" in used


def test_readme_links_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "docs/design.md"):
        page = ROOT / name
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{name} links to {target}"


def test_families_and_rules_named_in_docs_exist():
    known = {rule.id for rule in builtin_rules()} | {family.id for family in builtin_families()}
    for page in ROOT.glob("docs/*.md"):
        for name in re.findall(r"`((?:STO|IMG|LAY|OVL|TSP|CTR)-\d{3})`", page.read_text()):
            assert name in known, f"{page.name} names {name}"
