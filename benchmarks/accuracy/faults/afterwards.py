"""Things in the place of others, texts packed or converted, records exchanged in pairs: tried after the mending.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

from analyzer.source.member import CHAR, DIRECTORY, FILE, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    COPY,
    GONE,
    HAND,
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
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import each_layer, image_layers, inside, told_of
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import SECTOR, edited, layer_truth
from benchmarks.accuracy.faults.steps import newest
from benchmarks.accuracy.faults.sweeps import swept
from benchmarks.accuracy.truth import Truth, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.source.member import Member


# something else in its place


@unseen(LOST)
def data_of_an_image_is_a_file(store: Bundle) -> Truth:
    image = store.image()
    place = store.at("overlay-images", image["id"])
    hit = standing(store, images=[image["id"]])
    store.take(place)
    store.write(place, b"")
    store.by_hand(place)
    return truth([image["id"], place], (LOST, HAND, WIPE), (hit[0], None))


@unseen(GONE)
def data_of_a_container_is_a_file(store: Bundle) -> Truth:
    row = store.container()
    place = store.at("overlay-containers", row["id"])
    if place not in store.entries:
        raise NotHere
    store.take(place)
    store.write(place, b"")
    store.by_hand(place)
    return truth([row["id"], place], (GONE, HAND, "libpod-storage-gone"), (set(), {row["id"]}))


@unseen(SPLIT)
def tar_split_is_a_directory(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    store.take(path)
    store.directory(path)
    store.by_hand(path)
    return truth([layer, path], (SPLIT, HAND), severe=False)


@unseen(LINKS)
def short_links_became_texts(store: Bundle) -> Truth:
    """Copy `overlay/l` by what writes the target of a symlink into a file."""
    place = store.at("overlay/l") + "/"
    links = [p for p, (m, _) in store.entries.items() if p.startswith(place) and m.kind == SYMLINK]
    if len(links) < 3:
        raise NotHere
    hit = everybody(store)
    for path in links:
        target = store.entries[path][0].link
        store.write(path, target.encode())
        store.by_hand(path)
    return truth([place.rstrip("/"), *links, *store.before[0]], (LINKS, COPY), hit)


@unseen(REMOVED)
def layer_is_in_the_staging_directory(store: Bundle) -> Truth:
    """Move a layer's directory into `overlay/staging`."""
    layer = store.layer()
    place = store.at("overlay", layer)
    if store.driver != "overlay":
        raise NotHere
    hit = serving(store, [layer])
    top = store.at("overlay", "staging")
    if top not in store.entries:
        store.directory(top)
    rename(store, place, f"{top}/{layer}")
    store.by_hand(f"{top}/{layer}", top)
    return truth([layer, place, f"{top}/{layer}", store.at("overlay")], (REMOVED, PULL, HAND, WIPE), hit)


@unseen(COPY)
def whiteouts_everywhere_became_empty_files(store: Bundle) -> Truth:
    def change(path: str, member: Member) -> bool:
        if member.kind != CHAR or member.rdev != (0, 0):
            return False
        store.write(path, b"")
        store.change(path, mode=0o644)
        store.by_hand(path)
        return True

    return swept(store, change, COPY, BASE, least=2)


# packed, converted


@unseen(ALTERED)
def config_packed_in_its_place(store: Bundle) -> Truth:
    image = store.image()
    path = store.config(image["id"])
    hit = standing(store, images=[image["id"]])
    store.edit(path, gzip.compress(store.data(path), mtime=0))
    return truth([image["id"], path], (ALTERED, HAND, MEDIA), (hit[0], None))


@unseen(ALTERED)
def manifests_of_three_images_encoded(store: Bundle) -> Truth:
    images = [k for k in store.before[1] if store.at("overlay-images", k, "manifest") in store.entries]
    if len(images) < 4:
        raise NotHere
    images = store.dice.sample(images, 3)
    paths = [store.at("overlay-images", k, "manifest") for k in images]
    for path in paths:
        store.edit(path, base64.b64encode(store.data(path)))
    return truth([*images, *paths, store.at("overlay-images")], (ALTERED, HAND, SCANNER),
                 (standing(store, images=images)[0], None))  # fmt: skip


