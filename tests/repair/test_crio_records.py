"""Records of CRI-O's containers come back from the configurations that CRI-O wrote: expected are the lost records."""

from __future__ import annotations

import json

import pytest

from analyzer.repair.edits import Write
from tests.editing import Edited
from tests.repair.damaged import CONTAINERS, cut, edits, plan_of

NOTE = "io.kubernetes.cri-o."
TOLD = ("id", "image", "layer", "created")


def with_configs() -> Edited:
    """Give every container of CRI-O the configuration that it hands to its runtime."""
    store = Edited()
    for row in store.containers():
        details = json.loads(row["metadata"])
        if "pod-name" not in details:
            continue
        pod = details.get("pod", False)
        about = {"name": details["metadata-name"], "attempt": 0}
        about |= {"uid": details["uid"], "namespace": details["namespace"]} if pod else {}
        notes = {
            "ContainerType": "sandbox" if pod else "container",
            "ContainerName" if pod else "Name": details["name"],
            "Name" if pod else "SandboxName": details["pod-name"],
            "SandboxID": details["pod-id"],
            "ImageName": details["image-name"],
            "MountPoint": f"/var/lib/containers/storage/overlay/{row['layer']}/merged",
            "Metadata": json.dumps(about),
            "Created": row["created"],
        }
        notes |= {} if pod else {"ImageRef": row["image"]}
        config = {"ociVersion": "1.0.2", "annotations": {NOTE + key: value for key, value in notes.items()}}
        home = f"storage/overlay-containers/{row['id']}/userdata"
        store.directory(home)
        store.write(f"{home}/config.json", json.dumps(config))
        store.write(f"{home}/state.json", "{}")
    return store


def lost(store: Edited) -> Edited:
    return store.remove(CONTAINERS)


def emptied(store: Edited) -> Edited:
    return store.write(CONTAINERS, b"")


def torn(store: Edited) -> Edited:
    return cut(store, CONTAINERS)


@pytest.mark.parametrize("damage", [lost, emptied, torn])
def test_the_records_are_those_that_were_lost(damage):
    store = with_configs()
    healthy = {row["id"]: row for row in store.containers() if "pod-name" in row["metadata"]}
    (written,) = [edit for edit in edits(damage(store)) if isinstance(edit, Write)]
    assert written.path == "overlay-containers/containers.json"
    rows = {row["id"]: row for row in json.loads(written.data)}
    assert rows.keys() >= healthy.keys()
    for key, row in healthy.items():
        assert {name: rows[key][name] for name in TOLD} == {name: row[name] for name in TOLD}
        assert rows[key]["names"][:1] == row["names"]  # CRI-O also names a sandbox after its pod
        before, after = json.loads(row["metadata"]), json.loads(rows[key]["metadata"])
        for name in ("pod-name", "pod-id", "name", "metadata-name", "uid", "namespace", "pod", "image-name"):
            assert after.get(name) == before.get(name)


def test_a_layer_that_another_container_has_is_taken_by_nobody():
    store = with_configs()
    rows = [row for row in store.containers() if "pod-name" in row["metadata"]]
    first, second = rows[:2]
    path = f"storage/overlay-containers/{second['id']}/userdata/config.json"
    config = json.loads(store.data(path))
    config["annotations"][NOTE + "MountPoint"] = f"/x/overlay/{first['layer']}/merged"
    store.write(path, json.dumps(config))
    (written,) = [edit for edit in edits(store.write(CONTAINERS, b"")) if isinstance(edit, Write)]
    layers = [row["layer"] for row in json.loads(written.data)]
    assert len(layers) == len(set(layers))


def test_crio_is_stopped_where_only_its_configurations_are_left():
    """CRI-O would delete what the empty index does not name, if it went on."""
    store = emptied(with_configs())
    stops = [step.command for step in plan_of(store).steps if step.kind == "stop"]
    assert stops == ["systemctl stop kubelet crio"]
