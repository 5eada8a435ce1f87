"""IMG-018: names of images."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API, change_image

RULE = "IMG-018"
HEX = "ab" * 32


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return change_image(store, image, names=[API, "quay.example.test/shop/bare"]), image


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("quay.example.test/shop/bare", ", it has neither a tag nor a digest"),
        ("<none>:<none>", ": invalid reference format"),
        ("", ": invalid reference format"),
        ("quay.example.test/shop/API:2.0", ": invalid reference format: repository name must be lowercase"),
        (HEX, f": invalid repository name ({HEX}), cannot specify 64-byte hexadecimal strings"),
        ("quay.example.test/api@sha256:" + "a" * 40, ": invalid checksum digest length"),
        ("quay.example.test/api@md5:" + "a" * 32, ": unsupported digest algorithm"),
        ("quay.example.test/api: 2", ": invalid reference format"),
        ("a" * 300 + ":1", ": repository name must not be more than 255 characters"),
    ],
)
def test_what_crio_refuses_and_how(name, why):
    store = Edited()
    image = store.image_named(API)["id"]
    [finding] = change_image(store, image, names=[name]).findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["engine_message"] == f'invalid name "{name}" in image "{image}"{why}'
    assert finding.evidence[0].where.pointer.endswith("/names/0")
    assert finding.facts["shown"] == repr(name)


@pytest.mark.parametrize(
    "name",
    [
        "localhost/list:1",
        "alpine:3",
        "docker.io/library/alpine:latest",
        "registry:5000/a/b_c__d-e.f:v1.0_x",
        "[fd00::1]:5000/a:1",
        f"quay.example.test/a/b@sha256:{HEX}",
        f"quay.example.test/a/b:1@sha256:{HEX}",
        "LOCALREGISTRY/a:1",
    ],
)
def test_what_it_takes(name):
    store = Edited()
    image = store.image_named(API)["id"]
    assert change_image(store, image, names=[name]).findings(RULE) == []


def test_older_versions_take_anything():
    store, _ = sample()
    [finding] = store.findings(RULE, engines=("cri-o@1.28",))
    assert (finding.severity, finding.facts["fails_listing"]) == ("warning", False)


def test_without_a_trace_of_crio_a_warning():
    store = Edited("podman-list")
    image = store.image_named("localhost/list:1")["id"]
    [finding] = change_image(store, image, names=["localhost/list"]).findings(RULE)
    assert finding.severity == "warning"


def test_what_is_no_reference_fails_podman_too():
    store = Edited("podman-list")
    image = store.image_named("localhost/list:1")["id"]
    [finding] = change_image(store, image, names=["localhost/LIST:1"]).findings(RULE)
    assert (finding.severity, finding.facts["fails_listing"]) == ("error", True)


def test_an_image_without_names_is_healthy():
    store = Edited()
    image = store.image_named(API)["id"]
    assert change_image(store, image, names=None).findings(RULE) == []
