"""Directories and small files in a place that is not theirs: renamed by scripts, made alike, moved, emptied.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

from analyzer.source.member import FILE
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BEHIND,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    PART,
    PODMAN,
    POWER,
    REMOVED,
    SHARED,
    SPLIT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import each_layer, image_layers, told_of
from benchmarks.accuracy.faults.parts import lent_paths, strange
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

TWELVE = 12


# directories of layers


@unseen(REMOVED)
def layer_directory_emptied(store: Bundle) -> Truth:
    layer = store.layer()
    hit = serving(store, [layer])
    place = store.at("overlay", layer)
    if store.driver != "overlay":
        raise NotHere
    store.take(*(p for p in store.below(place)[1:] if p.rpartition("/")[0] == place))
    return truth([layer, place, f"{place}/diff"], (REMOVED, WIPE), hit)


def _all_renamed(store: Bundle, change: object) -> tuple[list[str], list[str]]:
    layers = [key for key in store.before[0] if store.at("overlay", key) in store.entries]
    if len(layers) < 3 or store.lent("layers"):
        raise NotHere
    new = []
    for layer in layers:
        place = store.at("overlay", layer)
        other = f"{place.rpartition('/')[0]}/{change(layer)}"  # type: ignore[operator]
        rename(store, place, other)
        new.append(other)
    store.by_hand(new[0])
    store.entries[new[0]][0].mtime_ns = store.entries[new[1]][0].mtime_ns
    return layers, new


@unseen(REMOVED)
def layer_directories_renamed_with_an_ending(store: Bundle) -> Truth:
    hit = everybody(store)
    layers, new = _all_renamed(store, lambda key: f"{key}.old")
    return truth([*layers, *new, *told_of(store, layers)], (REMOVED, WIPE, HAND), hit)


@unseen(REMOVED)
def layer_directories_named_by_twelve_letters(store: Bundle) -> Truth:
    hit = everybody(store)
    layers, new = _all_renamed(store, lambda key: key[:TWELVE])
    return truth([*layers, *new, *told_of(store, layers)], (REMOVED, WIPE, HAND), hit)


@unseen(LOST)
def image_directories_named_by_twelve_letters(store: Bundle) -> Truth:
    places = [store.at("overlay-images", key) for key in store.before[1]]
    places = [p for p in places if p in store.entries]
    if len(places) < 2:
        raise NotHere
    hit = standing(store, images=[p.rpartition("/")[2] for p in places])
    for place in places:
        rename(store, place, f"{place.rpartition('/')[0]}/{place.rpartition('/')[2][:TWELVE]}")
    store.entries[store.at("overlay-images")][0].mtime_ns = store.later
    return truth([*store.before[1], *places, store.at("overlay-images")], (LOST, WIPE), (hit[0], None))


@unseen(SPLIT)
def tar_splits_moved_into_a_folder(store: Bundle) -> Truth:
    paths = [store.at("overlay-layers", f"{key}.tar-split.gz") for key in image_layers(store)]
    paths = [p for p in paths if p in store.entries]
    if len(paths) < 2:
        raise NotHere
    place = paths[0].rpartition("/")[0]
    store.directory(f"{place}/old")
    for path in paths:
        rename(store, path, f"{place}/old/{path.rpartition('/')[2]}")
    store.entries[place][0].mtime_ns = store.later
    layers = [p.rpartition("/")[2].split(".")[0] for p in paths]
    return truth([*layers, *paths, place, f"{place}/old"], (SPLIT, PART))


@unseen(HAND)
def every_lower_one_layer_short(store: Bundle) -> Truth:
    layers = each_layer(
        store, "lower", lambda path: store.edit(path, b":".join(store.data(path).split(b":")[:-1])), images=False
    )
    return truth(told_of(store, layers, "lower"), (HAND, REMOVED), standing(store, layers))


@unseen(HAND)
def every_lower_alike(store: Bundle) -> Truth:
    found = [p for p in sorted(store.entries) if p.endswith("/lower") and p.split("/")[-2] in store.before[0]]
    text = store.data(found[0])
    if all(store.data(p) == text for p in found):
        raise NotHere
    layers = each_layer(store, "lower", lambda path: store.edit(path, text), images=False)
    return truth(told_of(store, layers, "lower"), (HAND, TWO), (None, None))


@unseen(LINKS)
def every_link_text_alike(store: Bundle) -> Truth:
    found = [p for p in sorted(store.entries) if p.endswith("/link") and p.split("/")[-2] in store.before[0]]
    text = store.data(found[0])
    layers = each_layer(store, "link", lambda path: store.edit(path, text), images=False)
    return truth([*told_of(store, layers, "link"), store.at("overlay/l")], (LINKS, HAND, TWO), (None, None))


@unseen(LINKS)
def directory_of_short_links_moved_into_a_layer(store: Bundle) -> Truth:
    place = store.at("overlay/l")
    if not store.below(place)[1:]:
        raise NotHere
    layer = store.layer()
    rename(store, place, store.at("overlay", layer) + "/l")
    store.by_hand(place, store.at("overlay", layer) + "/l")
    return truth([place, store.at("overlay"), store.at("overlay", layer) + "/l", *store.before[0]], (LINKS, WIPE),
                 everybody(store))  # fmt: skip


@unseen(GONE)
def work_of_a_container_is_a_file(store: Bundle) -> Truth:
    row = store.container()
    path = store.at("overlay", row["layer"], "work")
    if path not in store.entries:
        raise NotHere
    store.take(path)
    store.write(path, b"")
    store.by_hand(path)
    return truth([row["id"], row["layer"], path], (GONE, HAND, REMOVED), (set(), {row["id"]}))


# data of images


@unseen(ALTERED)
def one_manifest_copied_over_all(store: Bundle) -> Truth:
    paths = [store.at("overlay-images", key, "manifest") for key in store.before[1]]
    paths = [p for p in paths if p in store.entries]
    if len({store.data(p) for p in paths}) < 3:
        raise NotHere
    for path in paths[1:]:
        store.edit(path, store.data(paths[0]))
    images = [p.split("/")[-2] for p in paths[1:] if store.data(p) == store.data(paths[0])]
    return truth([*images, *paths, store.at("overlay-images")], (ALTERED, HAND, TWO), (None, None))


@unseen(POWER)
def data_of_every_image_nul(store: Bundle) -> Truth:
    images = [key for key in store.before[1] if store.at("overlay-images", key) in store.entries]
    paths = [p for key in images for p in store.below(store.at("overlay-images", key))[1:] if store.data(p)]
    if len(images) < 2:
        raise NotHere
    hit = standing(store, images=images)
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    return truth([*images, *paths, store.at("overlay-images")], (POWER, MEDIA, ALTERED, LOST), (hit[0], None))


@unseen(ALTERED)
def manifest_kept_by_its_digest_changed(store: Bundle) -> Truth:
    """Edit the copy that a manifest has under its digest; the one under its plain name is whole."""
    found = [p for p in store.entries
             if "/=bWFuaWZlc3Qt" in p and p.split("/")[-2] in store.before[1] and store.data(p)]  # fmt: skip
    path = store.draw(sorted(found))
    store.edit(path, store.data(path) + b" ")
    return truth([path.split("/")[-2], path], (ALTERED, HAND, MEDIA), severe=False)


@unseen(LOST)
def manifest_kept_by_its_digest_removed(store: Bundle) -> Truth:
    found = [p for p in store.entries if "/=bWFuaWZlc3Qt" in p and p.split("/")[-2] in store.before[1]]
    path = store.draw(sorted(found))
    store.take(path)
    return truth([path.split("/")[-2], path], LOST, severe=False)


# containers, podman


@unseen(GONE)
def data_of_two_cri_o_containers_swapped(store: Bundle) -> Truth:
    one, two = store.container(crio=True, image=False), store.container(crio=True, image=False)
    paths = [store.at("overlay-containers", row["id"]) for row in (one, two)]
    state = [store.at("overlay-containers", row["id"], "userdata/state.json") for row in (one, two)]
    if one["id"] == two["id"] or any(p not in store.entries for p in state):
        raise NotHere
    for old, new in ((paths[0], paths[0] + "~"), (paths[1], paths[0]), (paths[0] + "~", paths[1])):
        rename(store, old, new)
    store.by_hand(*paths)
    return truth([one["id"], two["id"], *paths, *state], (GONE, HAND, TWO), (set(), None))


@unseen(BEHIND)
def volumes_renamed(store: Bundle) -> Truth:
    place = store.at("libpod").removesuffix("libpod") + "volumes"
    if not store.below(place)[1:]:
        raise NotHere
    names = [p.rpartition("/")[2] for p in store.below(place) if p.rpartition("/")[0] == place]
    rename(store, place, f"{place}.old")
    store.entries[store.graph_root][0].mtime_ns = store.later
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    return truth([place, f"{place}.old", *names, *(f"{place}/{n}" for n in names), *base], (BEHIND, WIPE, PART))


@unseen(PODMAN)
def database_of_podman_cut_in_half(store: Bundle) -> Truth:
    path = next((p for p in store.entries if p.endswith("libpod/bolt_state.db")), "")
    if not path or not store.before[2]:
        raise NotHere
    store.write(path, store.data(path)[: len(store.data(path)) // 2])
    return truth([path, path.rpartition("/")[0]], (PODMAN, POWER, "disk-full", MEDIA))


@unseen(PODMAN)
def database_of_podman_is_a_text(store: Bundle) -> Truth:
    path = next((p for p in store.entries if p.endswith("libpod/bolt_state.db")), "")
    if not path or not store.before[2]:
        raise NotHere
    store.edit(path, b"<html><body>404 not found</body></html>\n" * 300)
    return truth([path, path.rpartition("/")[0]], (PODMAN, HAND, MEDIA))


@unseen(BEHIND)
def infra_container_removed_behind_podmans_back(store: Bundle) -> Truth:
    row = store.draw([r for r in store.before[2].values() if any("infra" in n for n in r.get("names") or ())])
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    if not base:
        raise NotHere
    store.drop_record("containers", row["id"])
    store.drop_record("layers", row["layer"])
    gone = [store.at("overlay", row["layer"]), store.at("overlay-containers", row["id"])]
    if store.driver == "overlay":
        gone.append(store.link_of(row["layer"]))
    store.take(*gone)
    return truth([row["id"], row["layer"], *base, *gone], (BEHIND, GONE))


# additional stores, tables of contents


@unseen(SHARED)
def layers_of_the_additional_store_pulled_anew(store: Bundle) -> Truth:
    """Make the shared store again: the same images on layers of other ids, which nothing here knows."""
    layers = list(store.lent("layers"))
    own = [key for key in store.before[0] if set(store.chain_of(key)) & set(layers)]
    if not layers or not own:
        raise NotHere
    new = {key: strange(store) for key in layers}
    for path in sorted(store.entries):
        if not path.startswith(store.additional + "/"):
            continue
        member, data = store.entries.pop(path)
        for key, other in new.items():
            member.path = member.path.replace(key, other)
            member.link = member.link.replace(key, other)
            if path.endswith(".json") and "/diff/" not in path:
                data = data.replace(key.encode(), other.encode())
        store.entries[member.path] = (member, data)
    hit = {key for key, row in store.before[2].items() if set(store.chain_of(row["layer"])) & set(layers)}
    return truth([*layers, store.additional, *own, *hit], (SHARED, "layer-record-lost", HAND, GONE, LINKS), (None, hit))


@unseen(SHARED)
def data_of_the_images_of_the_additional_store_removed(store: Bundle) -> Truth:
    images = list(store.lent("images"))
    places = [p for p in lent_paths(store, "") if p.rpartition("/")[2] in images]
    if not places:
        raise NotHere
    store.take(*places)
    return truth([*images, *places, store.additional, places[0].rpartition("/")[0]], (SHARED, LOST, WIPE))


@unseen(SHARED)
def records_of_the_images_of_the_additional_store_emptied(store: Bundle) -> Truth:
    (path,) = lent_paths(store, "/images.json")
    if not store.lent("images"):
        raise NotHere
    store.edit(path, b"[]")
    return truth([path, store.additional, *store.lent("images"), path.rpartition("/")[0]],
                 (SHARED, BACK, HAND, GONE))  # fmt: skip


@unseen(SHARED)
def file_of_the_additional_store_removed(store: Bundle) -> Truth:
    found = [p for p, (m, d) in store.entries.items()
             if store.additional and p.startswith(store.additional + "/") and "/diff/" in p and m.kind == FILE
             and d and p not in {m.link for m, _ in store.entries.values()}]  # fmt: skip
    path = store.draw(sorted(found))
    store.take(path)
    return truth([path.split("/diff/")[0].rpartition("/")[2], path], ("base-layer-modified", SHARED))


@unseen(SPLIT)
def chunked_manifest_cut(store: Bundle) -> Truth:
    found = sorted(p for p in store.entries if p.endswith("/=enN0ZDpjaHVua2VkLW1hbmlmZXN0"))
    found += sorted(p for p in store.entries if p.endswith("/=enN0ZC1jaHVua2VkLW1hbmlmZXN0"))
    path = store.draw(found)
    store.write(path, store.data(path)[: len(store.data(path)) // 2])
    return truth([path.split("/")[-2], path], (SPLIT, POWER, MEDIA, "disk-full"))