@unseen(SPLIT)
def every_tar_split_packed_by_another_program(store: Bundle) -> Truth:
    """Recompress by a program that writes another format under the same name."""
    paths = {k: store.at("overlay-layers", f"{k}.tar-split.gz") for k in image_layers(store)}
    paths = {k: p for k, p in paths.items() if p in store.entries}
    if len(paths) < 3:
        raise NotHere
    for path in paths.values():
        store.edit(path, b"\x28\xb5\x2f\xfd\x04\x00" + store.data(path)[10:])
    return truth([*paths, *paths.values(), store.at("overlay-layers")], (SPLIT, SCANNER, MEDIA), severe=False)


@unseen(BASE)
def texts_in_two_bytes_a_letter_everywhere(store: Bundle) -> Truth:
    return edited(store, lambda d, m: d.decode("latin-1").encode("utf-16") if d and b"\0" not in d
                  and not m.mode & 0o111 else d, BASE, SCANNER)  # fmt: skip


@unseen(BASE)
def programs_made_longer_everywhere(store: Bundle) -> Truth:
    return edited(store, lambda d, m: d + b"\0prelink" * 40 if m.mode & 0o111 and d else d, BASE, SCANNER)


@unseen(BASE)
def lines_sorted_in_every_text(store: Bundle) -> Truth:
    def new(data: bytes, member: Member) -> bytes:
        text = not member.mode & 0o111 and b"\0" not in data
        return b"".join(sorted(data.splitlines(keepends=True))) if text else data

    return edited(store, new, BASE, SCANNER)


@unseen(LINKS)
def every_link_text_with_a_mark_before_it(store: Bundle) -> Truth:
    layers = each_layer(store, "link", lambda p: store.edit(p, b"\xef\xbb\xbf" + store.data(p)), images=False)
    return truth([*told_of(store, layers, "link"), store.at("overlay/l")], (LINKS, HAND), standing(store, layers))


@unseen(BASE)
def file_planted_into_every_etc(store: Bundle) -> Truth:
    hit, new = [], []
    for layer in image_layers(store):
        folder = store.at("overlay", layer, "diff") + "/etc"
        path = f"{folder}/ld.so.preload"
        if folder in store.entries and path not in store.entries:
            store.write(path, b"/usr/lib/libagent.so\n")
            store.by_hand(path)
            hit.append(layer)
            new.append(path)
    if len(hit) < 3:
        raise NotHere
    return truth([*told_of(store, hit, "diff"), *new], (BASE, SCANNER), serving(store, hit))


# bits and blocks


@unseen(MEDIA)
def sectors_of_files_in_three_layers_nul(store: Bundle) -> Truth:
    hit, paths = [], []
    for layer in image_layers(store):
        files = [p for p in store.files(layer, least=3 * SECTOR) if store.data(p)[SECTOR : 2 * SECTOR].strip(b"\0")]
        if files and len(hit) < 3:
            path = store.draw(files)
            data = store.data(path)
            store.write(path, data[:SECTOR] + bytes(SECTOR) + data[2 * SECTOR :])
            hit.append(layer)
            paths.append(path)
    if len(hit) < 3:
        raise NotHere
    return truth([*hit, *paths, store.at("overlay")], (MEDIA, POWER, BASE), serving(store, hit))


@unseen(MEDIA)
def bits_of_two_indexes_flipped(store: Bundle) -> Truth:
    """Flip the first bit of the first letter: neither is JSON."""
    paths = [store.index("layers.json"), store.index("images.json")]
    if store.lent("layers"):
        raise NotHere
    for path in paths:
        data = store.data(path)
        store.write(path, bytes([data[0] ^ 1]) + data[1:])
    return truth([*paths, *(p.rpartition("/")[0] for p in paths)], (MEDIA, HAND, POWER), everybody(store))


