"""Completion in the real shells, and manual pages that man reads without a word."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from analyzer.cli.main import COMMANDS
from analyzer.cli.manpage import pages
from tests.cli.digging import run

ROOT = pathlib.Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """Return a function that runs a script in a shell that finds `analyzer`."""
    bin_dir = tmp_path_factory.mktemp("bin")
    program = bin_dir / "analyzer"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m analyzer "$@"\n')
    program.chmod(0o755)
    home = tmp_path_factory.mktemp("home")

    def run_in(name, script):
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
        env = {
            "PATH": f"{bin_dir}:{os.environ['PATH']}",
            "HOME": str(home),
            "PYTHONPATH": str(ROOT),
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        quiet = {"bash": ["--norc", "--noprofile"], "zsh": ["-f"], "fish": ["--no-config"]}[name]
        done = subprocess.run(
            [name, *quiet, "-c", script], capture_output=True, text=True, env=env, cwd=home, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return done.stdout

    return run_in


def test_bash(shell):
    script = """
        eval "$(analyzer completion bash)"
        complete -p analyzer >/dev/null || exit 1
        COMP_WORDS=(analyzer who); COMP_CWORD=1; COMPREPLY=()
        _analyzer_completion analyzer
        printf '%s\\n' "${COMPREPLY[@]}"
        COMP_WORDS=(analyzer report --de); COMP_CWORD=2; COMPREPLY=()
        _analyzer_completion analyzer
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    assert shell("bash", script).split() == ["who-uses", "--depth"]


def test_zsh(shell):
    script = """
        autoload -Uz compinit && compinit -u -d "$HOME/dump"
        eval "$(analyzer completion zsh)"
        [[ ${_comps[analyzer]} == _analyzer_completion ]] || exit 1
        COMP_WORDS="analyzer who" COMP_CWORD=1 _ANALYZER_COMPLETE=zsh_complete analyzer
    """
    assert shell("zsh", script).split()[:2] == ["plain", "who-uses"]


def test_fish(shell):
    script = """
        analyzer completion fish | source
        complete -C "analyzer "
        echo next
        complete -C "analyzer report --fail-"
        echo next
        complete -C "analyzer graph x --format "
    """
    commands, options, choices = shell("fish", script).split("next\n")
    assert {line.split("\t")[0] for line in commands.splitlines()} == set(COMMANDS)
    assert options.split()[0] == "--fail-on"
    assert {line.split("\t")[0] for line in choices.splitlines()} == {"dot", "graphml", "mermaid", "svg"}


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_is_clicks_own(name):
    assert "_ANALYZER_COMPLETE" in run("completion", name)


def test_there_is_a_page_for_every_command():
    assert set(pages()) == {"analyzer.1", *(f"analyzer-{name}.1" for name in COMMANDS)}


def test_the_pages_in_the_tree_are_current():
    folder = ROOT / "docs" / "man"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == pages(), (
        "run `python docs/generate.py`"
    )


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
@pytest.mark.parametrize("name", sorted(pages()))
def test_man_reads_every_page_without_a_warning(name, tmp_path):
    page = tmp_path / name
    page.write_text(pages()[name], encoding="utf-8")
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


def test_every_option_of_a_command_is_in_its_page():
    import re

    for name in COMMANDS:
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", run(name, "--help").split("Options:")[1]))
        page = pages()[f"analyzer-{name}.1"].replace("\\-", "-")
        assert {option for option in options if option not in page} == set(), name
