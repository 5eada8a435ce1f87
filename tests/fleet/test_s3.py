"""Bundles in an object store: a real S3 server on loopback, named by the usual environment only."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys

import pytest
import s3fs

from samples.fleet import BROKEN, COMMON, HEALTHY, OTHER
from tests.fleet.clusters import cluster, free_port, wait_for_port
from tests.fleet.generated import batch, reports, rows, tables, whole_fleet

pytestmark = pytest.mark.filterwarnings("ignore")  # of boto's own

SHARES = {HEALTHY: 4, COMMON: 3, OTHER: 3, BROKEN: 6}
BUCKET = "captures"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    """Yield the URL of a server, empty but for what tests put there."""
    port = free_port()
    place = tmp_path_factory.mktemp("s3")
    with (place / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=log, stderr=log, cwd=place, env={**os.environ, **KEYS},
        )  # fmt: skip
        try:
            wait_for_port(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(20)


KEYS = {"AWS_ACCESS_KEY_ID": "fleet", "AWS_SECRET_ACCESS_KEY": "not-secret", "AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    """Return the capture files of a few nodes of every share."""
    captures, nodes = whole_fleet(tmp_path_factory)
    return [
        captures / node.file
        for state, count in SHARES.items()
        for node in [node for node in nodes if node.state == state][:count]
    ]


@pytest.fixture(scope="module")
def stored(endpoint, some):
    """Put them into a bucket and return the environment in which it is found."""
    system = s3fs.S3FileSystem(
        endpoint_url=endpoint, key=KEYS["AWS_ACCESS_KEY_ID"], secret=KEYS["AWS_SECRET_ACCESS_KEY"]
    )
    system.mkdir(BUCKET)
    for path in some:
        system.put(str(path), f"{BUCKET}/rack-1/{path.name}")
    return {**KEYS, "AWS_ENDPOINT_URL": endpoint}


@pytest.fixture(scope="module")
def here(some, tmp_path_factory):
    """Return what a batch over the same files on this machine gives."""
    out = tmp_path_factory.mktemp("here") / "out"
    batch(some, out, "--jobs", "2")
    return out


@pytest.fixture
def empty_home(tmp_path, stored):
    """Return an environment whose home, scratch and working directories are empty, and these directories."""
    places = {name: tmp_path / name for name in ("home", "scratch", "work")}
    for place in places.values():
        place.mkdir()
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "FSSPEC_", "XDG_"))}
    environment |= {**stored, "HOME": str(places["home"]), "TMPDIR": str(places["scratch"])}
    return environment, places


def left(places):
    """Return the files with anything in them; Dask leaves empty ones that it locks."""
    return [path for place in places.values() for path in place.rglob("*") if path.is_file() and path.stat().st_size]


def leveled(value, some):
    """Take the place of a bundle out of a value, in which alone the two runs may differ; rows in order of node."""
    ordered = sorted(value, key=lambda row: row["node"]) if isinstance(value, list) else value
    text = json.dumps(ordered, default=str)
    return json.loads(text.replace(f"s3://{BUCKET}/rack-1/", "").replace(f"{some[0].parent}/", ""))


@contextlib.contextmanager
def on_this_machine(_place, _environment):
    yield ("--jobs", "2")


@contextlib.contextmanager
def on_a_cluster(place, environment):
    place.mkdir()
    with cluster(place, 2, environment=environment) as made:
        yield ("--scheduler", made.address)


@pytest.mark.parametrize("where", [on_this_machine, on_a_cluster])
def test_the_results_are_those_of_the_same_files_on_this_machine(where, tmp_path, empty_home, here, some):
    environment, places = empty_home
    out = tmp_path / "out"
    with where(tmp_path / "cluster", environment) as options:
        batch([f"s3://{BUCKET}/rack-1/"], out, *options, env=environment, cwd=places["work"])
    assert left(places) == []  # nothing of a bundle was put on the disk
    assert len(rows(out, "nodes")) == len(some) == sum(SHARES.values())
    ours, theirs = tables(out), tables(here)
    assert ours.keys() == theirs.keys()
    for name, expected in theirs.items():
        assert leveled(ours[name], some) == leveled(expected, some), name
    found, wanted = reports(out), reports(here)
    assert found.keys() == wanted.keys()
    for name, path in wanted.items():
        assert leveled(json.loads(found[name].read_text()), some) == leveled(json.loads(path.read_text()), some)


def test_a_pattern_names_objects(tmp_path, empty_home, some):
    environment, places = empty_home
    batch([f"s3://{BUCKET}/rack-1/node-*.tar.gz"], tmp_path / "out", env=environment, cwd=places["work"])
    expected = {path.name.removesuffix(".tar.gz") for path in some if path.name.endswith(".tar.gz")}
    assert {row["node"] for row in rows(tmp_path / "out", "nodes")} == expected != set()


def test_an_object_that_is_not_there_is_one_row(tmp_path, empty_home, some):
    environment, places = empty_home
    bundles = [f"s3://{BUCKET}/rack-1/{some[0].name}", f"s3://{BUCKET}/rack-1/gone.tar"]
    batch(bundles, tmp_path / "out", env=environment, cwd=places["work"])
    assert {row["node"]: (row["status"], row["failure"]) for row in rows(tmp_path / "out", "nodes")} == {
        some[0].name.partition(".")[0]: ("done", ""),
        "gone": ("failed", "input"),
    }


def test_the_same_command_again_reads_only_what_changed(tmp_path, empty_home, stored, some):
    """An object is known by what the server tells of it; only a new one is read and has a new report."""
    environment, places = empty_home
    names = [path.name for path in some[:4]]
    bundles = [f"s3://{BUCKET}/rack-1/{name}" for name in names]
    batch(bundles[:3], tmp_path / "out", env=environment, cwd=places["work"])
    before = {name: path.stat().st_mtime_ns for name, path in reports(tmp_path / "out").items()}
    batch(bundles, tmp_path / "out", env=environment, cwd=places["work"])
    after = {name: path.stat().st_mtime_ns for name, path in reports(tmp_path / "out").items()}
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == {names[3].partition(".")[0]}
