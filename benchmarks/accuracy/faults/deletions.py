"""Deleted by a pattern, by age or by a script; scanners; indexes of another day beside what is of today.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import gzip

from analyzer.source.member import DIRECTORY, FILE, HARDLINK, SYMLINK
from benchmarks.accuracy.bundle import DAY, Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import (
    BACK,
    BASE,
    BEHIND,
    COPY,
    FULL,
    GONE,
    HAND,
    LEAK,
    LINKS,
    LOST,
    MEDIA,
    PART,
    POWER,
    RECORD,
    REMOVAL,
    REMOVED,
    SCANNER,
    SPLIT,
    WIPE,
)
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import MASS, image_layers, inside, told_of
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import edited, layer_truth
from benchmarks.accuracy.faults.steps import data_of, own_layers
from benchmarks.accuracy.faults.sweeps import deleted
from benchmarks.accuracy.truth import Truth, truth

LIMIT = 8192


# by a pattern


@unseen(REMOVED)
def layer_directories_of_one_letter_removed(store: Bundle) -> Truth:
    """Do `rm -rf overlay/a*`: layers of images and of containers alike."""
    keys = [k for k in store.before[0] if store.at("overlay", k) in store.entries]
    letters = sorted({k[0] for k in keys})
    letter = store.draw([each for each in letters if 2 <= sum(k[0] == each for k in keys) < len(keys)])
    gone = [k for k in keys if k[0] == letter]
    hit = serving(store, gone)
    store.take(*(store.at("overlay", k) for k in gone))
    return truth([*gone, store.at("overlay"), *(store.at("overlay", k) for k in gone)], (REMOVED, WIPE, GONE), hit)


@unseen(BASE)
def temporary_and_cache_directories_removed_everywhere(store: Bundle) -> Truth:
    found = inside(store, image_layers(store))
    gone = {p: k for k, p, m in found if m.kind == DIRECTORY and p.rpartition("/")[2] in ("tmp", "cache")}
    layers = sorted(set(gone.values()))
    if len(layers) < 2:
        raise NotHere
    hit = serving(store, layers)
    store.take(*(p for p in gone if not any(p.startswith(f"{other}/") for other in gone)))
    return truth([*told_of(store, layers, "diff"), *gone], (BASE, SCANNER, WIPE), hit)


@unseen(LOST)
def older_items_of_images_deleted(store: Bundle) -> Truth:
    """Do `find overlay-images -mindepth 2 -type f -mtime +N -delete`: data of the older half of the images."""
    rows = sorted(
        store.before[1].values(), key=lambda row: store.entries[store.big_data(row["id"], "manifest")][0].mtime_ns
    )
    images = [row["id"] for row in rows[: len(rows) // 2]]
    if len(images) < 2:
        raise NotHere
    gone = [p for k in images for p in store.below(store.at("overlay-images", k))[1:]]
    hit = standing(store, images=images)
    store.take(*gone)
    return truth([*images, *gone, store.at("overlay-images"), *(store.at("overlay-images", k) for k in images)],
                 (LOST, WIPE, SCANNER), (hit[0], None))  # fmt: skip


@unseen(LINKS)
def small_files_of_the_older_layers_deleted(store: Bundle) -> Truth:
    """Do `find overlay -maxdepth 2 -type f -mtime +N -delete`: `link` and `lower` of the older half."""
    keys = sorted((k for k in store.before[0] if store.at("overlay", k, "link") in store.entries),
                  key=lambda k: store.entries[store.at("overlay", k, "link")][0].mtime_ns)  # fmt: skip
    keys = keys[: len(keys) // 2]
    if len(keys) < MASS:
        raise NotHere
    gone = [
        p for k in keys for p in (store.at("overlay", k, "link"), store.at("overlay", k, "lower")) if p in store.entries
    ]
    hit = standing(store, keys)
    store.take(*gone)
    return truth([*told_of(store, keys, "link", "lower"), store.at("overlay/l")], (LINKS, HAND, REMOVED, WIPE), hit)


@unseen(BASE)
def files_cut_at_a_limit_everywhere(store: Bundle) -> Truth:
    """Copy under `ulimit -f`: whatever is longer ends there."""
    return edited(store, lambda data, _m: data[:LIMIT], BASE, POWER, FULL, COPY, SCANNER)


@unseen(BASE)
def files_of_one_layer_packed(store: Bundle) -> Truth:
    layer = store.layer()
    paths = store.files(layer, least=200)
    if len(paths) < MASS:
        raise NotHere
    for path in paths:
        data = gzip.compress(store.data(path), mtime=0)
        rename(store, path, f"{path}.gz")
        store.edit(f"{path}.gz", data)
    return layer_truth(store, layer, [*paths, *(f"{p}.gz" for p in paths)], BASE, SCANNER)


@unseen(BASE)
def older_programs_deleted_everywhere(store: Bundle) -> Truth:
    """Do `find overlay -name '*.so*' -delete`, a clean-up of libraries: files and symlinks by name."""
    return deleted(store, lambda p, m: m.kind in (FILE, SYMLINK) and ".so" in p.rpartition("/")[2], 2)


# scanners


@unseen(SCANNER)
def file_quarantined_with_a_note_beside_it(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    note = f"{path}.quarantined.txt"
    store.take(path)
    store.write(note, b"This file was moved to quarantine by endpoint protection.\n")
    store.by_hand(note)
    return layer_truth(store, layer, [path, note], SCANNER, BASE)


@unseen(SPLIT)
def tar_split_renamed_by_a_scanner(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries:
        raise NotHere
    rename(store, path, f"{path}.vir")
    store.by_hand(f"{path}.vir")
    return truth([layer, path, f"{path}.vir"], (SPLIT, SCANNER), severe=False)


@unseen(LOST)
def config_of_an_image_quarantined(store: Bundle) -> Truth:
    image = store.image()
    path = store.config(image["id"])
    hit = standing(store, images=[image["id"]])
    rename(store, path, f"{path}.infected")
    store.by_hand(f"{path}.infected")
    return truth([image["id"], path, f"{path}.infected"], (LOST, SCANNER, HAND), (hit[0], None))


# parts


@unseen(WIPE)
def directories_of_image_and_layer_records_removed(store: Bundle) -> Truth:
    if store.lent("layers") or store.root != store.graph_root:
        raise NotHere
    places = [store.at("overlay-images"), store.index("layers.json").rpartition("/")[0]]
    store.take(*places)
    return truth([*places, store.root, *(store.index(f"{n}.json") for n in ("images", "layers")), *store.before[0],
                  *store.before[1], *store.before[2]], (WIPE, PART, HAND, RECORD, GONE, LOST, BACK))  # fmt: skip


@unseen(WIPE)
def directory_of_the_container_records_removed(store: Bundle) -> Truth:
    place = store.at("overlay-containers")
    if not store.before[2] or store.index("containers.json") not in store.entries:
        raise NotHere
    store.take(place)
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    return truth([place, store.graph_root, store.index("containers.json"), *store.before[2], *base,
                  *(r["layer"] for r in store.before[2].values())],
                 (WIPE, PART, GONE, BEHIND, HAND, BACK, LEAK), (set(), None))  # fmt: skip


@unseen(BEHIND)
def every_container_removed_behind_podmans_back(store: Bundle) -> Truth:
    """Let another engine, or a second host, remove all containers whole."""
    base = [p for p in store.entries if p.endswith("libpod/bolt_state.db")]
    rows = list(store.before[2].values())
    if not base or len(rows) < 2 or any(row["id"].encode() not in store.data(base[0]) for row in rows):
        raise NotHere
    for row in rows:
        link = store.link_of(row["layer"]) if store.driver == "overlay" else ""
        gone = (store.at("overlay", row["layer"]), link, store.at("overlay-containers", row["id"]))
        store.take(*(p for p in gone if p in store.entries))
        store.drop_record("containers", row["id"])
        store.drop_record("layers", row["layer"])
    for part in ("containers", "layers"):
        if store.index(f"{part}.json") in store.entries:
            store.by_hand(store.index(f"{part}.json"))
    return truth([*(r["id"] for r in rows), *(r["layer"] for r in rows), *base, store.index("containers.json")],
                 (BEHIND, GONE, WIPE, BACK), (set(), None))  # fmt: skip


@unseen(RECORD)
def layer_deleted_without_safety_checks(store: Bundle) -> Truth:
    """Do `containers-storage delete ID` with a shared layer: record, directory, short link and tar-split go."""
    layer = store.layer(shared=True)
    hit = serving(store, [layer])
    link = store.link_of(layer) if store.driver == "overlay" else ""
    gone = (store.at("overlay", layer), link, store.at("overlay-layers", f"{layer}.tar-split.gz"))
    store.take(*(p for p in gone if p in store.entries))
    store.drop_record("layers", layer)
    store.by_hand(store.index("layers.json"))
    if store.driver != "overlay":
        hit = standing(store, [layer])
    return truth([layer, *gone, store.index("layers.json")], (RECORD, REMOVED, HAND, BACK, REMOVAL), hit)


@unseen(GONE)
def merged_of_every_container_removed(store: Bundle) -> Truth:
    rows = {r["id"]: store.at("overlay", r["layer"], "merged") for r in store.before[2].values()}
    rows = {k: p for k, p in rows.items() if p in store.entries}
    if len(rows) < 2:
        raise NotHere
    store.take(*rows.values())
    return truth([*rows, *rows.values(), *(store.before[2][k]["layer"] for k in rows), store.at("overlay")],
                 (GONE, REMOVED, COPY), (set(), set(rows)))  # fmt: skip


# another day


def _newest_container(store: Bundle) -> dict[str, object]:
    rows = sorted(store.rows("containers.json"), key=lambda row: row.get("created", ""))
    if len(rows) < 2:
        raise NotHere
    return rows[-1]


@unseen(BACK)
def containers_of_yesterday_with_their_data(store: Bundle) -> Truth:
    """Put `overlay-containers` of yesterday back: the newest container's layer is left without it."""
    row = _newest_container(store)
    place = store.at("overlay-containers", row["id"])
    if place not in store.entries:
        raise NotHere
    store.take(place)
    store.drop_record("containers", row["id"])
    store.by_hand(store.index("containers.json"))
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    return truth([row["id"], row["layer"], place, store.index("containers.json"), store.at("overlay", row["layer"]),
                  *base], (BACK, BEHIND, GONE, LEAK, REMOVAL), (set(), None))  # fmt: skip


