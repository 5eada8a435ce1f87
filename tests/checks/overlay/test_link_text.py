"""OVL-001: the text of `link`."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-001"
API = "quay.example.test/shop/api:2.0"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    layer = store.image_named(API)["layer"]
    return store.write(f"storage/overlay/{layer}/link", b""), layer


@pytest.mark.parametrize("text", [b"", bytes(26), b"SHORT", b"ABCDEFGHIJKLMNOPQRSTUVWXY1", b"A" * 26 + b"\n"])
def test_names_the_layer_and_the_text_to_write_back(text):
    store = Edited()
    layer = store.image_named(API)["layer"]
    link = store.text(f"storage/overlay/{layer}/link")
    [finding] = store.write(f"storage/overlay/{layer}/link", text).findings(RULE)
    assert finding.subject.id == layer
    assert finding.subject.names == (API,)
    assert finding.evidence[0].expected == link
    assert finding.severity == ("critical" if text == b"" else "error")
    assert finding.facts["unsynced"] == (text in (b"", bytes(26)))


def test_a_missing_link_is_found():
    store = Edited()
    layer = store.image_named(API)["layer"]
    [finding] = store.remove(f"storage/overlay/{layer}/link").findings(RULE)
    assert finding.facts["seen"] == "missing"


def test_a_directory_in_its_place_is_found():
    store = Edited()
    layer = store.image_named(API)["layer"]
    [finding] = store.remove(f"storage/overlay/{layer}/link").directory(f"storage/overlay/{layer}/link").findings(RULE)
    assert "dir" in finding.facts["seen"]


def test_a_capture_without_any_link_file_is_not_damage():
    store = Edited()
    for path in [path for path in store.entries if path.endswith("/link")]:
        store.leave_out(path)
    assert store.findings(RULE) == []


def test_a_layer_in_flight_may_lack_its_link():
    store = Edited("inflight-pull")
    layer = next(each["id"] for each in store.layers() if each.get("flags"))
    assert store.remove(f"storage/overlay/{layer}/link").findings(RULE) == []


def test_without_the_symlink_a_child_tells_the_link():
    store = Edited()
    layer = store.image_named(API)["layer"]
    parent = store.chain(layer)[1]
    link = store.text(f"storage/overlay/{parent}/link")
    store.write(f"storage/overlay/{parent}/link", b"").remove(f"storage/overlay/l/{link}")
    [finding] = store.findings(RULE)
    assert finding.facts["known"] == link


def test_the_lower_of_a_mapped_copy_does_not_tell_its_parents_link():
    """A mapped copy's `lower` begins with the layer it was copied from, not with its recorded parent."""
    store = Edited("userns-mapped")
    top = store.image_named("registry.zoo.test/app:1")["layer"]
    parent = store.chain(top)[1]
    link = store.text(f"storage/overlay/{parent}/link")
    records = sorted(store.layers(), key=lambda layer: "uidmap" not in layer)
    store.write_layers(records).write(f"storage/overlay/{parent}/link", b"").remove(f"storage/overlay/l/{link}")
    [finding] = store.findings(RULE)
    assert finding.facts["known"] == link


def test_one_that_is_absent_where_nothing_changed_is_left_open():
    store = Edited()
    layer = next(row["id"] for row in store.layers() if row.get("diff-digest"))
    [finding] = store.leave_out(f"storage/overlay/{layer}/link").findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "info")


@pytest.mark.parametrize(("length", "seen"), [(104, repr("x" * 104)), (105, "105 bytes of other text")])
def test_text_of_up_to_four_links_is_shown(length, seen):
    store = Edited()
    layer = store.image_named(API)["layer"]
    [finding] = store.write(f"storage/overlay/{layer}/link", b"x" * length).findings(RULE)
    assert finding.facts["seen"] == seen


@pytest.mark.parametrize(
    ("target", "behind"),
    [
        ("../l/{link}", "a directory of files"),
        ("../{other}/link", "the link of layer {other}"),
        ("../{other}", "a dir"),
    ],
)
def test_a_symlink_to_what_is_no_text_of_this_layer_is_found(target, behind):
    """podman 4.3.1: `read …/link: is a directory`, rc 125; through another layer's link, its files are mounted."""
    store = Edited()
    layer, other = (row["id"] for row in store.layers()[:2])
    path = f"storage/overlay/{layer}/link"
    link = store.text(path)
    store.remove(path).symlink(path, target.format(link=link, other=other))
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity, finding.facts["known"]) == (layer, "error", link)
    assert behind.format(other=other) in finding.facts["seen"]


@pytest.mark.parametrize("target", ["link.kept", "/data/link", f"../l/{'A' * 26}", f"../{'f' * 64}/link"])
def test_a_symlink_to_what_the_bundle_does_not_show_is_left_open(target):
    """podman 4.3.1 reads through it, and makes a link anew that leads to nothing."""
    store = Edited()
    path = f"storage/overlay/{store.layers()[0]['id']}/link"
    store.remove(path).symlink(path, target)
    assert store.findings(RULE) == []
    assert path in {loss.where for loss in store.snapshot().losses}
