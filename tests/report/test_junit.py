"""The JUnit report: well-formed whatever the names, counts that add up, findings where pipelines look."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

import analyzer
from analyzer.report.formats.junit import render
from tests.archives import report_of
from tests.editing import BUNDLES
from tests.report.test_hostile_text import HOSTILE, PLACES, controls, poisoned


def suites(report):
    text = render(report)
    assert controls(text) == set()
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    for suite in root:
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(name)) == len(suite.findall(f"testcase/{tag}"))
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.get(name)) == sum(int(suite.get(name)) for suite in root)
    return root


@pytest.mark.parametrize("bundle", sorted(path.name for path in BUNDLES.glob("*.tar.zst")))
def test_every_bundle_gives_a_case_a_rule(bundle):
    report = analyzer.analyze(BUNDLES / bundle)
    root = suites(report)
    names = [case.get("name").split(" ")[0] for case in root.iter("testcase")]
    assert len(names) == len(set(names))
    assert set(names) == {*report.checked.run, *(rule for rule, _ in report.checked.skipped)}
    failing = {f.rule for f in report.findings if f.severity in ("error", "critical")}
    assert {
        case.get("name").split(" ")[0] for case in root.iter("testcase") if case.find("failure") is not None
    } == failing
    told = "\n".join(node.text or "" for node in root.iter() if node.tag in ("failure", "system-out"))
    for finding in report.findings:
        assert finding.message in told
    verdict = next(p.get("value") for p in root.iter("property") if p.get("name") == "verdict")
    assert verdict == report.verdict


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", [*HOSTILE, "noncharacter"])
def test_hostile_text_keeps_the_xml_whole(kind, place):
    suites(report_of(poisoned((HOSTILE | {"noncharacter": "a\ufffe\uffff]]>&<b>"})[kind], place)))
