"""What was not read of a bundle is told by every command in the same words, once, and ends it with status 4."""

from __future__ import annotations

import gzip
import json
import warnings

import pytest
from click.testing import CliRunner

import analyzer
from analyzer.cli.main import cli
from tests.archives import place, tar_of
from tests.cli.digging import HEALTHY
from tests.editing import Edited
from tests.source.craft import member

COMMANDS = [
    ("images",),
    ("layers",),
    ("containers",),
    ("ls",),
    ("ls", "storage"),
    ("ls", "api:2.0"),
    ("du",),
    ("timeline",),
    ("graph",),
    ("plan",),
    ("plan", "--format", "script"),
    ("baseline",),
    ("who-uses", "api:2.0"),
    ("show", "api:2.0"),
    ("why", "layer not known"),
]
TOLD = "what is not shown here may still be in the store"


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    """Return a healthy bundle without its last tenth, which holds nothing but files of layers."""
    data = tar_of("healthy-overlay")
    path = tmp_path_factory.mktemp("cut") / "cut.tar"
    _, end = place("healthy-overlay", "storage/overlay-layers/layers.json")
    assert end < len(data) * 9 // 10
    path.write_bytes(data[: len(data) * 9 // 10 + 100])
    return str(path)


def run(command, bundle: str):
    result = CliRunner().invoke(cli, [command[0], bundle, *command[1:]])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_cut_bundle_is_told_by_every_command(command, cut):
    result = run(command, cut)
    assert result.exit_code == 4
    told = [line for line in result.stderr.splitlines() if TOLD in line]
    assert len(told) == 1, result.stderr
    assert cut in told[0]
    assert "cut" in told[0]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_whole_bundle_is_told_by_none(command):
    result = run(command, HEALTHY)
    assert result.exit_code == 0
    assert TOLD not in result.stderr


def test_the_tables_and_the_plan_of_a_cut_bundle_clear_nothing(cut, tmp_path):
    result = run(("export", "-o", str(tmp_path / "out"), "--format", "csv"), cut)
    assert (result.exit_code, TOLD in result.stderr) == (4, True)
    assert "nothing to repair" not in run(("plan",), cut).stdout
    assert "nothing to repair" not in run(("plan", "--format", "script"), cut).stdout


@pytest.fixture(scope="module")
def long_line(tmp_path_factory):
    """Return a healthy bundle with a tar-split of one line that is longer than is read: told by comparing alone."""
    path = next(path for path in Edited("healthy-overlay").entries if path.endswith(".tar-split.gz"))
    split = member(path.encode(), gzip.compress(b'{"type":1,"name":"' + bytes(34 << 20), 1), mode=0o600, uid=0, gid=0)
    data, (start, end) = tar_of("healthy-overlay"), place("healthy-overlay", path)
    bundle = tmp_path_factory.mktemp("long") / "long.tar"
    bundle.write_bytes(data[:start] + split + data[end:])
    return str(bundle)


@pytest.mark.parametrize(
    "command",
    [("plan",), ("plan", "--format", "script"), ("graph",), ("baseline",), ("timeline",), ("why", "layer not known")],
    ids=" ".join,
)
def test_what_only_judging_could_not_read_is_told_too(command, long_line):
    result = run(command, long_line)
    assert (result.exit_code, result.stderr.count(TOLD)) == (4, 1)
    assert "tar_split_line" in result.stderr


def test_the_api_warns_of_what_only_judging_could_not_read(long_line):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        session = analyzer.open(long_line)
    with pytest.warns(analyzer.IncompleteBundleWarning, match="tar_split_line"):
        assert not session.coverage["complete"]


def test_reports_tell_it_themselves(cut):
    result = run(("report", "--format", "json"), cut)
    assert (result.exit_code, result.stderr) == (4, "")
    assert not json.loads(result.stdout)["coverage"]["complete"]


def test_a_member_behind_the_cut_is_not_called_absent(cut):
    result = run(("cat", "storage/overlay-nothing/at/all"), cut)
    assert result.exit_code == 3
    assert "was not read whole" in result.stderr


def test_layers_whose_index_was_not_read_are_not_called_unrecorded(tmp_path):
    data = tar_of("healthy-overlay")
    start, end = place("healthy-overlay", "storage/overlay-layers/layers.json")
    path = tmp_path / "cut.tar"
    path.write_bytes(data[: start + 512 + (end - start) // 2])
    result = run(("layers",), str(path))
    assert result.exit_code == 4
    assert "no record" not in result.stdout


def test_the_api_warns_once_and_says_what_was_lost(cut):
    with pytest.warns(analyzer.IncompleteBundleWarning, match=TOLD) as told:
        session = analyzer.open(cut)
    assert len(told) == 1
    assert session.coverage["complete"] is False
    assert session.coverage["losses"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(session.layers)
        assert analyzer.open(HEALTHY).coverage["complete"] is True
