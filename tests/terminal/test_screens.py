"""What a person sees in a terminal of 80 columns and 24 lines when a command is done: the last lines are the answer.

The screens are kept in `screens/`; they were read and approved by a person. `ANALYZER_APPROVE=1` writes them anew.
"""

from __future__ import annotations

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import uuid

import pytest

SAMPLES = pathlib.Path(__file__).parent.parent.parent / "samples"
SCREENS = pathlib.Path(__file__).parent / "screens"
COUNTS = re.compile(r"\d+(?=\s+checks?\s+(?:run|skipped)|\s+skipped)")
"""Numbers of checks, which grow with every rule."""
COLUMNS, LINES = 80, 24
HANGS = 600
"""Seconds after which a terminal is taken to hang; nothing is measured."""

pytestmark = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")


@pytest.fixture
def terminal(tmp_path):
    """Return a function that runs a command in a terminal and gives its screen once the command is done."""
    socket = f"analyzer-{uuid.uuid4().hex}"
    setting = {"LC_ALL": "C.UTF-8", "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "TMUX")} | setting

    def tmux(*words):
        done = subprocess.run(
            ["tmux", "-L", socket, "-f", os.devnull, *words],
            check=True, capture_output=True, text=True, env=environment, timeout=HANGS,
        )  # fmt: skip
        return done.stdout

    def screen(*words):
        command = shlex.join([sys.executable, "-m", "analyzer", *words])
        done = f"{command}; tmux -L {socket} wait-for -S done; exec cat"
        tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(LINES), "-c", str(SAMPLES), "sh", "-c", done)
        tmux("wait-for", "done")
        return tmux("capture-pane", "-p").rstrip("\n") + "\n"

    yield screen
    subprocess.run(["tmux", "-L", socket, "kill-server"], check=False, capture_output=True)


@pytest.mark.parametrize(
    "sample",
    ["healthy", "dangling-link", "missing-parent", "modified-base", "cut-layers-json", "seed-case"],
)
def test_the_screen_that_a_report_leaves(sample, terminal):
    """Verdict, who is hit, and what to do first are on it, whatever scrolled away before."""
    shown = terminal("report", f"{sample}.tar.zst")
    path = SCREENS / f"{sample}.txt"
    shown = COUNTS.sub("N", shown)
    if os.environ.get("ANALYZER_APPROVE") == "1":
        path.write_text(shown)
    assert shown == path.read_text()
    assert all(len(line) <= COLUMNS for line in shown.splitlines())
    if sample != "healthy":
        last = shown.splitlines()
        assert any(line.startswith("DAMAGED") for line in last)
        assert any(line.split()[:1] == ["affects"] for line in last)
        assert any(line.split()[:1] == ["first"] for line in last)
