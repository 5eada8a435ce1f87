"""IMG-003: digests of items that are no manifests."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API, change_image, digest, item_path

RULE = "IMG-003"


def flipped(data: bytes) -> bytes:
    """Return the data with the architecture's last letter changed."""
    return data.replace(b"amd64", b"amd65", 1)


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, f"sha256:{image}")
    return store.write(path, flipped(store.data(path))), image


def test_an_edited_config_fails_the_listing_as_the_engine_says():
    store, image = sample()
    seen = digest(store.data(item_path(image, f"sha256:{image}")))
    [finding] = store.findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["engine_message"] == (
        f"Download config.json digest {seen} does not match expected sha256:{image}"
    )
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == (f"sha256:{image}", seen)


def test_one_edited_file_is_one_finding():
    store, image = sample()
    findings = [f for f in store.check().findings if f.subject.id == image and f.rule.startswith("IMG")]
    assert [f.rule for f in findings] == [RULE]


def test_an_edited_list_bookkeeping_is_an_error():
    store = Edited("podman-list")
    image = store.image_named("localhost/list:1")["id"]
    path = item_path(image, "instances.json")
    [finding] = store.write(path, store.data(path).replace(b"arm64", b"arm65")).findings(RULE)
    assert (finding.severity, finding.facts["fails_listing"]) == ("error", False)


def test_a_wrong_record_beside_right_content_is_a_warning():
    store = Edited()
    image = store.image_named(API)
    wrong = digest(b"other")
    digests = {**image["big-data-digests"], f"sha256:{image['id']}": wrong}
    [finding] = change_image(store, image["id"], big_data_digests=digests).findings(RULE)
    assert finding.severity == "warning"
    assert finding.evidence[0].where.path == "storage/overlay-images/images.json"
    assert wrong in finding.evidence[0].observed


def test_digests_that_are_none_are_another_rule():
    store = Edited()
    image = store.image_named(API)
    digests = dict.fromkeys(image["big-data-digests"], 5) | {"manifest": "sha256:zz"}
    assert change_image(store, image["id"], big_data_digests=digests).findings(RULE) == []