@unseen(MEDIA)
def first_half_of_a_config_from_its_manifest(store: Bundle) -> Truth:
    image = store.image()
    path, other = store.config(image["id"]), store.big_data(image["id"], "manifest")
    data, foreign = store.data(path), store.data(other)
    half = len(data) // 2
    store.write(path, foreign[:half].ljust(half) + data[half:])
    return truth([image["id"], path], (MEDIA, ALTERED, POWER), (standing(store, images=[image["id"]])[0], None))


# records


def _exchanged(store: Bundle, name: str, field: str, *families: str) -> Truth:
    rows = [row for row in store.rows(name) if row.get(field)]
    one = store.draw(rows)
    two = store.draw([row for row in rows if row[field] != one[field]])
    values = {one["id"]: two[field], two["id"]: one[field]}
    store.put(name, [{**r, field: values[r["id"]]} if r["id"] in values else r for r in store.rows(name)])
    store.by_hand(store.index(name))
    return truth([one["id"], two["id"], store.index(name)], families)


@unseen(HAND)
def layers_of_two_images_swapped(store: Bundle) -> Truth:
    return _exchanged(store, "images.json", "layer", HAND, ALTERED)


@unseen(HAND)
def recorded_digests_of_two_images_swapped(store: Bundle) -> Truth:
    return _exchanged(store, "images.json", "big-data-digests", HAND, ALTERED)


@unseen(HAND)
def digests_of_two_layers_swapped(store: Bundle) -> Truth:
    return _exchanged(store, "layers.json", "diff-digest", HAND, ALTERED)


def _each_container(store: Bundle, new: Callable[[dict[str, Any]], dict[str, Any]], *families: str) -> Truth:
    rows = store.rows("containers.json")
    changed = [new(row) for row in rows]
    hit = {a["id"] for a, b in zip(rows, changed, strict=True) if a != b}
    if len(hit) < 2:
        raise NotHere
    store.put("containers.json", changed)
    store.by_hand(store.index("containers.json"))
    return truth([*hit, store.index("containers.json")], families, (set(), hit))


@unseen(HAND)
def image_of_every_container_is_the_same(store: Bundle) -> Truth:
    image = store.image()["id"]
    return _each_container(store, lambda row: {**row, "image": image}, HAND, GONE)


@unseen(HAND)
def layer_of_every_container_is_its_images(store: Bundle) -> Truth:
    images = store.before[1]
    return _each_container(store, lambda row: {**row, "layer": images.get(row["image"], row)["layer"]}, HAND, GONE)


@unseen(HAND)
def layers_of_containers_stand_on_the_base(store: Bundle) -> Truth:
    hit, layers = set(), {}
    for row in store.before[2].values():
        chain = store.chain_of(row["layer"])
        if len(chain) > 2 and chain[0] in store.before[0]:
            layers[row["layer"]] = chain[-1]
            hit.add(row["id"])
    rows = store.rows("layers.json")
    if len(hit & set(store.before[2])) < 2 or not layers.keys() <= {r["id"] for r in rows}:
        raise NotHere
    store.put("layers.json", [{**r, "parent": layers.get(r["id"], r.get("parent", ""))} for r in rows])
    store.by_hand(store.index("layers.json"))
    return truth([*layers, *hit, store.index("layers.json")], HAND, (set(), hit))


@unseen(HAND)
def lower_of_every_container_shortened(store: Bundle) -> Truth:
    hit, paths = set(), []
    for row in store.before[2].values():
        path = store.at("overlay", row["layer"], "lower")
        if path in store.entries and ":" in store.text(path):
            store.edit(path, store.text(path).partition(":")[0].encode())
            hit.add(row["id"])
            paths.append(path)
    if len(hit) < 2:
        raise NotHere
    layers = [store.before[2][key]["layer"] for key in hit]
    return truth([*hit, *layers, *paths, store.at("overlay")], (HAND, GONE, POWER), (set(), hit))


@unseen(BACK)
def layers_of_the_newest_image_without_records_and_directories(store: Bundle) -> Truth:
    """Remove the newest layer by hand in all places: directory, tar-split, short link, record; the image stays."""
    layer = newest(store)
    hit = standing(store, [layer])
    paths = [store.at("overlay", layer), store.at("overlay-layers", f"{layer}.tar-split.gz")]
    if store.driver == "overlay":
        paths.append(store.link_of(layer))
    store.take(*(p for p in paths if p in store.entries))
    store.drop_record("layers", layer)
    store.by_hand(store.index("layers.json"))
    return truth([layer, *paths, store.index("layers.json")], (RECORD, REMOVED, BACK, HAND, TWO), hit)


