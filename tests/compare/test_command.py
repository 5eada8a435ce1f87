"""`analyzer diff`: what it prints is what the API gives, and its exit status is the house's."""

from __future__ import annotations

import json
import pathlib
import re
import shlex

import pytest
from click.testing import CliRunner

import analyzer
from analyzer.cli.main import cli
from tests.archives import SMALL, tar_of
from tests.editing import BUNDLES

ROOT = pathlib.Path(__file__).parent.parent.parent
HEALTHY, EDITED = (str(BUNDLES / f"{name}.tar.zst") for name in ("healthy-overlay", "base-file-edited"))
BLIND = str(BUNDLES / "healthy-metadata-only.tar.zst")
LINES = re.findall(r"^\$ (analyzer .+)$", (ROOT / "docs" / "diff.md").read_text(), re.MULTILINE)


def run(*args, **options):
    return CliRunner().invoke(cli, ["diff", *map(str, args)], **options)


@pytest.mark.parametrize(
    ("first", "second", "options", "code"),
    [
        (HEALTHY, HEALTHY, [], 0),
        (HEALTHY, EDITED, [], 1),
        (EDITED, HEALTHY, [], 0),
        (EDITED, EDITED, [], 0),
        (HEALTHY, EDITED, ["--fail-on", "critical"], 0),
        (HEALTHY, EDITED, ["--exit-zero"], 0),
        (BLIND, EDITED, [], 4),  # the records do not show whether the file was edited then
        (EDITED, BLIND, [], 0),
        ("-", "-", [], 2),
        (HEALTHY, EDITED, ["--depth", "x"], 2),
        (HEALTHY, "/nowhere", [], 3),
        ("/nowhere", HEALTHY, [], 3),
        (HEALTHY, str(ROOT / "pyproject.toml"), [], 3),
    ],
)
def test_exit_status(first, second, options, code):
    done = run(first, second, *options)
    assert done.exit_code == code, done.output
    if code in (2, 3):
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
    else:
        assert done.stdout


def test_a_capture_that_was_cut_gives_4(tmp_path):
    cut = tmp_path / "cut.tar"
    cut.write_bytes(tar_of(SMALL)[:-9000])
    whole = tmp_path / "whole.tar"
    whole.write_bytes(tar_of(SMALL))
    assert run(whole, cut, "--fail-on", "critical").exit_code == 4
    assert run(cut, whole, "--fail-on", "critical").exit_code == 4
    assert run(whole, whole).exit_code == 0
    document = json.loads(run(whole, cut, "--format", "json").stdout)
    assert all(states["gone"] == 0 for states in document["summary"].values())


def test_the_json_is_that_of_the_api():
    done = run(HEALTHY, EDITED, "--format", "json")
    assert done.stdout.isascii()
    assert json.loads(done.stdout) == analyzer.open(HEALTHY).diff(analyzer.open(EDITED)).to_dict()


def test_standard_input_may_be_one_of_them():
    data = tar_of("healthy-overlay")
    done = run("-", HEALTHY, "--format", "json", input=data)
    assert done.exit_code == 0
    assert json.loads(done.stdout)["same_store"] is True
    assert {c["state"] for c in json.loads(done.stdout)["changes"]} <= {"not-seen"}


def test_the_text_names_the_change_under_the_cause():
    said = run(HEALTHY, EDITED, "--width", "200").stdout
    block = said.partition("NEW ")[2].partition("\n\n")[0]
    assert re.search(r"changed +etc/passwd of layer 4b6f57e2feb1 .*size 72 → 96", block)


@pytest.mark.parametrize("form", ["text", "json", "markdown"])
def test_a_file_is_written_whole_and_never_over_the_evidence(form, tmp_path):
    out = tmp_path / "diff.out"
    done = run(HEALTHY, EDITED, "--format", form, "-o", out)
    assert (done.exit_code, done.stdout) == (1, "")
    assert out.read_text() == run(HEALTHY, EDITED, "--format", form, "--width", "100").stdout
    for first, second in ((HEALTHY, EDITED), (EDITED, HEALTHY)):
        refused = run(first, second, "-o", HEALTHY)
        assert (refused.exit_code, "evidence" in refused.stderr) == (2, True)


@pytest.mark.parametrize("line", LINES)
def test_the_examples_of_the_page_run(line, monkeypatch):
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(cli, shlex.split(line)[1:])
    assert done.exit_code == 0, done.output
    assert "GONE" in done.stdout or "NEW" in done.stdout
