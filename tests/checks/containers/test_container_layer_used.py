"""CTR-004: what else a container's layer is."""

from __future__ import annotations

from tests.editing import Edited

RULE = "CTR-004"


def sample() -> tuple[Edited, str]:
    """Return a store with a layer above a container's layer."""
    store = Edited()
    container = store.containers()[0]
    above = {"id": "ab" * 32, "parent": container["layer"], "created": "2026-11-24T18:41:46Z"}
    return store.write_layers([*store.layers(), above]), container["id"]


def test_a_child_is_information():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "info"
    assert finding.facts["layers"][1:] == ["ab" * 32]


def test_a_container_on_the_image_s_own_layer():
    store = Edited()
    containers = store.containers()
    containers[0]["layer"] = next(i["layer"] for i in store.images() if i["id"] == containers[0]["image"])
    [finding] = store.write_containers(containers).findings(RULE)
    assert "an image uses it" in finding.facts["seen"]
