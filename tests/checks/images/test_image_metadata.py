"""IMG-019: metadata of image records."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API, change_image

RULE = "IMG-019"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return change_image(store, image, metadata='{"signatures-sizes":'), image


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ('{"signatures-sizes":', "unexpected end of JSON input"),
        ("\0\0", r"invalid character '\x00' looking for beginning of value"),
        ("[]", "json: cannot unmarshal array into Go value of type storage.storageImageMetadata"),
        (
            '{"signature-sizes":["x"]}',
            "json: cannot unmarshal string into Go struct field storageImageMetadata.signature-sizes of type int",
        ),
    ],
)
def test_the_engine_s_words(metadata, error):
    store = Edited()
    image = store.image_named(API)["id"]
    [finding] = change_image(store, image, metadata=metadata).findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["engine_message"] == f"decoding metadata for source image: {error}"


@pytest.mark.parametrize("metadata", [None, "", "{}", "null", '{"signatures-sizes":null,"extra":[1]}'])
def test_what_it_takes(metadata):
    store = Edited()
    image = store.image_named(API)["id"]
    assert change_image(store, image, metadata=metadata).findings(RULE) == []


def test_without_a_trace_of_crio_an_error():
    store = Edited("podman-list")
    image = store.image_named("localhost/list:1")["id"]
    [finding] = change_image(store, image, metadata="{").findings(RULE)
    assert finding.severity == "error"
