"""IMG-005: empty and NUL-filled files."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API, change_image, item_path, put

RULE = "IMG-005"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return store.write(item_path(image, "manifest"), bytes(1378)), image


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (bytes(1378), r"invalid character '\x00' looking for beginning of value"),
        (bytes(4096), r"invalid character '\x00' looking for beginning of value"),
        (b"", "unexpected end of JSON input"),
    ],
)
def test_a_blank_manifest_fails_the_listing_as_the_engine_says(content, message):
    store = Edited()
    image = store.image_named(API)["id"]
    [finding] = store.write(item_path(image, "manifest"), content).findings(RULE)
    assert finding.severity == "critical"
    assert finding.facts["engine_message"] == message
    assert finding.facts["unsynced"] is True


def test_one_blank_file_is_one_finding():
    store, image = sample()
    findings = [f for f in store.check().findings if f.subject.id == image and f.rule.startswith("IMG")]
    assert [f.rule for f in findings] == [RULE]


def test_blank_files_of_one_image_are_one_finding():
    store, image = sample()
    store.write(item_path(image, f"sha256:{image}"), bytes(1261))
    [finding] = store.findings(RULE)
    assert finding.facts["items"] == ["manifest", f"sha256:{image}"]
    assert len(finding.evidence) == 2


def test_the_recorded_bundle():
    [finding] = Edited("combo-power-loss").findings(RULE)
    assert finding.subject.id == "540848381fed5807af51c7d7ff236884e873eaf05acc0a5e0a19fefab34ce420"
    assert finding.facts["engine_message"] == r"invalid character '\x00' looking for beginning of value"


def test_an_unsigned_image_has_an_empty_signature():
    store = Edited()
    image = store.image_named(API)
    key = next(key for key in image["big-data-names"] if key.startswith("signature-"))
    assert store.data(item_path(image["id"], key)) == b""
    assert store.findings(RULE) == []
    change_image(store, image["id"], big_data_sizes=None, big_data_digests=None)
    assert store.findings(RULE) == []


def test_an_empty_signature_that_should_have_content_is_found():
    store = Edited()
    image = store.image_named(API)["id"]
    put(store, image, "signatures", b"signature").write(item_path(image, "signatures"), b"")
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.facts["item"]) == ("error", "signatures")


def test_nul_bytes_that_were_recorded_are_left_alone():
    store = Edited()
    image = store.image_named(API)["id"]
    assert put(store, image, "padding", bytes(64)).findings(RULE) == []
