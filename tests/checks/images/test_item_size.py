"""IMG-002: sizes of big-data files."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API, change_image, item_path

RULE = "IMG-002"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, "manifest")
    return store.write(path, store.data(path)[:700]), image


def test_a_cut_manifest_fails_the_listing_as_the_engine_says():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["engine_message"] == "unexpected end of JSON input"
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("1378 bytes", "700 bytes")
    assert finding.subject.id == image


def test_one_cut_file_is_one_finding():
    store, image = sample()
    findings = [f for f in store.check().findings if f.subject.id == image and f.rule.startswith("IMG")]
    assert [f.rule for f in findings] == [RULE]


def test_a_cut_config():
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, f"sha256:{image}")
    [finding] = store.write(path, store.data(path)[:-1]).findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["engine_message"].startswith("Download config.json digest sha256:")


def test_a_wrong_size_of_right_content_is_the_record():
    store = Edited()
    image = store.image_named(API)
    sizes = {**image["big-data-sizes"], "manifest": 1379}
    [finding] = change_image(store, image["id"], big_data_sizes=sizes).findings(RULE)
    assert (finding.severity, finding.facts["fails_listing"]) == ("warning", False)


def test_a_record_without_sizes_is_nothing():
    store = Edited()
    image = store.image_named(API)["id"]
    assert change_image(store, image, big_data_sizes=None).findings(RULE) == []


def test_weird_sizes_are_nothing():
    store = Edited()
    image = store.image_named(API)
    sizes = dict.fromkeys(image["big-data-sizes"], "1378")
    assert change_image(store, image["id"], big_data_sizes=sizes).findings(RULE) == []
