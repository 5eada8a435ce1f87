"""IMG-006: records without a manifest."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API, change_image, item_path

RULE = "IMG-006"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)
    names = [key for key in image["big-data-names"] if key != "manifest"]
    store.remove(item_path(image["id"], "manifest"))
    return change_image(store, image["id"], big_data_names=names), image["id"]


def test_a_record_without_manifest_fails_the_listing():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("critical", image)
    assert finding.facts["engine_message"].startswith(f'locating item named "manifest" for image with ID "{image}"')
    assert finding.evidence[0].where.pointer.endswith("/big-data-names")


def test_it_is_the_only_finding():
    store, image = sample()
    findings = [f for f in store.check().findings if f.subject.id == image and f.rule.startswith("IMG")]
    assert [f.rule for f in findings] == [RULE]


def test_a_record_without_any_item():
    store = Edited()
    image = store.image_named(API)["id"]
    store.remove(f"storage/overlay-images/{image}")
    [finding] = change_image(store, image, big_data_names=None).findings(RULE)
    assert finding.facts["listed"] == "no item at all"


def test_a_manifest_that_is_there_unnamed_is_found_by_the_engine():
    store = Edited()
    image = store.image_named(API)
    names = [key for key in image["big-data-names"] if key != "manifest"]
    assert change_image(store, image["id"], big_data_names=names).findings(RULE) == []


def test_where_no_image_has_data_the_verdict_is_left_open():
    """The record names nothing, and the directories of all images are absent: one that was just made looks so."""
    store = Edited()
    for image in store.images():
        store.leave_out(f"storage/overlay-images/{image['id']}")
    change_image(store, store.image_named(API)["id"], big_data_names=None)
    [finding] = store.findings(RULE)
    assert (finding.severity, bool(finding.facts["doubt"])) == ("info", True)
