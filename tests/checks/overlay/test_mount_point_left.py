"""OVL-026: entries in `merged` of a layer that is not mounted."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-026"


def layer_of_a_container(store: Edited) -> str:
    return store.containers()[0]["layer"]


def sample() -> tuple[Edited, str]:
    """Return a store with what a container's bind mounts leave behind: their targets."""
    store = Edited()
    layer = layer_of_a_container(store)
    store.directory(f"storage/overlay/{layer}/merged")
    store.directory(f"storage/overlay/{layer}/merged/run")
    return store.write(f"storage/overlay/{layer}/merged/run/secrets", b""), layer


def test_the_container_is_named():
    store, layer = sample()
    [finding] = store.findings(RULE)
    container = next(c["id"] for c in store.containers() if c["layer"] == layer)
    assert (finding.severity, finding.facts["containers"]) == ("error", [container])


def test_a_mounted_layer_is_as_it_should_be():
    assert Edited("healthy-live-mounted").findings(RULE) == []


def test_empty_mount_points_are_as_they_should_be():
    assert Edited().findings(RULE) == []
