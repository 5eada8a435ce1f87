"""IMG-007: manifests of no usable type."""

from __future__ import annotations

import json

import pytest

from tests.editing import Edited
from tests.imaging import API, DOCKER_LIST, OCI, change_image, item_path, put

RULE = "IMG-007"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return put(store, image, "manifest", '{"schemaVersion": 7}'), image


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"schemaVersion": 7}, "unsupported schema version 7"),
        ({}, "unsupported schema version 0"),
        (
            {"schemaVersion": 2, "mediaType": OCI, "config": {}, "layers": [], "manifests": [{}]},
            f'rejecting ambiguous manifest, unexpected fields []string{{"manifests"}} in supposedly {OCI}',
        ),
        (
            {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": [], "layers": [], "config": {}},
            (
                "parsing schema2 manifest list: rejecting ambiguous manifest, unexpected fields "
                f'[]string{{"config", "layers"}} in supposedly {DOCKER_LIST}'
            ),
        ),
        ({"schemaVersion": 1, "fsLayers": [], "history": []}, "no FSLayers in manifest"),
    ],
)
def test_the_engine_s_words(manifest, message):
    store = Edited()
    image = store.image_named(API)["id"]
    [finding] = put(store, image, "manifest", json.dumps(manifest)).findings(RULE)
    assert (finding.severity, finding.facts["engine_message"]) == ("critical", message)


def test_no_json_in_a_record_without_sizes_and_digests():
    store = Edited()
    image = store.image_named(API)["id"]
    change_image(store, image, big_data_sizes=None, big_data_digests=None)
    [finding] = store.write(item_path(image, "manifest"), b"<html>").findings(RULE)
    assert finding.facts["engine_message"] == "invalid character '<' looking for beginning of value"


def test_a_manifest_without_media_type_is_told_by_its_config():
    store = Edited()
    image = store.image_named(API)["id"]
    manifest = json.loads(store.data(item_path(image, "manifest")))
    del manifest["mediaType"]
    assert put(store, image, "manifest", json.dumps(manifest)).findings(RULE) == []


def test_a_damaged_file_is_another_rule():
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, "manifest")
    store.write(path, b"x" + store.data(path)[1:])
    assert store.findings(RULE) == []
    assert [f.facts["engine_message"] for f in store.findings("IMG-004")] == [
        "invalid character 'x' looking for beginning of value"
    ]
