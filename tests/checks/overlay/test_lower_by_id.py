"""OVL-028: `lower-layers`, which engines since containers/storage 1.63 write and read instead of `lower`."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-028"
API = "quay.example.test/shop/api:2.0"


def by_id() -> tuple[Edited, list[str]]:
    """Return a store whose layers have the file as podman 6.0 writes it, and the chain of an image, top first."""
    store = Edited()
    for record in store.layers():
        below = store.chain(record["id"])[1:]
        if below:
            store.write(f"storage/overlay/{record['id']}/lower-layers", ":".join(below))
    return store, store.chain(store.image_named(API)["layer"])


def sample() -> tuple[Edited, str]:
    store, (top, *_) = by_id()
    return store.write(f"storage/overlay/{top}/lower-layers", ""), top


def test_the_file_as_the_engine_writes_it_is_right():
    store, _ = by_id()
    assert store.findings(RULE) == []


@pytest.mark.parametrize("text", ["", "\0" * 64, "0" * 64, "reversed", "short"], ids=repr)
def test_another_text_is_told(text):
    store, (top, *below) = by_id()
    text = {"reversed": ":".join(reversed(below)), "short": ":".join(below[:-1])}.get(text, text)
    [finding] = store.write(f"storage/overlay/{top}/lower-layers", text).findings(RULE)
    assert (finding.subject.id, finding.severity) == (top, "error")
    assert finding.evidence[0].expected == ":".join(below)


def test_a_base_layer_has_none():
    store, chain = by_id()
    [finding] = store.write(f"storage/overlay/{chain[-1]}/lower-layers", chain[0]).findings(RULE)
    assert finding.subject.id == chain[-1]


def test_a_layer_made_on_a_damaged_one_repeats_its_text():
    store, (top, parent, *_) = by_id()
    store.write(f"storage/overlay/{parent}/lower-layers", "0" * 64)
    [finding] = store.write(f"storage/overlay/{top}/lower-layers", f"{parent}:{'0' * 64}").findings(RULE)
    assert finding.subject.id == parent


@pytest.mark.parametrize(("text", "rule"), [("", "OVL-007"), ("l/short", "OVL-008")])
def test_lower_beside_it_matters_to_older_engines_alone(text, rule):
    plain, (top, *_) = by_id()
    [finding] = plain.write(f"storage/overlay/{top}/lower", text).findings(rule)
    assert finding.severity == "warning"
    assert Edited().write(f"storage/overlay/{top}/lower", text).findings(rule)[0].severity == "error"
