"""IMG-011: the config that a manifest names."""

from __future__ import annotations

import json

from tests.editing import Edited
from tests.imaging import API, change_image, digest, item_path, put

RULE = "IMG-011"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)
    key = f"sha256:{image['id']}"
    store.remove(item_path(image["id"], key))
    return change_image(store, image["id"], big_data_names=[k for k in image["big-data-names"] if k != key]), image[
        "id"
    ]


def test_a_config_that_the_record_does_not_hold():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("critical", image)
    assert f'locating item named "sha256:{image}"' in finding.facts["engine_message"]
    assert finding.evidence[0].observed == "no such file"


def test_a_named_config_without_file_is_another_rule():
    store = Edited()
    image = store.image_named(API)["id"]
    assert store.remove(item_path(image, f"sha256:{image}")).findings(RULE) == []


def test_a_config_that_is_no_json():
    store = Edited()
    image = store.image_named(API)["id"]
    manifest = json.loads(store.data(item_path(image, "manifest")))
    manifest["config"]["digest"] = digest(b"[1")
    put(store, image, digest(b"[1"), b"[1")
    [finding] = put(store, image, "manifest", json.dumps(manifest)).findings(RULE)
    assert finding.facts["engine_message"] == "unexpected end of JSON input"


def test_a_config_that_is_no_object():
    store = Edited()
    image = store.image_named(API)["id"]
    manifest = json.loads(store.data(item_path(image, "manifest")))
    manifest["config"]["digest"] = digest(b"[]")
    put(store, image, digest(b"[]"), b"[]")
    [finding] = put(store, image, "manifest", json.dumps(manifest)).findings(RULE)
    assert finding.facts["engine_message"] == "json: cannot unmarshal array into Go value of type v1.Image"


def test_a_bundle_of_files_picked_by_name_proves_nothing():
    store, _ = sample()
    for path in list(store.entries):
        if path.startswith("storage/overlay-images") and not path.endswith((".json", "/manifest")):
            store.entries.pop(path)
    assert store.findings(RULE) == []
