"""Faults written after the rules and weights were settled, and measured before anything was changed for them.

They belong to neither half. Truths, as everywhere, are from what was done and the records before it.
"""

from __future__ import annotations

import copy
import json

from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import ALTERED, BASE, HAND, LINKS, MEDIA, POWER, REMOVED, SPLIT
from benchmarks.accuracy.faults.registry import later
from benchmarks.accuracy.truth import Truth, truth


@later(LINKS)
def link_text_of_another_layer(store: Bundle) -> Truth:
    layer, other = store.layer(), store.layer()
    if layer == other:
        raise NotHere
    hit = standing(store, [layer])
    both = standing(store, [layer, other])
    text = store.data(store.at("overlay", other, "link"))
    store.edit(store.at("overlay", layer, "link"), text)
    images = None if both != hit else hit[0]
    return truth([layer, other, store.link_of(layer)], (LINKS, HAND, "two-writers"), (images, None))


@later(HAND)
def one_letter_of_lower_changed(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    hit = standing(store, [layer])
    text = store.text(path)
    store.edit(path, (text[:5] + ("A" if text[5] != "A" else "B") + text[6:]).encode())
    return truth([layer, path], (HAND, LINKS, MEDIA), hit)


@later(HAND)
def parent_taken_out_of_a_record(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    hit = standing(store, [layer])
    store.change_record("layers", layer, parent=None)
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], HAND, hit)


@later(ALTERED)
def manifests_of_two_images_swapped(store: Bundle) -> Truth:
    one, two = store.image(), store.image()
    if one["id"] == two["id"]:
        raise NotHere
    first, second = (store.big_data(image["id"], "manifest") for image in (one, two))
    data = store.data(first)
    store.edit(first, store.data(second))
    store.edit(second, data)
    return truth([one["id"], two["id"]], (ALTERED, HAND))


@later(ALTERED)
def config_cut(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    path = store.config(image["id"])
    store.edit(path, store.data(path)[: len(store.data(path)) // 2])
    return truth(image["id"], (ALTERED, POWER, "disk-full"), hit)


@later(ALTERED)
def recorded_size_of_the_config_changed(store: Bundle) -> Truth:
    image = store.image()
    sizes = dict(image["big-data-sizes"])
    key = next(key for key in sizes if key.startswith("sha256:"))
    store.change_record("images", image["id"], **{"big-data-sizes": {**sizes, key: sizes[key] + 7}})
    store.by_hand(store.index("images.json"))
    return truth([image["id"], store.index("images.json")], (HAND, ALTERED))


@later(BASE)
def directory_of_a_layer_removed(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    folder = path.rpartition("/")[0]
    if folder.endswith("/diff"):
        raise NotHere
    store.take(folder)
    return truth([layer, folder], (BASE, "scanner-quarantine"), hit)


@later(BASE)
def rights_of_one_file_taken(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.change(path, mode=0)
    return truth([layer, path], (BASE, "permissions-swept", "scanner-quarantine"), hit)


@later(BASE)
def diff_replaced_by_that_of_another_layer(store: Bundle) -> Truth:
    layer, other = store.layer(), store.layer()
    if layer == other or layer in store.chain_of(other):
        raise NotHere
    hit = serving(store, [layer])
    own, source = store.at("overlay", layer, "diff"), store.at("overlay", other, "diff")
    below = {path: store.entries[path] for path in store.below(source)[1:]}
    for path in store.below(own)[1:]:
        store.entries.pop(path, None)
    for path, (member, data) in below.items():
        moved = copy.copy(member)
        moved.path = own + path[len(source) :]
        moved.link = own + member.link[len(source) :] if member.kind == "hardlink" else member.link
        store.entries[moved.path] = (moved, data)
    return truth(layer, (BASE, SPLIT), hit)


@later(POWER)
def tar_split_nul(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    hit = standing(store, [layer])
    store.write(path, bytes(len(store.data(path))))
    return truth([layer, path], (POWER, MEDIA), hit)


@later(SPLIT)
def every_tar_split_removed(store: Bundle) -> Truth:
    paths = [path for path in store.entries if path.startswith(store.root) and path.endswith(".tar-split.gz")]
    layers = [path.rpartition("/")[2].partition(".")[0] for path in paths]
    store.take(*paths)
    return truth([*layers, *paths], SPLIT)


@later(REMOVED)
def every_container_layer_directory_removed(store: Bundle) -> Truth:
    layers = sorted(container["layer"] for container in store.before[2].values())
    if not layers:
        raise NotHere
    hit = serving(store, layers)
    for layer in layers:
        store.take(store.at("overlay", layer))
    return truth([*layers, *store.before[2]], (REMOVED, "container-data-lost"), hit)


@later(MEDIA)
def sector_of_layers_json_lost(store: Bundle) -> Truth:
    path = store.index("layers.json")
    data = store.data(path)
    if store.lent("layers") or len(data) < 2048:
        raise NotHere
    store.write(path, data[:1024] + bytes(512) + data[1536:])
    return truth(path, (MEDIA, POWER, HAND), everybody(store))


@later(HAND)
def images_json_made_an_object(store: Bundle) -> Truth:
    path = store.index("images.json")
    rows = store.rows("images.json")
    store.edit(path, json.dumps({row["id"]: row for row in rows}).encode())
    return truth(path, HAND, (everybody(store)[0], None))


@later("container-data-lost")
def layer_of_a_container_misspelt(store: Bundle) -> Truth:
    container = store.container()
    wrong = "f" * 8 + container["layer"][8:]
    store.change_record("containers", container["id"], layer=wrong)
    name = store.file_of("containers", container["id"])
    store.by_hand(store.index(name))
    keys = [container["id"], wrong, store.index(name)]
    return truth(keys, (HAND, "layer-record-lost", "container-data-lost"), (set(), {container["id"]}))


@later(HAND)
def volatile_layers_json_gone(store: Bundle) -> Truth:
    path = store.index("volatile-layers.json")
    if path not in store.entries or not store.rows("volatile-layers.json"):
        raise NotHere
    lost = {row["id"] for row in store.rows("volatile-layers.json")}
    hit = {key for key, row in store.before[2].items() if row["layer"] in lost}
    store.take(path)
    return truth(path, (HAND, "interrupted-wipe"), (set(), hit))


@later(BASE)
def symlink_of_a_layer_turned(store: Bundle) -> Truth:
    found = [
        path
        for path, (member, _) in store.entries.items()
        if member.kind == "symlink" and path.startswith(store.at("overlay/")) and "/diff/" in path
    ]
    path = store.draw(found)
    layer = path[len(store.at("overlay/")) :].partition("/")[0]
    if layer not in store.before[0] or not store.before[0][layer].get("diff-digest"):
        raise NotHere
    hit = serving(store, [layer])
    store.symlink(path, "../elsewhere")
    store.by_hand(path)
    return truth([layer, path], BASE, hit)


@later(HAND)
def digest_of_a_layer_changed(store: Bundle) -> Truth:
    layer = store.layer()
    digest = store.before[0][layer]["diff-digest"]
    store.change_record("layers", layer, **{"diff-digest": digest[:-4] + ("0000" if digest[-4:] != "0000" else "1111")})
    store.by_hand(store.index("layers.json"))
    hit = standing(store, [layer])
    return truth([layer, store.index("layers.json")], (HAND, SPLIT, BASE), hit)
