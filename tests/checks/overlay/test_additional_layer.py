"""OVL-020: layers of an additional layer store."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-020"
API = "quay.example.test/shop/api:2.0"
PLACE = "/var/lib/als/store/ref/digest"


def borrowed(text: bytes | None, target: str) -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    home = f"storage/overlay/{layer}"
    store.remove(f"{home}/diff").symlink(f"{home}/diff", target)
    if text is not None:
        store.write(f"{home}/additionallayer", text)
    return store, layer


def sample() -> tuple[Edited, str]:
    return borrowed(PLACE.encode(), "/elsewhere/diff")


@pytest.mark.parametrize(
    ("text", "target", "entry"),
    [
        (PLACE.encode(), "/elsewhere/diff", "diff"),
        (b"", f"{PLACE}/diff", "additionallayer"),
        (bytes(9), f"{PLACE}/diff", "additionallayer"),
        (b"relative", f"{PLACE}/diff", "additionallayer"),
    ],
)
def test_a_disagreement_is_an_error(text, target, entry):
    store, layer = borrowed(text, target)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert finding.evidence[0].where.path == f"storage/overlay/{layer}/{entry}"


def test_agreement_is_healthy():
    assert borrowed(PLACE.encode(), f"{PLACE}/diff")[0].findings(RULE) == []


def test_a_capture_that_followed_the_symlink_is_not_judged():
    store, layer = borrowed(PLACE.encode(), f"{PLACE}/diff")
    assert store.directory(f"storage/overlay/{layer}/diff").findings(RULE) == []


def test_files_on_another_disk_are_no_damage():
    store, layer = borrowed(None, "/mnt/disk2/diff")
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "info")
    assert "/mnt/disk2" in finding.message
    assert {each.severity for each in store.check().findings} <= {"info"}
