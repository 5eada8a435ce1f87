"""LPD-006: a pod's infra container that the database does not have."""

from __future__ import annotations

import pathlib
import tempfile

from tests.editing import Edited
from tests.snapshot.libpod.schema import add_container, add_pod, open_new

RULE = "LPD-006"
ROOT = "srv/podman/storage"
INFRA, POD = "b" * 64, "d" * 64


def with_pod(infra: str | None) -> Edited:
    store = Edited("podman-pod")
    store.remove(f"{ROOT}/libpod/bolt_state.db")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "db.sql")
        connection = open_new(path, root="/srv/podman/storage")
        for container in store.containers(ROOT):
            add_container(connection, container["id"], container["names"][0], pod=POD)
        add_pod(connection, POD, "shop", infra)
        connection.close()
        return store.write(f"{ROOT}/db.sql", path.read_bytes())


def sample() -> tuple[Edited, str]:
    """Return a store with a pod whose infra container is nowhere."""
    return with_pod(INFRA), f"{ROOT}/db.sql"


def test_members_of_the_pod_are_named():
    [finding] = sample()[0].findings(RULE)
    assert (finding.facts["name"], finding.facts["infra"], len(finding.facts["others"])) == ("shop", INFRA, 5)


def test_a_pod_without_an_infra_container_and_one_with_it():
    assert with_pod(None).findings(RULE) == []
    assert Edited("podman-pod").findings(RULE) == []
