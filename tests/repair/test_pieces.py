"""What the store itself gives back: modes, owners, files of id-mapped copies, records of containers, settings."""

from __future__ import annotations

import stat

from analyzer.api import judge
from analyzer.repair.edits import FileCopy, Mode, SetAside, Take
from tests.editing import Edited
from tests.repair.damaged import chain, edits, plan_of

API = "quay.example.test/shop/api:2.0"


def a_file(store):
    """Return the first file of content in a layer of the api image."""
    top = f"storage/overlay/{chain(store, API)[1]}/diff/"
    return next(p for p in store.entries if p.startswith(top) and store.entries[p][0].kind == "file" and store.data(p))


def test_a_changed_mode_is_put_back_without_a_pull():
    store = Edited()
    path = a_file(store)
    member, data = store.entries[path]
    right = member.mode
    member.mode = 0o777 if stat.S_IMODE(right) != 0o777 else 0o700
    member.mtime_ns += 1
    store.entries[path] = (member, data)
    assert edits(store) == [Mode(path.removeprefix("storage/"), right)]
    assert not any(each.kind == "pull" for each in plan_of(store).steps)


def test_a_changed_owner_is_put_back_without_a_pull():
    store = Edited()
    path = a_file(store)
    member, data = store.entries[path]
    owner = (member.uid, member.gid)
    member.uid, member.gid = 4711, 4712
    store.entries[path] = (member, data)
    (edit,) = edits(store)
    assert (edit.uid, edit.gid) == owner


def test_changed_content_still_comes_from_the_registry():
    store = Edited()
    path = a_file(store)
    store.write(path, b"x" * len(store.data(path)))
    assert any(isinstance(edit, Take) and edit.path.endswith("/diff") for edit in edits(store))


def test_files_of_an_id_mapped_copy_come_from_the_layer_it_is_a_copy_of():
    store = Edited("userns-mapped")
    copied = next(row for row in store.layers() if row.get("uidmap"))
    shift = copied["uidmap"][0]["host_id"] if "host_id" in copied["uidmap"][0] else copied["uidmap"][0]["HostID"]
    top = f"storage/overlay/{copied['id']}/"
    path = next(
        p
        for p in store.entries
        if p.startswith(top) and "/diff" in p and store.entries[p][0].kind == "file" and store.data(p)
    )
    owner = store.entries[path][0].uid
    store.write(path, b"y" * len(store.data(path)))
    (edit,) = (edit for edit in edits(store) if isinstance(edit, FileCopy))
    assert edit.path == path.removeprefix("storage/")
    assert edit.uid == owner >= shift
    assert f"storage/{edit.source}" in store.entries
    assert store.data(f"storage/{edit.source}") != store.data(path)


def test_containers_that_podman_knows_get_their_records_again():
    store = Edited("podman-list")
    healthy = {row["id"]: row for row in store.containers()}
    store.write("storage/overlay-containers/containers.json", b"")
    plan = plan_of(store)
    assert plan.site.right("containers").keys() == healthy.keys()
    for key, row in plan.site.right("containers").items():
        assert (row["layer"], row["image"], row["names"]) == tuple(healthy[key][k] for k in ("layer", "image", "names"))


def test_a_wrong_size_in_a_record_is_no_damage_of_the_tar_split():
    store = Edited()
    rows = store.layers()
    right = rows[1]["diff-size"]
    rows[1]["diff-size"] = right + 512
    store.write_records("storage/overlay-layers/layers.json", rows)
    assert not any(isinstance(edit, Take) for edit in edits(store))
    assert plan_of(store).site.right("layers")[rows[1]["id"]]["diff-size"] == right


def test_what_may_be_there_on_the_node_waits_for_a_look():
    store = Edited()
    for path in [p for p in store.entries if p.startswith("storage/overlay/")]:
        del store.entries[path]
    report = judge(store.snapshot())
    kinds = [each.step.kind for each in report.plan.steps]
    assert report.verdict == "undetermined"
    assert kinds.index("mark") < kinds.index("pull")
    for each in report.plan.steps:
        if each.step.edits:
            assert all("/gone-" in command for command in each.step.commands)
            assert not any(isinstance(edit, SetAside) for _, edit in each.step.edits)


def test_one_directory_that_may_be_there_on_the_node_waits_for_a_look_too():
    """Records edited since take their weight from times of directories: a layer may be gone, or left out."""
    store = Edited()
    layer = chain(store, "quay.example.test/data/db:15")[0]
    for path in [p for p in store.entries if p.startswith(f"storage/overlay/{layer}")]:
        del store.entries[path]
    report = judge(store.snapshot())
    assert report.verdict == "undetermined"
    edits = [each.step for each in report.plan.steps if each.step.edits]
    assert {edit.path for step in edits for _, edit in step.edits} >= {f"overlay/{layer}/diff", f"overlay/{layer}/link"}
    assert all(f"/gone-{layer}" in command for step in edits for command in step.commands)
    (pull,) = [each.step for each in report.plan.steps if each.step.kind == "pull"]
    assert "/gone-*" in pull.command
