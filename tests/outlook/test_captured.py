"""A report on a bundle that holds the output of a check."""

from __future__ import annotations

import gzip
import json
import pathlib

import jsonschema
import pytest

from analyzer.api import judge
from analyzer.outlook.grading.lines import read_output
from analyzer.report.formats.html import render as html
from analyzer.report.formats.json import render as as_json
from analyzer.report.formats.markdown import render as markdown
from analyzer.report.formats.text import render as text
from analyzer.report.redact import redacted
from tests.editing import Edited

CHECKS = pathlib.Path(__file__).parent / "checks"
SCHEMA = pathlib.Path(__file__).parents[2] / "analyzer/report/schema.json"
PATH = "sos_commands/podman/podman_system_check"


def said(name):
    return gzip.decompress((CHECKS / f"{name}.txt.gz").read_bytes()).decode()


def report_on(name, printed):
    return judge(Edited(name).write(PATH, printed).snapshot())


@pytest.mark.parametrize(
    ("name", "grade", "reasons"),
    [
        ("implied-parents", "refuted", {"implied-directory"}),
        ("newest-chunked", "refuted", {"directory-time"}),
        ("base-file-edited", "confirmed", set()),
    ],
)
def test_its_lines_are_graded_in_numbers(name, grade, reasons):
    printed = said(name)
    document = json.loads(as_json(report_on(name, printed)))
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    (check,) = document["check_outputs"]
    errors = len(read_output(printed).claims)
    assert check["path"] == PATH
    assert errors == check["errors"] == check[grade]
    assert set(check["false_alarms"]) == reasons
    assert bool(check["repair_deletes_in_vain"]) == (grade == "refuted")


def test_every_form_of_the_report_tells_it_briefly():
    report = report_on("newest-chunked", said("newest-chunked"))
    for form in (text(report, columns=400), markdown(report), html(report)):
        plain = form.replace("\\", "")
        line = next(line for line in plain.splitlines() if "directory-time 12" in line)
        assert "12 false alarms" in line
        assert PATH in line
        assert "--repair --force" in line


def test_a_check_without_errors_is_told_too():
    report = report_on("healthy-overlay", "")
    assert json.loads(as_json(report))["check_outputs"][0]["errors"] == 0
    assert f"{PATH}: no error" in text(report)


def test_a_bundle_without_such_output_has_no_such_block():
    report = judge(Edited("healthy-overlay").snapshot())
    assert "check_outputs" not in json.loads(as_json(report))
    assert "engine's check" not in text(report)


def test_what_a_check_says_changes_no_verdict():
    plain = judge(Edited("implied-parents").snapshot())
    assert report_on("implied-parents", said("implied-parents")).verdict == plain.verdict == "healthy"


def test_numbers_stay_where_names_are_hidden():
    report = report_on("newest-chunked", said("newest-chunked"))
    assert json.loads(as_json(redacted(report)))["check_outputs"][0]["refuted"] == 12


def test_a_hostile_name_stays_harmless():
    path = "sos_commands/podman/podman_system_check\x1b[31m<script>"
    report = judge(Edited("healthy-overlay").write(path, "").snapshot())
    assert "\x1b" not in text(report)
    assert "<script>" not in html(report).split("podman_system_check", 1)[1][:40]
