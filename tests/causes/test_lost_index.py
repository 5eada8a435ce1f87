"""After an index file is lost only that file is put right: nothing that is whole is removed."""

from __future__ import annotations

import pytest

from analyzer.api import judge
from tests.editing import Edited

CONTAINERS = "storage/overlay-containers/containers.json"
IMAGES = "storage/overlay-images/images.json"
LAYERS = "storage/overlay-layers/layers.json"


def gone(store: Edited, path: str) -> Edited:
    return store.remove(path)


def emptied(store: Edited, path: str) -> Edited:
    return store.write(path, b"")


def cut(store: Edited, path: str) -> Edited:
    data = store.data(path)
    return store.write(path, data[: len(data) // 2])


def first_cause(store: Edited) -> dict:
    return judge(store.snapshot()).to_dict()["causes"][0]


@pytest.mark.parametrize("damage", [gone, emptied, cut])
@pytest.mark.parametrize("path", [CONTAINERS, IMAGES])
def test_no_image_is_removed_and_the_store_stays_in_place(damage, path):
    plan = first_cause(damage(Edited(), path))["plan"]
    commands = "\n".join(step["command"] for step in plan)
    assert "rmi" not in commands
    assert "mv /var/lib/containers/storage " not in commands
    assert (f"mv /var/lib/containers/{path} " in commands) == (damage is not gone)


@pytest.mark.parametrize("damage", [gone, emptied])
def test_lost_container_records_hit_no_image(damage):
    store = Edited()
    directories = {path.split("/")[2] for path in store.entries if path.startswith("storage/overlay-containers/")}
    written = {record["id"] for record in store.containers()} & directories
    affected = first_cause(damage(store, CONTAINERS))["affected"]
    assert affected["images"] == []
    assert {container["id"] for container in affected["containers"]} == written


def test_images_are_pulled_again_under_the_names_that_containers_remember():
    store = Edited()
    used = {record["image"] for record in store.containers()}
    names = {name for image in store.images() if image["id"] in used for name in image["names"]}
    plan = first_cause(gone(store, IMAGES))["plan"]
    [pulls] = [step["command"] for step in plan if step["command"].startswith("podman pull")]
    pulled = {part.removeprefix("podman pull ") for part in pulls.split(" ; ")}
    assert pulled
    assert pulled <= names


@pytest.mark.parametrize("damage", [gone, emptied, cut])
def test_without_layer_records_only_a_backup_helps(damage):
    plan = first_cause(damage(Edited(), LAYERS))["plan"]
    assert any("from a backup" in step["effect"] for step in plan)
