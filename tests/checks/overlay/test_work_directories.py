"""OVL-011: `work` and `merged`."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-011"
SECOND = 1_000_000_000
API = "quay.example.test/shop/api:2.0"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.containers()[0]["layer"]
    return store.remove(f"storage/overlay/{layer}/work"), layer


def test_a_container_needs_work():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")


def test_an_image_layer_does_not():
    store = Edited()
    layer = store.image_named(API)["layer"]
    assert store.remove(f"storage/overlay/{layer}/work").findings(RULE) == []


def test_merged_may_be_absent_but_not_a_file():
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/{layer}/merged"
    assert store.remove(path).findings(RULE) == []
    [finding] = store.write(path, b"").findings(RULE)
    assert finding.evidence[0].observed == "a file"


def test_a_capture_without_any_work_is_not_damage():
    store = Edited()
    for path in [path for path in store.entries if path.endswith("/work") and path.count("/") == 3]:
        store.leave_out(path)
    assert store.findings(RULE) == []


def test_newer_stores_make_no_merged_for_partial_pulls():
    assert Edited("newest-chunked").findings(RULE) == []


def containers_by_work(store: Edited) -> tuple[list[str], list[str]]:
    """Return directories of container layers that were never mounted, and of those that were."""
    homes = [f"storage/overlay/{record['layer']}" for record in store.containers()]
    mounted = [home for home in homes if f"{home}/work/work" in store.entries]
    return [home for home in homes if home not in mounted and f"{home}/work" in store.entries], mounted


def test_an_engine_takes_merged_away_only_after_a_mount():
    store = Edited()
    fresh, mounted = containers_by_work(store)
    for home in mounted:
        if f"{home}/merged" in store.entries:
            store.remove(f"{home}/merged")
    assert store.findings(RULE) == []
    [finding] = store.remove(f"{fresh[0]}/merged").findings(RULE)
    assert (finding.subject.path, finding.severity) == (fresh[0], "warning")


def test_empty_of_a_base_layer_hurts_images_of_that_layer_alone():
    store = Edited()
    alone = {image["layer"] for image in store.images()} & {
        row["id"] for row in store.layers() if not row.get("parent")
    }
    below = {row["id"] for row in store.layers() if not row.get("parent")} - alone
    for layers, severity in ((alone, "error"), (below, "warning")):
        layer = min(layer for layer in layers if f"storage/overlay/{layer}/empty" in store.entries)
        [finding] = Edited().remove(f"storage/overlay/{layer}/empty").findings(RULE)
        assert (finding.subject.id, finding.severity) == (layer, severity)
        assert finding.facts["containers"] == []


@pytest.mark.parametrize(("apart", "told"), [(1, True), (3_600, False)])
def test_work_gone_from_every_directory_at_one_time_was_removed(apart, told):
    store = Edited()
    layers = sorted(path for path in store.below("storage/overlay") if path.endswith("/work") and path.count("/") == 3)
    for place, path in enumerate(layers):
        for each in (path, path.replace("/work", "/merged")):
            if each in store.entries:
                store.leave_out(each)
        store.change(path.removesuffix("/work"), mtime_ns=store.changed_ns + place * apart * SECOND)
    found = {finding.facts["name"] for finding in store.findings(RULE) if finding.severity == "error"}
    assert ("work" in found) is told
