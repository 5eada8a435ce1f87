"""CTR-012: what engines note about a container beside its record."""

from __future__ import annotations

import json

import pytest

from tests.editing import Edited

RULE = "CTR-012"
CRIO_NOTE = "io.kubernetes.cri-o.ContainerID"


def with_rows(change) -> Edited:
    store = Edited()
    rows = store.containers()
    change(rows)
    return store.write_containers(rows)


def crio(rows) -> list[dict]:
    return [row for row in rows if "pod-id" in row.get("metadata", "")]


def swapped(field: str) -> tuple[Edited, set[str]]:
    """Exchange a field of two CRI-O containers of different images."""
    store = Edited()
    rows = store.containers()
    one = crio(rows)[0]
    other = next(row for row in crio(rows) if row["image"] != one["image"])
    one[field], other[field] = other[field], one[field]
    return store.write_containers(rows), {one["id"], other["id"]}


def sample() -> tuple[Edited, str]:
    """Return a store with the metadata of two CRI-O containers exchanged."""
    store, ids = swapped("metadata")
    return store, min(ids)


@pytest.mark.parametrize("field", ["metadata", "names", "image"])
def test_both_sides_of_an_exchange_are_told(field):
    store, ids = swapped(field)
    found = store.findings(RULE)
    assert {f.subject.id for f in found} == ids
    assert {f.severity for f in found} == {"error"}


def test_a_container_that_podman_renamed_is_silent():
    """`podman rename` writes the record's name alone: run on podman 4.3.1."""

    def rename(rows):
        row = next(row for row in rows if "pod-id" not in row["metadata"])
        row["names"] = ["renamed"]

    assert with_rows(rename).findings(RULE) == []


def test_no_image_on_a_layer_that_stands_on_one():
    def empty(rows):
        rows[0]["image"] = ""

    store = with_rows(empty)
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.variant) == (store.containers()[0]["id"], "image")


def test_no_image_on_a_layer_that_stands_on_nothing_is_a_container_from_scratch():
    store = Edited()
    rows = store.containers()
    rows[0] |= {"image": "", "metadata": ""}
    layers = store.layers()
    for layer in layers:
        if layer["id"] == rows[0]["layer"]:
            del layer["parent"]
    store.write_containers(rows).write_layers(layers)
    assert store.findings(RULE) == []


def test_an_image_without_a_record_is_told_elsewhere():
    def lose(rows):
        rows[0]["image"] = "0" * 64

    assert with_rows(lose).findings(RULE) == []


@pytest.mark.parametrize(
    ("file", "notes"),
    [
        ("state.json", lambda key: {"id": key}),
        ("config.json", lambda key: {"annotations": {CRIO_NOTE: key}}),
        ("buildah.json", lambda key: {"container-id": key}),
    ],
)
def test_the_notes_of_another_container(file, notes):
    store = Edited()
    one, other = (row["id"] for row in crio(store.containers())[:2])
    path = f"storage/overlay-containers/{one}/userdata/{file}"
    assert store.write(path, json.dumps(notes(one))).findings(RULE) == []
    [finding] = store.write(path, json.dumps(notes(other))).findings(RULE)
    assert (finding.subject.id, finding.variant, finding.facts["seen"]) == (one, "id", other)
