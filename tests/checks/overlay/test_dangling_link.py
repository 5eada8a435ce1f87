"""OVL-004: symlinks of `overlay/l` whose layer directory is gone."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-004"
STRAY = f"storage/overlay/l/{'A' * 26}"
GONE = "0" * 64


def sample() -> tuple[Edited, str]:
    return Edited().symlink(STRAY, f"../{GONE}/diff"), STRAY


def test_a_left_over_without_a_record_is_information():
    store, path = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.path, finding.severity) == (path, "info")
    assert finding.facts["layers"] == [GONE]
    assert finding.facts["has_record"] is False


def test_it_is_an_error_once_another_link_needs_repair():
    store, _ = sample()
    layer = store.images()[0]["layer"]
    store.remove(f"storage/overlay/l/{store.text(f'storage/overlay/{layer}/link')}")
    [finding] = store.findings(RULE)
    assert finding.severity == "error"


def test_with_a_record_it_shares_the_layer_with_the_missing_directory():
    checked = Edited("layer-dir-removed").check()
    layer = "58cfb8b27d0bd577d1f2b7bd74ba69ca7aaf749bbc716a9059462efabfbea2ee"
    [link] = [finding for finding in checked.findings if finding.rule == RULE]
    assert link.subject.path == "storage/overlay/l/2SRKNWIBHDFQRW6HFJYRBXV6VT"
    assert link.severity == "error"
    assert len(link.facts["images"]) == 6
    [gone] = [finding for finding in checked.findings if finding.rule == "OVL-012"]
    assert gone.facts["layers"] == link.facts["layers"] == [layer]
    assert gone.facts["symlinks"] == [link.subject.path]


def test_a_capture_without_layer_directories_is_not_judged():
    store = Edited()
    for layer in store.layers() + store.records("storage/overlay-layers/volatile-layers.json"):
        store.remove(f"storage/overlay/{layer['id']}")
    assert store.findings(RULE) == []
