"""What stands on what, as the families ask it."""

from __future__ import annotations

import pytest

from analyzer.causes.case import Case
from analyzer.causes.family import builtin_families
from analyzer.causes.infer import choose
from analyzer.causes.proposing import propose_all
from analyzer.checks.run import run_rules
from analyzer.graph.relations import relate
from tests.editing import Edited
from tests.effort import steps

CREATED = "2026-11-24T18:00:00Z"


def case_of(store: Edited) -> Case:
    snapshot = store.snapshot()
    relations = relate(snapshot)
    return Case(snapshot, relations[0], run_rules(snapshot, relations).findings)


@pytest.mark.parametrize("name", ["healthy-overlay", "userns-mapped", "combo-power-loss", "parent-record-missing"])
def test_the_radius_of_a_subject_counts_what_is_affected(name):
    case = case_of(Edited(name))
    for layer in case.rel.layers:
        hit = case.affected(layers=[layer])
        assert case.radius(case.view.layer(layer)) == len(hit.images) + 2 * len(hit.containers)
    for image in case.rel.images.values():
        hit = case.affected(images=[image.id])
        assert case.radius(case.view.image(image)) == len(hit.images) + 2 * len(hit.containers)


def named(number: int) -> str:
    return f"{number:064x}"


def fan(count: int) -> Edited:
    """Return a store of many images, each with a layer of its own on one base; only the base has a directory."""
    store = Edited()
    store.entries.clear()
    layers, images = [], []
    for number in range(1, count + 1):
        layer = {"id": named(number), "created": CREATED, "diff-digest": f"sha256:{named(number)}", "diff-size": 2048}
        layers.append({**layer, **({"parent": named(1)} if number > 1 else {})})
        images.append({"id": named(number << 32), "layer": named(number), "created": CREATED})
    for part in ("", "/overlay", "/overlay/l", "/overlay-layers", "/overlay-images"):
        store.directory(f"storage{part}")
    store.write_layers(layers).write_images(images)
    return store.directory(f"storage/overlay/{named(1)}").write(f"storage/overlay/{named(1)}/link", "A" * 26)


def test_finding_the_causes_of_many_findings_takes_work_in_proportion():
    def work(case):
        causes = choose(propose_all([case], builtin_families()).by_case)
        assert causes

    small, large = case_of(fan(40)), case_of(fan(160))
    assert len(large.findings) > 160
    assert steps(work, large) < 5 * steps(work, small)
