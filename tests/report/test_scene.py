"""What gets drawn: the way from those who are hit to the break, runs folded, however large the store."""

from __future__ import annotations

import pytest

import analyzer
from analyzer.report.drawing.layout import arrange, pack
from analyzer.report.drawing.neighbourhood import neighbourhood
from analyzer.report.drawing.scene import Box, Scene, Sketch
from analyzer.report.model.objects import Objects
from tests.archives import report_of
from tests.editing import BUNDLES, Edited
from tests.report.stores import hex_id, plan, write_store


def drawn(report, rank=1):
    objects = Objects(report)
    return objects, neighbourhood(report.causes[rank - 1], objects)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "store.tar"
    write_store(path, 2_000, lost={2})
    return analyzer.analyze(path)


def test_every_hit_container_comes_down_to_the_break():
    report = analyzer.analyze(BUNDLES / "parent-record-missing.tar.zst")
    cause = report.causes[0]
    objects, scene = drawn(report)
    subject = next(
        i
        for i, box in enumerate(scene.boxes)
        if [objects[n].id for n in box.members] == [cause.hypothesis.subjects[0].id]
    )
    assert scene.boxes[subject].state == "broken"
    users = [i for i, box in enumerate(scene.boxes) if box.kind == "container"]
    assert {objects[scene.boxes[i].members[0]].id for i in users} == set(cause.hypothesis.affected.containers)
    for user in users:
        assert scene.leads_back(user, subject)
    images = {objects[n].id for box in scene.boxes if box.kind == "image" for n in box.members}
    assert images == set(cause.hypothesis.affected.images)


def test_the_way_through_folds_is_the_recorded_chain():
    report = analyzer.analyze(BUNDLES / "parent-record-missing.tar.zst")
    objects, scene = drawn(report)
    store = Edited("parent-record-missing")
    for image in store.images():
        index = next(
            (
                i
                for i, box in enumerate(scene.boxes)
                if box.kind == "image" and objects[box.members[0]].id == image["id"]
            ),
            None,
        )
        if index is None:
            continue
        walked = []
        at = scene.boxes[index].needs
        while at >= 0:
            walked += [objects[n].id for n in scene.boxes[at].members]
            at = scene.boxes[at].needs
        assert walked == store.chain(image["layer"])


def test_a_broken_base_of_many_images_stays_a_small_picture(large):
    objects, scene = drawn(large)
    assert len(scene.boxes) <= 60
    _, tops = plan(2_000)
    on_it = [n for n, top in enumerate(tops) if n % 40 == 0]
    assert {hex_id("image", n) for n in on_it} == set(large.causes[0].hypothesis.affected.images)
    shown = sum(box.kind == "image" for box in scene.boxes)
    folded = sum(objects[n].kind == "image" for box in scene.boxes if box.kind == "fold" for n in box.members)
    assert shown + folded == len(on_it)
    assert any(box.label == "8 layers" for box in scene.boxes)


def test_every_object_of_a_store_is_in_the_whole_picture_once(large):
    objects = Objects(large)
    scene = Sketch(objects, range(len(objects))).draw()
    members = [n for box in scene.boxes for n in box.members]
    assert sorted(members) == list(range(len(objects)))
    assert len(scene.boxes) < len(objects) / 2


def test_a_cycle_is_drawn_as_one():
    _, scene = drawn(analyzer.analyze(BUNDLES / "parent-cycle.tar.zst"))
    assert [what for _, _, what in scene.extra] == ["cycle"]
    for index in range(len(scene.boxes)):
        assert not scene.leads_back(scene.boxes[index].needs, index)


def test_a_layer_that_is_its_own_parent_is_drawn():
    store = Edited("podman-list")
    path = next(path for path in store.entries if path.endswith("overlay-layers/layers.json"))
    store.write_records(path, [*store.records(path), {"id": "a" * 64, "parent": "a" * 64}])
    objects = Objects(report_of(store))
    Sketch(objects, range(len(objects))).draw()


def test_healthy_siblings_are_folded_and_counted_as_not_hit():
    objects, scene = drawn(analyzer.analyze(BUNDLES / "combo-power-loss.tar.zst"))
    broken = {n for box in scene.boxes if box.state == "broken" for n in box.members}
    assert broken
    sound = [box for box in scene.boxes if box.kind == "fold" and box.label.endswith("not hit")]
    assert sound
    for box in sound:
        for number in box.members:
            assert not broken & set(objects.chain(number))


def forest(*needs):
    return Scene([Box("layer", str(n), needs=below) for n, below in enumerate(needs)])


def test_layout_puts_users_left_of_what_they_need_and_no_two_in_one_place():
    scene = forest(-1, 0, 0, 1, 1, 2, -1, 6)
    columns, rows = arrange(scene)
    places = [(box.column, box.row) for box in scene.boxes]
    assert len(set(places)) == len(places)
    for box in scene.boxes:
        assert 0 <= box.column < columns
        assert 0 <= box.row < rows
        if box.needs >= 0:
            assert box.column < scene.boxes[box.needs].column


def test_layout_takes_a_chain_deeper_than_the_stack():
    scene = forest(-1, *range(5_000))
    assert arrange(scene) == (5_001, 1)


def test_packing_keeps_trees_whole_and_apart():
    scene = forest(*([-1, 0, 0] + [n for t in range(1, 60) for n in (-1, 3 * t, 3 * t)]))
    columns, rows = arrange(scene)
    before = {i: (b.row - scene.boxes[b.needs].row) for i, b in enumerate(scene.boxes) if b.needs >= 0}
    wide, high = pack(scene, columns, rows, 1.0)
    assert high < rows
    assert wide > columns
    for index, distance in before.items():
        box = scene.boxes[index]
        assert box.row - scene.boxes[box.needs].row == distance
    places = [(box.column, box.row) for box in scene.boxes]
    assert len(set(places)) == len(places)
    assert max(box.column for box in scene.boxes) < wide
    assert max(box.row for box in scene.boxes) < high
