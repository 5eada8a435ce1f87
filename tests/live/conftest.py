"""A real node on XFS, made once a session with podman, buildah and skopeo, and the analyzer's command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "samples"))

from stores import populate
from stores.registry import loopback_registry
from stores.volume import missing_requirements, xfs_volume


@pytest.fixture(scope="session")
def machine():
    """Skip, or fail where live tests are required, on a machine that can't make a store."""
    lacks = missing_requirements()
    if lacks and os.environ.get("ANALYZER_REQUIRE_LIVE") == "1":
        pytest.fail(f"live tests are required and this machine lacks {', '.join(lacks)}", pytrace=False)
    if lacks:
        pytest.skip(f"needs {', '.join(lacks)}")


@pytest.fixture(scope="session")
def volume(machine):
    with xfs_volume(size=4 << 30) as mount_point:  # sparse; all live tests leave their nodes there
        yield mount_point


@pytest.fixture(scope="module")
def registry(machine):
    """A registry of the module's own: what another one pushes under the same name is another image."""
    with loopback_registry() as address:
        yield address


@pytest.fixture(scope="session")
def healthy_node(volume):
    """The undamaged node, its registry beside it; tests copy it and never let an engine open it."""
    with loopback_registry() as address:
        yield populate.whole_node(volume / "healthy", address)


@pytest.fixture(scope="session")
def arm_registry(machine):
    with loopback_registry() as address:
        yield address


@pytest.fixture(scope="session")
def arm_node(volume, arm_registry):
    return populate.arm_node(volume / "arm", arm_registry)


@pytest.fixture(scope="session")
def schema():
    return json.loads(_analyzer("schema"))


@pytest.fixture(scope="session")
def analyze(schema):
    """Run `analyzer report` on a bundle and hand back its JSON, checked against the schema."""

    def report(bundle, *options):
        document = json.loads(_analyzer("report", bundle, "--format", "json", "--exit-zero", *options))
        jsonschema.validate(document, schema)
        return document

    return report


@pytest.fixture(scope="session")
def why():
    """Run `analyzer why` on a bundle and a message and hand back its JSON."""
    return lambda bundle, text: json.loads(_analyzer("why", bundle, text, "--format", "json"))


def _analyzer(*arguments):
    command = [sys.executable, "-m", "analyzer", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
