"""What the plan, the engine's repair and a wipe cost: counted from the records of the healthy bundle."""

from __future__ import annotations

from analyzer.api import judge
from analyzer.repair.comparison import prices
from analyzer.report.views.outcome import outcome_text
from tests.editing import Edited
from tests.repair.damaged import chain

DB = "quay.example.test/data/db:15"


def damaged():
    store = Edited()
    return judge(store.remove(f"storage/overlay/{chain(store, DB)[0]}").snapshot())


def test_the_plan_pulls_what_one_image_weighs_and_a_wipe_what_all_weigh():
    healthy = Edited()
    sizes = {row["id"]: row.get("compressed-size", 0) for row in healthy.layers()}
    pulled = {layer for image in healthy.images() for layer in healthy.chain(image["layer"])}
    report = damaged()
    plan, *_, wipe = prices(report.snapshot, report.relations, report.plan, report.outlook, report.findings)
    assert (plan.images, plan.containers) == (0, 0)
    assert plan.pulled == sum(sizes[layer] for layer in chain(healthy, DB))
    assert wipe.pulled == sum(sizes[layer] for layer in pulled)
    assert wipe.images == len(healthy.images())


def test_the_check_of_podman_deletes_every_image_on_a_damaged_layer():
    healthy = Edited()
    layer = chain(healthy, DB)[-1]
    images = {row["id"] for row in healthy.images() if row.get("layer") and layer in healthy.chain(row["layer"])}
    short_lived = healthy.records("storage/overlay-containers/volatile-containers.json")
    containers = [row for row in (*healthy.containers(), *short_lived) if row["image"] in images]
    store = Edited()
    report = judge(store.remove(f"storage/overlay/{layer}").snapshot())
    told = prices(report.snapshot, report.relations, report.plan, report.outlook, report.findings)
    (check,) = [price for price in told if "check --repair" in price.way]
    assert (check.images, check.containers) == (len(images), len(containers))


def test_the_check_of_podman_has_no_price_where_podman_opens_nothing():
    report = judge(Edited().write("storage/overlay-layers/layers.json", b"[{").snapshot())
    told = prices(report.snapshot, report.relations, report.plan, report.outlook, report.findings)
    assert not any("check --repair" in price.way for price in told)


def test_the_end_state_is_said():
    text = " ".join(outcome_text(damaged(), compare=True).split())
    assert "nothing above `info` is found; no image and no container is lost" in text
    assert "- this plan: loses nothing" in text
    assert "a wipe of the graph root: loses 9 images" in text


def test_a_healthy_store_has_no_end_state():
    assert outcome_text(judge(Edited().snapshot())) == ""
