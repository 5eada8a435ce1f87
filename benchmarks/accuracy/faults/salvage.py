"""What fsck, a half copy, an undone snapshot and a restore into the wrong directory leave; disks that were full.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

from benchmarks.accuracy.bundle import DAY, Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    BEHIND,
    COPY,
    FULL,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    PART,
    POWER,
    RECORD,
    REMOVED,
    SHARED,
    SPLIT,
    SWEPT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import image_layers
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.steps import vanish
from benchmarks.accuracy.truth import Truth, truth


def _lost_and_found(store: Bundle, path: str, number: int) -> str:
    """Let fsck move what has lost its name; no time moves."""
    place = f"{store.graph_root}/lost+found" if store.graph_root else "lost+found"
    if place not in store.entries:
        store.directory(place)
    if path not in store.entries:
        raise NotHere
    rename(store, path, f"{place}/#{number}")
    return f"{place}/#{number}"


# what fsck moved


@unseen(LINKS)
def directory_of_short_links_in_lost_and_found(store: Bundle) -> Truth:
    place = store.at("overlay/l")
    hit = everybody(store)
    moved = _lost_and_found(store, place, 131_201)
    return truth([place, store.at("overlay"), moved, *store.before[0]], (LINKS, MEDIA, WIPE, PART), hit)


@unseen(LOST)
def data_of_an_image_in_lost_and_found(store: Bundle) -> Truth:
    image = store.image()
    place = store.at("overlay-images", image["id"])
    hit = standing(store, images=[image["id"]])
    moved = _lost_and_found(store, place, 131_311)
    return truth([image["id"], place, moved], (LOST, MEDIA, POWER), (hit[0], None))


@unseen(GONE)
def data_of_a_container_in_lost_and_found(store: Bundle) -> Truth:
    row = store.container()
    place = store.at("overlay-containers", row["id"])
    moved = _lost_and_found(store, place, 131_402)
    return truth([row["id"], place, moved], (GONE, MEDIA, POWER, BEHIND), (set(), {row["id"]}))


@unseen(MEDIA)
def layers_json_in_lost_and_found(store: Bundle) -> Truth:
    path = store.index("layers.json")
    hit = everybody(store)
    moved = _lost_and_found(store, path, 131_500)
    return truth([path, path.rpartition("/")[0], moved], (MEDIA, POWER, BACK, WIPE, PART, HAND, RECORD), hit)


@unseen(MEDIA)
def files_of_two_layers_in_lost_and_found(store: Bundle) -> Truth:
    hit, paths = [], []
    for layer in image_layers(store):
        files = store.files(layer, least=100)
        if len(files) > 3 and len(hit) < 2:
            hit.append(layer)
            paths += files[1:4]
    if len(hit) < 2:
        raise NotHere
    for number, path in enumerate(paths):
        _lost_and_found(store, path, 131_600 + number)
    return truth([*hit, *paths, store.at("overlay")], (MEDIA, POWER, BASE), serving(store, hit))


@unseen(MEDIA)
def file_cross_linked_with_one_of_another_layer(store: Bundle) -> Truth:
    """Let two names of different layers lead to one inode: fsck kept the content of the other."""
    one, two = store.draw([(a, b) for a in image_layers(store) for b in image_layers(store) if a != b])
    mine, other = store.draw(store.files(one, least=100)), store.draw(store.files(two, least=100))
    if store.data(mine) == store.data(other):
        raise NotHere
    member, theirs = store.entries[mine][0], store.entries[other][0]
    store.write(mine, store.data(other))
    member.mode, member.uid, member.gid, member.mtime_ns = theirs.mode, theirs.uid, theirs.gid, theirs.mtime_ns
    member.xattrs = dict(theirs.xattrs)
    return truth([one, mine, store.at("overlay", one, "diff")], (MEDIA, BASE, TWO, POWER), serving(store, [one]))


# half copies, restores into the wrong place


@unseen(REMOVED)
def driver_home_restored_one_level_deeper(store: Bundle) -> Truth:
    """Restore `overlay` into `overlay`."""
    place = store.at("overlay")
    hit = everybody(store)
    for child in [p for p in store.below(place)[1:] if p.rpartition("/")[0] == place]:
        rename(store, child, f"{place}/overlay/{child.rpartition('/')[2]}")
    store.directory(f"{place}/overlay")
    store.by_hand(f"{place}/overlay")
    return truth([place, f"{place}/overlay", *store.before[0]], (REMOVED, WIPE, PART, HAND, LINKS), hit)


@unseen(LOST)
def data_of_images_restored_one_level_deeper(store: Bundle) -> Truth:
    place = store.at("overlay-images")
    images = [k for k in store.before[1] if store.at("overlay-images", k) in store.entries]
    if len(images) < 2:
        raise NotHere
    hit = standing(store, images=images)
    for key in images:
        rename(store, f"{place}/{key}", f"{place}/overlay-images/{key}")
    store.directory(f"{place}/overlay-images")
    store.by_hand(f"{place}/overlay-images")
    return truth([place, f"{place}/overlay-images", *images], (LOST, WIPE, PART, HAND), (hit[0], None))


@unseen(REMOVED)
def contents_of_a_layer_restored_one_level_up(store: Bundle) -> Truth:
    """Restore a layer's files beside its `diff`, which is empty."""
    layer = store.layer()
    place = store.at("overlay", layer)
    if store.driver != "overlay":
        raise NotHere
    hit = serving(store, [layer])
    for child in [p for p in store.below(f"{place}/diff")[1:] if p.rpartition("/")[0] == f"{place}/diff"]:
        rename(store, child, f"{place}/{child.rpartition('/')[2]}")
    store.by_hand(f"{place}/diff")
    store.entries[f"{place}/diff"][0].mtime_ns = store.later
    return truth([layer, place, f"{place}/diff"], (REMOVED, BASE, HAND, WIPE), hit)


