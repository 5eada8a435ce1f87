"""What one command did to all layers of one image, indexes exchanged, layers cut off: tried after the mending.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from analyzer.source.member import DIRECTORY, FILE, HARDLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import (
    BACK,
    BASE,
    BEHIND,
    COPY,
    GONE,
    HAND,
    LEAK,
    LINKS,
    MEDIA,
    POWER,
    RECORD,
    REMOVAL,
    REMOVED,
    SCANNER,
    SPLIT,
    SWEPT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import image_layers, inside, told_of
from benchmarks.accuracy.faults.pages import OPAQUE
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import SECTOR, layer_truth
from benchmarks.accuracy.truth import Truth, truth

if TYPE_CHECKING:
    from analyzer.source.member import Member


def _chain(store: Bundle, least: int = 2) -> list[str]:
    """Draw an image and return its layers that are of this graph root."""
    image = store.image(layers=least)
    layers = [k for k in store.chain_of(image["layer"]) if k in store.before[0]]
    if len(layers) < least:
        raise NotHere
    return layers


# one image


@unseen(SPLIT)
def tar_splits_of_one_image_removed(store: Bundle) -> Truth:
    paths = {k: store.at("overlay-layers", f"{k}.tar-split.gz") for k in _chain(store)}
    paths = {k: p for k, p in paths.items() if p in store.entries}
    if len(paths) < 2 or len(paths) == len(image_layers(store)):
        raise NotHere
    store.take(*paths.values())
    return truth([*paths, *paths.values(), store.index("layers.json").rpartition("/")[0]], SPLIT, severe=False)


@unseen(LINKS)
def short_links_of_one_image_removed(store: Bundle) -> Truth:
    layers = _chain(store)
    links = [store.link_of(k) for k in layers]
    hit = standing(store, layers)
    store.take(*links)
    return truth([*layers, *links, store.at("overlay/l")], (LINKS, REMOVED), hit)


@unseen(LINKS)
def link_texts_of_one_image_removed(store: Bundle) -> Truth:
    layers = _chain(store)
    paths = [store.at("overlay", k, "link") for k in layers]
    hit = standing(store, layers)
    store.take(*paths)
    return truth([*layers, *paths, store.at("overlay/l"), store.at("overlay")], (LINKS, HAND, REMOVED), hit)


@unseen(POWER)
def lowers_of_one_image_nul(store: Bundle) -> Truth:
    paths = {k: store.at("overlay", k, "lower") for k in _chain(store, 3)}
    paths = {k: p for k, p in paths.items() if p in store.entries}
    if len(paths) < 2:
        raise NotHere
    for path in paths.values():
        store.write(path, bytes(len(store.data(path))))
    return truth([*paths, *paths.values(), store.at("overlay")], (POWER, MEDIA, HAND), standing(store, paths))


@unseen(REMOVED)
def contents_of_one_image_removed(store: Bundle) -> Truth:
    """Do `rm -rf overlay/ID/diff/*` for every layer of an image."""
    layers = _chain(store)
    gone = [p for k in layers for p in store.below(store.at("overlay", k, "diff"))[1:]]
    hit = serving(store, layers)
    store.take(*(p for p in gone if p.rpartition("/")[0].endswith(("/diff", *layers))))
    return truth([*told_of(store, layers, "diff"), *gone], (REMOVED, BASE, SCANNER, WIPE), hit)


@unseen(SWEPT)
def layers_of_one_image_without_any_rights(store: Bundle) -> Truth:
    layers = _chain(store)
    paths = []
    for _, path, member in inside(store, layers):
        if member.kind in (FILE, DIRECTORY) and member.mode:
            member.mode = 0
            paths.append(path)
    return truth([*told_of(store, layers, "diff"), *paths], (SWEPT, BASE, SCANNER), serving(store, layers))


@unseen(COPY)
def opaque_marks_of_one_image_lost(store: Bundle) -> Truth:
    layers, paths = [], []
    for layer, path, member in inside(store, _chain(store)):
        if any(name in member.xattrs for name in OPAQUE):
            member.xattrs = {k: v for k, v in member.xattrs.items() if k not in OPAQUE}
            layers.append(layer)
            paths.append(path)
    if not paths or not any(name in m.xattrs for m, _ in store.entries.values() for name in OPAQUE):
        raise NotHere
    return truth([*told_of(store, layers, "diff"), *paths], (COPY, BASE), serving(store, layers))


@unseen(GONE)
def image_of_a_container_removed_with_its_layers(store: Bundle) -> Truth:
    """Remove an image by force that a container uses: record, data, and the layers that are its alone."""
    row = store.container()
    image = store.before[1][row["image"]]
    own = []
    for key in store.chain_of(image["layer"]):
        if standing(store, [key])[0] != {image["id"]} or key not in store.before[0]:
            break
        own.append(key)
    if not own:
        raise NotHere
    users = {k for k, each in store.before[2].items() if each["image"] == image["id"]}
    links = [store.link_of(k) for k in own] if store.driver == "overlay" else []
    gone = [store.at("overlay-images", image["id"]), *links, *(store.at("overlay", k) for k in own)]
    gone += [store.at("overlay-layers", f"{k}.tar-split.gz") for k in own]
    store.take(*(p for p in gone if p in store.entries))
    store.drop_record("images", image["id"])
    for key in own:
        store.drop_record("layers", key)
    store.by_hand(store.index("images.json"), store.index("layers.json"))
    return truth([image["id"], *own, *users, *gone], (GONE, RECORD, REMOVED, BACK, REMOVAL, HAND), (None, users))


# one layer


@unseen(BASE)
def name_of_a_hard_link_edited_apart(store: Bundle) -> Truth:
    """Save one of several names of a file anew: it is a file of its own from then on."""
    found = [
        (k, p, m) for k, p, m in inside(store, image_layers(store)) if m.kind == HARDLINK and m.link in store.entries
    ]
    layer, path, member = store.draw(found)
    data = store.data(member.link) + b"changed\n"
    mode = store.entries[member.link][0].mode
    member.kind, member.link, member.size, member.mode = FILE, "", len(data), mode
    store.entries[path] = (member, data)
    store.by_hand(path)
    return layer_truth(store, layer, [path], BASE)


@unseen(SWEPT)
def setuid_bits_of_one_layer_taken(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == FILE and m.mode & 0o6000]
    layer = store.draw(sorted({k for k, _ in found}))
    if len({k for k, _ in found}) < 2:
        raise NotHere
    paths = [p for k, p in found if k == layer]
    for path in paths:
        store.entries[path][0].mode &= ~0o6000
    return truth([*told_of(store, [layer], "diff"), *paths], (SWEPT, BASE, COPY), serving(store, [layer]))


@unseen(BASE)
def file_overwritten_with_zeros(store: Bundle) -> Truth:
    """Do `dd if=/dev/zero conv=notrunc` over a file of a layer."""
    layer, (path,) = store.layer_with_files()
    store.write(path, bytes(len(store.data(path)))).change(path, mtime_ns=store.later)
    return layer_truth(store, layer, [path], BASE, POWER, MEDIA, SCANNER)


@unseen(TWO)
def layer_directory_replaced_by_a_copy_of_another(store: Bundle) -> Truth:
    """Do `rm -rf overlay/A; cp -a overlay/B overlay/A`."""
    one, two = store.dice.sample([k for k in image_layers(store) if store.driver == "overlay"], 2)
    place, source = store.at("overlay", one), store.at("overlay", two)
    hit = standing(store, [one])
    store.take(place)
    for path in store.below(source):
        member, data = copy.copy(store.entries[path][0]), store.entries[path][1]
        member.path = place + path[len(source) :]
        if member.link.startswith(f"{source}/"):
            member.link = place + member.link[len(source) :]
        store.entries[member.path] = (member, data)
    return truth([one, two, place, store.at("overlay"), store.at("overlay", one, "link"), store.at("overlay/l")],
                 (TWO, HAND, LINKS, BASE, BACK), hit)  # fmt: skip


@unseen(HAND)
def layer_cut_off_its_parents(store: Bundle) -> Truth:
    """Take `parent` out of a record and `lower` out of its directory: the layer is a base now."""
    layer = store.layer(parent=True)
    hit = standing(store, [layer])
    parent = store.before[0][layer]["parent"]
    store.take(store.at("overlay", layer, "lower"))
    store.change_record("layers", layer, parent=None)
    store.by_hand(store.index("layers.json"))
    return truth([layer, parent, store.at("overlay", layer, "lower"), *hit[0]], (HAND, TWO, RECORD), hit)


@unseen(HAND)
def layer_of_a_container_cut_off_its_image(store: Bundle) -> Truth:
    row = store.container()
    path = store.at("overlay", row["layer"], "lower")
    if path not in store.entries:
        raise NotHere
    store.take(path)
    store.change_record("layers", row["layer"], parent=None)
    store.by_hand(store.index(store.file_of("layers", row["layer"])))
    return truth([row["id"], row["layer"], path], (HAND, GONE), (set(), {row["id"]}))


@unseen(GONE)
def diff_of_a_container_is_a_file(store: Bundle) -> Truth:
    row = store.container()
    path = store.at("overlay", row["layer"], "diff")
    if path not in store.entries or store.driver != "overlay":
        raise NotHere
    store.take(path)
    store.write(path, b"")
    store.by_hand(path)
    return truth([row["id"], row["layer"], path], (GONE, REMOVED, HAND), (set(), {row["id"]}))


# short links, indexes, volumes


@unseen(LINKS)
def short_links_of_images_removed(store: Bundle) -> Truth:
    """Remove the short links of all layers of images; those of containers stay."""
    layers = [k for k in image_layers(store) if store.driver == "overlay" and store.link_of(k) in store.entries]
    if len(layers) < 3 or not store.before[2]:
        raise NotHere
    links = [store.link_of(k) for k in layers]
    hit = standing(store, layers)
    store.take(*links)
    return truth([*layers, *links, store.at("overlay/l")], (LINKS, REMOVED, WIPE), hit)


def _sector(store: Bundle, name: str) -> str:
    path = store.index(name)
    data = store.data(path) if path in store.entries else b""
    if len(data) < 4 * SECTOR:
        raise NotHere
    store.write(path, data[:SECTOR] + bytes(SECTOR) + data[2 * SECTOR :])
    return path


@unseen(MEDIA)
def sector_of_containers_json_lost(store: Bundle) -> Truth:
    path = _sector(store, "containers.json")
    return truth([path, path.rpartition("/")[0]], (MEDIA, POWER))


@unseen(MEDIA)
def sector_of_images_json_lost(store: Bundle) -> Truth:
    if store.lent("images"):
        raise NotHere
    path = _sector(store, "images.json")
    return truth([path, path.rpartition("/")[0]], (MEDIA, POWER))


@unseen(HAND)
def images_and_containers_json_exchanged(store: Bundle) -> Truth:
    one, two = store.index("images.json"), store.index("containers.json")
    if store.lent("images") or two not in store.entries or not store.rows("containers.json"):
        raise NotHere
    data = store.data(one)
    store.edit(one, store.data(two))
    store.edit(two, data)
    return truth([one, two, one.rpartition("/")[0], two.rpartition("/")[0]], (HAND, TWO, BACK))


@unseen(BACK)
def volatile_containers_json_an_empty_list(store: Bundle) -> Truth:
    rows = store.rows("volatile-containers.json")
    if not rows:
        raise NotHere
    path = store.index("volatile-containers.json")
    store.put("volatile-containers.json", [])
    store.by_hand(path)
    hit = {row["id"] for row in rows}
    return truth([path, path.rpartition("/")[0], *hit, *(row["layer"] for row in rows)],
                 (BACK, HAND, GONE, LEAK, WIPE, BEHIND), (set(), hit))  # fmt: skip


@unseen(BEHIND)
def data_of_every_volume_removed(store: Bundle) -> Truth:
    """Do `rm -rf volumes/*/_data`: podman finds no mount point."""
    place = store.at("libpod").removesuffix("libpod") + "volumes"
    gone = [p for p in store.below(place) if p.endswith("/_data")] if place in store.entries else []
    if not gone:
        raise NotHere
    store.take(*gone)
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    names = [p.split("/")[-2] for p in gone]
    return truth([*gone, *names, *(p.rpartition("/")[0] for p in gone), place, *base], (BEHIND, WIPE))


@unseen(BASE)
def directories_of_a_layer_renamed_in_capitals(store: Bundle) -> Truth:
    """Let a copy through a file system of another habit spell first directories of a layer in capitals."""

    def first(member: Member, path: str) -> bool:
        return member.kind == DIRECTORY and path.rpartition("/")[0] == top

    layer = store.layer()
    top = store.at("overlay", layer, "diff")
    folders = [p for _, p, m in inside(store, [layer]) if first(m, p)]
    if not folders:
        raise NotHere
    new = []
    for path in folders:
        place, _, name = path.rpartition("/")
        new.append(f"{place}/{name.upper()}")
        rename(store, path, new[-1])
    store.entries[top][0].mtime_ns = store.later
    return layer_truth(store, layer, [*folders, *new], BASE, COPY)
