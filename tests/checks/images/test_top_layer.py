"""IMG-016: the top layer's record."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API, WEB, change_image

RULE = "IMG-016"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    top = store.image_named(API)["layer"]
    return store.write_layers([layer for layer in store.layers() if layer["id"] != top]), top


def test_the_missing_layer_is_the_subject():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.kind, finding.subject.id) == ("critical", "layer", layer)
    assert finding.subject.names == (API,)
    assert finding.facts["images"] == [store.image_named(API)["id"]]
    assert finding.facts["engine_message"] == "layer not known"


def test_a_directory_without_record_is_told():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert finding.facts["directory"] == f"storage/overlay/{layer}"
    [finding] = store.remove(f"storage/overlay/{layer}").findings(RULE)
    assert finding.facts["directory"] == ""


def test_one_finding_for_all_images_that_name_it():
    store = Edited()
    ids = [store.image_named(name)["id"] for name in (API, WEB)]
    for image in ids:
        change_image(store, image, layer="ef" * 32)
    [finding] = store.findings(RULE)
    assert set(finding.facts["images"]) == set(ids)


def test_without_a_trace_of_crio_an_error():
    store = Edited("podman-list")
    image = store.image_named("registry.zoo.test/multi-amd64:1")["id"]
    [finding] = change_image(store, image, layer="ef" * 32).findings(RULE)
    assert finding.severity == "error"


def test_a_missing_parent_is_another_rule():
    assert Edited("parent-record-missing").findings(RULE) == []


def test_layers_of_an_additional_store_are_known():
    store = Edited("healthy-additional-store")
    image = store.images()[0]["id"]
    ro = store.layers("ro")[0]["id"]
    assert change_image(store, image, layer=ro).findings(RULE) == []


def test_a_store_that_was_not_captured_proves_nothing():
    store, _ = sample()
    store.write(
        "etc/containers/storage.conf", '[storage]\n[storage.options]\nadditionalimagestores = ["/var/lib/shared"]\n'
    )
    checked = store.check()
    assert RULE not in checked.run
    assert "/var/lib/shared" in dict(checked.skipped)[RULE]


def test_damaged_records_prove_nothing():
    checked = Edited("layers-json-truncated").check()
    assert RULE not in checked.run
