"""The state that a plan leads to is the healthy bundle's, record for record."""

from __future__ import annotations

import base64

import pytest

from analyzer.api import judge
from analyzer.repair.simulation import simulate_plan, simulate_steps
from tests.editing import Edited
from tests.repair.damaged import IMAGES, LAYERS, chain, facts, rewrite

API = "quay.example.test/shop/api:2.0"


def link(store):
    return store.write(f"storage/overlay/{chain(store, API)[1]}/link", b"")


def lower(store):
    return store.remove(f"storage/overlay/{chain(store, API)[0]}/lower")


def directory(store):
    return store.remove(f"storage/overlay/{chain(store, API)[1]}")


def links(store):
    return store.remove("storage/overlay/l")


def records(store):
    return store.write(LAYERS, b"")


def file(store):
    path = next(
        p for p in store.entries if p.startswith(f"storage/overlay/{chain(store, API)[1]}/diff/") and store.data(p)
    )
    return store.write(path, b"x" * len(store.data(path)))


def config(store):
    image = store.image_named(API)["id"]
    name = "=" + base64.b64encode(f"sha256:{image}".encode()).decode()
    return store.remove(f"storage/overlay-images/{image}/{name}")


def top(store):
    def change(rows):
        first, second = rows[:2]
        first["layer"] = second["layer"]

    return rewrite(store, IMAGES, change)


@pytest.mark.parametrize("damage", [link, lower, directory, links, records, file, config, top])
def test_after_the_plan_nothing_is_left_and_the_records_are_the_healthy_ones(damage):
    healthy = Edited()
    report = judge(damage(Edited()).snapshot())
    assert report.plan.steps
    after = simulate_plan(report.snapshot, report.plan)
    assert [finding.message for finding in after.left] == []
    (store,) = after.snapshot.stores
    assert {
        layer.id: (layer.parent, layer.diff_digest, layer.diff_size) for layer in store.layers if not layer.volatile
    } == {
        row["id"]: (row.get("parent", ""), row.get("diff-digest", ""), row.get("diff-size")) for row in healthy.layers()
    }
    assert {image.id: image.layer for image in store.images} == {row["id"]: row["layer"] for row in healthy.images()}
    assert store.home.links.keys() == {
        p.rpartition("/")[2] for p in healthy.entries if p.startswith("storage/overlay/l/")
    }
    assert facts(healthy.layers())


def test_what_the_plan_cannot_mend_is_still_found():
    store = Edited()
    image = store.images()[0]["id"]
    user = [row for row in store.containers() if row["image"] == image]
    store.write_images([row for row in store.images() if row["id"] != image])
    store.remove(f"storage/overlay-images/{image}")
    report = judge(store.snapshot())
    left = simulate_plan(report.snapshot, report.plan).left
    assert [finding.rule for finding in left] == ["CTR-002"] * bool(user)
    assert [each.step.kind for each in report.plan.steps if each.step.kind == "fetch"] == ["fetch"] * bool(user)


def test_each_step_heals_something_and_the_last_state_is_that_of_the_plan():
    store = records(directory(Edited()))
    report = judge(store.snapshot())
    states = list(simulate_steps(report.snapshot, report.plan))
    assert len(states) > 2
    left = [len(state.left) for _, state in states]
    assert left[0] > 0 == left[-1]
    whole = simulate_plan(report.snapshot, report.plan)
    assert [f.message for f in states[-1][1].findings] == [f.message for f in whole.findings]
