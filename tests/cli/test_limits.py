"""Limits as options, variables and keys of the configuration; one that is hit is named with its option."""

from __future__ import annotations

import json
import os
from dataclasses import fields

import click
import pytest
from click.testing import CliRunner

from analyzer.cli.config import SHARED
from analyzer.cli.main import COMMANDS, cli
from analyzer.limits import DEFAULT, NAMES, Limits, advised, changed, option
from tests.cli.digging import HEALTHY, run

READ_A_BUNDLE = [
    "report", "why", "timeline", "diff", "show", "who-uses", "images", "layers", "containers", "ls", "cat", "du",
    "drift", "plan", "export", "graph", "baseline", "grade", "batch",
]  # fmt: skip


def report(*options: str, **more):
    result = CliRunner().invoke(cli, ["report", HEALTHY, "--format", "json", *options], **more)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def losses(*options: str, **more) -> list[str]:
    document = json.loads(report(*options, **more).stdout)
    assert document["verdict"] == "undetermined"
    assert not document["coverage"]["complete"]
    return [loss["what"] for loss in document["coverage"]["losses"]]


@pytest.mark.parametrize("name", READ_A_BUNDLE)
def test_every_command_that_reads_a_bundle_takes_every_limit(name):
    command = cli.get_command(click.Context(cli), name)
    known = {opt for param in command.params for opt in param.opts}
    assert {option(each) for each in NAMES} <= known
    assert name in COMMANDS


def test_every_limit_says_what_it_bounds_and_is_a_key_of_the_configuration():
    for each in fields(Limits):
        assert each.metadata["says"]
        assert each.metadata["unit"] in {"bytes", "count"}
        assert option(each.name)[2:] in SHARED


def test_an_option_a_variable_and_the_configuration_set_a_limit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "limit members=60" in losses("--max-members", "60")[0]
    monkeypatch.setenv("ANALYZER_MAX_MEMBERS", "50")
    assert "limit members=50" in losses()[0]
    monkeypatch.delenv("ANALYZER_MAX_MEMBERS")
    (tmp_path / "analyzer.toml").write_text('[options]\nmax-members = 40\nmax-small-file = "16M"\n')
    assert "limit members=40" in losses()[0]
    assert "limit members=30" in losses("--max-members", "30")[0]


@pytest.mark.parametrize("given", ["0", "-1", "many", "1.5.2", "10X"])
def test_what_is_no_size_is_a_usage_error(given):
    assert report("--max-small-file", given).exit_code == 2


def test_sizes_are_read_as_people_write_them():
    assert report("--max-small-file", "1.5MiB").exit_code == 0
    assert report("--max-total-bytes", "64k").exit_code == 4


def test_a_message_names_the_option_once():
    text = advised("limit members=5 reached: the rest is not read")
    assert text.endswith("(--max-members sets it)")
    assert advised(text) == text
    assert advised("limit unheard_of=3") == "limit unheard_of=3"
    assert advised("nothing of the kind") == "nothing of the kind"
    assert changed(DEFAULT) == {}
    assert changed(Limits(path=9)) == {"path": 9}


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o027])
def test_results_are_as_private_as_the_umask_says(mask, tmp_path):
    before = os.umask(mask)
    try:
        run("report", HEALTHY, "-o", f"json={tmp_path / 'a.json'}", "-o", f"html={tmp_path / 'a.html'}")
        run("plan", HEALTHY, "-o", str(tmp_path / "plan.txt"))
        run("export", HEALTHY, "-o", str(tmp_path / "out"), "--format", "csv")
    finally:
        os.umask(before)
    written = [
        path for path in tmp_path.rglob("*") if path.is_file() and path.suffix in {".json", ".html", ".csv", ".md"}
    ]
    assert len(written) > 4
    for path in [*written, tmp_path / "plan.txt"]:
        assert path.stat().st_mode & 0o777 == 0o666 & ~mask, path
