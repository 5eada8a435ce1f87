"""IMG-025: one image in two stores."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import digest

RULE = "IMG-025"


def twin(**fields) -> tuple[Edited, str]:
    """Return a store whose additional store has a record of the graph root's image with other fields."""
    store = Edited("healthy-additional-store")
    image = store.images()[0]
    store.write_images([*store.images("ro"), {**image, **fields}], "ro")
    return store, image["id"]


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store, _ = twin()
    return twin(layer=store.layers("ro")[0]["id"])


def test_another_layer():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("warning", image)
    assert finding.evidence[0].where.path == "ro/overlay-images/images.json"


def test_equal_records_are_healthy():
    store, _ = twin()
    assert store.findings(RULE) == []


def test_another_manifest_is_healthy():
    store, image = twin()
    digests = {**store.images()[0]["big-data-digests"], "manifest": digest(b"other")}
    store, _ = twin(**{"big-data-digests": digests})
    assert store.findings(RULE) == []
    digests[f"sha256:{image}"] = digest(b"other")
    store, _ = twin(**{"big-data-digests": digests})
    assert len(store.findings(RULE)) == 1


def test_the_same_layers_under_other_ids_are_healthy():
    store, _ = twin()
    image = store.images()[0]
    layers = store.layers()
    top = next(layer for layer in layers if layer["id"] == image["layer"])
    store.write_layers([*layers, {**top, "id": "ef" * 32}])
    store.write_images([{**image, "layer": "ef" * 32}])
    assert store.findings(RULE) == []
