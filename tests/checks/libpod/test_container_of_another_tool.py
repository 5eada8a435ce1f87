"""LPD-008: containers that podman's database does not know."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LPD-008"
ROOT = "srv/podman/storage"
BUNDLE = Edited("podman-pod")
WORK = next(container["id"] for container in BUNDLE.containers(ROOT) if container["names"] == ["work"])
OPTIONS: dict = {}


def sample() -> tuple[Edited, str]:
    """Return a store whose database never heard of a container that podman made."""
    store = Edited("podman-pod")
    database = f"{ROOT}/libpod/bolt_state.db"
    web = next(container["id"] for container in store.containers(ROOT) if "alone" in container["names"])
    data = store.data(database)
    return store.write(database, data.replace(web.encode(), web[::-1].encode())), web


def test_a_working_container_of_buildah_holds_its_image():
    [finding] = Edited("podman-pod").findings(RULE)
    assert (finding.subject.id, finding.severity, finding.facts["buildah"]) == (WORK, "info", True)
    assert finding.facts["image"] == "quay.example.test/base:1"


def test_another_one_was_forgotten():
    store, key = sample()
    assert {f.subject.id: f.facts["buildah"] for f in store.findings(RULE)} == {WORK: True, key: False}
