"""What people and programs do on an ordinary day: tried after the mending, once more.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import gzip

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK
from benchmarks.accuracy.bundle import DAY, Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    COPY,
    FULL,
    GONE,
    HAND,
    LEAK,
    LINKS,
    LOST,
    MEDIA,
    POWER,
    PULL,
    RECORD,
    REMOVED,
    SCANNER,
    SPLIT,
    SWEPT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.mass import image_layers, inside, told_of
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import layer_truth
from benchmarks.accuracy.faults.steps import newest
from benchmarks.accuracy.truth import Truth, truth

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@unseen(POWER)
def configs_of_the_two_newest_images_nul(store: Bundle) -> Truth:
    rows = sorted(store.before[1].values(), key=lambda r: r.get("created", ""))[-2:]
    if len(rows) < 2:
        raise NotHere
    paths = [store.config(r["id"]) for r in rows]
    hit = standing(store, images=[r["id"] for r in rows])
    for p in paths:
        store.write(p, bytes(len(store.data(p))))
    return truth([*(r["id"] for r in rows), *paths], (POWER, MEDIA, LOST), (hit[0], None))


@unseen(LINKS)
def short_links_of_two_layers_to_one(store: Bundle) -> Truth:
    """Turn a short link to another layer, which then has two."""
    one, two = store.dice.sample(image_layers(store), 2)
    path = store.link_of(one)
    store.entries[path][0].link = f"../{two}/diff"
    store.by_hand(path)
    return truth([one, path, two, store.at("overlay/l")], (LINKS, TWO, HAND), standing(store, [one]))


@unseen(HAND)
def every_container_on_the_image_of_one(store: Bundle) -> Truth:
    rows = store.rows("containers.json")
    images = {r["image"] for r in rows}
    if len(images) < 3:
        raise NotHere
    one = min(images)
    hit = {r["id"] for r in rows if r["image"] != one}
    store.put("containers.json", [{**r, "image": one} for r in rows])
    store.by_hand(store.index("containers.json"))
    return truth([*hit, store.index("containers.json"), one], (HAND, GONE, TWO), (None, None))


@unseen(RECORD)
def records_of_a_whole_chain_cut_out(store: Bundle) -> Truth:
    image = store.image(used=False)
    own = []
    for k in store.chain_of(image["layer"]):
        if standing(store, [k])[0] != {image["id"]} or k not in store.before[0]:
            break
        own.append(k)
    if len(own) < 2:
        raise NotHere
    hit = standing(store, own)
    store.put("layers.json", [r for r in store.rows("layers.json") if r["id"] not in own])
    store.by_hand(store.index("layers.json"))
    return truth([*own, store.index("layers.json"), image["id"]], (RECORD, HAND, BACK), hit)


@unseen(BASE)
def log_of_a_package_manager_grew_in_a_layer(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    store.edit(path, store.data(path) + b"2026-12-01 upgrade libc6\n" * 40)
    return layer_truth(store, layer, [path], BASE)


@unseen(BASE)
def old_copies_of_three_files_in_one_layer(store: Bundle) -> Truth:
    """Restore files from an older backup, with their times of then."""
    layer, paths = store.layer_with_files(3)
    for p in paths:
        store.write(p, store.data(p)[::-1])
        store.change(p, mtime_ns=store.entries[p][0].mtime_ns - 90 * DAY)
    return layer_truth(store, layer, paths, BASE, MEDIA, BACK, TWO)


@unseen(MEDIA)
def bytes_of_a_file_swapped_in_pairs(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    data = store.data(path)
    swapped = b"".join(data[i : i + 2][::-1] for i in range(0, len(data), 2))
    if data == swapped:
        raise NotHere
    store.write(path, swapped)
    return layer_truth(store, layer, [path], MEDIA, BASE, POWER)


@unseen(REMOVED)
def layers_of_the_newest_image_emptied(store: Bundle) -> Truth:
    image = max(store.before[1].values(), key=lambda r: r.get("created", ""))
    layers = [k for k in store.chain_of(image.get("layer", "")) if k in store.before[0]][:2]
    if len(layers) < 2:
        raise NotHere
    hit = serving(store, layers)
    gone = [
        p for k in layers for p in store.below(store.at("overlay", k)) if p.rpartition("/")[0] == store.at("overlay", k)
    ]
    if store.driver != "overlay":
        raise NotHere
    store.take(*gone)
    return truth(
        [*told_of(store, layers, "diff"), *gone, *(store.at("overlay", k) for k in layers)],
        (REMOVED, WIPE, LINKS, HAND),
        hit,
    )


@unseen(LOST)
def manifests_by_digest_of_all_images_removed(store: Bundle) -> Truth:
    """Do `find overlay-images -name '=bWFuaWZlc3Qt*' -delete`."""
    top = store.at("overlay-images") + "/"
    gone = [p for p in store.entries if p.startswith(top) and p.rpartition("/")[2].startswith("=bWFuaWZlc3Qt")]
    images = sorted({p.removeprefix(top).split("/")[0] for p in gone})
    if len(images) < 3:
        raise NotHere
    store.take(*gone)
    return truth([*images, *gone, top.rstrip("/")], (LOST, ALTERED, WIPE), (None, None))


@unseen(SWEPT)
def whole_home_writable_for_all(store: Bundle) -> Truth:
    """Do `chmod -R a+w` over the layers."""
    layers = set()
    paths = []
    for layer, path, m in inside(store, image_layers(store)):
        if m.kind in (FILE, DIRECTORY) and m.mode & 0o222 != 0o222:
            m.mode |= 0o222
            layers.add(layer)
            paths.append(path)
    if len(layers) < 2:
        raise NotHere
    return truth(
        [*told_of(store, sorted(layers), "diff"), *paths, store.at("overlay")], (SWEPT,), serving(store, layers)
    )


@unseen(BASE)
def whiteout_of_a_layer_is_another_device(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == CHAR and m.rdev == (0, 0)]
    layer, path = store.draw(found)
    store.change(path, rdev=(1, 3))
    store.by_hand(path)
    return layer_truth(store, layer, [path], BASE, MEDIA, COPY)


@unseen(BASE)
def directory_of_a_layer_is_a_symlink_to_its_like(store: Bundle) -> Truth:
    found = [
        (k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == DIRECTORY and len(store.below(p)) > 2
    ]
    layer, path = store.draw(found)
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    if any(p in linked for p in store.below(path)):
        raise NotHere
    store.take(path)
    store.symlink(path, "/usr/local")
    store.by_hand(path)
    return layer_truth(store, layer, [path], BASE, SCANNER)


@unseen(HAND)
def layers_json_rows_of_images_alone(store: Bundle) -> Truth:
    """Save what a script knows of layers of images: sizes are gone, and so are the layers of containers."""
    owned = {r["layer"] for r in store.before[2].values()}
    rows = store.rows("layers.json")
    if not owned & {r["id"] for r in rows} or store.lent("layers"):
        raise NotHere
    keep = ("id", "parent", "created", "diff-digest")
    store.put("layers.json", [{k: r[k] for k in keep if k in r} for r in rows if r["id"] not in owned])
    store.by_hand(store.index("layers.json"))
    hit = {c for c, r in store.before[2].items() if r["layer"] in owned and r["layer"] in {x["id"] for x in rows}}
    return truth([*owned, *hit, store.index("layers.json")], (GONE, RECORD, HAND, BACK), (None, None))


@unseen(SPLIT)
def tar_split_cut_and_closed_again(store: Bundle) -> Truth:
    """Cut the text within and pack it properly."""
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    text = gzip.decompress(store.data(path)).splitlines(True)
    if len(text) < 8:
        raise NotHere
    store.edit(path, gzip.compress(b"".join(text[: len(text) // 2])))
    return truth([layer, path], (SPLIT, HAND), severe=False)


@unseen(TWO)
def image_recorded_with_the_layer_of_its_twin_and_back(store: Bundle) -> Truth:
    """Exchange layers and names of two images; ids and data stay."""
    rows = [r for r in store.rows("images.json") if r.get("layer") in store.before[0] and r.get("names")]
    if len(rows) < 2:
        raise NotHere
    a, b = store.dice.sample(rows, 2)
    if a["layer"] == b["layer"]:
        raise NotHere
    hit = standing(store, images=[a["id"], b["id"]])
    store.change_record("images", a["id"], layer=b["layer"], names=b["names"])
    store.change_record("images", b["id"], layer=a["layer"], names=a["names"])
    store.by_hand(store.index("images.json"))
    return truth([a["id"], b["id"], store.index("images.json")], (HAND, TWO), (hit[0], None))


@unseen(BACK)
def images_json_of_half_a_day_ago_with_todays_lock(store: Bundle) -> Truth:
    rows = sorted(store.rows("images.json"), key=lambda r: r.get("created", ""))
    if len(rows) < 4 or store.lent("images"):
        raise NotHere
    gone = [r["id"] for r in rows[-3:]]
    store.put("images.json", [r for r in store.rows("images.json") if r["id"] not in gone])
    store.entries[store.index("images.json")][0].mtime_ns -= DAY // 2
    own = [k for g in gone for k in store.chain_of(store.before[1][g].get("layer", ""))]
    users = [k for k, r in store.before[2].items() if r["image"] in gone]
    return truth(
        [*gone, *own, *users, store.index("images.json"), *(store.at("overlay-images", g) for g in gone)],
        (BACK, GONE, LEAK),
    )


@unseen(LINKS)
def link_texts_and_short_links_of_one_image_renewed_apart(store: Bundle) -> Truth:
    """Write new `link` texts for one image and make no short links for them."""
    image = store.image(layers=2)
    layers = [k for k in store.chain_of(image["layer"]) if k in store.before[0]]
    for k in layers:
        store.edit(store.at("overlay", k, "link"), "".join(store.dice.choice(LETTERS) for _ in range(26)).encode())
    return truth(
        [*layers, *(store.at("overlay", k, "link") for k in layers), store.at("overlay/l"), store.at("overlay")],
        (LINKS, HAND),
        standing(store, layers),
    )


@unseen(BASE)
def two_lines_added_to_etc_passwd_of_the_base(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == FILE and p.endswith("/etc/passwd")]
    layer, path = store.draw(found)
    store.edit(path, store.data(path) + b"ops:x:0:0::/root:/bin/sh\nbackup:x:34:34::/:/bin/false\n")
    return layer_truth(store, layer, [path], BASE)


@unseen(REMOVED)
def driver_home_keeps_only_layers_of_running_containers(store: Bundle) -> Truth:
    """Remove each layer directory that is no part of a container's chain."""
    used = {k for r in store.before[2].values() for k in store.chain_of(r["layer"])}
    gone = [k for k in store.before[0] if k not in used and store.at("overlay", k) in store.entries]
    if len(gone) < 3 or not used:
        raise NotHere
    hit = serving(store, gone)
    store.take(*(store.at("overlay", k) for k in gone))
    return truth([*gone, *(store.at("overlay", k) for k in gone), store.at("overlay")], (REMOVED, WIPE), hit)


@unseen(FULL)
def last_files_of_the_newest_layer_empty(store: Bundle) -> Truth:
    """Fill the disk while a layer is unpacked: from one file on all are empty."""
    layer = newest(store)
    paths = sorted(store.files(layer))
    if len(paths) < 4:
        raise NotHere
    paths = paths[len(paths) // 2 :]
    for p in paths:
        store.write(p, b"")
    return layer_truth(store, layer, paths, FULL, POWER, BASE, PULL, MEDIA)


@unseen(GONE)
def configuration_of_every_cri_o_container_emptied(store: Bundle) -> Truth:
    """Write `{}` over each `config.json`: runtimes say that `ociVersion` is not present (crun 1.8.1)."""
    found = {
        key: [p for p in store.below(store.at("overlay-containers", key)) if p.endswith("userdata/config.json")]
        for key, row in store.before[2].items()
        if "pod-id" in row.get("metadata", "")
    }
    paths = [p for each in found.values() for p in each]
    if len(paths) < 2:
        raise NotHere
    for path in paths:
        store.edit(path, b"{}")
    return truth([*found, *paths, store.at("overlay-containers")], (GONE, HAND))
