"""IMG-008: a list in the place of a manifest."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API, DOCKER_LIST, LIST, WEB, digest, entry, item_path, put, put_list

RULE = "IMG-008"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return put_list(store, image, [entry(digest(b"x"), "s390x")]), image


def test_the_recorded_bundle():
    [finding] = Edited("local-list-no-instance-arm64").findings(RULE)
    assert finding.subject.id == "12c8db489d9607a7ba5961a769f696f30a07defdd2ea08628d76ba58f815e92f"
    assert (finding.severity, finding.subject.names) == ("critical", (LIST,))
    assert finding.facts["engine_message"] == (
        'choosing image instance: no image found in image index for architecture "arm64", variant "v8", OS "linux"'
    )
    assert (finding.facts["kind"], finding.facts["platforms"]) == ("image index", "linux/s390x")
    assert finding.facts["fails_listing"] is True


def test_without_a_trace_of_crio_it_is_a_warning():
    [finding] = Edited("podman-list").findings(RULE)
    assert finding.subject.id == "b84636ae5e4845e7bce8ff59906986f2d76945ad62d9c823e796f7bd924e74d7"
    assert finding.severity == "warning"
    assert "harmless for Podman" in finding.message


def test_naming_the_engine_is_a_trace():
    [finding] = Edited("podman-list").findings(RULE, engines=("cri-o@1.25",))
    assert finding.severity == "critical"
    assert finding.facts["engine_message"] == (
        'choosing image instance: no image found in image index for architecture amd64, variant "", OS linux'
    )


def test_a_docker_list_is_called_so():
    store = Edited()
    image = store.image_named(API)["id"]
    [finding] = put_list(store, image, [], DOCKER_LIST).findings(RULE)
    assert finding.facts["engine_message"] == (
        'choosing image instance: no image found in manifest list for architecture "amd64", variant "", OS "linux"'
    )
    assert "no platform at all" in finding.message


def test_a_list_in_a_record_that_holds_its_instance_lists_normally():
    store = Edited()
    image = store.image_named(API)["id"]
    own = digest(store.data(item_path(image, "manifest")))
    [finding] = put_list(store, image, [entry(own, "amd64")]).findings(RULE)
    assert (finding.severity, finding.facts["fails_listing"]) == ("info", False)


def test_a_list_under_its_digest_is_what_a_pull_leaves():
    store = Edited()
    image = store.image_named(API)["id"]
    content = store.data("storage/overlay-images/images.json")
    index = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
    assert put(store, image, f"manifest-{digest(index)}", index).findings(RULE) == []
    assert content != store.data("storage/overlay-images/images.json")


def test_an_unknown_platform_still_finds_a_list_that_fails_everywhere():
    store = Edited("podman-list")
    store.write_containers([])
    [finding] = store.findings(RULE, engines=("cri-o",))
    assert finding.severity == "critical"
    assert finding.facts["platform"] is None
    assert "amd64" in finding.facts["engine_message"]


def test_two_lists_are_two_findings():
    store = Edited()
    for name in (API, WEB):
        put_list(store, store.image_named(name)["id"], [])
    assert len(store.findings(RULE)) == 2
