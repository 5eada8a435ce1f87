"""LAY-012: owners outside a container's id map."""

from __future__ import annotations

from tests.editing import Edited

RULE = "LAY-012"
TYPES = "registry.zoo.test/types:1"


def sample() -> tuple[Edited, str]:
    """A real, healthy store: uid 70000 and gid 3000000 in a layer, a map of 65536."""
    store = Edited("userns-mapped")
    return store, store.chain(store.image_named(TYPES)["layer"])[3]


def test_it_is_legal_and_only_told():
    store, layer = sample()
    found = store.findings(RULE)
    assert {finding.severity for finding in found} == {"info"}
    assert {finding.subject.id for finding in found} == {layer}
    assert {finding.facts["number"] for finding in found} == {70000, 3000000}


def test_containers_without_a_map_are_silent():
    store = Edited("healthy-overlay")
    records = store.layers()
    records[0]["uidset"] = [0, 4_000_000_000]
    assert store.write_layers(records).findings(RULE) == []
