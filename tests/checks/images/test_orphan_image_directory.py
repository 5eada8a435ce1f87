"""IMG-021: data directories without a record."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import API

RULE = "IMG-021"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return store.write_images([each for each in store.images() if each["id"] != image]), image


def test_a_directory_without_record():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("warning", image)
    assert finding.subject.path == f"storage/overlay-images/{image}"
    assert finding.facts["count"] == 4


def test_other_directories_are_no_image_s():
    store = Edited().directory("storage/overlay-images/backup").write("storage/overlay-images/backup/x", b"1")
    assert store.findings(RULE) == []


def test_with_lost_records_nothing_is_an_orphan():
    store = Edited().write("storage/overlay-images/images.json", b"")
    assert RULE not in store.check().run
    store.remove("storage/overlay-images/images.json")
    assert RULE not in store.check().run


def test_a_split_store_is_healthy():
    assert Edited("image-store").findings(RULE) == []
