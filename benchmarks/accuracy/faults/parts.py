"""Parts of a store that were restored, exchanged with those of another node, or copied by what cannot hold their names.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

from analyzer.source.member import DIRECTORY
from benchmarks.accuracy.bundle import DAY, Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    BACK,
    BASE,
    COPY,
    DRIVER,
    GONE,
    HAND,
    LEAK,
    LINKS,
    LOST,
    MEDIA,
    PART,
    RECORD,
    REMOVED,
    SHARED,
    SPLIT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.flips import LINK_LETTERS, rename
from benchmarks.accuracy.faults.mass import image_layers
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.steps import newest
from benchmarks.accuracy.truth import Truth, truth


def strange(store: Bundle) -> str:
    """Return an id that no store has."""
    return f"{store.dice.getrandbits(256):064x}"


def short(store: Bundle) -> str:
    """Return a short link's name that no store has."""
    return "".join(store.dice.choices(LINK_LETTERS, k=26))


def _earlier(store: Bundle, *paths: str) -> None:
    """Give what a backup brought back the times that it had then."""
    for path in paths:
        if path in store.entries:
            store.entries[path][0].mtime_ns -= DAY


# a part restored


@unseen(BACK)
def images_of_yesterday_with_their_data(store: Bundle) -> Truth:
    """Restore `overlay-images` whole: the newest image of a container has neither record nor data."""
    users = {row["image"] for row in store.before[2].values()}
    found = [row for row in store.before[1].values() if row["id"] in users and not store.lent("images")]
    image = max(found, key=lambda row: row.get("created", ""), default=None)
    if image is None or len(store.before[1]) < 2:
        raise NotHere
    hit = standing(store, images=[image["id"]])
    store.drop_record("images", image["id"])
    place = store.at("overlay-images", image["id"])
    for path in store.below(place):
        store.entries.pop(path)
    _earlier(store, store.index("images.json"), store.at("overlay-images"))
    return truth([image["id"], store.index("images.json"), *hit[1], place], (BACK, GONE), (None, hit[1]))


@unseen(BACK)
def layer_records_of_yesterday_with_their_tar_splits(store: Bundle) -> Truth:
    layer = newest(store)
    hit = standing(store, [layer])
    if layer not in {row["id"] for row in store.rows("layers.json")} or len(store.before[0]) < 3:
        raise NotHere
    store.put("layers.json", [row for row in store.rows("layers.json") if row["id"] != layer])
    store.entries.pop(store.at("overlay-layers", f"{layer}.tar-split.gz"), None)
    _earlier(store, store.index("layers.json"), store.index("layers.json").rpartition("/")[0])
    return truth([layer, store.index("layers.json"), store.at("overlay", layer)], (BACK, RECORD), hit)


@unseen(BACK)
def store_of_yesterday_under_the_database_of_today(store: Bundle) -> Truth:
    """Restore everything but libpod's directory: a container is known to Podman and to nothing else."""
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    row = store.container(crio=False)
    own = store.at("overlay-containers", row["id"], "userdata/shm")  # podman's: buildah makes none
    if not base or not base[0].startswith(store.graph_root) or own not in store.entries:
        raise NotHere
    if store.driver == "overlay":
        store.entries.pop(store.link_of(row["layer"]), None)
    store.drop_record("containers", row["id"])
    store.drop_record("layers", row["layer"])
    gone = [store.at("overlay", row["layer"]), store.at("overlay-containers", row["id"])]
    for place in gone:
        for path in store.below(place):
            store.entries.pop(path)
    _earlier(store, store.index("containers.json"), store.index("layers.json"))
    return truth([row["id"], row["layer"], *base, *gone, store.index("containers.json")],
                 ("libpod-storage-gone", BACK, GONE, REMOVED))  # fmt: skip


# another node's part


@unseen(REMOVED)
def driver_home_of_another_node(store: Bundle) -> Truth:
    """Do `rsync -a --delete other:overlay/ overlay/`: no layer of the records is there, and strangers' are."""
    home = store.at("overlay")
    layers = [key for key in store.before[0] if store.at("overlay", key) in store.entries]
    if len(layers) < 3 or store.lent("layers") or store.driver != "overlay":
        raise NotHere
    hit = serving(store, layers)
    for layer in layers:
        text = store.at("overlay", layer, "link")
        other, name = strange(store), short(store)
        if text in store.entries:
            store.entries.pop(store.link_of(layer), None)
            store.symlink(store.at("overlay/l", name), f"../{other}/diff")
            store.write(text, name.encode())
        rename(store, store.at("overlay", layer), store.at("overlay", other))
    for path in store.below(home):
        lower = path.endswith("/lower") and path.count("/") == home.count("/") + 2
        if lower:
            store.write(path, ":".join(f"l/{short(store)}" for _ in store.text(path).split(":")).encode())
    store.by_hand(home, store.at("overlay/l"))
    return truth([*layers, home, store.root, *(store.at("overlay", key) for key in layers)],
                 (REMOVED, WIPE, HAND, TWO, LEAK), hit)  # fmt: skip