@unseen(HAND)
def layers_json_of_images_that_have_names(store: Bundle) -> Truth:
    """Keep records of layers of named images alone, by a script: those of containers and the rest are gone."""
    keep = {k for row in store.before[1].values() if row.get("names") for k in store.chain_of(row.get("layer", ""))}
    rows = store.rows("layers.json")
    gone = [row["id"] for row in rows if row["id"] not in keep]
    used = {row["layer"] for row in store.before[2].values()} & set(gone)
    if not used or store.lent("layers"):
        raise NotHere
    hit = standing(store, gone)
    store.put("layers.json", [row for row in rows if row["id"] in keep])
    store.by_hand(store.index("layers.json"))
    return truth([*gone, store.index("layers.json"), *hit[1]], (RECORD, BACK, HAND, TWO, GONE), hit)


# modes, marks


@unseen(COPY)
def opaque_marks_taken_everywhere(store: Bundle) -> Truth:
    def change(_path: str, member: Member) -> bool:
        found = {k: v for k, v in member.xattrs.items() if "opaque" not in k}
        if len(found) == len(member.xattrs):
            return False
        member.xattrs = found
        return True

    return swept(store, change, COPY, BASE, least=2)


@unseen(COPY)
def capabilities_taken_everywhere(store: Bundle) -> Truth:
    """Do `setcap -r` over every program, or copy without them: marks of directories stay."""

    def change(_path: str, member: Member) -> bool:
        if "security.capability" not in member.xattrs:
            return False
        member.xattrs = {k: v for k, v in member.xattrs.items() if k != "security.capability"}
        return True

    if not any("overlay" in name for m, _ in store.entries.values() for name in m.xattrs):
        raise NotHere
    return swept(store, change, COPY, SWEPT, BASE, least=1)


@unseen(SWEPT)
def group_of_directories_passed_on_no_more(store: Bundle) -> Truth:
    """Do `find -type d -perm -2000 -exec chmod g-s`, and with it the sticky bit."""

    def change(_path: str, member: Member) -> bool:
        if member.kind != DIRECTORY or not member.mode & 0o3000:
            return False
        member.mode &= 0o777
        return True

    return swept(store, change, SWEPT, COPY, BASE, least=2)


@unseen(BASE)
def symlinks_made_absolute_everywhere(store: Bundle) -> Truth:
    def change(path: str, member: Member) -> bool:
        if member.kind != SYMLINK or member.link.startswith("/"):
            return False
        below = path.partition("/diff/")[2] or path.rpartition("/")[2]
        member.link = f"/{below.rpartition('/')[0]}/{member.link}"
        store.by_hand(path)
        return True

    return swept(store, change, BASE, COPY, least=2)


@unseen(SWEPT)
def one_layer_readable_by_root_alone(store: Bundle) -> Truth:
    """Do `chmod -R go= overlay/ID/diff`."""
    layer = store.layer()
    hit = [e for e in inside(store, [layer]) if e[2].kind in (FILE, DIRECTORY) and e[2].mode & 0o077]
    if len(hit) < 4:
        raise NotHere
    for _, _, member in hit:
        member.mode &= 0o7700
    return layer_truth(store, layer, [e[1] for e in hit], SWEPT, BASE)


@unseen(HAND)
def layer_ids_in_lower_case_of_another_length(store: Bundle) -> Truth:
    """Cut the id of one layer to 63 letters in layers.json alone."""
    layer = store.layer()
    text = store.data(store.index("layers.json"))
    new = text.replace(f'"id":"{layer}"'.encode(), f'"id":"{layer[:63]}"'.encode())
    if new == text:
        raise NotHere
    hit = standing(store, [layer])
    store.edit(store.index("layers.json"), new)
    json.loads(new)
    return truth([layer, layer[:63], store.index("layers.json")], (HAND, RECORD), hit)
