"""`analyzer grade`: from a file, from standard input, from the bundle; hostile output."""

from __future__ import annotations

import json

import pytest

from tests.cli.digging import HEALTHY, HOSTILE, data, error, run, saved
from tests.editing import BUNDLES, Edited

CHUNKED = str(BUNDLES / "healthy-zstd-chunked.tar.zst")
SAID = next(
    case["engines_said"]["containers_storage_check_1.60"]["first_lines"]
    for case in json.loads((BUNDLES / "truth.json").read_text())["bundles"]
    if case["name"] == "healthy-zstd-chunked"
)


def test_a_file(tmp_path):
    (tmp_path / "check.txt").write_text(SAID)
    said = run("grade", CHUNKED, tmp_path / "check.txt", "--width", 300)
    assert "2 errors: 0 confirmed, 0 open, 2 refuted" in said
    assert "REFUTED" in said
    assert "do not run it" in said
    (document,) = data("grade", CHUNKED, tmp_path / "check.txt")
    assert document["counts"] == {"confirmed": 0, "open": 0, "refuted": 2}
    assert {line["reason"] for line in document["lines"]} == {"partial-pull"}
    assert [each["option"] for each in document["repair"]] == ["--repair", "--repair --force"]


def test_standard_input_is_the_same_as_a_file(tmp_path):
    (tmp_path / "check.txt").write_text(SAID)
    piped = run("grade", CHUNKED, "-", "--width", 300, input=SAID)
    assert (
        piped.partition(":")[2]
        == run("grade", CHUNKED, tmp_path / "check.txt", "--width", 300).partition("check.txt:")[2]
    )


@pytest.mark.parametrize(
    "path",
    ["sos_commands/crio/crio_check", "sos_commands/podman/podman_system_check_--quick", "containers-storage-check.txt"],
)
def test_output_in_the_bundle_is_found(path, tmp_path):
    store = Edited("healthy-zstd-chunked")
    store.write(path, SAID)
    bundle = saved(store, tmp_path / "b.tar")
    (document,) = data("grade", bundle)
    assert document["output"] == path
    assert document["counts"]["refuted"] == 2


def test_confirmed_errors_name_their_finding():
    case = next(
        case
        for case in json.loads((BUNDLES / "truth.json").read_text())["bundles"]
        if case["name"] == "base-file-edited"
    )
    text = case["engines_said"]["containers_storage_check_1.60"]["first_lines"]
    bundle = str(BUNDLES / "base-file-edited.tar.zst")
    (document,) = json.loads(run("grade", bundle, "-", "--format", "json", input=text))
    report = data("report", bundle, "--exit-zero")
    for line in document["lines"]:
        assert line["grade"] == "confirmed"
        named = next(finding for finding in report["findings"] if finding["id"] == line["finding"])
        assert named["subject"]["id"] == line["about"]["id"]


def test_every_line_on_its_own():
    text = SAID * 4
    assert "more lines for the same reason" in run("grade", CHUNKED, "-", input=text)
    said = run("grade", CHUNKED, "-", "--all", input=text)
    assert said.count("REFUTED") == text.count("layer content incorrect")


def test_usage_errors_are_one_line(tmp_path):
    assert "holds no check output" in error("grade", HEALTHY)
    assert "cannot be read" in error("grade", HEALTHY, tmp_path / "absent")
    assert "cannot be read" in error("grade", HEALTHY, tmp_path)
    assert "cannot both be standard input" in error("grade", "-", "-")


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(
    "text", [HOSTILE, f"layer {'a' * 64}:\n layer {'a' * 64}: /{HOSTILE}(size:1->2), layer content modified"]
)
def test_hostile_output_is_inert(form, text):
    said = run("grade", HEALTHY, "-", "--all", "--format", form, input=text)
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_an_empty_output_has_no_errors():
    assert "0 errors" in run("grade", HEALTHY, "-", input="")


@pytest.mark.parametrize("columns", [40, 200])
def test_lines_keep_to_the_width(columns):
    assert max(map(len, run("grade", CHUNKED, "-", "--width", columns, input=SAID).splitlines())) <= columns
