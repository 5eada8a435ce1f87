"""STO-015: digests that are checked on load."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-015"
HEX = "0123456789abcdef" * 4


def edited_image(**fields) -> tuple[Edited, str]:
    store = Edited()
    images = store.images()
    for key, value in fields.items():
        if isinstance(value, dict):
            images[1][key].update(value)
        else:
            images[1][key] = value
    return store.write_images(images), images[1]["id"]


def sample() -> tuple[Edited, str]:
    """Return a store with an image whose digest is cut."""
    return edited_image(digest=f"sha256:{HEX[:-1]}")


@pytest.mark.parametrize(
    "digest", [HEX, f"sha256:{HEX.upper()}", f"md5:{HEX}", "sha256:", f"sha512:{HEX}", f"sha256:{HEX}\n"]
)
def test_names_image_and_value(digest):
    store, image = edited_image(digest=digest)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (image, "critical")
    assert finding.evidence[0].where.pointer == "/1/digest"


@pytest.mark.parametrize("value", ["", None, "sha256:x"])
def test_a_manifest_item_is_checked(value):
    store, image = edited_image(**{"big-data-digests": {"manifest": value}})
    [finding] = store.findings(RULE)
    assert finding.subject.id == image
    assert finding.evidence[0].where.pointer == "/1/big-data-digests/manifest"


@pytest.mark.parametrize(
    "fields",
    [
        {"digest": ""},
        {"digest": f"sha512:{HEX}{HEX}"},
        {"big-data-digests": {"signatures": "none"}},
    ],
)
def test_what_load_accepts_is_silent(fields):
    assert edited_image(**fields)[0].findings(RULE) == []
