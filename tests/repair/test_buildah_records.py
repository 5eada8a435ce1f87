"""Records of Buildah's containers come back from `userdata/buildah.json`: expected are the records that were lost."""

from __future__ import annotations

import hashlib
import json

import pytest

from analyzer.repair.edits import Write
from tests.editing import Edited
from tests.repair.damaged import plan_of

ROOT = "srv/podman/storage"
INDEX = f"{ROOT}/overlay-containers/containers.json"


def lost() -> tuple[Edited, dict]:
    """Return a store of podman 6 without its container records, and the one of Buildah's that was there."""
    store = Edited("podman-pod")
    (path,) = [each for each in store.entries if each.endswith("/userdata/buildah.json")]
    (row,) = [each for each in store.records(INDEX) if each["id"] in path]
    return store.write(INDEX, b"[]"), row


def rows_put_back(store: Edited) -> dict[str, dict]:
    (written,) = [
        e
        for step in plan_of(store).steps
        for _, e in step.edits
        if isinstance(e, Write) and "containers.json" in e.path
    ]
    return {row["id"]: row for row in json.loads(written.data)}


def test_the_record_is_the_one_that_was_lost():
    store, row = lost()
    found = rows_put_back(store)[row["id"]]
    told = {"id", "names", "image", "layer"}
    assert {key: found[key] for key in told} == {key: row[key] for key in told}
    assert found["flags"]["MountLabel"] == row["flags"]["MountLabel"]


@pytest.mark.parametrize(
    "change",
    [
        {"container-id": "0" * 64},
        {"container-name": ""},
        {"container-name": ["a"]},
        {"image-id": "-af"},
        {"image-id": "f" * 64},
    ],
)
def test_a_state_that_is_another_containers_or_tells_no_image_makes_no_record(change):
    store, row = lost()
    (path,) = [each for each in store.entries if each.endswith("/userdata/buildah.json")]
    store.write(path, json.dumps({**json.loads(store.data(path)), **change}))
    assert row["id"] not in rows_put_back(store)


def test_a_config_comes_back_that_the_state_of_a_build_holds():
    store = Edited("podman-pod")
    (path,) = [each for each in store.entries if each.endswith("/userdata/buildah.json")]
    image = json.loads(store.data(path))["image-id"]
    (config,) = [
        each
        for each in store.entries
        if f"/{image}/=" in each and hashlib.sha256(store.data(each)).hexdigest() == image
    ]
    body = store.data(config)
    store.write(config, b"")
    put_back = [
        e.data
        for step in plan_of(store).steps
        for _, e in step.edits
        if isinstance(e, Write) and config.endswith(e.path)
    ]
    assert put_back == [body]
