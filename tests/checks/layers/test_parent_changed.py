"""LAY-008: ids that prove another parent."""

from __future__ import annotations

import hashlib

from tests.editing import Edited

RULE = "LAY-008"
API = "quay.example.test/shop/api:2.0"


def with_parent(store: Edited, layer: str, parent: str | None) -> Edited:
    records = store.layers()
    record = next(record for record in records if record["id"] == layer)
    record.pop("parent", None)
    if parent:
        record["parent"] = parent
    return store.write_layers(records)


def sample() -> tuple[Edited, str]:
    store = Edited()
    chain = store.chain(store.image_named(API)["layer"])
    return with_parent(store, chain[1], chain[4]), chain[1]


def test_the_true_parent_is_told():
    store, layer = sample()
    true = Edited().chain(layer)[1]
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert finding.evidence[0].expected == finding.facts["parent_should_be"] == true
    digest = next(record["diff-digest"] for record in store.layers() if record["id"] == layer).removeprefix("sha256:")
    assert hashlib.sha256(f"{true}+{digest}".encode()).hexdigest() == layer


def test_records_alone_suffice():
    store, layer = sample()
    [finding] = store.remove("storage/overlay").findings(RULE)
    assert finding.subject.id == layer


def test_a_lost_parent_and_a_parent_given_to_a_base_layer():
    store = Edited()
    chain = store.chain(store.image_named(API)["layer"])
    [lost] = with_parent(store, chain[0], None).findings(RULE)
    assert lost.facts["parent_should_be"] == chain[1]
    [given] = with_parent(Edited(), chain[-1], Edited().layers()[-1]["id"]).findings(RULE)
    assert (given.subject.id, given.facts["parent_should_be"]) == (chain[-1], "")


def test_a_layer_known_by_its_toc_is_hashed_with_a_mark():
    store = Edited("newest-chunked")
    records = store.layers()
    toc = "b" * 64
    base = next(record["id"] for record in records if "toc-digest" in record)
    layer = hashlib.sha256(f"{base}+@TOC={toc}".encode()).hexdigest()
    records.append(
        {"id": layer, "toc-digest": f"sha256:{toc}", "created": "2026-11-24T19:48:31Z", "parent": records[0]["id"]}
    )
    [finding] = store.write_layers(records).findings(RULE)
    assert (finding.subject.id, finding.facts["parent_should_be"]) == (layer, base)


def test_random_ids_prove_nothing():
    """Builds, containers, id-mapped copies; a changed digest gives no parent that fits either."""
    for name in ("image-store", "userns-mapped", "healthy-zstd-chunked", "newest-chunked"):
        assert Edited(name).findings(RULE) == []
    store = Edited()
    records = store.layers()
    records[1]["diff-digest"] = "sha256:" + "a" * 64
    assert store.write_layers(records).findings(RULE) == []


def test_a_layer_that_record_and_lower_moved_alike_is_told_by_its_images_config():
    store = Edited()
    chain = store.chain(store.image_named(API)["layer"])
    other = next(each["id"] for each in store.layers() if not each.get("parent") and each["id"] not in chain)
    link = store.text(f"storage/overlay/{other}/link")
    store = with_parent(store, chain[1], other).write(f"storage/overlay/{chain[1]}/lower", f"l/{link}")
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.facts["parent_should_be"]) == (chain[1], chain[2])
