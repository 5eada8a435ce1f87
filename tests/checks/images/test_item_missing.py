"""IMG-001: files of big-data items."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API, WEB, change_image, item_path

RULE = "IMG-001"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return store.remove(item_path(image, "manifest")), image


def test_a_missing_manifest_fails_the_listing():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id, finding.subject.names) == ("critical", image, (API,))
    assert finding.evidence[0].where.path == item_path(image, "manifest")
    assert finding.facts["fails_listing"] is True
    assert finding.facts["engine_message"] == (
        f'locating item named "manifest" for image with ID "{image}" '
        "(consider removing the image to resolve the issue): file does not exist"
    )


def test_the_recorded_bundle():
    [finding] = Edited("image-manifest-missing").findings(RULE)
    assert finding.subject.id == "8c6cb7fecf2c43c1bae21d69b4d9bba0d460f279a7372e287e6394ff00bb3c9a"
    assert finding.facts["items"] == ["manifest"]


def test_a_missing_config_fails_the_listing():
    store = Edited()
    image = store.image_named(API)["id"]
    [finding] = store.remove(item_path(image, f"sha256:{image}")).findings(RULE)
    assert finding.severity == "critical"
    assert f'locating item named "sha256:{image}"' in finding.facts["engine_message"]


def test_an_item_that_was_written_anew_under_another_name_is_missing():
    """What a scanner puts beside the others explains the time of the directory, and not that the item is gone."""
    store = Edited()
    image = store.image_named(API)["id"]
    path = item_path(image, f"sha256:{image}")
    data = store.data(path)
    store.remove(path).write(f"{path}.infected", data)
    store.change(f"{path}.infected", mtime_ns=store.changed_ns).touch_parent(path)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.facts["items"]) == (image, [f"sha256:{image}"])


def test_an_item_that_listing_does_not_read_is_an_error():
    store = Edited()
    image = store.image_named(API)
    key = next(key for key in image["big-data-names"] if key.startswith("manifest-"))
    [finding] = store.remove(item_path(image["id"], key)).findings(RULE)
    assert (finding.severity, finding.facts["fails_listing"]) == ("error", False)


def test_a_missing_empty_signature_is_a_warning():
    store = Edited()
    image = store.image_named(API)
    key = next(key for key in image["big-data-names"] if key.startswith("signature-"))
    [finding] = store.remove(item_path(image["id"], key)).findings(RULE)
    assert finding.severity == "warning"


def test_a_lost_directory_is_one_finding():
    store = Edited()
    image = store.image_named(API)["id"]
    [finding] = store.remove(f"storage/overlay-images/{image}").findings(RULE)
    assert finding.facts["count"] == 4
    assert finding.facts["whole_directory"] is True
    assert finding.facts["items"][0] == "manifest"


def test_one_finding_for_each_image():
    store = Edited()
    ids = [store.image_named(name)["id"] for name in (API, WEB)]
    for image in ids:
        store.remove(item_path(image, "manifest"))
    assert {finding.subject.id for finding in store.findings(RULE)} == set(ids)


def test_a_bundle_without_image_data_is_not_damage():
    store = Edited()
    for path in [path for path in store.entries if path.startswith("storage/overlay-images/") and "/" in path[23:]]:
        store.entries.pop(path)
    for image in store.images():
        store.entries.pop(f"storage/overlay-images/{image['id']}", None)
    assert store.findings(RULE) == []


def test_a_bundle_of_json_files_is_not_damage():
    store = Edited("podman-list")
    for path in list(store.entries):
        if not path.endswith((".json", ".lock")):
            store.entries.pop(path)
    assert store.findings(RULE) == []


def test_a_bundle_of_files_picked_by_name_is_not_damage():
    store = Edited()
    for path in list(store.entries):
        if not path.endswith((".json", ".lock", "/manifest")):
            store.entries.pop(path)
    assert store.findings(RULE) == []


def test_a_cut_archive_proves_nothing():
    from analyzer.source.member import Loss

    store, _ = sample()
    store.losses = [Loss("the archive ends early", "storage/overlay", 0)]
    checked = store.check()
    assert RULE not in checked.run
    assert "not read whole" in dict(checked.skipped)[RULE]


def test_an_item_that_an_additional_store_holds_is_there():
    store = Edited("healthy-additional-store")
    image = store.images()[0]
    store.write_images([*store.images("ro"), image], "ro")
    for path in store.below(f"storage/overlay-images/{image['id']}"):
        if path.endswith("/manifest"):
            store.write(path.replace("storage/", "ro/"), store.data(path)).remove(path)
    assert store.findings(RULE) == []


@pytest.mark.parametrize("names", [[], None])
def test_a_record_without_items_is_another_rule(names):
    store = Edited()
    image = store.image_named(API)["id"]
    assert change_image(store, image, big_data_names=names).findings(RULE) == []
