"""What the user decided about findings is told by every format: ignored with the reason, known, new, gone."""

from __future__ import annotations

import json
import pathlib
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from analyzer.api import judge
from analyzer.checks.policy import Ignore, Policy
from analyzer.report.formats import junit, markdown, sarif
from analyzer.report.formats.html import render as html
from analyzer.report.formats.text import render as text
from tests.editing import Edited
from tests.report.test_hostile_text import HOSTILE, controls
from tests.report.test_html import Page, check_closed

SCHEMA = json.loads((pathlib.Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text())
SARIF = jsonschema.Draft4Validator(SCHEMA)
BUNDLE = "combo-power-loss"
REASON = "ticket 4711: replaced by hand"


@pytest.fixture(scope="module")
def snapshot():
    return Edited(BUNDLE).snapshot()


@pytest.fixture(scope="module")
def plain(snapshot):
    return judge(snapshot)


@pytest.fixture(scope="module")
def judged(snapshot, plain):
    """Return the report with its first finding ignored, the second known, and one of the baseline gone."""
    first, second, *_ = plain.findings
    policy = Policy(
        ignores=(Ignore(REASON, fingerprint=first.fingerprint),), known=frozenset({second.fingerprint, "0" * 16})
    )
    report = judge(snapshot, policy=policy)
    assert len(report.findings) == len(plain.findings) - 1
    return report, first, second


def words(page):
    return " ".join(" ".join(page.words).split())


def test_json(judged, valid):
    report, first, second = judged
    policy = valid(report.to_dict())["policy"]
    assert [(each["fingerprint"], each["reason"]) for each in policy["ignored"]] == [(first.fingerprint, REASON)]
    known = [f["fingerprint"] for f in report.to_dict()["findings"] if f["id"] in policy["known"]]
    assert known == [second.fingerprint]
    assert policy["gone"] == 1


def test_without_a_policy_nothing_is_said_of_one(plain):
    assert plain.policy == []
    assert "policy" not in plain.to_dict()
    assert "Policy" not in words(Page(html(plain)))
    log = sarif.log(plain)["runs"][0]
    assert not any("baselineState" in result or "suppressions" in result for result in log["results"])
    assert "policy" not in text(plain)


def test_text(judged):
    report, first, second = judged
    line = f"1 of {len(report.findings)} findings known from the baseline, 1 of it no longer there"
    assert line in " ".join(text(report).split())
    whole = " ".join(text(report, everything=True, columns=200).split())
    assert f"{first.message} (because: {REASON})" in whole
    assert f"known: {second.message}" in whole


def test_html(judged):
    report, first, second = judged
    page = check_closed(html(report))
    said = words(page)
    assert "1 finding ignored as configured" in said
    assert "known from the baseline" in said
    assert "Ignored as configured (1)" in said
    assert REASON in said
    assert first.rule in said
    row = html(report).partition(f'<tr id="{report.finding_ids[_same(report, second)]}"')[2].partition("</tr>")[0]
    assert ">known<" in row


def _same(report, finding):
    return next(each for each in report.findings if each.fingerprint == finding.fingerprint)


def test_markdown(judged):
    report, _, second = judged
    ticket = markdown.render(report)
    assert "- **Policy** 1 finding ignored as configured; 1 of " in ticket
    assert "Ignored as configured (1)" in ticket
    assert "because: ticket 4711: replaced by hand" in ticket
    assert f"{report.finding_ids[_same(report, second)]} {second.rule} ({second.severity}, known)" in ticket


def test_sarif(judged):
    report, first, second = judged
    log = sarif.log(report)
    SARIF.validate(log)
    results = log["runs"][0]["results"]
    assert len(results) == len(report.findings) + 1
    by_print = {result["partialFingerprints"]["analyzer/v1"]: result for result in results}
    [suppression] = by_print[first.fingerprint]["suppressions"]
    assert suppression == {"kind": "external", "status": "accepted", "justification": REASON}
    assert all(by_print[f.fingerprint]["suppressions"] == [] for f in report.findings)
    states = {f.fingerprint: by_print[f.fingerprint]["baselineState"] for f in report.findings}
    assert states.pop(second.fingerprint) == "unchanged"
    assert set(states.values()) == {"new"}
    for result in results:
        assert log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_junit(snapshot, plain, judged):
    report, first, _ = judged
    told = "\n".join(node.text or "" for node in ET.fromstring(junit.render(report)).iter("system-out"))
    assert f"ignored {first.severity}: {first.message} (because: {REASON})" in told
    everything = judge(snapshot, policy=Policy(known=frozenset(f.fingerprint for f in plain.findings)))
    root = ET.fromstring(junit.render(everything))
    assert root.get("failures") == "0"
    assert int(ET.fromstring(junit.render(plain)).get("failures")) > 0
    said = "\n".join(node.text or "" for node in root.iter("system-out"))
    assert all(f" known: {finding.message}" in said for finding in everything.findings)


def test_known_causes_are_marked(snapshot, plain):
    report = judge(snapshot, policy=Policy(known=frozenset(f.fingerprint for f in plain.findings)))
    assert report.exit_code() == 0
    assert "· known" in text(report)
    assert "known from the baseline" in words(Page(html(report)))
    assert "known from the baseline" in markdown.render(report)


def test_an_empty_baseline_makes_everything_new(snapshot):
    report = judge(snapshot, policy=Policy(known=frozenset()))
    results = sarif.log(report)["runs"][0]["results"]
    assert {result["baselineState"] for result in results} == {"new"}
    assert f"0 of {len(report.findings)} findings known" in " ".join(text(report).split())


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_reason_stays_text(snapshot, plain, kind):
    first = plain.findings[0]
    report = judge(snapshot, policy=Policy(ignores=(Ignore(HOSTILE[kind], fingerprint=first.fingerprint),)))
    check_closed(html(report))
    SARIF.validate(sarif.log(report))
    ET.fromstring(junit.render(report))
    for made in (text(report, everything=True), html(report), sarif.render(report), junit.render(report)):
        assert controls(made) == set()