@unseen(LINKS)
def link_texts_of_another_node(store: Bundle) -> Truth:
    layers = [key for key in image_layers(store) if store.at("overlay", key, "link") in store.entries]
    if len(layers) < 3:
        raise NotHere
    hit = standing(store, layers)
    for layer in layers:
        store.edit(store.at("overlay", layer, "link"), short(store).encode())
    return truth([*layers, store.at("overlay/l"), store.at("overlay"),
                  *(store.at("overlay", k, "link") for k in layers)], (LINKS, HAND, TWO), hit)  # fmt: skip


@unseen(LINKS)
def link_text_of_another_node(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    path = store.at("overlay", layer, "link")
    if path not in store.entries:
        raise NotHere
    store.edit(path, short(store).encode())
    return truth([layer, path], (LINKS, HAND), hit)


@unseen(HAND)
def lower_of_another_node(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    hit = standing(store, [layer])
    path = store.at("overlay", layer, "lower")
    store.edit(path, ":".join(f"l/{short(store)}" for _ in store.text(path).split(":")).encode())
    return truth([layer, path], (HAND, LINKS), hit)


@unseen(SPLIT)
def tar_splits_of_another_node(store: Bundle) -> Truth:
    """Put another node's tar-splits in place of these: none belongs to a layer that is here."""
    paths = [store.at("overlay-layers", f"{key}.tar-split.gz") for key in image_layers(store)]
    paths = [p for p in paths if p in store.entries]
    if len(paths) < 2:
        raise NotHere
    for path in paths:
        rename(store, path, f"{path.rpartition('/')[0]}/{strange(store)}.tar-split.gz")
    store.by_hand(paths[0].rpartition("/")[0] + "/x")
    store.entries[paths[0].rpartition("/")[0]][0].mtime_ns = store.later
    layers = [p.rpartition("/")[2].split(".")[0] for p in paths]
    return truth([*layers, *paths, paths[0].rpartition("/")[0]], (SPLIT, PART))


@unseen(LOST)
def data_of_another_nodes_image_in_its_place(store: Bundle) -> Truth:
    """Have another node's directory where an image's was: `rsync --delete` by a wrong id."""
    image = store.image()
    hit = standing(store, images=[image["id"]])
    place = store.at("overlay-images", image["id"])
    other = store.at("overlay-images", strange(store))
    rename(store, place, other)
    store.by_hand(other)
    return truth([image["id"], place, other], (LOST, LEAK), (hit[0], None))


# what cannot hold the names


def _renamed(store: Bundle, found: dict[str, str]) -> None:
    for old, new in found.items():
        rename(store, old, new)
        store.entries[new.rpartition("/")[0]][0].mtime_ns = store.later


def _items(store: Bundle) -> list[str]:
    places = [store.at("overlay-images", key) for key in store.before[1]]
    return [p for place in places for p in store.below(place)[1:] if p.rpartition("/")[2].startswith("=")]


def _told(store: Bundle, paths: list[str]) -> Truth:
    images = {p.split("/")[-2] for p in paths}
    return truth([*images, *paths, store.at("overlay-images")], (LOST, COPY, HAND, MEDIA),
                 (standing(store, images=images)[0], None))  # fmt: skip


@unseen(LOST)
def equals_signs_replaced_in_names(store: Bundle) -> Truth:
    paths = _items(store)
    if len(paths) < 2:
        raise NotHere
    hit = _told(store, paths)
    _renamed(store, {p: "/_".join(p.rsplit("/=", 1)) for p in paths})
    return hit


@unseen(LOST)
def long_names_not_copied(store: Bundle) -> Truth:
    """Copy by what holds names of a hundred bytes: the configs of all images are missing, and were never written."""
    paths = [p for p in _items(store) if len(p.rpartition("/")[2]) > 100]
    if len(paths) < 2:
        raise NotHere
    hit = _told(store, paths)
    store.take(*paths)
    return hit


@unseen(LINKS)
def short_links_in_small_letters(store: Bundle) -> Truth:
    paths = store.below(store.at("overlay/l"))[1:]
    if len(paths) < 2:
        raise NotHere
    _renamed(store, {p: "/".join((p.rpartition("/")[0], p.rpartition("/")[2].lower())) for p in paths})
    return truth([store.at("overlay/l"), store.at("overlay"), *paths, *store.before[0]], (LINKS, WIPE),
                 everybody(store))  # fmt: skip


@unseen(LOST)
def data_of_the_images_in_capitals(store: Bundle) -> Truth:
    """Have every directory of image data under its id in capitals, as some archives of other systems do."""
    places = [store.at("overlay-images", key) for key in store.before[1]]
    places = [p for p in places if p in store.entries]
    if len(places) < 2:
        raise NotHere
    other = {p: "/".join((p.rpartition("/")[0], p.rpartition("/")[2].upper())) for p in places}
    hit = standing(store, images=store.before[1])
    _renamed(store, other)
    return truth([*store.before[1], *places, *other.values(), store.at("overlay-images")], (LOST, LEAK, WIPE, HAND),
                 (hit[0], None))  # fmt: skip


# other drivers, additional stores


@unseen(DRIVER)
def indexes_renamed_for_another_driver(store: Bundle) -> Truth:
    """Rename `overlay-*` to `vfs-*` for a store that is configured for vfs, and leave the layers where they are."""
    if store.driver != "overlay" or store.lent("layers") or store.root != store.graph_root:
        raise NotHere
    places = [store.at(f"overlay-{part}") for part in ("containers", "images", "layers")]
    for place in places:
        if place in store.entries:
            rename(store, place, place.replace("overlay-", "vfs-"))
    store.entries[store.graph_root][0].mtime_ns = store.later
    return truth([store.root, store.at("overlay"), *places, *store.before[0],
                  *(p.replace("overlay-", "vfs-") for p in places), f"{store.root}/vfs", f"{store.root}/vfs/dir"],
                 (DRIVER, WIPE, PART, REMOVED, HAND))  # fmt: skip


def lent_paths(store: Bundle, end: str) -> list[str]:
    found = sorted(p for p in store.entries if store.additional and p.startswith(store.additional + "/"))
    found = [p for p in found if p.endswith(end) and "/diff/" not in p]
    if not found:
        raise NotHere
    return found


@unseen(SHARED)
def tar_splits_of_the_additional_store_removed(store: Bundle) -> Truth:
    paths = lent_paths(store, ".tar-split.gz")
    store.take(*paths)
    return truth([*paths, *(p.rpartition("/")[2].split(".")[0] for p in paths), paths[0].rpartition("/")[0]],
                 (SHARED, SPLIT, PART))  # fmt: skip


@unseen(SHARED)
def short_links_of_the_additional_store_removed(store: Bundle) -> Truth:
    place = f"{store.additional}/{store.driver}/l"
    paths = [p for p in lent_paths(store, "") if p.startswith(place + "/")]
    if not paths:
        raise NotHere
    store.take(*paths)
    return truth([place, *paths, store.additional, *store.lent("layers")], (SHARED, LINKS))


@unseen(SHARED)
def layer_records_of_the_additional_store_emptied(store: Bundle) -> Truth:
    (path,) = lent_paths(store, "/layers.json")
    store.edit(path, b"[]")
    return truth([path, store.additional, *store.lent("layers"), path.rpartition("/")[0]], (SHARED, RECORD, BACK, HAND))


@unseen(SHARED)
def directories_of_the_additional_store_emptied(store: Bundle) -> Truth:
    """Remove all within the layers' `diff` below a shared store."""
    layers = list(store.lent("layers"))
    tops = [f"{store.additional}/{store.driver}/{key}/diff" for key in layers]
    gone = [p for top in tops for p in store.below(top)[1:] if p.rpartition("/")[0] == top]
    if not gone:
        raise NotHere
    store.take(*gone)
    return truth([*layers, *tops, store.additional], (SHARED, REMOVED, BASE, WIPE))


@unseen(BASE)
def directories_within_layers_lost_by_name(store: Bundle) -> Truth:
    """Copy with an `--exclude` of one directory's name: it is missing in every layer that had it."""
    tops: dict[str, list[str]] = {}
    for layer in image_layers(store):
        top = store.at("overlay", layer, "diff")
        for path in store.below(top):
            if store.entries[path][0].kind == DIRECTORY and path.rpartition("/")[0] == top:
                tops.setdefault(path.rpartition("/")[2], []).append(path)
    name, paths = store.draw(sorted((name, found) for name, found in tops.items() if len(found) > 1))
    if len(tops) < 2 or any(m.link.startswith(tuple(paths)) and not p.startswith(tuple(paths))
                            for p, (m, _) in store.entries.items() if m.kind == "hardlink"):  # fmt: skip
        raise NotHere
    store.take(*paths)
    layers = [p.split("/diff/")[0].rpartition("/")[2] for p in paths]
    return truth([*layers, *paths, store.at("overlay"), name], (BASE, "scanner-quarantine", "removed-or-not-captured"))
