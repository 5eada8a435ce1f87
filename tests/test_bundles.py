"""Every bundle with a known truth: healthy ones are called healthy, damaged ones get their cause first."""

from __future__ import annotations

import functools

import pytest

import analyzer
from tests.truth import cases, is_subject

CASES = {f"{group}/{case['name']}": (case, path) for group, case, path in cases()}
HEALTHY = [name for name, (case, _) in CASES.items() if not case["faults"]]
DAMAGED = [name for name, (case, _) in CASES.items() if case["faults"]]


@functools.cache
def report(name):
    return analyzer.analyze(CASES[name][1]).to_dict()


def test_there_are_bundles_of_both_kinds():
    assert len(HEALTHY) >= 11
    assert len(DAMAGED) >= 17


@pytest.mark.parametrize("name", CASES)
def test_report_follows_the_schema(name, valid):
    document = valid(report(name))
    ids = {finding["id"] for finding in document["findings"]}
    for cause in document["causes"]:
        assert set(cause["explains"]) <= ids
    assert [cause["rank"] for cause in document["causes"]] == list(range(1, len(document["causes"]) + 1))


@pytest.mark.parametrize("name", HEALTHY)
def test_healthy_store_gets_its_verdict(name):
    expected = CASES[name][0].get("expected_verdict", "healthy")
    quiet = {"info"} if expected == "healthy" else {"info", "warning"}
    document = report(name)
    assert [(f["rule"], f["message"]) for f in document["findings"] if f["severity"] not in quiet] == []
    assert [cause["title"] for cause in document["causes"] if cause["severity"] not in quiet] == []
    assert document["verdict"] == expected


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_store_gets_its_cause_first(name):
    case = CASES[name][0]
    document = report(name)
    wanted = [case["expected_top_subject"], *case.get("accept_top", [])]
    assert document["causes"], "no cause"
    first = document["causes"][0]["subjects"][0]
    assert any(is_subject(first, want) for want in wanted), first


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_store_names_exactly_who_is_hit(name):
    case = CASES[name][0]
    hit = report(name)["causes"][0]["affected"]
    names = {name for image in hit["images"] for name in (image["names"] or [image["id"]])}
    assert names == set(case["affected_images"])
    assert {container["id"] for container in hit["containers"]} == set(case["affected_containers"])
