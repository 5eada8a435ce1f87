"""What a plan writes is what the healthy store had: expected values are the healthy bundle's own."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess

import pytest

from analyzer.api import analyze, judge
from analyzer.repair.edits import Folder, Mode, SetAside, ShortLink, Take, Write
from analyzer.repair.mend import mend
from analyzer.report.views.outcome import outcome_text
from tests.checks.overlay.test_lower_by_id import by_id
from tests.editing import BUNDLES, Edited
from tests.repair.damaged import CONTAINERS, IMAGES, LAYERS, chain, cut, edits, facts, plan_of, rewrite

HEALTHY = sorted(path.name for path in BUNDLES.glob("healthy-*.tar.zst"))
API = "quay.example.test/shop/api:2.0"


@pytest.mark.parametrize("name", HEALTHY)
def test_a_healthy_store_is_left_alone(name):
    report = analyze(BUNDLES / name)
    for rel in report.relations:
        assert mend(rel, report.findings).noted == []
    assert report.plan.steps == ()


def gone(store, path):
    return store.remove(path)


def emptied(store, path):
    return store.write(path, b"")


def zeroed(store, path):
    return store.write(path, bytes(4096))


@pytest.mark.parametrize("damage", [gone, emptied, zeroed, cut])
def test_layer_records_are_made_again_from_the_store(damage):
    healthy = Edited()
    (written,) = [edit for edit in edits(damage(Edited(), LAYERS)) if isinstance(edit, Write)]
    assert written.path == "overlay-layers/layers.json"
    assert facts(json.loads(written.data)) == facts(healthy.layers())


@pytest.mark.parametrize("damage", [gone, emptied, zeroed, cut])
def test_image_records_are_made_again_with_the_names_that_the_store_still_tells(damage):
    healthy = {row["id"]: row for row in Edited().images()}
    store = damage(Edited(), IMAGES)
    (written,) = [edit for edit in edits(store) if isinstance(edit, Write)]
    rows = {row["id"]: row for row in json.loads(written.data)}
    used = {row["image"] for row in store.containers()}
    assert rows.keys() == healthy.keys()
    for image, row in rows.items():
        assert (row["layer"], row["digest"]) == (healthy[image]["layer"], healthy[image]["digest"])
        assert row["big-data-digests"].items() <= healthy[image]["big-data-digests"].items()
        assert set(row.get("names", ())) <= set(healthy[image]["names"])
        assert row.get("names") or image not in used


def test_an_unfinished_write_of_an_index_is_finished():
    store = Edited()
    data = store.data(LAYERS)
    store.write("storage/overlay-layers/.tmp-layers.json123", data).write(LAYERS, b"")
    (written,) = [edit for edit in edits(store) if isinstance(edit, Write)]
    assert json.loads(written.data) == json.loads(data)


def test_a_parent_is_set_back_to_what_the_id_proves():
    store = Edited()
    top, below = chain(store, API)[:2]

    def turn(rows):
        next(row for row in rows if row["id"] == below)["parent"] = top

    (written,) = [edit for edit in edits(rewrite(store, LAYERS, turn)) if isinstance(edit, Write)]
    assert facts(json.loads(written.data)) == facts(Edited().layers())


@pytest.mark.parametrize("name", ["link", "lower"])
@pytest.mark.parametrize("damage", [gone, emptied])
def test_the_small_files_of_the_driver_get_their_text_back(name, damage):
    layer = chain(Edited(), API)[1]
    path = f"storage/overlay/{layer}/{name}"
    written = [edit for edit in edits(damage(Edited(), path)) if isinstance(edit, Write)]
    assert [(edit.path, edit.data) for edit in written] == [(path.removeprefix("storage/"), Edited().data(path))]


@pytest.mark.parametrize("text", ["", "0" * 64])
def test_the_lower_layers_by_id_get_their_text_back(text):
    store, (top, *below) = by_id()
    (written,) = edits(store.write(f"storage/overlay/{top}/lower-layers", text))
    assert (written.path, written.data) == (f"overlay/{top}/lower-layers", ":".join(below).encode())


def test_a_short_link_is_made_in_place_even_where_one_leads_elsewhere():
    store = Edited()
    first, second = [path for path in store.entries if path.startswith("storage/overlay/l/")][:2]
    target = store.entries[first][0].link
    store.symlink(first, store.entries[second][0].link)
    steps = [step for step in plan_of(store).steps if any(isinstance(edit, ShortLink) for _, edit in step.edits)]
    assert [edit for step in steps for _, edit in step.edits] == [ShortLink(first.removeprefix("storage/"), target)]
    assert "ln -sfn -- " in steps[0].command


def test_a_lost_layer_directory_is_filled_from_a_donor_and_keeps_its_link():
    store = Edited()
    layer = chain(store, API)[1]
    link = store.data(f"storage/overlay/{layer}/link")
    store.remove(f"storage/overlay/{layer}")
    plan = plan_of(store)
    done = [edit for step in plan.steps for _, edit in step.edits]
    assert Write(f"overlay/{layer}/link", link, 0o644) in done
    assert Take(f"overlay/{layer}/diff") in done
    kinds = ["pull", "hand", "stop", "keep", "edit", "edit", "take", "start", "look"]
    assert [step.kind for step in plan.steps] == kinds
    assert any("@sha256:" in name for names in plan.pulls.values() for name in names)


def test_a_container_whose_layer_is_gone_gets_an_empty_one_and_that_is_said():
    store = Edited()
    container = next(row for row in store.containers() if row.get("names") == ["web1"])
    store.remove(f"storage/overlay/{container['layer']}")
    plan = plan_of(store)
    assert Folder(f"overlay/{container['layer']}/diff", 0o755) in [e for step in plan.steps for _, e in step.edits]
    assert plan.lost == ((container["layer"], "what the container wrote into its own layer"),)
    assert any("Gone already" in step.effect for step in plan.steps)


def test_a_container_that_names_an_images_layer_gets_its_own_back():
    store = Edited()
    container = next(row for row in store.containers() if row.get("names") == ["web1"])
    own = container["layer"]
    top = store.image_named("quay.example.test/shop/web:1.4")["layer"]

    def change(rows):
        next(row for row in rows if row["id"] == container["id"])["layer"] = top

    (written,) = [edit for edit in edits(rewrite(store, CONTAINERS, change)) if isinstance(edit, Write)]
    (row,) = [row for row in json.loads(written.data) if row["id"] == container["id"]]
    assert row["layer"] == own


def test_what_nothing_names_is_set_aside_never_removed():
    bundle = analyze(BUNDLES / "orphan-layer-dir.tar.zst")
    done = [edit for each in bundle.plan.steps for _, edit in each.step.edits]
    assert {type(edit) for edit in done} <= {SetAside, Write}
    assert not any(" rmi " in each.step.command or "rm -f" in each.step.command for each in bundle.plan.steps)


def test_a_manifest_is_copied_from_the_one_filed_under_its_digest():
    store = Edited()
    image = store.image_named(API)["id"]
    path = f"storage/overlay-images/{image}/manifest"
    data = store.data(path)
    (written,) = [edit for edit in edits(store.write(path, bytes(len(data)))) if isinstance(edit, Write)]
    assert (written.path, written.data) == (path.removeprefix("storage/"), data)


def test_every_damaged_sample_has_a_plan_that_removes_nothing():
    for name in sorted(pathlib.Path(BUNDLES).glob("*.tar.zst")):
        report = analyze(name)
        commands = [each.step.command for each in report.plan.steps]
        removal = re.compile(r"(?:podman|crictl)(?: --root \S+)? (?:rm|rmi|system|image prune)\b")
        assert not any(removal.search(line) for line in commands)
        for cause in report.causes:
            numbers = [step.number for step in cause.hypothesis.plan]
            assert numbers == sorted(set(numbers))


def test_files_that_no_rule_could_see_come_from_the_donor_too():
    """While layers.json does not load, nothing is compared; the plan looks again once the records are right."""
    store = Edited()
    layer = chain(store, API)[0]
    store.write(f"storage/overlay/{layer}/diff/srv/api.conf", b"")
    taken = {edit.path for edit in edits(cut(store, LAYERS)) if isinstance(edit, Take)}
    assert f"overlay/{layer}/diff" in taken


def test_a_layer_is_known_for_a_pulled_one_by_its_record_alone():
    """Its image's data is lost with its files: the id follows from the parent's and the digest."""
    store = Edited()
    image = store.image_named(API)
    layer = image["layer"]
    for path in store.below(f"storage/overlay-images/{image['id']}"):
        if store.entries[path][0].kind == "file":
            store.write(path, bytes(len(store.data(path))))
    store.write(f"storage/overlay/{layer}/diff/srv/api.conf", b"")
    taken = {edit.path for edit in edits(store) if isinstance(edit, Take)}
    assert f"overlay/{layer}/diff" in taken


@pytest.mark.parametrize("part", ["layers", "images", "containers"])
def test_a_renamed_part_is_moved_back(part):
    store = Edited()
    path = f"storage/overlay-{part}"
    for each in store.below(path):
        member, data = store.entries.pop(each)
        member.path = each.replace(path, f"{path}.bak", 1)
        store.entries[member.path] = (member, data)
    plan = plan_of(store)
    assert [step.kind for step in plan.steps] == ["stop", "setting", "start", "look"]
    root = f"/var/lib/containers/storage/overlay-{part}"
    assert f"mv -- {root}.bak {root};" in plan.steps[1].command


@pytest.mark.parametrize("again", [False, True], ids=["renamed", "and made again"])
@pytest.mark.parametrize("there", ["overlay/overlay", "overlay.bak", "old"])
def test_a_driver_directory_that_lies_elsewhere_is_moved_back(there, again, tmp_path):
    store = Edited()
    for path in store.below("storage/overlay"):
        member, data = store.entries.pop(path)
        member.path = path.replace("storage/overlay", f"storage/{there}", 1)
        store.entries[member.path] = (member, data)
    plan = plan_of(store)
    assert [step.kind for step in plan.steps] == ["stop", "setting", "start", "look"]
    step = plan.steps[1]
    (tmp_path / there / "layer").mkdir(parents=True)
    if again and not there.startswith("overlay/"):
        (tmp_path / "overlay" / "l").mkdir(parents=True)
    before = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))

    def sh(line):
        here = line.replace("/var/lib/containers/storage", str(tmp_path))
        return subprocess.run(["sh", "-c", here], check=False).returncode

    assert sh(step.done) == 1
    assert [sh(step.command), sh(step.done), sh(step.command)] == [0, 0, 0]
    assert (tmp_path / "overlay" / "layer").is_dir()
    assert sh(step.back) == 0
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*")) == before


def test_rows_that_lie_in_each_others_files_go_back_with_their_names():
    store = Edited()
    images, containers = (f"storage/overlay-{part}/{part}.json" for part in ("images", "containers"))
    right = {images: store.records(images), containers: store.records(containers)}
    first, second = store.data(images), store.data(containers)
    report = judge(store.write(images, second).write(containers, first).snapshot())
    written = {
        edit.path: edit.data for each in report.plan.steps for _, edit in each.step.edits if isinstance(edit, Write)
    }
    for path, rows in right.items():
        found = {row["id"]: row for row in json.loads(written[path.removeprefix("storage/")])}
        assert {key: row.get("names") for key, row in found.items()} == {row["id"]: row.get("names") for row in rows}
        assert {key: row["layer"] for key, row in found.items()} == {row["id"]: row["layer"] for row in rows}
    assert outcome_text(report).strip().startswith("Afterwards, by simulation: nothing above `info` is found; no image")


def test_owners_of_tar_splits_go_back_with_those_of_the_index_beside_them():
    """As after `sudo cp -r` of one part: the user could list images, and not push or save one."""
    store = Edited()
    part = [
        path for path in store.entries if path == "storage/overlay-layers" or path.startswith("storage/overlay-layers/")
    ]
    for path, (member, _) in store.entries.items():
        if "/diff" not in path:
            member.uid = member.gid = 0 if path in part else 1000
    steps = judge(store.snapshot()).plan.steps
    given = {edit.path: (edit.uid, edit.gid) for each in steps for _, edit in each.step.edits if isinstance(edit, Mode)}
    files = {path.removeprefix("storage/").rstrip("/") for path in part if "/." not in path}
    assert set(given) == files
    assert any(path.endswith(".tar-split.gz") for path in files)
    assert set(given.values()) == {(1000, 1000)}