@unseen(REMOVED)
def layer_directory_restored_into_itself(store: Bundle) -> Truth:
    """Restore `overlay/ID` into `overlay/ID`: all of it lies a level deeper."""
    layer = store.layer()
    place = store.at("overlay", layer)
    hit = serving(store, [layer])
    if store.driver != "overlay":
        raise NotHere
    for child in [p for p in store.below(place)[1:] if p.rpartition("/")[0] == place]:
        rename(store, child, f"{place}/{layer}/{child.rpartition('/')[2]}")
    store.directory(f"{place}/{layer}")
    store.by_hand(f"{place}/{layer}")
    return truth(
        [layer, place, f"{place}/diff", f"{place}/link", f"{place}/{layer}"], (REMOVED, HAND, WIPE, LINKS), hit
    )


@unseen(BACK)
def driver_home_rolled_back(store: Bundle) -> Truth:
    """Undo to a snapshot of the subvolume of `overlay` alone: what was made since has records and no directories."""
    rows = sorted(store.rows("layers.json"), key=lambda row: row.get("created", ""))
    if len(rows) < 5 or store.driver != "overlay" or store.lent("layers"):
        raise NotHere
    gone = [row["id"] for row in rows[-len(rows) // 3 :] if store.at("overlay", row["id"]) in store.entries]
    if len(gone) < 2:
        raise NotHere
    hit = standing(store, gone)
    for key in gone:
        link = store.link_of(key)
        vanish(store, *(p for p in (link,) if p in store.entries), store.at("overlay", key))
    for path in (store.at("overlay"), store.at("overlay/l")):
        store.entries[path][0].mtime_ns -= DAY
    store.entries[store.index("layers.json")][0].mtime_ns = store.later
    return truth([*gone, store.at("overlay"), store.root], (REMOVED, BACK, WIPE), hit)


@unseen(LINKS)
def short_links_of_an_older_day(store: Bundle) -> Truth:
    """Restore `overlay/l` by `rsync --delete`: the newest layers have no short link."""
    rows = sorted(store.rows("layers.json"), key=lambda row: row.get("created", ""))
    gone = [row["id"] for row in rows[-len(rows) // 3 :]] if len(rows) > 5 and store.driver == "overlay" else []
    links = {key: store.link_of(key) for key in gone if store.at("overlay", key, "link") in store.entries}
    links = {key: path for key, path in links.items() if path in store.entries}
    if len(links) < 2:
        raise NotHere
    hit = standing(store, links)
    vanish(store, *links.values())
    store.entries[store.at("overlay/l")][0].mtime_ns -= DAY
    store.entries[store.index("layers.json")][0].mtime_ns = store.later
    return truth([*links, *links.values(), store.at("overlay/l")], (LINKS, BACK), hit)


@unseen(GONE)
def directory_of_containers_of_the_first_day(store: Bundle) -> Truth:
    """Restore `overlay-containers` whole: newer containers have neither record nor data."""
    rows = sorted(store.rows("containers.json"), key=lambda row: row.get("created", ""))
    if len(rows) < 3:
        raise NotHere
    gone = [row["id"] for row in rows[1:]]
    layers = [row["layer"] for row in rows[1:]]
    store.put("containers.json", rows[:1])
    paths = [store.at("overlay-containers", key) for key in gone]
    for path in paths:
        if path in store.entries:
            vanish(store, path)
    for path in (store.index("containers.json"), store.at("overlay-containers")):
        store.entries[path][0].mtime_ns -= DAY
    subjects = [*gone, *layers, store.index("containers.json"), store.at("overlay-containers")]
    return truth(subjects, (BACK, GONE, TWO, RECORD, BEHIND), (set(), None))


@unseen(REMOVED)
def only_the_driver_home_renamed(store: Bundle) -> Truth:
    """Do `mv overlay overlay2`."""
    if store.driver != "overlay":
        raise NotHere
    place = store.at("overlay")
    hit = everybody(store)
    rename(store, place, f"{place}2")
    root = place.rpartition("/")[0]
    if root in store.entries:
        store.entries[root][0].mtime_ns = store.later
    return truth([place, f"{place}2", root, *store.before[0]], (REMOVED, WIPE, PART, HAND, "driver-mixed"), hit)


# disks that were full


@unseen(FULL)
def config_emptied(store: Bundle) -> Truth:
    image = store.image()
    path = store.config(image["id"])
    hit = standing(store, images=[image["id"]])
    store.write(path, b"")
    return truth([image["id"], path], (POWER, FULL, ALTERED, LOST, MEDIA), (hit[0], None))


@unseen(POWER)
def tar_split_of_its_header_alone(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    store.write(path, store.data(path)[:10])
    return truth([layer, path], (SPLIT, POWER, FULL, MEDIA), severe=False)


@unseen(POWER)
def small_files_of_the_newest_layers_empty(store: Bundle) -> Truth:
    """Cut the power: `link` and `lower` of the newest two layers were never written."""
    rows = sorted(store.rows("layers.json"), key=lambda row: row.get("created", ""))[-2:]
    paths = [store.at("overlay", row["id"], name) for row in rows for name in ("link", "lower")]
    paths = [p for p in paths if p in store.entries]
    if len(paths) < 3:
        raise NotHere
    hit = standing(store, [row["id"] for row in rows])
    for path in paths:
        store.write(path, b"")
    return truth([*(row["id"] for row in rows), *paths, store.at("overlay")], (POWER, FULL, LINKS), hit)


@unseen(FULL)
def images_json_cut_at_a_block_and_a_temporary_file_left(store: Bundle) -> Truth:
    path = store.index("images.json")
    data = store.data(path)
    if len(data) < 5000:
        raise NotHere
    hit = set(store.before[1])
    store.write(path, data[:4096])
    store.write(f"{path.rpartition('/')[0]}/.tmp-images.json712933", b"")
    return truth([path, path.rpartition("/")[0]], (POWER, FULL, MEDIA, HAND), (hit, None))


@unseen(TWO)
def record_of_the_newest_containers_layer_lost(store: Bundle) -> Truth:
    """Let another engine save what it knew before the container was made."""
    rows = sorted(store.before[2].values(), key=lambda row: row.get("created", ""))
    row = rows[-1]
    store.drop_record("layers", row["layer"])
    return truth(
        [row["layer"], row["id"], store.index("layers.json")], (RECORD, TWO, GONE, BACK, HAND), (set(), {row["id"]})
    )


@unseen(SHARED)
def additional_store_half_copied(store: Bundle) -> Truth:
    """Stop the copy of the shared store: the second half of its layers never came."""
    place = f"{store.additional}/{store.driver}"
    ids = sorted(k for k in store.lent("layers") if f"{place}/{k}" in store.entries)
    gone = ids[len(ids) // 2 :]
    if not gone or any(p.endswith(f"/{k}") and not p.startswith(f"{place}/") for k in gone for p in store.entries):
        raise NotHere
    hit = standing(store, gone)
    vanish(store, *(f"{place}/{k}" for k in gone))
    store.entries[place][0].mtime_ns = store.later
    return truth([*gone, place, store.additional, *(f"{place}/{k}" for k in gone)], (SHARED, REMOVED, COPY), hit)


@unseen(SHARED)
def modes_of_the_additional_store_closed(store: Bundle) -> Truth:
    """Do `chmod -R go-rwx` on the shared store."""
    paths = [
        p
        for p in store.entries
        if store.additional and p.startswith(f"{store.additional}/{store.driver}/") and "/diff/" in p
    ]
    if not paths:
        raise NotHere
    home = f"{store.additional}/{store.driver}"
    layers = {p.removeprefix(f"{home}/").split("/")[0] for p in paths}
    hit = standing(store, layers)
    for path in paths:
        member = store.entries[path][0]
        if member.kind != "symlink":
            member.mode &= ~0o077
    subjects = [*layers, *paths, store.additional, home, *(f"{home}/{k}/diff" for k in layers)]
    return truth(subjects, (SWEPT, SHARED), hit)
