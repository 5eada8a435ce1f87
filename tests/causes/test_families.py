"""Every cause family has a documentation page under its own name, and what it proposes is fit for a report."""

from __future__ import annotations

import pathlib
import re
import tarfile

import pytest
import zstandard

import analyzer.causes.families as package
from analyzer.api import judge, read
from analyzer.causes.case import Case
from analyzer.causes.family import builtin_families
from analyzer.checks.finding import SEVERITIES
from tests.editing import BUNDLES, Edited

SECTIONS = ["What happened", "How it shows", "What speaks against it", "What to do", "Sources"]
RISKS = {"none", "image-repull", "container-loss", "data-loss"}
FAMILIES = builtin_families()
NAMES = sorted(path.name.removesuffix(".tar.zst") for path in BUNDLES.glob("*.tar.zst"))


def test_every_file_is_one_family_of_its_name():
    files = {path.stem for path in pathlib.Path(package.__path__[0]).glob("*.py")} - {"__init__"}
    assert [family.id for family in FAMILIES] == sorted(name.replace("_", "-") for name in files)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
def test_page_has_its_five_sections_each_with_text(family):
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*", family.id)
    heads = [line for line in family.page.splitlines()[1:] if line and not line.startswith(" ")]
    assert heads == SECTIONS
    for head in SECTIONS:
        body = family.page.partition(f"\n{head}\n")[2]
        assert body.startswith("    "), head
        assert len(body.split("\n\n")[0]) > 20
    assert family.page.partition("\n")[0].endswith(".")


@pytest.mark.parametrize("bundle", NAMES)
def test_proposals_are_fit_for_a_report(bundle):
    report = judge(Edited(bundle).snapshot())
    for rel in report.relations:
        case = Case(report.snapshot, rel, report.findings)
        for family in FAMILIES:
            for hypothesis in family.propose(case):
                assert hypothesis.family == family.id
                assert hypothesis.subjects
                assert hypothesis.title
                assert "\n" not in hypothesis.title
                assert set(hypothesis.explains) <= set(report.findings)
                assert all(weight > 0 for weight in hypothesis.explains.values())
                assert all(reason.weight and reason.text for reason in hypothesis.reasons)
                assert hypothesis.severity in {"", *SEVERITIES}
                assert {step.risk for step in hypothesis.plan} <= RISKS
                assert all(step.effect for step in hypothesis.plan)
                assert set(hypothesis.affected.images) <= set(rel.images)
                assert set(hypothesis.affected.containers) <= set(rel.containers)


@pytest.mark.parametrize("bundle", NAMES)
def test_nothing_of_weight_stays_unexplained(bundle):
    report = judge(Edited(bundle).snapshot())
    explained = {finding for cause in report.causes for finding in cause.hypothesis.explains}
    left = [f.message for f in report.findings if f.severity != "info" and f not in explained]
    assert left == []


def test_leaked_space_says_how_many_bytes():
    bundle = BUNDLES / "orphan-layer-dir.tar.zst"
    [cause] = [each for each in judge(read(bundle)).causes if each.hypothesis.family == "leaked-space"]
    ids = {subject.id for subject in cause.hypothesis.subjects}
    with zstandard.open(bundle) as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
        sizes = {member.name: member.size for member in tar if member.isreg()}
    own = (f"overlay-layers/{i}.tar-split.gz" for i in ids), (f"overlay/{i}/diff/" for i in ids)
    ends, below = map(tuple, own)
    held = sum(size for name, size in sizes.items() if name.endswith(ends) or any(part in name for part in below))
    assert 0 < held < 1024
    assert cause.hypothesis.title.endswith(f"used by nothing, {held} B leaked")
