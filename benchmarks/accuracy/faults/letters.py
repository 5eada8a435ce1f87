"""Single bits of names and attributes, and small texts that an editor, a script or two writers left wrong.

Written when rules and weights stood, as `unseen`. A flipped bit moves no clock.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from analyzer.source.member import CHAR, FILE
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    BASE,
    COPY,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    POWER,
    REMOVED,
    SPLIT,
    SWEPT,
    TWO,
)
from benchmarks.accuracy.faults.flips import flipped, rename
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _name_flipped(store: Bundle, path: str) -> str:
    """Flip a bit of a letter of an entry's name."""
    if path not in store.entries:
        raise NotHere
    place, _, name = path.rpartition("/")
    other = f"{place}/{flipped(store, name, LETTERS)}"
    rename(store, path, other)
    return other


# names


@unseen(REMOVED)
def name_of_diff_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer, "diff")
    if store.driver != "overlay":
        raise NotHere
    hit = serving(store, [layer])
    other = _name_flipped(store, path)
    return truth([layer, path, other], (REMOVED, MEDIA, BASE, HAND), hit)


@unseen(MEDIA)
def name_of_lower_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    hit = standing(store, [layer])
    path = store.at("overlay", layer, "lower")
    return truth([layer, path, _name_flipped(store, path)], (MEDIA, HAND, REMOVED), hit)


@unseen(MEDIA)
def name_of_link_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    path = store.at("overlay", layer, "link")
    return truth([layer, path, _name_flipped(store, path)], (MEDIA, LINKS, HAND), hit)


