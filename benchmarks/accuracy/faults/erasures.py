"""Removed by age, by name or by a loop in a script; removals and prunes that were killed between two steps.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

from analyzer.source.member import FILE, HARDLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    BACK,
    BASE,
    BEHIND,
    GONE,
    LEAK,
    LINKS,
    LOST,
    PART,
    POWER,
    PULL,
    REMOVAL,
    REMOVED,
    SCANNER,
    SHARED,
    SPLIT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.mass import MASS, image_layers
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.steps import data_of, own_layers
from benchmarks.accuracy.truth import Truth, truth

# by age, by name


@unseen(BASE)
def every_file_older_than_the_newest_image_deleted(store: Bundle) -> Truth:
    """Do `find GRAPHROOT -type f ! -newer …  -delete` over all of the store."""
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    root = f"{store.root}/" if store.root else ""
    files = [p for p, (m, _) in store.entries.items() if m.kind == FILE and p.startswith(root) and p not in linked]
    if store.lent("layers") or len(files) < 20:
        raise NotHere
    bound = sorted(store.entries[p][0].mtime_ns for p in files)[2 * len(files) // 3]
    indexes = {store.index(f"{part}.json") for part in ("layers", "images", "containers")}
    gone = [p for p in files if store.entries[p][0].mtime_ns < bound and p not in indexes]
    if len(gone) < 10:
        raise NotHere
    hit = [k for k in store.before[0] if any(f"/{k}" in p for p in gone)]
    images = [k for k in store.before[1] if any(f"/{k}/" in p for p in gone)]
    store.take(*gone)
    return truth([*hit, *images, *gone, store.root or ".", store.at("overlay"), store.at("overlay-images")],
                 (BASE, SCANNER, WIPE, REMOVED, PART, LOST, LINKS))  # fmt: skip


@unseen(PART)
def everything_of_the_last_day_deleted(store: Bundle) -> Truth:
    """Do `find GRAPHROOT -mindepth 2 -newermt … -exec rm -rf`: all indexes are of today, and so is the newest layer."""
    if store.lent("layers") or store.driver != "overlay":
        raise NotHere
    rows = sorted(store.rows("layers.json"), key=lambda row: row.get("created", ""))
    if len(rows) < 4:
        raise NotHere
    hit = everybody(store)
    indexes = [store.index(f"{part}.json") for part in ("layers", "images", "containers")]
    store.take(*(p for p in indexes if p in store.entries), store.at("overlay", rows[-1]["id"]), store.link_of(
        rows[-1]["id"]))  # fmt: skip
    return truth([*indexes, *(p.rpartition("/")[0] for p in indexes), store.root or "."], (PART, WIPE, BACK, POWER,
                 "records-disagree", "layer-record-lost"), (hit[0], None))  # fmt: skip


@unseen(LOST)
def items_with_encoded_names_deleted(store: Bundle) -> Truth:
    """Do `rm overlay-images/*/=*`: configs and whatever else has a colon in its key."""
    place = store.at("overlay-images") + "/"
    gone = [p for p in store.entries if p.startswith(place) and p.rpartition("/")[2].startswith("=")]
    images = sorted({p.removeprefix(place).split("/")[0] for p in gone})
    if len(images) < MASS:
        raise NotHere
    store.take(*gone)
    return truth([*images, *gone, place.rstrip("/")], (LOST, "image-data-altered"),
                 (standing(store, images=images)[0], None))  # fmt: skip


@unseen(LOST)
def data_of_images_that_no_container_uses_deleted(store: Bundle) -> Truth:
    users = {row["image"] for row in store.before[2].values()}
    gone = [k for k in store.before[1] if k not in users and store.at("overlay-images", k) in store.entries]
    if len(gone) < 2 or len(gone) == len(store.before[1]):
        raise NotHere
    hit = standing(store, images=gone)
    store.take(*(store.at("overlay-images", k) for k in gone))
    return truth([*gone, store.at("overlay-images")], (LOST, WIPE, PART), (hit[0], None))


@unseen(LOST)
def manifests_of_images_without_a_name_deleted(store: Bundle) -> Truth:
    gone = {k: store.at("overlay-images", k) for k, row in store.before[1].items() if not row.get("names")}
    gone = {k: p for k, p in gone.items() if p in store.entries}
    if not gone:
        raise NotHere
    hit = standing(store, images=gone)
    store.take(*gone.values())
    return truth([*gone, *gone.values(), store.at("overlay-images")], (LOST, WIPE), (hit[0], None))


@unseen(BASE)
def one_package_removed_from_every_layer(store: Bundle) -> Truth:
    """Remove every file whose name has a syllable, as `locate … | xargs rm` does."""
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    layers, gone = set(), []
    for syllable in ("pass", "conf", "main", "lib", "data", "txt"):
        layers, gone = set(), []
        for layer in image_layers(store):
            for path in store.files(layer):
                if syllable in path.rpartition("/")[2] and path not in linked:
                    gone.append(path)
                    layers.add(layer)
        if len(layers) >= 2:
            break
    if len(layers) < 2:
        raise NotHere
    hit = serving(store, layers)
    store.take(*gone)
    return truth([*layers, *gone, store.at("overlay")], (BASE, SCANNER), hit)


@unseen(REMOVED)
def everything_but_diff_removed_from_one_layer(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    place = store.at("overlay", layer)
    gone = [p for p in store.below(place)[1:] if p.rpartition("/")[0] == place and not p.endswith("/diff")]
    if store.driver != "overlay" or len(gone) < 2:
        raise NotHere
    hit = standing(store, [layer])
    store.take(*gone)
    return truth([layer, place, *gone, store.at("overlay/l")], (REMOVED, LINKS, "records-disagree", BASE, WIPE), hit)


@unseen(REMOVED)
def layer_directory_and_its_tar_split_removed(store: Bundle) -> Truth:
    layer = store.layer()
    hit = serving(store, [layer])
    store.take(store.at("overlay", layer), store.at("overlay-layers", f"{layer}.tar-split.gz"))
    return truth([layer, store.at("overlay", layer)], (REMOVED, BACK, WIPE), hit)


@unseen(LOST)
def all_of_an_image_but_its_records_removed(store: Bundle) -> Truth:
    """Remove an image by `rm -rf` of what has its ids in the name: data, own layers, tar-splits."""
    image = store.image(used=False)
    own = own_layers(store, image)
    hit = standing(store, own, [image["id"]])
    paths = data_of(store, image, own)
    store.take(*(p for p in paths if p in store.entries))
    return truth([image["id"], *own, *paths], (LOST, REMOVED, WIPE), (hit[0], None))


@unseen(GONE)
def all_of_a_container_but_its_record_removed(store: Bundle) -> Truth:
    row = store.container()
    paths = [store.at("overlay", row["layer"]), store.at("overlay-containers", row["id"])]
    present = [p for p in paths if p in store.entries]
    if len(present) < 2:
        raise NotHere
    store.take(*present)
    return truth([row["id"], row["layer"], *paths], (GONE, REMOVED, BEHIND, REMOVAL), (set(), {row["id"]}))


@unseen(SHARED)
def tar_splits_and_directories_of_one_lent_layer_removed(store: Bundle) -> Truth:
    place = f"{store.additional}/{store.driver}"
    keys = sorted(k for k in store.lent("layers") if f"{place}/{k}" in store.entries)
    key = store.draw(keys)
    if any(p.endswith(f"/{key}") and not p.startswith(f"{place}/") for p in store.entries):
        raise NotHere
    hit = standing(store, [key])
    store.take(f"{place}/{key}", f"{store.additional}/{store.driver}-layers/{key}.tar-split.gz")
    return truth([key, f"{place}/{key}", store.additional], (SHARED, REMOVED), hit)


@unseen(LINKS)
def short_links_of_half_the_alphabet_deleted(store: Bundle) -> Truth:
    """Stop `rm overlay/l/*` half way: names go in order."""
    place = store.at("overlay/l") + "/"
    links = sorted(p for p in store.entries if p.startswith(place))
    gone = links[: len(links) // 2]
    layers = [
        k for k in store.before[0] if store.at("overlay", k, "link") in store.entries and store.link_of(k) in gone
    ]
    if len(gone) < 3 or len(layers) < 2:
        raise NotHere
    hit = standing(store, layers)
    store.take(*gone)
    return truth([*layers, *gone, place.rstrip("/")], (LINKS, REMOVED), hit)


@unseen(SPLIT)
def tar_splits_of_layers_without_a_container_deleted(store: Bundle) -> Truth:
    used = {k for row in store.before[2].values() for k in store.chain_of(row["layer"])}
    gone = {k: store.at("overlay-layers", f"{k}.tar-split.gz") for k in image_layers(store) if k not in used}
    gone = {k: p for k, p in gone.items() if p in store.entries}
    if len(gone) < 2 or len(gone) == len(image_layers(store)):
        raise NotHere
    store.take(*gone.values())
    return truth([*gone, *gone.values(), store.at("overlay-layers")], SPLIT, severe=False)


# killed between two steps


@unseen(REMOVAL)
def removal_killed_after_the_short_link(store: Bundle) -> Truth:
    """Flag the layer, remove its short link, be killed: the image is gone, the directory is whole."""
    users = {row["image"] for row in store.before[2].values()}
    image = store.draw(
        [i for i in store.before[1].values() if i["id"] not in users and i.get("layer") in store.before[0]]
    )
    layer = own_layers(store, image)[0]
    link = store.link_of(layer)
    store.drop_record("images", image["id"])
    store.remove(store.at("overlay-images", image["id"]))
    store.change_record("layers", layer, flags={"incomplete": True})
    store.take(link)
    for path in (store.index("images.json"), store.index("layers.json"), store.at("overlay-images")):
        store.entries[path][0].mtime_ns = store.later
    return truth([layer, link, store.at("overlay", layer)], (REMOVAL, PULL, LEAK), severe=False)


@unseen(REMOVAL)
def removal_of_a_container_killed_before_its_data(store: Bundle) -> Truth:
    """Remove the layer, record and directory, of a container; its own record and data are there."""
    row = store.container()
    name = store.file_of("layers", row["layer"])
    store.drop_record("layers", row["layer"])
    place = store.at("overlay", row["layer"])
    if place not in store.entries:
        raise NotHere
    link = store.link_of(row["layer"]) if store.driver == "overlay" else place
    store.take(*(p for p in (link, place) if p in store.entries))
    store.entries[store.index(name)][0].mtime_ns = store.later
    return truth([row["id"], row["layer"], place], (REMOVAL, GONE, REMOVED, "layer-record-lost", BEHIND, TWO),
                 (set(), {row["id"]}))  # fmt: skip


@unseen(WIPE)
def reset_killed_among_the_layers(store: Bundle) -> Truth:
    """Be killed in `podman system reset`: containers and images are gone, of the layers a part."""
    if store.lent("layers") or len(image_layers(store)) < 5:
        raise NotHere
    for part in ("containers", "images"):
        store.put(f"{part}.json", [])
        store.by_hand(store.index(f"{part}.json"))
    for part, keys in (("overlay-images", store.before[1]), ("overlay-containers", store.before[2])):
        for key in keys:
            if store.at(part, key) in store.entries:
                store.take(store.at(part, key))
    rows = {row["id"]: row for row in store.rows("layers.json")}
    for _ in range(len(rows) // 2):
        key = min(rows.keys() - {row.get("parent", "") for row in rows.values()})
        del rows[key]
        for path in (store.at("overlay", key), store.at("overlay-layers", f"{key}.tar-split.gz")):
            if path in store.entries:
                store.take(path)
    store.put("layers.json", rows.values())
    store.by_hand(store.index("layers.json"))
    left = list(rows)
    if not left:
        raise NotHere
    return truth([*left, store.root or ".", store.index("images.json"), store.index("containers.json")],
                 (WIPE, LEAK, BACK, REMOVAL, "records-disagree"), severe=False)  # fmt: skip


@unseen(REMOVED)
def nested_directories_of_each_layer_removed(store: Bundle) -> Truth:
    """Do `rm -rf overlay/*/diff/*/*`: first directories stay, and are empty."""
    gone, layers = [], []
    for layer in image_layers(store):
        top = store.at("overlay", layer, "diff")
        found = [p for p in store.below(top) if p.removeprefix(top).count("/") == 2]
        if found:
            layers.append(layer)
            gone += found
    if len(layers) < MASS:
        raise NotHere
    hit = serving(store, layers)
    store.take(*gone)
    return truth([*layers, *gone, store.at("overlay"), *(store.at("overlay", k, "diff") for k in layers)],
                 (BASE, SCANNER, WIPE, REMOVED), hit)  # fmt: skip
