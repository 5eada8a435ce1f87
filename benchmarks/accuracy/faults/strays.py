"""A second round of strangers: shapes of damage that the kinds before did not have.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy
import gzip

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    BACK,
    BASE,
    BEHIND,
    COPY,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    POWER,
    REMOVED,
    SHARED,
    SPLIT,
    WIPE,
)
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import image_layers, inside, told_of
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

# one record that makes the engine refuse the whole file


def _spoilt(store: Bundle, part: str, key: str, **fields: object) -> Truth:
    if store.lent(part):
        raise NotHere
    name = f"{part}.json"
    store.change_record(part, key, **fields)
    store.by_hand(store.index(name))
    images, containers = everybody(store)
    hit = {"layers": (images, containers), "images": (images, None), "containers": (None, containers)}[part]
    return truth([store.index(name), key], (HAND, MEDIA), hit)


@unseen(HAND)
def names_of_an_image_are_a_text(store: Bundle) -> Truth:
    row = store.image()
    return _spoilt(store, "images", row["id"], names=row["names"][0])


@unseen(HAND)
def time_of_an_image_in_words(store: Bundle) -> Truth:
    return _spoilt(store, "images", store.image()["id"], created="yesterday")


@unseen(HAND)
def time_of_a_layer_without_its_zone(store: Bundle) -> Truth:
    return _spoilt(store, "layers", store.layer(), created="2026-11-24 19:45:10")


@unseen(HAND)
def size_of_a_layer_beyond_its_type(store: Bundle) -> Truth:
    return _spoilt(store, "layers", store.layer(), **{"diff-size": 10**30})


@unseen(HAND)
def flags_of_a_layer_are_a_list(store: Bundle) -> Truth:
    return _spoilt(store, "layers", store.layer(), flags=[])


@unseen(HAND)
def id_of_a_record_is_a_number(store: Bundle) -> Truth:
    row = store.image()
    rows = [{**each, "id": 42} if each["id"] == row["id"] else each for each in store.rows("images.json")]
    if store.lent("images"):
        raise NotHere
    store.put("images.json", rows)
    store.by_hand(store.index("images.json"))
    return truth([store.index("images.json"), row["id"]], (HAND, MEDIA), (everybody(store)[0], None))


@unseen(HAND)
def comma_after_the_last_record(store: Bundle) -> Truth:
    if store.lent("images") or not store.rows("images.json"):
        raise NotHere
    path = store.index("images.json")
    store.edit(path, store.text(path).rstrip()[:-1].encode() + b",]")
    return truth(path, (HAND, MEDIA), (everybody(store)[0], None))


@unseen(HAND)
def remark_in_containers_json(store: Bundle) -> Truth:
    path = store.index("containers.json")
    if not store.rows("containers.json"):
        raise NotHere
    store.edit(path, b"// restored by hand\n" + store.data(path))
    return truth(path, HAND, (None, everybody(store)[1]))


# index files that are elsewhere


def _elsewhere(store: Bundle, part: str, name: str, data: bytes) -> Truth:
    path = store.index(f"{part}.json")
    if store.lent(part) or not store.rows(f"{part}.json"):
        raise NotHere
    store.take(path)
    store.write(path.removesuffix(f"{part}.json") + name, data)
    store.by_hand(path)
    hit = everybody(store) if part == "layers" else (everybody(store)[0], None)
    return truth([path, path.rpartition("/")[0]], (WIPE, BACK, HAND), hit)


@unseen(WIPE)
def layers_json_packed(store: Bundle) -> Truth:
    return _elsewhere(store, "layers", "layers.json.gz", gzip.compress(store.data(store.index("layers.json"))))


@unseen(WIPE)
def images_json_set_aside(store: Bundle) -> Truth:
    return _elsewhere(store, "images", "images.json.bak", store.data(store.index("images.json")))


@unseen(HAND)
def layers_json_is_a_directory(store: Bundle) -> Truth:
    path = store.index("layers.json")
    if store.lent("layers") or not store.rows("layers.json"):
        raise NotHere
    store.entries.pop(path)
    store.directory(path)
    store.by_hand(path)
    return truth([path, path.rpartition("/")[0]], (HAND, WIPE, BACK), everybody(store))


@unseen(HAND)
def lock_of_the_layers_is_a_directory(store: Bundle) -> Truth:
    path = store.at("overlay-layers", "layers.lock")
    if path not in store.entries:
        raise NotHere
    store.entries.pop(path)
    store.directory(path)
    store.by_hand(path)
    return truth([path, path.rpartition("/")[0]], (HAND, "unexplained"), (None, None))


# directories set aside


@unseen(REMOVED)
def diff_set_aside(store: Bundle) -> Truth:
    layer = store.layer()
    if store.driver != "overlay":
        raise NotHere
    path = store.at("overlay", layer, "diff")
    rename(store, path, path + ".bak")
    store.by_hand(path + ".bak")
    return truth([layer, path, path + ".bak"], (REMOVED, BASE), standing(store, [layer]))


@unseen(LINKS)
def link_text_set_aside(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer, "link")
    rename(store, path, path + ".orig")
    store.by_hand(path + ".orig")
    return truth([layer, path], (LINKS, HAND, REMOVED), standing(store, [layer]))


@unseen(HAND)
def lower_with_a_colon_at_its_end(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    store.edit(path, store.data(path) + b":")
    return truth([layer, path], HAND, standing(store, [layer]))


@unseen(HAND)
def lower_with_paths_of_another_disk(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    store.edit(path, ":".join(f"/data/overlay/{each}" for each in store.text(path).split(":")).encode())
    return truth([layer, path], HAND, standing(store, [layer]))


@unseen(GONE)
def data_of_a_container_renamed(store: Bundle) -> Truth:
    row = store.container(image=False)
    path = store.at("overlay-containers", row["id"])
    if len(store.below(path)) < 3:
        raise NotHere
    rename(store, path, path + ".old")
    store.by_hand(path + ".old")
    return truth([row["id"], path, path + ".old"], (GONE, BEHIND), (set(), None))


@unseen(BEHIND)
def volume_removed(store: Bundle) -> Truth:
    found = [p for p in store.entries if p.endswith("/_data") and p.split("/")[-3] == "volumes"]
    path = store.draw(found).removesuffix("/_data")
    store.take(path)
    database = [p for p in store.entries if p.endswith("libpod/bolt_state.db")]
    if not database or path.rpartition("/")[2].encode() not in store.data(database[0]):
        raise NotHere
    return truth([path, *database, path.rpartition("/")[2]], (BEHIND, GONE))


@unseen(HAND)
def image_of_a_container_is_another(store: Bundle) -> Truth:
    row = store.container()
    other = store.image()
    if other["id"] == row["image"] or other["layer"] in store.chain_of(row["layer"]):
        raise NotHere
    store.change_record("containers", row["id"], image=other["id"])
    store.by_hand(store.index(store.file_of("containers", row["id"])))
    return truth([row["id"], other["id"]], HAND, (None, None))


# files of layers


@unseen(BASE)
def log_of_a_layer_written(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == FILE and not m.size]
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    layer, path = store.draw([each for each in found if each[1] not in linked and "/.wh." not in each[1]])
    store.edit(path, b"Nov 29 11:00:01 node1 agent[1]: scanned\n")
    return truth([layer, path], BASE, serving(store, [layer]))


@unseen(BASE)
def file_made_longer_by_zeros(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    store.edit(path, store.data(path) + bytes(4096))
    return truth([layer, path], (BASE, MEDIA, POWER), serving(store, [layer]))


@unseen(BASE)
def device_of_other_numbers(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == CHAR and m.rdev != (0, 0)]
    layer, path = store.draw(found)
    store.entries[path][0].rdev = (5, 0)
    store.by_hand(path)
    return truth([layer, path], (BASE, COPY), serving(store, [layer]))


@unseen(BASE)
def file_with_two_names_edited(store: Bundle) -> Truth:
    found = [
        (k, m.link) for k, _, m in inside(store, image_layers(store)) if m.kind == HARDLINK and m.link in store.entries
    ]
    layer, path = store.draw(found)
    store.edit(path, store.data(path) + b"edited\n")
    names = [p for _, p, m in inside(store, [layer]) if m.kind == HARDLINK and m.link == path]
    return truth([layer, path, *names], BASE, serving(store, [layer]))


@unseen(BASE)
def capability_planted(store: Bundle) -> Truth:
    known = [m.xattrs["security.capability"] for m, _ in store.entries.values() if "security.capability" in m.xattrs]
    layer, (path,) = store.layer_with_files()
    if not known or store.entries[path][0].xattrs:
        raise NotHere
    store.change(path, xattrs={"security.capability": known[0]})
    return truth([layer, path], (BASE, COPY), serving(store, [layer]))


@unseen(BASE)
def symlinks_made_relative_everywhere(store: Bundle) -> Truth:
    """Do `symlinks -cr` over the store: absolute targets become relative ones."""
    layers = set()
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == SYMLINK and member.link.startswith("/"):
            member.link = "../" * 3 + member.link.lstrip("/")
            store.by_hand(path)
            layers.add(layer)
    if not layers:
        raise NotHere
    return truth(told_of(store, sorted(layers), "diff"), (BASE, COPY), serving(store, layers))


@unseen(BASE)
def directory_of_one_layer_copied_into_another(store: Bundle) -> Truth:
    one, two = store.layer(), store.layer()
    top, other = store.at("overlay", one, "diff"), store.at("overlay", two, "diff")
    below = [p for p in store.below(top)[1:] if store.entries[p][0].kind in (FILE, DIRECTORY)]
    new = [p for p in below if other + p[len(top) :] not in store.entries]
    if one == two or not new or store.driver != "overlay":
        raise NotHere
    for path in new:
        member, data = store.entries[path]
        twin = copy.copy(member)
        twin.path = other + path[len(top) :]
        store.entries[twin.path] = (twin, data)
        store.by_hand(twin.path)
    return truth([two, other, *(other + p[len(top) :] for p in new)], BASE, serving(store, [two]))


# mapped copies, tables of contents, additional stores


@unseen(REMOVED)
def mapped_copy_removed(store: Bundle) -> Truth:
    found = [p for p in store.entries if p.endswith("/diff1") and p.split("/")[-2] in store.before[0]]
    path = store.draw(sorted(found))
    layer = path.split("/")[-2]
    store.take(path)
    users = {key for key, row in store.before[2].items() if layer in store.chain_of(row["layer"])}
    return truth([layer, path], (REMOVED, BASE, HAND), (None, users))


@unseen(SPLIT)
def tables_of_contents_swapped(store: Bundle) -> Truth:
    found = sorted(
        p for p in store.entries if p.endswith(("/=enN0ZDpjaHVua2VkLW1hbmlmZXN0", "/=enN0ZC1jaHVua2VkLW1hbmlmZXN0"))
    )
    if len(found) < 2 or store.data(found[0]) == store.data(found[1]):
        raise NotHere
    one, two = found[:2]
    if any(store.at("overlay-layers", f"{p.split('/')[-2]}.tar-split.gz") in store.entries for p in (one, two)):
        raise NotHere
    text = store.data(one)
    store.edit(one, store.data(two))
    store.edit(two, text)
    return truth([one.split("/")[-2], two.split("/")[-2], one, two], (SPLIT, HAND, BASE))


def _lent(store: Bundle, name: str) -> str:
    if not store.additional:
        raise NotHere
    return store.draw(sorted(p for p in store.entries if p.startswith(store.additional + "/") and p.endswith(name)))


@unseen(SHARED)
def images_json_of_the_additional_store_cut(store: Bundle) -> Truth:
    path = _lent(store, "/images.json")
    if not store.lent("images"):
        raise NotHere
    store.write(path, store.data(path)[: len(store.data(path)) // 2])
    return truth([path, store.additional, path.rpartition("/")[0]], (SHARED, POWER, MEDIA, HAND))


@unseen(SHARED)
def layers_json_of_the_additional_store_nul(store: Bundle) -> Truth:
    path = _lent(store, "/layers.json")
    if not store.lent("layers"):
        raise NotHere
    store.write(path, bytes(len(store.data(path))))
    return truth([path, store.additional, path.rpartition("/")[0]], (SHARED, POWER, MEDIA, HAND))


@unseen(SHARED)
def link_text_of_the_additional_store_removed(store: Bundle) -> Truth:
    path = _lent(store, "/link")
    layer = path.split("/")[-2]
    store.take(path)
    return truth([layer, path], (SHARED, LINKS, HAND, REMOVED))


@unseen(SHARED)
def manifest_of_the_additional_store_removed(store: Bundle) -> Truth:
    path = _lent(store, "/manifest")
    image = path.split("/")[-2]
    store.take(path)
    return truth([image, path], (SHARED, LOST))


@unseen(BASE)
def file_of_the_additional_store_edited(store: Bundle) -> Truth:
    found = [
        p
        for p, (m, d) in store.entries.items()
        if store.additional
        and p.startswith(store.additional + "/")
        and "/diff/" in p
        and m.kind == FILE
        and len(d) > 40
    ]
    path = store.draw(sorted(found))
    layer = path.split("/diff/")[0].rpartition("/")[2]
    store.edit(path, store.data(path) + b"edited\n")
    return truth([layer, path], (BASE, SHARED))


# a power cut


@unseen(POWER)
def tar_splits_of_the_newest_image_empty(store: Bundle) -> Truth:
    row = max(store.before[1].values(), key=lambda each: each.get("created", ""), default=None)
    if row is None:
        raise NotHere
    paths = [store.at("overlay-layers", f"{k}.tar-split.gz") for k in store.chain_of(row.get("layer", ""))]
    paths = [p for p in paths if p in store.entries]
    if len(paths) < 2:
        raise NotHere
    for path in paths:
        store.write(path, b"")
    layers = [p.rpartition("/")[2].split(".")[0] for p in paths]
    return truth([*layers, *paths], (POWER, SPLIT))


@unseen(POWER)
def state_of_a_container_cut(store: Bundle) -> Truth:
    found = [p for p in store.entries if p.endswith("/userdata/config.json") and p.split("/")[-3] in store.before[2]]
    crio = {key for key, row in store.before[2].items() if "pod-id" in row.get("metadata", "")}
    path = store.draw(sorted(p for p in found if p.split("/")[-3] in crio))
    if len(store.data(path)) < 40:
        raise NotHere
    store.write(path, store.data(path)[: len(store.data(path)) // 2])
    key = path.split("/")[-3]
    return truth([key, path], (POWER, GONE, MEDIA, "disk-full"), (set(), None))
