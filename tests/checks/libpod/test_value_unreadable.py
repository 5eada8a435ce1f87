"""LPD-004: a document of the database that podman cannot decode; each was tried on podman 4.3.1."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.snapshot.libpod.schema import changed

RULE = "LPD-004"
DATABASE = "srv/podman/storage/libpod/bolt_state.db"


def sample() -> tuple[Edited, str]:
    """Return a store with a control character in the state of every container."""
    return edited(b'"runDir":"/srv', b'"runDir":"/\rrv'), DATABASE


def edited(old: bytes, new: bytes) -> Edited:
    store = Edited("podman-pod")
    data = store.data(DATABASE)
    assert old in data
    return store.write(DATABASE, data.replace(old, new))


def test_a_container_without_a_state_in_sqlite():
    store = Edited("podman6")
    one = "WHERE ID = (SELECT ID FROM ContainerConfig WHERE Name = 'one')"
    path = "var/lib/containers/storage/db.sql"
    [finding] = store.write(path, changed(store.data(path), f"DELETE FROM ContainerState {one}")).findings(RULE)
    assert (finding.severity, finding.facts["name"]) == ("error", "one")
    assert "`podman ps` leaves it out" in finding.message


def test_a_pod_in_sqlite_is_called_by_its_name():
    store = Edited("podman6")
    path = "var/lib/containers/storage/db.sql"
    [finding] = store.write(path, changed(store.data(path), "UPDATE PodConfig SET JSON = ''")).findings(RULE)
    assert "config of pod web" in finding.message
    assert "`podman pod ps` fails" in finding.message


def test_a_state_stops_every_listing():
    findings = sample()[0].findings(RULE)
    assert {finding.severity for finding in findings} == {"critical"}
    assert sorted(finding.facts["name"] for finding in findings) == ["alone", "f441e0e36a48-infra", "rooted", "web"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (b'{"spec":{"oci', b'{"spec":["oci', "container"),
        (b'"hasInfra":true', b'"hasInfra":nope', "pod"),
        (b'"mountPoint":', b'"mountPoint";', "volume"),
    ],
)
def test_a_configuration_hides_its_object(old, new, kind):
    findings = edited(old, new).findings(RULE)
    assert {(f.severity, f.facts["kind"], f.facts["part"]) for f in findings} == {("error", kind, "config")}
