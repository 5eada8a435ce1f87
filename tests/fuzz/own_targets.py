"""Targets for files of the user's own: the configuration, the state of a batch, and text that is told in pseudonyms."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import sqlite3
import tempfile
from pathlib import Path

import click

from analyzer.api import judge
from analyzer.cli.config import defaults_for, load, policy
from analyzer.cli.main import COMMANDS, cli
from analyzer.errors import AnalyzerError
from analyzer.fleet.checkpoint import Checkpoint
from analyzer.fleet.schema import TABLES
from analyzer.report.formats.text import render
from analyzer.report.redact.output import Veil
from tests.archives import SMALL
from tests.editing import Edited
from tests.fuzz.more_targets import written


def settings(data: bytes) -> None:
    """A configuration is taken by every command, or refused in one line that names the file."""
    path = written(data, "analyzer.toml")
    try:
        config = load(path, tuple(COMMANDS))
        policy(config, None)
        for name in COMMANDS:
            command = cli.get_command(click.Context(cli), name)
            assert command is not None
            chosen = defaults_for(config, command, name)
            with (
                contextlib.suppress(click.UsageError),
                click.Context(command, info_name=name, default_map=chosen) as ctx,
            ):
                for param in command.params:
                    if param.name in chosen:
                        param.process_value(ctx, ctx.lookup_default(param.name))
    except AnalyzerError as error:
        refused = error
    else:
        return
    assert refused.exit_code == 2
    assert str(refused).startswith(path)


def settings_seeds() -> list[bytes]:
    """Return tables of each kind, right ones and wrong ones."""
    return [
        b'[options]\nwidth = 100\nfail-on = "error"\nno-cache = true\nmax-small-file = "16M"\nengine = ["podman@4"]\n',
        b'[rules.OVL-004]\nseverity = "warning"\nignore = "known"\n[rules.missing-parent]\nseverity = "info"\n',
        b'[[ignore]]\nrule = "OVL-004"\nsubject = "layer:abc*"\nreason = "old"\n[[ignore]]\nfingerprint = "0f"\n',
        b'[report]\nformat = "json"\noutput = ["html=r.html"]\n[batch]\njobs = 2\ntimeout = 1.5\n[graph]\ndepth = 3\n',
        b"options = 3\n", b"[options]\nwidth = [[1], {a = 2}]\nhash = 1979-05-27T07:32:00Z\n",
        b"[options]\nhash = 1979-05-27T07:32:00Z\n", b"[options]\nhash = 1\n", b'[options]\nengine = "podman@4"\n',
    ]  # fmt: skip


def checkpoint(data: bytes) -> None:
    """A file is the state of a batch, or is refused; what a run asks of it gives an answer or an error of SQLite's."""
    path = written(data, "state.sqlite")
    for suffix in ("-wal", "-shm", "-journal"):
        Path(path + suffix).unlink(missing_ok=True)
    try:
        state = Checkpoint(path)
    except AnalyzerError as error:
        state, refused = None, str(error)
    if state is None:
        assert refused.startswith(path)
        return
    with (
        contextlib.closing(state),
        contextlib.suppress(sqlite3.Error, UnicodeDecodeError),
    ):  # the batch says that its state is damaged
        state.begin([("a" * 64, "node"), ("0b" * 32, "other")])
        assert state.left() >= 0
        state.known("a" * 64)
        state.contents("a" * 64, 100, "x")
        state.twin("c" * 64, "x")
        state.has_report("r")
        for table in TABLES:
            for row in state.rows(table, range(16)):
                assert len(row) > 1
        state.part(range(16))


@functools.cache
def checkpoint_seeds() -> list[bytes]:
    """Return an empty state, and one of two bundles."""
    with tempfile.TemporaryDirectory() as work:
        path = Path(work, "state.sqlite")
        found = []
        for names in ((), [("a" * 64, "node"), ("c" * 64, "third")]):
            state = Checkpoint(str(path))
            if names:
                state.begin(names)
            state.close()
            found.append(path.read_bytes())
    return found


SECRET = ("reg-zq7.corp.test", "quibblex", "frobnitz-api")
"""Parts of a reference that are words of no program and of no language."""


@functools.cache
def _veil() -> Veil:
    store = Edited(SMALL)
    path = "storage/overlay-images/images.json"
    rows = store.images()
    rows[0]["names"] = [f"{SECRET[0]}:5000/{SECRET[1]}/{SECRET[2]}:1"]
    return Veil(judge(store.write(path, json.dumps(rows).encode()).snapshot()))


def pseudonyms(data: bytes) -> None:
    """No name of a store stands in what is told of it, whatever stands around it; lines stay lines."""
    text = data.decode("utf-8", "replace")
    shown = _veil().text(text)
    assert shown.count("\n") == text.count("\n")
    for name in SECRET:
        assert not re.search(rf"(?<![\w.%-]){re.escape(name)}(?![\w.%-])", shown), (name, shown)


def pseudonym_seeds() -> list[bytes]:
    """Return the lines of a report, and sentences around each name."""
    report = judge(Edited("image-manifest-missing").snapshot())
    lines = render(report, columns=200, everything=True).splitlines()
    around = "{0}, '{0}' ({0}) \"{0}\": {0}/{0}:{0}@sha256:" + "ab" * 32 + " /var/{0}/x --name={0} {0}. <{0}> [{0}]"
    return [
        *("\n".join(lines[at : at + 12]).encode() for at in range(0, len(lines), 12)),
        *(around.format(n).encode() for n in SECRET),
    ]
