"""STO-005: JSON types of records."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-005"
IMAGES = "storage/overlay-images/images.json"


def edited_image(**fields) -> tuple[Edited, str]:
    store = Edited()
    images = store.images()
    images[3].update(fields)
    return store.write_images(images), images[3]["id"]


def sample() -> tuple[Edited, str]:
    """Return a store with a number among an image's names."""
    return edited_image(names=[1])


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("names", "quay.example.test/a:1", "/3/names"),
        ("layer", 5, "/3/layer"),
        ("created", "yesterday", "/3/created"),
        ("created", 1764000000, "/3/created"),
        ("flags", [], "/3/flags"),
        ("big-data-sizes", {"manifest": "7"}, "/3/big-data-sizes/manifest"),
        ("big-data-sizes", {"a/b": 1.5}, "/3/big-data-sizes/a~1b"),
        ("big-data-digests", {"manifest": 7}, "/3/big-data-digests/manifest"),
    ],
)
def test_names_the_record_and_the_field(field, value, pointer):
    store, image = edited_image(**{field: value})
    [finding] = store.findings(RULE)
    assert finding.subject.id == image
    assert finding.subject.path == IMAGES
    assert finding.evidence[0].where.pointer == pointer
    assert finding.severity == "critical"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("names", None),
        ("created", "0001-01-01T00:00:00Z"),
        ("created", "2023-01-02T03:04:05.123456789+05:30"),
        ("unknown-key", {"a": [1]}),
        ("flags", {"anything": [1, {"a": 2}]}),
    ],
)
def test_what_the_decoder_accepts_is_silent(field, value):
    assert edited_image(**{field: value})[0].findings(RULE) == []


def test_an_element_that_is_no_object():
    store = Edited()
    [finding] = store.write_images([*store.images(), 7]).findings(RULE)
    assert (finding.subject.path, finding.severity) == (IMAGES, "critical")


def test_a_key_that_comes_twice_is_a_warning():
    store = Edited()
    text = store.text(IMAGES).replace('{"id":', '{"digest":"","id":', 1)
    [finding] = store.write(IMAGES, text).findings(RULE)
    assert (finding.severity, finding.variant) == ("warning", "duplicate-key")
    assert finding.evidence[0].where.pointer == "/0"
