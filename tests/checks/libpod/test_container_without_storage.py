"""LPD-005: containers that only the database knows."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LPD-005"
ROOT = "srv/podman/storage"
DATABASE = f"{ROOT}/libpod/bolt_state.db"


def without(name: str) -> Edited:
    store = Edited("podman-pod")
    kept = [container for container in store.containers(ROOT) if name not in container["names"]]
    assert len(kept) == 4
    return store.write_containers(kept, ROOT)


def sample() -> tuple[Edited, str]:
    """Return a store whose pod has lost the storage of its infra container."""
    return without("f441e0e36a48-infra"), DATABASE


def test_an_infra_container_takes_its_pod_along():
    store = sample()[0]
    [finding] = store.findings(RULE)
    web = next(c["id"] for c in store.containers(ROOT) if "web" in c["names"])
    assert (finding.facts["infra"], finding.facts["pod"], finding.facts["others"]) == (True, "shop", [web])


def test_a_single_container():
    [finding] = without("alone").findings(RULE)
    assert (finding.facts["name"], finding.facts["infra"]) == ("alone", False)


def test_a_container_on_a_root_directory_and_one_of_buildah_are_as_they_should_be():
    assert Edited("podman-pod").findings(RULE) == []
    assert without("work").findings(RULE) == []


def test_a_container_made_after_the_records_were_read_is_left_out():
    store = without("alone")
    place = f"{ROOT}/overlay-containers"
    store.change(f"{place}/containers.json", mtime_ns=1).write(f"{place}/containers.lock", b"")
    assert store.findings(RULE) == []


def test_records_that_are_older_than_their_lock_were_not_read_before_the_container_was_made():
    store = without("alone").change(f"{ROOT}/overlay-containers/containers.json", mtime_ns=1)
    assert [finding.facts["name"] for finding in store.findings(RULE)] == ["alone"]


def test_without_containers_json_nothing_is_concluded():
    checked = Edited("podman-pod").remove(f"{ROOT}/overlay-containers/containers.json").check()
    assert RULE in dict(checked.skipped)
