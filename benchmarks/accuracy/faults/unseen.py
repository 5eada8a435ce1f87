"""Faults written when the rules, weights and calibration stood, and measured before anything was changed for them."""

from __future__ import annotations

import gzip
import json

from analyzer.source.member import FILE, HARDLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BASE,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    POWER,
    REMOVED,
    SPLIT,
    SWEPT,
)
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth


@unseen(BASE)
def file_replaced_by_a_directory(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.directory(path, mode=0o755)
    store.by_hand(path)
    return truth([layer, path], BASE, hit)


@unseen(BASE)
def file_cut_in_half_later(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    hit = serving(store, [layer])
    store.edit(path, store.data(path)[: len(store.data(path)) // 2])
    return truth([layer, path], BASE, hit)


@unseen(BASE)
def several_files_planted(store: Bundle) -> Truth:
    layer = store.layer()
    hit = serving(store, [layer])
    paths = [store.at("overlay", layer, f"diff/.cache-{number}") for number in range(4)]
    for path in paths:
        store.write(path, b"miner\n").change(path, mode=0o755)
    store.by_hand(*paths)
    return truth([layer, store.at("overlay", layer, "diff"), *paths], BASE, hit)


@unseen(BASE)
def two_files_exchanged(store: Bundle) -> Truth:
    layer, (one, two) = store.layer_with_files(2)
    if store.data(one) == store.data(two):
        raise NotHere
    hit = serving(store, [layer])
    data = store.data(one)
    store.edit(one, store.data(two))
    store.edit(two, data)
    return truth([layer, one, two], BASE, hit)


@unseen(SWEPT)
def programs_lost_their_execute_bit(store: Bundle) -> Truth:
    """Do what `chmod -R a-x` does to the files of one layer."""
    layer = store.layer()
    files = store.files(layer, least=1, executable=True)
    if len(files) < 4:
        raise NotHere
    hit = serving(store, [layer])
    for path in files:
        member = store.entries[path][0]
        member.mode &= ~0o111
    return truth([layer, *files], (SWEPT, BASE), hit)


@unseen(SPLIT)
def tar_split_with_rubbish_at_its_end(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries:
        raise NotHere
    hit = standing(store, [layer])
    store.write(path, store.data(path) + b"\x00rubbish")
    return truth([layer, path], (SPLIT, MEDIA, POWER), hit)


@unseen(SPLIT)
def tar_split_not_compressed(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries:
        raise NotHere
    hit = standing(store, [layer])
    store.edit(path, gzip.decompress(store.data(path)))
    return truth([layer, path], SPLIT, hit)


@unseen(LINKS)
def link_text_in_small_letters(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer, "link")
    store.edit(path, store.data(path).lower())
    return truth([layer, path, store.at("overlay/l")], (LINKS, HAND))


@unseen(LINKS)
def short_link_to_a_layer_that_is_not_there(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.link_of(layer)
    hit = serving(store, [layer])
    store.symlink(path, f"../{'0' * 64}/diff")
    store.by_hand(path)
    return truth([layer, path], LINKS, (hit[0], None))


@unseen(HAND)
def lower_with_a_line_end(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    if path not in store.entries:
        raise NotHere
    hit = serving(store, [layer])
    store.edit(path, store.data(path) + b"\n")
    return truth([layer, path], (HAND, LINKS), (hit[0], None))


@unseen(HAND)
def lower_with_a_parent_too_many(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    others = [store.text(store.at("overlay", key, "link")) for key in sorted(store.before[0])
              if key not in store.chain_of(layer) and store.at("overlay", key, "link") in store.entries]  # fmt: skip
    if path not in store.entries or not others:
        raise NotHere
    hit = serving(store, [layer])
    store.edit(path, store.data(path) + f":l/{store.draw(others)}".encode())
    return truth([layer, path], HAND, (hit[0], None))


@unseen(ALTERED)
def manifest_with_a_line_more(store: Bundle) -> Truth:
    image = store.image()
    path = store.big_data(image["id"], "manifest")
    hit = standing(store, images=[image["id"]])
    store.edit(path, store.data(path) + b"\n")
    return truth([image["id"], path], ALTERED, (hit[0], None))


@unseen(ALTERED)
def manifest_of_another_image(store: Bundle) -> Truth:
    image, other = store.image(), store.image()
    if image["id"] == other["id"]:
        raise NotHere
    hit = standing(store, images=[image["id"]])
    path = store.big_data(image["id"], "manifest")
    store.edit(path, store.data(store.big_data(other["id"], "manifest")))
    return truth([image["id"], path], (ALTERED, HAND), (hit[0], None))


@unseen(LOST)
def config_is_a_directory(store: Bundle) -> Truth:
    image = store.image()
    path = store.config(image["id"])
    hit = standing(store, images=[image["id"]])
    store.directory(path)
    store.by_hand(path)
    return truth([image["id"], path], (LOST, ALTERED), (hit[0], None))


@unseen(HAND)
def layer_of_an_image_misspelt(store: Bundle) -> Truth:
    image = store.image()
    wrong = "d" * 7 + image["layer"][7:]
    store.change_record("images", image["id"], layer=wrong)
    store.by_hand(store.index("images.json"))
    hit = standing(store, images=[image["id"]])
    keys = [image["id"], wrong, store.index("images.json"), image["layer"]]
    return truth(keys, (HAND, "layer-record-lost"), (hit[0], None))


@unseen(HAND)
def parent_of_a_layer_misspelt(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    wrong = "c" * 9 + store.before[0][layer]["parent"][9:]
    hit = standing(store, [layer])
    store.change_record("layers", layer, parent=wrong)
    store.by_hand(store.index("layers.json"))
    keys = [layer, wrong, store.index("layers.json"), store.before[0][layer]["parent"]]
    return truth(keys, (HAND, "layer-record-lost"), (hit[0], None))


@unseen(POWER)
def newest_image_never_written(store: Bundle) -> Truth:
    """Empty all data of the image that was recorded last."""
    image = list(store.before[1].values())[-1]
    hit = standing(store, images=[image["id"]])
    top = store.at("overlay-images", image["id"])
    paths = [path for path in store.below(top) if store.entries[path][0].kind == FILE]
    if not paths or not image.get("layer"):
        raise NotHere
    for path in paths:
        store.write(path, b"")
    return truth([image["id"], *paths], (POWER, "disk-full"), hit)


@unseen(POWER)
def lock_and_index_nul(store: Bundle) -> Truth:
    path = store.index("images.json")
    if store.lent("layers") or not store.rows("images.json"):
        raise NotHere
    store.write(path, bytes(4096))
    return truth(path, POWER)


@unseen(REMOVED)
def newest_layer_directories_removed(store: Bundle) -> Truth:
    layers = sorted((row for row in store.before[0].values() if standing(store, [row["id"]])[0]),
                    key=lambda row: row.get("created", ""))[-2:]  # fmt: skip
    gone = [row["id"] for row in layers]
    if len(gone) < 2:
        raise NotHere
    hit = serving(store, gone)
    for layer in gone:
        store.take(store.at("overlay", layer))
    return truth([*gone, *(store.at("overlay", layer) for layer in gone)], REMOVED, hit)


@unseen(HAND)
def record_of_a_layer_emptied(store: Bundle) -> Truth:
    layer = store.layer()
    rows = [{"id": layer} if row["id"] == layer else row for row in store.rows("layers.json")]
    store.put("layers.json", rows)
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], HAND)


@unseen(HAND)
def images_json_in_lines(store: Bundle) -> Truth:
    """Save the records one a line, as `jq -c .[]` does: no array any more."""
    path = store.index("images.json")
    rows = store.rows("images.json")
    if store.lent("layers") or len(rows) < 2:
        raise NotHere
    store.edit(path, "\n".join(json.dumps(row) for row in rows).encode())
    return truth(path, HAND)


@unseen(GONE)
def containers_of_one_image_without_it(store: Bundle) -> Truth:
    """Remove an image by hand, record, data and name, while containers stand on it."""
    image = store.image(used=True)
    containers = {key for key, row in store.before[2].items() if row["image"] == image["id"]}
    if len(store.before[1]) < 2:
        raise NotHere
    store.drop_record("images", image["id"])
    store.by_hand(store.index("images.json"))
    store.take(store.at("overlay-images", image["id"]))
    return truth([image["id"], *containers], GONE, (None, containers))


@unseen(BASE)
def hard_link_turned_into_another_file(store: Bundle) -> Truth:
    found = [
        path for path, (member, _) in store.entries.items()
        if member.kind == HARDLINK and path.startswith(store.at("overlay") + "/")
    ]  # fmt: skip
    path = store.draw(found)
    layer = path.removeprefix(store.at("overlay") + "/").split("/")[0]
    if layer not in store.before[0] or not standing(store, [layer])[0]:
        raise NotHere
    hit = serving(store, [layer])
    store.write(path, b"something else\n").change(path, mode=0o755)
    store.by_hand(path)
    return truth([layer, path], BASE, hit)