@unseen(MEDIA)
def name_of_a_manifest_bit_flipped(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    path = store.big_data(image["id"], "manifest")
    return truth([image["id"], path, _name_flipped(store, path)], (MEDIA, LOST), (hit[0], None))


@unseen(MEDIA)
def name_of_a_tar_split_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries:
        raise NotHere
    other = f"{path.rpartition('/')[0]}/{flipped(store, layer)}.tar-split.gz"
    rename(store, path, other)
    return truth([layer, path, other], (MEDIA, SPLIT))


@unseen(MEDIA)
def name_of_an_image_directory_bit_flipped(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    path = store.at("overlay-images", image["id"])
    other = store.at("overlay-images", flipped(store, image["id"]))
    rename(store, path, other)
    return truth([image["id"], path, other], (MEDIA, LOST), (hit[0], None))


@unseen(MEDIA)
def name_of_a_container_directory_bit_flipped(store: Bundle) -> Truth:
    row = store.container(image=False)
    path = store.at("overlay-containers", row["id"])
    if path not in store.entries:
        raise NotHere
    other = store.at("overlay-containers", flipped(store, row["id"]))
    rename(store, path, other)
    return truth([row["id"], path, other], (MEDIA, GONE, "libpod-storage-gone"), (set(), None))


# attributes


def _of_layers(store: Bundle, wanted: Callable[[Any], bool]) -> tuple[str, str, Any]:
    return store.draw([each for each in inside(store, image_layers(store)) if wanted(each[2])])


@unseen(MEDIA)
def bit_of_an_owner_flipped(store: Bundle) -> Truth:
    layer, path, member = _of_layers(store, lambda m: m.kind == FILE)
    member.uid ^= 1 << store.dice.randrange(16)
    return truth([layer, path], (MEDIA, BASE, SWEPT), serving(store, [layer]))


@unseen(MEDIA)
def bit_of_the_numbers_of_a_whiteout_flipped(store: Bundle) -> Truth:
    layer, path, member = _of_layers(store, lambda m: m.kind == CHAR and m.rdev == (0, 0))
    member.rdev = (0, 1 << store.dice.randrange(6))
    return truth([layer, path], (MEDIA, BASE, COPY), serving(store, [layer]))


@unseen(MEDIA)
def bit_of_an_opaque_mark_flipped(store: Bundle) -> Truth:
    """Turn `y` into `x`: what lies below is seen again."""
    layer, path, member = _of_layers(store, lambda m: any(n.endswith("overlay.opaque") for n in m.xattrs))
    member.xattrs = {n: b"x" if n.endswith("overlay.opaque") else v for n, v in member.xattrs.items()}
    return truth([layer, path], (MEDIA, BASE, COPY), serving(store, [layer]))


@unseen(MEDIA)
def bit_of_a_capability_flipped(store: Bundle) -> Truth:
    layer, path, member = _of_layers(store, lambda m: m.kind == FILE and "security.capability" in m.xattrs)
    value = bytearray(member.xattrs["security.capability"])
    value[5] ^= 4
    member.xattrs = {**member.xattrs, "security.capability": bytes(value)}
    return truth([layer, path], (MEDIA, BASE, COPY), serving(store, [layer]))


@unseen(MEDIA)
def file_became_a_fifo(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    store.change(path, kind="fifo", size=0)
    store.entries[path] = (store.entries[path][0], b"")
    return truth([layer, path], (MEDIA, BASE), serving(store, [layer]))


@unseen(MEDIA)
def bit_of_a_containers_configuration_flipped(store: Bundle) -> Truth:
    crio = {key for key, row in store.before[2].items() if "pod-id" in row.get("metadata", "")}
    found = [p for p in store.entries if p.endswith("/userdata/config.json") and p.split("/")[-3] in crio]
    path = store.draw(sorted(found))
    store.flip(path, store.data(path).index(b'"'))
    return truth([path.split("/")[-3], path], (MEDIA, GONE, POWER), (set(), None))


# small texts


@unseen(LINKS)
def link_text_written_twice(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer, "link")
    hit = standing(store, [layer])
    store.edit(path, store.data(path) * 2)
    return truth([layer, path], (LINKS, HAND, TWO), hit)


@unseen(HAND)
def lower_written_twice(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    hit = standing(store, [layer])
    store.edit(path, store.data(path) * 2)
    return truth([layer, path], (HAND, TWO), hit)


@unseen(HAND)
def lower_parted_by_commas(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    if b":" not in store.data(path):
        raise NotHere
    hit = standing(store, [layer])
    store.edit(path, store.data(path).replace(b":", b","))
    return truth([layer, path], HAND, hit)


@unseen(HAND)
def lower_without_its_directory(store: Bundle) -> Truth:
    """Lose `l/` before every name: the names lie in the driver's home then, and are not there."""
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    hit = standing(store, [layer])
    store.edit(path, store.data(path).replace(b"l/", b""))
    return truth([layer, path], (HAND, LINKS), hit)


@unseen(HAND)
def text_of_link_in_lower(store: Bundle) -> Truth:
    """Let a layer's `lower` name the layer itself."""
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    hit = standing(store, [layer])
    store.edit(path, b"l/" + store.data(store.at("overlay", layer, "link")))
    return truth([layer, path], HAND, hit)


# records


def _saved(store: Bundle, name: str, data: bytes, key: str, *families: str) -> Truth:
    """Write an index by hand that no engine can read."""
    if store.lent(name.removesuffix(".json")):
        raise NotHere
    images, containers = everybody(store)
    hit = {"layers.json": (images, containers), "images.json": (images, None), "containers.json": (None, containers)}
    store.edit(store.index(name), data)
    return truth([store.index(name), key], families or (HAND, MEDIA, POWER, TWO), hit[name])


@unseen(HAND)
def records_in_a_list_of_a_list(store: Bundle) -> Truth:
    return _saved(store, "images.json", json.dumps([store.rows("images.json")]).encode(), "")


@unseen(TWO)
def layers_json_written_twice(store: Bundle) -> Truth:
    return _saved(store, "layers.json", store.data(store.index("layers.json")) * 2, "")


@unseen(TWO)
def tail_of_an_older_layers_json_left(store: Bundle) -> Truth:
    """Save a shorter text over a longer one without cutting the file."""
    rows = store.rows("layers.json")
    if len(rows) < 3:
        raise NotHere
    shorter = json.dumps(rows[1:], separators=(",", ":")).encode()
    return _saved(store, "layers.json", shorter + store.data(store.index("layers.json"))[len(shorter) :], "")


@unseen(HAND)
def size_of_a_layer_with_a_fraction(store: Bundle) -> Truth:
    layer = store.layer()
    row = {**store.before[0][layer], "diff-size": 1024.5}
    rows = [row if each["id"] == layer else each for each in store.rows("layers.json")]
    return _saved(store, "layers.json", json.dumps(rows).encode(), layer)


@unseen(HAND)
def line_of_images_json_lost(store: Bundle) -> Truth:
    """Set the file in lines and lose one that closes something."""
    lines = json.dumps(store.rows("images.json"), indent=1).split("\n")
    at = store.draw([n for n, line in enumerate(lines) if line.strip() in ("],", "},")])
    return _saved(store, "images.json", "\n".join(lines[:at] + lines[at + 1 :]).encode(), "")


@unseen(HAND)
def parent_of_a_layer_given_twice(store: Bundle) -> Truth:
    """Have the key `parent` twice in a record: the last one counts, and is no layer."""
    layer = store.layer(parent=True)
    hit = standing(store, [layer])
    path = store.index("layers.json")
    old = json.dumps({"parent": store.before[0][layer]["parent"]}, separators=(",", ":"))[1:-1]
    text = store.text(path)
    at = text.index(old, text.index(f'"id":"{layer}"'))
    store.edit(path, (text[: at + len(old)] + ',"parent":"' + "0" * 64 + '"' + text[at + len(old) :]).encode())
    return truth([layer, "0" * 64, path], (HAND, "layer-record-lost"), hit)


@unseen(HAND)
def id_and_parent_of_a_layer_exchanged(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    row = store.before[0][layer]
    hit = standing(store, [layer])
    if store.file_of("layers", layer) != "layers.json" or row["parent"] not in store.before[0]:
        raise NotHere
    other = {**row, "id": row["parent"], "parent": layer}
    store.put("layers.json", [other if each["id"] == layer else each for each in store.rows("layers.json")])
    store.by_hand(store.index("layers.json"))
    return truth([layer, row["parent"], store.index("layers.json")], (HAND, TWO, "layer-record-lost"), hit)


@unseen(HAND)
def image_on_the_layer_of_a_container(store: Bundle) -> Truth:
    row = store.container()
    store.change_record("images", row["image"], layer=row["layer"])
    store.by_hand(store.index("images.json"))
    return truth([row["image"], row["id"], row["layer"], store.index("images.json")], (HAND, TWO),
                 ({row["image"]}, None))  # fmt: skip


@unseen(HAND)
def map_of_a_containers_layer_removed(store: Bundle) -> Truth:
    found = [row for row in store.before[2].values() if store.before[0].get(row["layer"], {}).get("uidmap")]
    row = store.draw(found)
    store.change_record("layers", row["layer"], uidmap=None, gidmap=None)
    store.by_hand(store.index(store.file_of("layers", row["layer"])))
    return truth([row["id"], row["layer"]], (HAND, SWEPT, "subordinate-ids-changed"), (set(), None))


@unseen(HAND)
def digest_of_the_empty_file_for_every_layer(store: Bundle) -> Truth:
    """Fill a field by a script: every layer has one digest, that of nothing."""
    nothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    rows = store.rows("layers.json")
    hit = [row["id"] for row in rows if row.get("diff-digest")]
    if len(hit) < 3:
        raise NotHere
    store.put("layers.json", [{**row, "diff-digest": nothing} if row["id"] in hit else row for row in rows])
    store.by_hand(store.index("layers.json"))
    return truth([*hit, store.index("layers.json")], (HAND, SPLIT, TWO))
