"""Containers: their layers, images, records and state files."""

from __future__ import annotations

import json

from benchmarks.accuracy.bundle import Bundle, NotHere, emptied
from benchmarks.accuracy.faults.families import GONE, HAND, POWER, REMOVED
from benchmarks.accuracy.faults.registry import kind
from benchmarks.accuracy.truth import Truth, truth


@kind("layer-record-lost")
def container_layer_lost(store: Bundle) -> Truth:
    container = store.container()
    layer = container["layer"]
    store.drop_record("layers", layer)
    store.take(store.link_of(layer), store.at("overlay", layer))
    return truth([layer, container["id"]], ("layer-record-lost", GONE), (set(), {container["id"]}))


@kind(REMOVED)
def container_layer_directory_removed(store: Bundle) -> Truth:
    container = store.container()
    layer = container["layer"]
    store.take(store.at("overlay", layer))
    return truth([layer, container["id"]], REMOVED, (set(), {container["id"]}))


@kind(GONE)
def image_record_of_a_container_lost(store: Bundle) -> Truth:
    image = store.image(used=True)
    containers = {key for key, c in store.before[2].items() if c["image"] == image["id"]}
    store.drop_record("images", image["id"])
    keys = [image["id"], *containers, *emptied(store, "images.json")]
    return truth(keys, (GONE, "records-rolled-back"), (None, containers))


@kind(GONE)
def image_of_a_container_removed_whole(store: Bundle) -> Truth:
    image = store.image(used=True)
    containers = {key for key, c in store.before[2].items() if c["image"] == image["id"]}
    store.drop_record("images", image["id"])
    store.remove(store.at("overlay-images", image["id"]))
    return truth([image["id"], *containers], GONE, (None, containers))


@kind(GONE)
def state_file_removed(store: Bundle) -> Truth:
    container = store.container(crio=True)
    store.take(store.at("overlay-containers", container["id"], "userdata/config.json"))
    return truth(container["id"], GONE, (set(), {container["id"]}))


@kind(POWER)
def state_file_nul(store: Bundle) -> Truth:
    container = store.container(crio=True)
    path = store.at("overlay-containers", container["id"], "userdata/state.json")
    store.write(path, bytes(len(store.data(path))))
    return truth([container["id"], path], POWER, (set(), {container["id"]}))


@kind(GONE)
def pod_record_lost(store: Bundle) -> Truth:
    members = [(c, json.loads(c["metadata"])) for c in store.before[2].values() if "pod-id" in c.get("metadata", "")]
    pod = store.draw([c for c, meta in members if meta.get("pod")])
    left = {c["id"] for c, meta in members if meta["pod-id"] == pod["id"] and c["id"] != pod["id"]}
    store.drop_record("containers", pod["id"])
    return truth([pod["id"], *left, pod["layer"]], (GONE, HAND), (set(), None), severe=False)


@kind(GONE)
def container_metadata_garbled(store: Bundle) -> Truth:
    container = store.container(crio=True)
    store.change_record("containers", container["id"], metadata=container["metadata"][:40])
    return truth(container["id"], (GONE, HAND), (set(), {container["id"]}), severe=False)


@kind("two-writers")
def layer_with_two_owners(store: Bundle) -> Truth:
    one, two = store.container(image=False), store.container(image=False)
    if one["id"] == two["id"]:
        raise NotHere
    store.change_record("containers", two["id"], layer=one["layer"])
    keys = [one["id"], two["id"], one["layer"], two["layer"]]
    return truth(keys, (HAND, "two-writers", "layer-record-lost"), (set(), None))


@kind(HAND)
def container_on_another_layer(store: Bundle) -> Truth:
    container = store.container()
    other = store.image()
    layer = container["layer"]
    if other["id"] == container["image"]:
        raise NotHere
    store.change_record("layers", layer, parent=other["layer"])
    store.by_hand(store.index(store.file_of("layers", layer)))
    return truth([layer, container["id"]], HAND, (set(), {container["id"]}))
