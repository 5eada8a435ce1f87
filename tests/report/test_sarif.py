"""The SARIF report against the committee's schema, and what its fields must say."""

from __future__ import annotations

import json
import pathlib
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest

import analyzer
from analyzer.report.formats.sarif import render
from tests.archives import report_of
from tests.editing import BUNDLES, Edited
from tests.report.test_hostile_text import HOSTILE, PLACES, controls, poisoned

SCHEMA = json.loads((pathlib.Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json").read_text())
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker(["uri", "uri-reference"]))


def log_of(report):
    text = render(report)
    assert text.isascii()
    assert controls(text) == set()
    log = json.loads(text)
    VALIDATOR.validate(log)
    return log["runs"][0]


def test_the_schema_refuses_what_is_no_log():
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate({"version": "2.1.0", "runs": [{"results": [{}]}]})


@pytest.mark.parametrize("bundle", sorted(path.name for path in BUNDLES.glob("*.tar.zst")))
def test_every_bundle_gives_a_valid_log(bundle):
    report = analyzer.analyze(BUNDLES / bundle)
    run = log_of(report)
    levels = {"critical": "error", "error": "error", "warning": "warning", "info": "none"}
    assert [result["ruleId"] for result in run["results"]] == [finding.rule for finding in report.findings]
    for result, finding in zip(run["results"], report.findings, strict=True):
        assert result["level"] == levels[finding.severity]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == finding.rule
        assert result["partialFingerprints"]["analyzer/v1"] == finding.fingerprint
        place = result["locations"][0]["physicalLocation"]
        assert unquote_to_bytes(place["artifactLocation"]["uri"]).decode() == finding.evidence[0].where.path
    assert run["invocations"][0]["executionSuccessful"] is report.complete
    skipped = [
        n["associatedRule"]["id"] for n in run["invocations"][0]["toolExecutionNotifications"] if "associatedRule" in n
    ]
    assert skipped == [rule for rule, _ in report.checked.skipped]


def test_rules_carry_their_pages():
    run = log_of(analyzer.analyze(BUNDLES / "parent-record-missing.tar.zst"))
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == set(rules)
    for rule in rules.values():
        assert "What it finds" in rule["help"]["text"]
        assert "**Remedy**" in rule["help"]["markdown"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", [*HOSTILE, "embedded"])
def test_hostile_text_is_no_link_and_no_placeholder(kind, place):
    text = (HOSTILE | {"embedded": "[click](http://example.test) {0}"})[kind]
    run = log_of(report_of(poisoned(text, place)))
    for result in run["results"]:
        message = result["message"]["text"]
        assert "](" not in message
        assert not message.replace("{{", "").replace("}}", "").count("{")


def test_a_path_that_is_no_utf8_keeps_its_bytes():
    store = Edited()
    store.write("storage/overlay-images/images.json", b"[{]")
    store.entries = {path.replace("storage", "sto\udcffrage", 1): entry for path, entry in store.entries.items()}
    for path, (member, _) in store.entries.items():
        member.path = path
    run = log_of(report_of(store))
    uris = {place["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"] for place in r["locations"]}
    assert "sto%FFrage/overlay-images/images.json" in uris


def test_what_was_not_read_is_a_notification(tmp_path):
    data = (BUNDLES / "healthy-overlay.tar.zst").read_bytes()
    path = tmp_path / "cut.tar.zst"
    path.write_bytes(data[: len(data) // 2])
    report = analyzer.analyze(path)
    assert report.snapshot.losses
    run = log_of(report)
    assert run["invocations"][0]["executionSuccessful"] is False
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert sum(note["descriptor"]["id"] == "not-read" for note in notes) == len(report.snapshot.losses)
