"""LPD-010: a container of podman without its directory."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "LPD-010"
ROOT = "srv/podman/storage"


def alone(store: Edited) -> str:
    """Return the path of the directory of container `alone`."""
    return f"{ROOT}/overlay-containers/{next(c['id'] for c in store.containers(ROOT) if c['names'] == ['alone'])}"


def sample() -> tuple[Edited, str]:
    """Return a store without it: podman 4.3.1 says `unable to determine if ".../userdata/shm" is mounted`."""
    store = Edited("podman-pod")
    path = alone(store)
    return store.remove(path), path.rpartition("/")[2]


@pytest.mark.parametrize("below", ["", "/userdata"])
def test_the_container_is_named(below):
    store = Edited("podman-pod")
    path = alone(store) + below
    [finding] = store.remove(path).findings(RULE)
    assert (finding.severity, finding.facts["name"], finding.facts["path"]) == ("error", "alone", path)


def test_containers_of_other_tools_need_none():
    store = Edited("podman-pod")
    work = next(c["id"] for c in store.containers(ROOT) if c["names"] == ["work"])
    assert store.remove(f"{ROOT}/overlay-containers/{work}").findings(RULE) == []


def test_a_capture_without_any_says_nothing_above_info():
    store = Edited("podman-pod")
    for container in store.containers(ROOT):
        store.leave_out(f"{ROOT}/overlay-containers/{container['id']}")
    assert {finding.severity for finding in store.findings(RULE)} <= {"info"}


def test_its_shared_memory_alone():
    """Run on podman 4.3.1 with an emptied `userdata`: `podman init` says that it cannot stat `userdata/shm`."""
    store = Edited("podman-pod")
    path = f"{alone(store)}/userdata/shm"
    [finding] = store.remove(path).findings(RULE)
    assert (finding.facts["name"], finding.facts["path"]) == ("alone", path)


def test_a_capture_that_leaves_it_out_everywhere_is_silent():
    store = Edited("podman-pod")
    for path in [p for p in store.entries if p.endswith("/userdata/shm")]:
        store.leave_out(path)
    assert store.findings(RULE) == []
