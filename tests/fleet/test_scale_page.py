"""What docs/scale.md tells people to run exists and does what the page says."""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import subprocess
import sys

import click
import pandas as pd
import pytest
import yaml

import analyzer
from analyzer.cli.main import cli
from samples.fleet import make
from tests.effort import LONG

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "scale.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def blocks(language):
    return [text for kind, text in BLOCKS if kind == language]


def commands():
    """Yield every command of analyzer on the page, as words."""
    for text in blocks("bash"):
        for line in text.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["analyzer"]:
                yield words[1:]
    for text in blocks("yaml"):
        for container in yaml.safe_load(text)["spec"]["template"]["spec"]["containers"]:
            yield container["command"][1:]


def parsed(words):
    """Parse a command line as the program would, and run nothing."""
    group, name = cli, ""
    while isinstance(group, click.Group):
        name, *words = words
        context = click.Context(group)
        group = group.get_command(context, name)
        assert group is not None, name
    return group.make_context(name, list(words)).params


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_is_one(words):
    assert parsed(words)


def test_there_are_recipes_of_every_kind():
    used = [words[0] for words in commands()]
    assert used.count("batch") >= 5
    assert "fleet" in used
    for name in ("Slurm", "Kubernetes", "Spark", "Dask"):
        assert re.search(rf"^## .*{name}", PAGE.read_text(), re.MULTILINE)


@pytest.mark.parametrize("text", blocks("python"))
def test_every_script_compiles(text):
    compile(text, str(PAGE), "exec")


@pytest.mark.parametrize("text", blocks("bash"))
def test_every_shell_script_is_one(text):
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


@pytest.fixture(scope="module")
def captures(tmp_path_factory):
    """Return a directory with a few captures and the list of them."""
    place = tmp_path_factory.mktemp("scale")
    make(place / "captures", 20)
    (place / "all.txt").write_text("".join(f"{path}\n" for path in sorted((place / "captures").iterdir())))
    (place / "hundred.txt").write_text((place / "all.txt").read_text())
    return place


def shell(script, place, **environment):
    """Run a block in a directory, with the program of these tests under the name it has when it is installed."""
    tools = place / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "analyzer").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m analyzer "$@"\n')
    (tools / "analyzer").chmod(0o755)
    environment = {**os.environ, **environment, "PATH": f"{tools}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", script], cwd=place, env=environment, capture_output=True, text=True, timeout=LONG, check=False
    )


def test_a_trial_tells_what_a_bundle_costs(captures):
    [script] = [text for text in blocks("bash") if "hundred.txt" in text]
    ended = shell(script, captures)
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"\bmib\b", ended.stdout)
    assert re.search(r"^\D*20\b", ended.stdout, re.MULTILINE)


def test_the_shares_of_an_array_are_the_whole_list(captures):
    [script] = [text for text in blocks("bash") if "SLURM_ARRAY_TASK_ID" in text]
    script = script.replace("n=50", "n=3")
    for turn in range(3):
        ended = shell(script, captures, SLURM_ARRAY_TASK_ID=str(turn))
        assert ended.returncode == 0, ended.stderr
    shares = [(captures / f"share.{turn}").read_text().splitlines() for turn in range(3)]
    assert sorted(line for share in shares for line in share) == (captures / "all.txt").read_text().splitlines()
    nodes = pd.concat(pd.read_parquet(path) for path in captures.glob("out/*/dataset/nodes/*/*.parquet"))
    assert len(nodes) == nodes.node.nunique() == 20


def test_the_function_for_spark_gives_a_row_for_each_bundle(captures):
    [script] = [text for text in blocks("python") if "mapInPandas" in text]
    names = {}
    exec(script, names)
    paths = (captures / "all.txt").read_text().splitlines()
    frames = list(names["analysed"](iter([pd.DataFrame({"path": paths[:12]}), pd.DataFrame({"path": paths[12:]})])))
    found = pd.concat(frames).set_index("path")
    assert list(found.columns) == [part.split()[0] for part in names["SCHEMA"].split(", ")][1:]
    assert list(found.index) == paths
    for path in paths:
        if isinstance(found.error[path], str):
            with pytest.raises(analyzer.errors.AnalyzerError):
                analyzer.analyze(path)
        else:
            assert found.verdict[path] == analyzer.analyze(path).to_dict()["verdict"]
