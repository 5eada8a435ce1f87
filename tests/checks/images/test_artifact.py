"""IMG-012: artifacts among the images."""

from __future__ import annotations

import json

import pytest

from tests.editing import Edited
from tests.imaging import API, item_path, put

RULE = "IMG-012"
HELM = "application/vnd.cncf.helm.config.v1+json"


def with_config_type(name: str, media_type: str, bundle: str = "healthy-overlay", **top) -> tuple[Edited, str]:
    store = Edited(bundle)
    image = store.image_named(name)["id"]
    manifest = json.loads(store.data(item_path(image, "manifest")))
    manifest["config"]["mediaType"] = media_type
    return put(store, image, "manifest", json.dumps({**manifest, **top})), image


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    return with_config_type(API, HELM)


@pytest.mark.parametrize(
    ("media_type", "top", "message"),
    [
        (HELM, {}, f'unsupported image-specific operation on artifact with type "{HELM}"'),
        (HELM, {"artifactType": "a/b"}, 'unsupported image-specific operation on artifact with type "a/b"'),
        (
            "application/vnd.docker.container.image.v1+json",
            {},
            'invalid mixed OCI image with Docker v2s2 config ("application/vnd.docker.container.image.v1+json")',
        ),
    ],
)
def test_the_engine_s_words(media_type, top, message):
    store, image = with_config_type(API, media_type, **top)
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id, finding.facts["engine_message"]) == ("critical", image, message)


def test_without_a_trace_of_crio_it_is_a_warning():
    store, _ = with_config_type("registry.zoo.test/multi-amd64:1", HELM, "podman-list")
    [finding] = store.findings(RULE)
    assert finding.severity == "warning"


def test_old_engines_did_not_look():
    store, _ = sample()
    assert store.findings(RULE, engines=("cri-o@1.24",)) == []


def test_an_artifact_type_beside_an_image_config_is_an_image():
    store = Edited()
    image = store.image_named(API)["id"]
    manifest = json.loads(store.data(item_path(image, "manifest")))
    put(store, image, "manifest", json.dumps({**manifest, "artifactType": "application/vnd.dev.cosign"}))
    assert store.findings(RULE) == []
