"""The generated fleet, batches on it as processes of their own, and their datasets as rows."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import time
from dataclasses import asdict

import pyarrow.parquet as pq

from samples.fleet import Node, make
from tests.effort import LONG

NODES = 300
RUN_DEPENDENT = "runs"
"""The table of seconds and bytes; all others depend on the bundles alone."""


def shared(tmp_path_factory, name, build):
    """Return a directory that is built once in a test run, whatever number of processes it has."""
    base = tmp_path_factory.getbasetemp()
    top = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    place = top / f"fleet-{name}"
    with (top / f"fleet-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "built").exists():
            place.mkdir(exist_ok=True)
            build(place)
            (place / "built").touch()
    return place


def whole_fleet(tmp_path_factory) -> tuple[pathlib.Path, list[Node]]:
    """Return the directory of 300 captures and the truth about them."""
    place = shared(tmp_path_factory, "captures", _write)
    rows = json.loads((place / "truth.json").read_text())
    listed = ("images", "bases")
    return place / "captures", [
        Node(**{key: tuple(value) if key in listed else value for key, value in row.items()}) for row in rows
    ]


def _write(place):
    truth = make(place / "captures", NODES)
    (place / "truth.json").write_text(json.dumps([asdict(node) for node in truth]))


def local_run(tmp_path_factory) -> pathlib.Path:
    """Return the output directory of a batch over the whole fleet on this machine."""
    captures, _ = whole_fleet(tmp_path_factory)
    return shared(tmp_path_factory, "local", lambda place: batch([captures], place / "out", "--jobs", "2")) / "out"


def command(bundles, out, *options) -> list[str]:
    """Return the command line of a batch that ends with 0 whatever it finds."""
    return [sys.executable, "-m", "analyzer", "batch", *map(str, bundles), "-o", str(out), "--exit-zero", *options]


def batch(bundles, out, *options, env=None, cwd=None) -> subprocess.CompletedProcess:
    """Run a batch to its end."""
    ended = subprocess.run(
        command(bundles, out, *options), env=env, cwd=cwd, capture_output=True, text=True, timeout=LONG, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


@contextlib.contextmanager
def running(bundles, out, *options):
    """Run a batch in the background; it is killed with its process group when the block is left early."""
    process = subprocess.Popen(
        command(bundles, out, *options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def reports(out) -> dict[str, pathlib.Path]:
    """Return the reports that are written so far, by name of node."""
    return {path.stem: path for path in (pathlib.Path(out) / "reports").glob("*.json")}


def finished(out) -> set[str]:
    """Return the names of the nodes that have a result in the checkpoint of a batch that does not run any more."""
    with contextlib.closing(sqlite3.connect(pathlib.Path(out) / "state.sqlite", timeout=10)) as state:
        return {name for (name,) in state.execute("SELECT name FROM bundles WHERE state != ''")}


def wait_for(what, seconds=LONG):
    """Wait until a function returns something true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def tables(out) -> dict[str, list[dict]]:
    """Return the rows of every table of a dataset in their order, but for what depends on the run."""
    found = sorted(path for path in (pathlib.Path(out) / "dataset").iterdir() if path.is_dir())
    assert len(found) >= 10
    return {path.name: rows(out, path.name) for path in found if path.name != RUN_DEPENDENT}


def rows(out, table) -> list[dict]:
    """Return the rows of one table."""
    return pq.read_table(pathlib.Path(out) / "dataset" / table, partitioning=None).to_pylist()
