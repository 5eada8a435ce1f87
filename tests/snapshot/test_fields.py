"""Records out of rows: wrong types are dropped and named, the rest of the row is kept."""

from __future__ import annotations

import json

import pytest

from analyzer.api import Snapshot
from analyzer.snapshot.containers import parse_container
from analyzer.snapshot.fields import Fields
from analyzer.snapshot.images import parse_image
from analyzer.snapshot.layers import parse_layer
from analyzer.snapshot.salvage import Row, salvage_array
from tests.editing import Edited


def fields(**value) -> Fields:
    return Fields(Row(value, "/7", 99), "layers.json")


WRONG = [
    ("text", 5), ("text", []), ("text", True), ("text", {"a": 1}),
    ("integer", True), ("integer", 1.0), ("integer", "1"), ("integer", 2**63), ("integer", -(2**63) - 1),
    ("integer", float("inf")), ("integer", [1]),
    ("texts", "a"), ("texts", {"a": 1}), ("texts", ["a", 1]),
    ("integers", [-1]), ("integers", [2**32]), ("integers", [True]), ("integers", 1),
    ("mapping", []), ("mapping", "x"), ("mapping", 0),
    ("id_map", {}), ("id_map", [1]), ("id_map", [{"container_id": "0", "host_id": 0, "size": 1}]),
    ("id_map", [{"container_id": 0, "host_id": 0, "size": 2**64}]), ("id_map", [None]), ("id_map", [[]]),
]  # fmt: skip


@pytest.mark.parametrize(("getter", "value"), WRONG)
def test_wrong_type_is_named_once_and_gives_the_zero_value(getter, value):
    get = fields(key=value)
    assert not getattr(get, getter)("key") or getter == "texts"
    [problem] = get.problems
    assert problem.kind == "wrong-type"
    assert problem.where == ("layers.json", "/7/key", 99)
    assert type(value).__name__ in problem.observed


@pytest.mark.parametrize("getter", ["text", "integer", "texts", "integers", "mapping", "id_map"])
def test_absent_and_null_are_zero_values_without_a_problem(getter):
    get = fields(key=None)
    assert not getattr(get, getter)("key")
    assert not getattr(get, getter)("other")
    assert not get.has("key")
    assert get.problems == []


def test_right_values():
    get = fields(
        t="x", i=-(2**63), l=["a", "b"], u=[0, 2**32 - 1], m={"k": 1}, r=[{"container_id": 0, "host_id": 5, "size": 6}]
    )
    assert get.text("t") == "x"
    assert get.integer("i") == -(2**63)
    assert get.texts("l") == ("a", "b")
    assert get.integers("u") == (0, 2**32 - 1)
    assert get.mapping("m") == {"k": 1}
    assert get.id_map("r") == ((0, 5, 6),)
    assert get.problems == []


def test_values_go_reads_as_zero_are_no_problem():
    get = fields(l=["a", None], r=[{"Host_ID": 7, "size": None}])
    assert get.texts("l") == ("a", "")
    assert get.id_map("r") == ((0, 7, 0),)
    assert get.problems == []


def test_keys_match_without_regard_to_case_and_the_last_counts():
    row = salvage_array(b'[{"ID":"x","Diff-Size":7,"parent":"a","PARENT":"b"}]', "layers.json").rows[0]
    layer = parse_layer(row, "layers.json", volatile=False)
    assert (layer.id, layer.diff_size, layer.parent) == ("x", 7, "b")


def test_one_bad_field_does_not_cost_the_record():
    text = b'[{"id":"x","diff-size":' + b"9" * 5000 + b',"parent":"p","uidset":["a"],"created":7}]'
    layer = parse_layer(salvage_array(text, "l").rows[0], "l", volatile=True)
    assert (layer.id, layer.parent, layer.diff_size, layer.uidset, layer.created_ns) == ("x", "p", None, (), None)
    assert sorted(problem.where.pointer for problem in layer.problems) == ["/0/created", "/0/diff-size", "/0/uidset"]
    assert layer.volatile


@pytest.mark.parametrize("value", [None, 5, True, [], {}, "x", 1.5, [None], [{}], {"id": []}])
@pytest.mark.parametrize("parse", [parse_layer, parse_image, parse_container])
def test_any_value_in_any_field_is_survived(parse, value):
    keys = (
        "id names parent metadata created diff-digest diff-size compressed-size toc-digest compression uidset gidset "
        "uidmap gidmap flags big-data-names big-data-sizes big-data-digests layer mapped-layers names-history image"
    )
    row = salvage_array(json.dumps([dict.fromkeys(keys.split(), value)]).encode(), "x").rows[0]
    options = {} if parse is parse_image else {"volatile": False}
    record = parse(row, "x", **options)
    assert record.id == (value if isinstance(value, str) else "")


@pytest.mark.parametrize(
    ("metadata", "engine", "name"),
    [
        ('{"pod-id":"p","pod-name":"pod","namespace":"ns","metadata-name":"app"}', "cri-o", "ns/pod/app"),
        ('{"image-name":"i","name":"n"}', "podman", "n"),
        ('{"pod-id":"p","pod-name":"pod","namespace":5,"metadata-name":""}', "cri-o", "pod"),
        ("{", "", ""),
        ("[]", "", ""),
        ("null", "", ""),
        ("", "", ""),
        ("\\ud800", "", ""),
    ],
)
def test_metadata_of_a_container(metadata, engine, name):
    data = b'[{"id":"x","metadata":"' + metadata.replace('"', '\\"').encode() + b'"}]'
    record = parse_container(salvage_array(data, "c").rows[0], "c", volatile=False)
    assert (record.engine, record.name) == (engine, name)
    assert bool(record.metadata_error) == (metadata not in {"", "null"} and not engine) or metadata == "null"


def test_frames_hold_the_extremes_of_every_type():
    store = Edited()
    layers, images = store.layers(), store.images()
    layers[0].update({"diff-size": 2**63 - 1, "created": "9999-12-31T23:59:59.999999999Z"})
    layers[1].update({"diff-size": 2**70, "created": "1500-01-01T00:00:00Z"})
    images[0]["big-data-sizes"] = {"a": 2**62, "b": 2**62, "c": True, "d": -5, "e": "x"}
    snapshot = Snapshot(store.write_layers(layers).write_images(images).snapshot())
    table = snapshot.layers
    assert table["diff_size"][0] == 2**63 - 1
    assert table["diff_size"].isna()[1]
    assert table["created"].isna()[[0, 1]].all()
    assert list(table["id"])[: len(layers)] == [layer["id"] for layer in layers]
    assert snapshot.images[["big_data_bytes", "size"]].isna().loc[0].all()
    assert list(snapshot.containers["id"])[: len(store.containers())] == [c["id"] for c in store.containers()]


def test_a_layer_without_a_compression_was_stored_as_it_came():
    """Go's zero value, `archive.Uncompressed`; the numbers are those of containers/storage pkg/archive."""
    bare, gzip = salvage_array(b'[{"id":"a"},{"id":"b","compression":2}]', "layers.json").rows
    assert parse_layer(bare, "layers.json", volatile=False).compression == 0
    assert parse_layer(gzip, "layers.json", volatile=False).compression == 2