@unseen(BACK)
def containers_and_layers_json_of_yesterday(store: Bundle) -> Truth:
    row = _newest_container(store)
    if row["layer"] not in {each["id"] for each in store.rows("layers.json")}:
        raise NotHere
    store.drop_record("containers", row["id"])
    store.drop_record("layers", row["layer"])
    indexes = [store.index("containers.json"), store.index("layers.json")]
    for path in indexes:
        store.entries[path][0].mtime_ns -= DAY
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    return truth([row["id"], row["layer"], *indexes, store.at("overlay-containers", row["id"]),
                  store.at("overlay", row["layer"]), *base], (BACK, BEHIND, GONE, LEAK), (set(), None))  # fmt: skip


@unseen(BACK)
def records_of_a_removed_image_and_its_layers_are_back(store: Bundle) -> Truth:
    """Put indexes of before a removal back: records of an image and of its own layers, and nothing behind them."""
    image = store.image(used=False)
    own = own_layers(store, image)
    hit = standing(store, own, [image["id"]])
    gone = data_of(store, image, own)
    if store.driver == "overlay":
        gone += map(store.link_of, own)
    store.take(*(p for p in gone if p in store.entries))
    for part in ("images", "layers"):
        store.entries[store.index(f"{part}.json")][0].mtime_ns -= DAY
    return truth([image["id"], *own, *gone, *(store.index(f"{n}.json") for n in ("images", "layers"))],
                 (BACK, LOST, REMOVED, WIPE, HAND, REMOVAL), (hit[0], None))  # fmt: skip


