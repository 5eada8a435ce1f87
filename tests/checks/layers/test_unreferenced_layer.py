"""LAY-013: layers that nothing needs."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "LAY-013"
API = "quay.example.test/shop/api:2.0"
OLD = "2026-11-20T00:00:00Z"


def without_api(created: str | None = None) -> tuple[Edited, list[str]]:
    """Return a store without the image and its container, and the layers that only they needed, from the top."""
    store = Edited()
    image = store.image_named(API)
    shared = {layer for each in store.images() if each["id"] != image["id"] for layer in store.chain(each["layer"])}
    own = [layer for layer in store.chain(image["layer"]) if layer not in shared]
    assert len(own) > 1
    gone = {each["layer"] for each in store.containers() if each["image"] == image["id"]}
    records = [record for record in store.layers() if record["id"] not in gone]
    for record in records:
        if record["id"] in own and created:
            record["created"] = created
    store.write_images([each for each in store.images() if each["id"] != image["id"]])
    store.write_containers([each for each in store.containers() if each["image"] != image["id"]])
    return store.write_layers(records), own


def sample() -> tuple[Edited, str]:
    store, own = without_api(OLD)
    return store, own[0]


def test_the_topmost_layer_is_named_with_the_chain_that_only_it_needs():
    store, own = without_api(OLD)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (own[0], "warning")
    assert finding.facts["layers"] == own
    sizes = {record["id"]: record["diff-size"] for record in store.layers() if "diff-size" in record}
    assert finding.facts["size"] == sum(sizes[layer] for layer in own)


def test_young_layers_are_only_told():
    store, own = without_api()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (own[0], "info")


def test_files_of_a_layer_from_the_year_2100_do_not_make_layers_old():
    store, _ = without_api()
    store.change(next(path for path in store.entries if "/diff/" in path), mtime_ns=4_102_444_800 * 10**9)
    assert [finding.severity for finding in store.findings(RULE)] == ["info"]


def test_while_a_pull_runs_old_layers_are_only_told():
    store, own = without_api(OLD)
    records = [*store.layers(), {"id": "f" * 64, "created": OLD, "flags": {"incomplete": True}}]
    [finding] = store.write_layers(records).findings(RULE)
    assert (finding.subject.id, finding.severity) == (own[0], "info")


def test_what_only_a_container_needs_is_needed():
    store = Edited()
    image = store.image_named(API)
    store.write_images([each for each in store.images() if each["id"] != image["id"]])
    assert store.findings(RULE) == []


def test_the_bundle_with_an_orphan_names_its_unreferenced_layer():
    [finding] = Edited("orphan-layer-dir").findings(RULE)
    assert finding.subject.id == "8fa01d86af4fc3b4f532bc3dce976687c7ee9afa129fc0d7f0f83f123f549c61"


def test_without_container_records_nothing_is_said():
    store, _ = without_api(OLD)
    store.remove("storage/overlay-containers")
    assert RULE in dict(store.check().skipped)


@pytest.mark.parametrize("depth", ["quick", "standard"])
def test_a_containers_layer_has_the_bytes_that_were_captured(depth):
    store = Edited()
    written = {
        each["layer"]: sum(
            member.size for path, (member, _) in store.entries.items() if f"overlay/{each['layer']}/diff/" in path
        )
        for each in store.containers()
    }
    layer = max(written, key=written.get)
    assert written[layer] > 0
    store.write_containers([each for each in store.containers() if each["layer"] != layer])
    found = {finding.subject.id: finding.facts["size"] for finding in store.findings(RULE, depth=depth)}
    assert found == {layer: written[layer]}