@unseen(HAND)
def rows_in_the_middle_of_images_json_lost(store: Bundle) -> Truth:
    rows = store.rows("images.json")
    if len(rows) < 5 or store.lent("images"):
        raise NotHere
    gone = [row["id"] for row in rows[len(rows) // 2 - 1 : len(rows) // 2 + 1]]
    store.put("images.json", [row for row in rows if row["id"] not in gone])
    store.by_hand(store.index("images.json"))
    own = [k for g in gone for k in store.chain_of(store.before[1][g].get("layer", ""))]
    users = [k for k, row in store.before[2].items() if row["image"] in gone]
    return truth([*gone, *own, *users, store.index("images.json"), *(store.at("overlay-images", k) for k in gone)],
                 (HAND, BACK, LEAK, GONE, REMOVAL, MEDIA))  # fmt: skip


@unseen(HAND)
def first_rows_of_containers_json_lost(store: Bundle) -> Truth:
    rows = store.rows("containers.json")
    if len(rows) < 4:
        raise NotHere
    gone = rows[: len(rows) // 2]
    store.put("containers.json", rows[len(rows) // 2 :])
    store.by_hand(store.index("containers.json"))
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    keys = [
        *(r["id"] for r in gone),
        *(r["layer"] for r in gone),
        *(store.at("overlay-containers", r["id"]) for r in gone),
    ]
    return truth([*keys, store.index("containers.json"), *base], (HAND, BACK, LEAK, GONE, BEHIND), (set(), None))


# moved about


@unseen(BASE)
def files_of_one_layer_renamed_with_an_ending(store: Bundle) -> Truth:
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    layer = store.layer()
    paths = [p for p in store.files(layer) if p not in linked]
    if len(paths) < MASS:
        raise NotHere
    for path in paths:
        rename(store, path, f"{path}.orig")
        store.entries[path.rpartition("/")[0]][0].mtime_ns = store.later
    return layer_truth(store, layer, [*paths, *(f"{p}.orig" for p in paths)], BASE, SCANNER)


@unseen(BASE)
def contents_of_a_directory_moved_to_another(store: Bundle) -> Truth:
    layer = store.layer()
    folders: dict[str, list[str]] = {}
    for path in store.files(layer):
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    top = store.at("overlay", layer, "diff")
    source = store.draw(sorted(f for f, names in folders.items() if len(names) > 1 and f != top))
    target = store.draw(sorted(f for _, f, m in inside(store, [layer]) if m.kind == DIRECTORY and f != source))
    new = []
    for path in folders[source]:
        new.append(f"{target}/{path.rpartition('/')[2]}")
        if new[-1] in store.entries:
            raise NotHere
        rename(store, path, new[-1])
    for folder in (source, target):
        store.entries[folder][0].mtime_ns = store.later
    return layer_truth(store, layer, [*folders[source], *new, source, target], BASE, SCANNER)
