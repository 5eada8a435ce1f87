"""Faults as they reach support: whole directories lost, copies made with the wrong options, older files put back.

They belong to neither half. Truths are from what was done and the records before it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK
from benchmarks.accuracy.bundle import DAY, Bundle, NotHere, Record, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    COPY,
    DRIVER,
    GONE,
    HAND,
    LEAK,
    LINKS,
    MEDIA,
    POWER,
    RECORD,
    REMOVED,
    SPLIT,
    SWEPT,
    WIPE,
)
from benchmarks.accuracy.faults.registry import later
from benchmarks.accuracy.truth import Truth, truth

INDEX = (BACK, HAND, WIPE, POWER)


# containers


def _of_container(store: Bundle, name: str) -> Truth:
    container = store.container(image=False)
    path = store.at("overlay", container["layer"], name)
    if path not in store.entries:
        raise NotHere
    store.take(path)
    return truth([container["id"], container["layer"], path], (REMOVED, GONE, HAND), (set(), {container["id"]}))


@later(GONE)
def work_of_a_container_removed(store: Bundle) -> Truth:
    return _of_container(store, "work")


@later(GONE)
def merged_of_a_container_removed(store: Bundle) -> Truth:
    return _of_container(store, "merged")


@later(GONE)
def diff_of_a_container_removed(store: Bundle) -> Truth:
    return _of_container(store, "diff")


@later(HAND)
def container_on_the_layer_of_its_image(store: Bundle) -> Truth:
    container = store.container()
    layer = store.before[1][container["image"]].get("layer")
    if not layer or container["layer"] == layer:
        raise NotHere
    store.change_record("containers", container["id"], layer=layer)
    name = store.index(store.file_of("containers", container["id"]))
    store.by_hand(name)
    return truth([container["id"], layer, name], (HAND, "two-writers"), (None, {container["id"]}))


@later(HAND)
def image_of_a_container_misspelt(store: Bundle) -> Truth:
    container = store.container()
    wrong = "e" * 6 + container["image"][6:]
    store.change_record("containers", container["id"], image=wrong)
    name = store.index(store.file_of("containers", container["id"]))
    store.by_hand(name)
    return truth([container["id"], wrong, name], (GONE, HAND), (None, {container["id"]}))


@later(GONE)
def data_of_a_container_removed(store: Bundle) -> Truth:
    container = store.container(crio=True)
    store.take(store.at("overlay-containers", container["id"]))
    return truth(container["id"], GONE, (set(), {container["id"]}))


# index files


def _emptied(store: Bundle, part: str) -> Truth:
    path = store.index(f"{part}.json")
    rows = store.rows(f"{part}.json")
    if not rows or store.lent("layers"):
        raise NotHere
    images, _containers = everybody(store)
    store.put(f"{part}.json", [])
    store.by_hand(path)
    if part == "containers":
        return truth([path], INDEX, (set(), {row["id"] for row in rows}))
    return truth([path], INDEX, (None, None) if part == "layers" else (images, None))


@later(BACK)
def layers_json_an_empty_list(store: Bundle) -> Truth:
    return _emptied(store, "layers")


@later(BACK)
def images_json_an_empty_list(store: Bundle) -> Truth:
    return _emptied(store, "images")


@later(BACK)
def containers_json_an_empty_list(store: Bundle) -> Truth:
    return _emptied(store, "containers")


def _older(store: Bundle, part: str, count: int, days: int) -> list[str]:
    rows = sorted(store.rows(f"{part}.json"), key=lambda row: row.get("created", ""))
    if len(rows) <= count:
        raise NotHere
    gone = [row["id"] for row in rows[-count:]]
    store.put(f"{part}.json", [row for row in store.rows(f"{part}.json") if row["id"] not in gone])
    path = store.index(f"{part}.json")
    store.entries[path][0].mtime_ns -= days * DAY
    return gone


def _parts(store: Bundle, part: str, keys: Iterable[str]) -> list[str]:
    return [store.at(f"overlay-{part}", key) for key in keys]


@later(BACK)
def images_json_of_yesterday(store: Bundle) -> Truth:
    gone = _older(store, "images", 1, 1)
    own = {layer for key in gone for layer in store.chain_of(store.before[1][key].get("layer", ""))}
    keys = [*gone, *own, store.index("images.json"), *_parts(store, "images", gone)]
    return truth(keys, (BACK, GONE))


@later(BACK)
def containers_json_of_yesterday(store: Bundle) -> Truth:
    gone = _older(store, "containers", 1, 1)
    own = [store.before[2][key]["layer"] for key in gone]
    keys = [*gone, *own, store.index("containers.json"), *_parts(store, "containers", gone)]
    return truth(keys, (BACK, GONE))


@later(BACK)
def layers_json_of_yesterday(store: Bundle) -> Truth:
    gone = _older(store, "layers", 1, 1)
    return truth([*gone, store.index("layers.json")], (BACK, RECORD))


@later(BACK)
def every_index_of_last_week(store: Bundle) -> Truth:
    """Restore all three indexes from before the newest image: its layers, and containers on it, are unknown."""
    images = sorted(store.before[1].values(), key=lambda row: row.get("created", ""))
    gone = images[-1]
    others = {layer for row in images[:-1] for layer in store.chain_of(row.get("layer", ""))}
    layers = [layer for layer in store.chain_of(gone.get("layer", "")) if layer not in others]
    containers = [key for key, row in store.before[2].items() if row["image"] == gone["id"]]
    layers += [store.before[2][key]["layer"] for key in containers]
    layers = [layer for layer in layers if layer in {row["id"] for row in store.rows("layers.json")}]
    if (
        not layers
        or len(images) < 2
        or any(key not in {r["id"] for r in store.rows("containers.json")} for key in containers)
    ):
        raise NotHere
    for part, keys in (("images", [gone["id"]]), ("layers", layers), ("containers", containers)):
        name = f"{part}.json"
        if store.index(name) in store.entries:
            store.put(name, [row for row in store.rows(name) if row["id"] not in keys])
            store.entries[store.index(name)][0].mtime_ns -= 7 * DAY
    indexes = [store.index(f"{part}.json") for part in ("images", "layers", "containers")]
    return truth([gone["id"], *layers, *containers, *indexes], (BACK, RECORD, GONE))


def _other_text(store: Bundle, part: str, other: str) -> Truth:
    path, source = store.index(f"{part}.json"), store.index(f"{other}.json")
    if (
        path not in store.entries
        or source not in store.entries
        or store.lent("layers")
        or not store.rows(f"{other}.json")
    ):
        raise NotHere
    store.edit(path, store.data(source))
    return truth([path], (BACK, HAND, WIPE))


@later(HAND)
def layers_json_with_the_text_of_images(store: Bundle) -> Truth:
    return _other_text(store, "layers", "images")


@later(HAND)
def images_json_with_the_text_of_layers(store: Bundle) -> Truth:
    return _other_text(store, "images", "layers")


@later(HAND)
def containers_json_with_the_text_of_images(store: Bundle) -> Truth:
    return _other_text(store, "containers", "images")


@later(MEDIA)
def bit_of_layers_json_flipped(store: Bundle) -> Truth:
    path = store.index("layers.json")
    data = store.data(path)
    if store.lent("layers"):
        raise NotHere
    at = data.index(b'"id"', len(data) // 3) + 1
    store.write(path, data[:at] + bytes([data[at] ^ 0x20 ^ 0x60]) + data[at + 1 :])
    return truth([path, *store.before[0]], (MEDIA, HAND))


@later(HAND)
def layer_recorded_twice_with_another_parent(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    record = store.before[0][layer]
    others = [key for key in store.before[0] if key not in store.chain_of(layer) and layer not in store.chain_of(key)]
    other = store.draw(sorted(others))
    rows = store.rows("layers.json")
    store.put("layers.json", [{**record, "parent": other}, *rows])
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], ("two-writers", HAND))


@later(HAND)
def size_of_a_layer_changed(store: Bundle) -> Truth:
    layer = store.layer()
    record = store.before[0][layer]
    if not isinstance(record.get("diff-size"), int):
        raise NotHere
    hit = standing(store, [layer])
    store.change_record("layers", layer, **{"diff-size": record["diff-size"] + 512})
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], (HAND, SPLIT), (hit[0], None))


@later(HAND)
def image_without_its_layer(store: Bundle) -> Truth:
    image = store.image()
    store.change_record("images", image["id"], layer=None)
    store.by_hand(store.index("images.json"))
    return truth(
        [image["id"], store.index("images.json")], (HAND, RECORD), (standing(store, images=[image["id"]])[0], None)
    )


# images


@later("foreign-architecture")
def config_of_another_platform(store: Bundle) -> Truth:
    """Put an image for another platform under the name of one that containers use."""
    container = store.container()
    image = store.before[1][container["image"]]
    path = store.config(image["id"])
    config = json.loads(store.data(path))
    config["architecture"] = "s390x" if config.get("architecture") != "s390x" else "ppc64le"
    config.pop("variant", None)
    text = json.dumps(config).encode()
    _replace_config(store, image, text)
    new = hashlib.sha256(text).hexdigest()
    containers = {key for key, row in store.before[2].items() if row["image"] == image["id"]}
    return truth([new, store.at("overlay-images", new)], "foreign-architecture", ({new}, containers))


def _replace_config(store: Bundle, image: Record, text: bytes) -> None:
    """Give an image another config and everything that follows from it: manifest, digests, id, users."""
    manifest_path = store.big_data(image["id"], "manifest")
    manifest = json.loads(store.data(manifest_path))
    old, new = image["id"], hashlib.sha256(text).hexdigest()
    manifest["config"]["digest"] = f"sha256:{new}"
    manifest["config"]["size"] = len(text)
    body = json.dumps(manifest).encode()
    own = f"sha256:{hashlib.sha256(body).hexdigest()}"
    was = image["digest"]
    items = {"manifest": body, f"manifest-{own}": body, f"sha256:{new}": text}
    names = []
    for key in image["big-data-names"]:
        fresh = key.replace(was, own).replace(f"sha256:{old}", f"sha256:{new}").replace(was[7:], own[7:])
        data = items.get(fresh)
        if data is None:
            data = store.data(store.big_data(old, key))
        names.append((fresh, data))
    top, there = store.at("overlay-images", old), store.at("overlay-images", new)
    moved = store.entries[top][0] if top in store.entries else None
    when = store.entries[manifest_path][0].mtime_ns
    store.remove(top)
    if moved is not None:
        moved.path = there
        store.entries[there] = (moved, b"")
    for key, data in names:
        plain = all(c in "abcdefghijklmnopqrstuvwxyz0123456789.-" for c in key) and key[0] != "."
        name = key if plain else "=" + base64.b64encode(key.encode()).decode()
        store.write(f"{there}/{name}", data).change(f"{there}/{name}", mtime_ns=when)
    store.change_record(
        "images", old, id=new, digest=own, **{
            "big-data-names": [key for key, _ in names],
            "big-data-sizes": {key: len(data) for key, data in names},
            "big-data-digests": {key: f"sha256:{hashlib.sha256(data).hexdigest()}" for key, data in names},
        },
    )  # fmt: skip
    for key, row in store.before[2].items():
        if row["image"] == old:
            store.change_record("containers", key, image=new)


@later(ALTERED)
def manifest_replaced_by_an_index(store: Bundle) -> Truth:
    image = store.image()
    if "instances.json" in image["big-data-names"]:
        raise NotHere
    hit = standing(store, images=[image["id"]])
    kinds = "application/vnd.oci.image."
    digest = f"sha256:{store.dice.getrandbits(256):064x}"
    platform = {"architecture": "s390x", "os": "linux"}
    entry = {"mediaType": kinds + "manifest.v1+json", "digest": digest, "size": 528, "platform": platform}
    body = json.dumps({"schemaVersion": 2, "mediaType": kinds + "index.v1+json", "manifests": [entry]}).encode()
    path = store.big_data(image["id"], "manifest")
    store.edit(path, body)
    sizes = {**image["big-data-sizes"], "manifest": len(body)}
    digests = {**image["big-data-digests"], "manifest": f"sha256:{hashlib.sha256(body).hexdigest()}"}
    store.change_record("images", image["id"], **{"big-data-sizes": sizes, "big-data-digests": digests})
    return truth([image["id"], path], (ALTERED, "local-manifest-list"), (hit[0], None))


@later(POWER)
def manifest_nul(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    path = store.big_data(image["id"], "manifest")
    store.write(path, bytes(len(store.data(path))))
    return truth([image["id"], path], POWER, hit)


@later(HAND)
def recorded_digest_of_the_manifest_changed(store: Bundle) -> Truth:
    image = store.image()
    digests = dict(image["big-data-digests"])
    if "manifest" not in digests:
        raise NotHere
    digests["manifest"] = f"sha256:{'0' * 64}"
    store.change_record("images", image["id"], **{"big-data-digests": digests})
    store.by_hand(store.index("images.json"))
    return truth([image["id"], store.index("images.json")], (HAND, ALTERED))


# the driver's directory


@later(REMOVED)
def empty_of_a_base_layer_removed(store: Bundle) -> Truth:
    bases = [
        key
        for key in store.before[0]
        if store.at("overlay", key, "empty") in store.entries and standing(store, [key])[0]
    ]
    layer = store.draw(sorted(bases))
    hit = {key for key, row in store.before[1].items() if row.get("layer") == layer}, set()
    store.take(store.at("overlay", layer, "empty"))
    return truth([layer, store.at("overlay", layer, "empty")], (REMOVED, HAND), hit)


@later(REMOVED)
def layer_directory_renamed(store: Bundle) -> Truth:
    layer = store.layer()
    hit = serving(store, [layer])
    _rename(store, store.at("overlay", layer), store.at("overlay", layer) + ".bak")
    store.by_hand(store.at("overlay", layer))
    return truth([layer, store.at("overlay", layer), store.at("overlay", layer) + ".bak"], REMOVED, hit)


def _rename(store: Bundle, old: str, new: str) -> None:
    for path in store.below(old):
        member, data = store.entries.pop(path)
        member.path = new + path[len(old) :]
        if member.kind == HARDLINK and member.link.startswith(old + "/"):
            member.link = new + member.link[len(old) :]
        store.entries[member.path] = (member, data)


@later(REMOVED)
def diff_emptied(store: Bundle) -> Truth:
    layer = store.layer()
    if not store.files(layer):
        raise NotHere
    hit = serving(store, [layer])
    top = store.at("overlay", layer, "diff")
    for path in [p for p in store.below(top) if p != top]:
        del store.entries[path]
    store.change(top, mtime_ns=store.later)
    return truth([layer, top], (REMOVED, BASE), hit)


@later(LINKS)
def links_of_two_layers_swapped(store: Bundle) -> Truth:
    one, two = store.layer(), store.layer()
    if one == two:
        raise NotHere
    first, second = store.at("overlay", one, "link"), store.at("overlay", two, "link")
    text = store.data(first)
    store.edit(first, store.data(second))
    store.edit(second, text)
    return truth([one, two, first, second, store.link_of(one), store.link_of(two)], (LINKS, HAND, "two-writers"))


@later(LINKS)
def short_links_copied_as_directories(store: Bundle) -> Truth:
    top = store.at("overlay/l")
    links = [path for path in store.below(top) if path != top]
    if not links:
        raise NotHere
    for path in links:
        store.directory(path, mode=0o555).change(path, mtime_ns=store.later)
    return truth([top, *links, store.at("overlay")], (LINKS, COPY))


@later(LINKS)
def second_short_link(store: Bundle) -> Truth:
    layer = store.layer()
    link = store.at("overlay/l", "Z" + store.text(store.at("overlay", layer, "link"))[1:])
    if link in store.entries:
        raise NotHere
    store.symlink(link, f"../{layer}/diff")
    store.by_hand(link)
    return truth([layer, link], (LINKS, "two-writers"), severe=False)


@later(HAND)
def order_of_lower_turned(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    parts = store.text(path).split(":") if path in store.entries else []
    if len(parts) < 2:
        raise NotHere
    hit = standing(store, [layer])
    store.edit(path, ":".join(reversed(parts)).encode())
    return truth([layer, path], HAND, hit)


@later(DRIVER)
def mount_program_mark_flipped(store: Bundle) -> Truth:
    path = store.at("overlay/.has-mount-program")
    if path not in store.entries:
        raise NotHere
    store.edit(path, b"true" if store.data(path) == b"false" else b"false")
    return truth([path, store.root, store.at("overlay")], DRIVER, severe=False)


@later(WIPE)
def driver_home_emptied(store: Bundle) -> Truth:
    """Do what `rm -rf overlay/*` does; hidden files stay."""
    home = store.at("overlay")
    if store.lent("layers"):
        raise NotHere
    for path in [p for p in store.below(home) if p != home and not p[len(home) + 1 :].startswith(".")]:
        store.entries.pop(path, None)
    store.change(home, mtime_ns=store.later)
    return truth([home, *store.before[0], store.root], (WIPE, REMOVED))


@later(LEAK)
def records_of_a_container_removed(store: Bundle) -> Truth:
    container = store.container(image=False)
    store.drop_record("containers", container["id"])
    store.drop_record("layers", container["layer"])
    for name in ("containers.json", "layers.json"):
        store.by_hand(store.index(name))
    data = store.at("overlay-containers", container["id"])
    keys = [container["id"], container["layer"], store.at("overlay", container["layer"]), data]
    return truth(keys, (LEAK, RECORD), severe=False)


# contents


@later(BASE)
def empty_file_removed(store: Bundle) -> Truth:
    found = [
        (key, path) for key in sorted(store.before[0]) if standing(store, [key])[0]
        for path in store.files(key, least=0) if not store.data(path) and ".wh." not in path
    ]  # fmt: skip
    layer, path = store.draw(found)
    hit = serving(store, [layer])
    store.take(path)
    return truth([layer, path], (BASE, "scanner-quarantine"), hit)


@later(BASE)
def file_renamed_in_capitals(store: Bundle) -> Truth:
    layer, (path,) = _any_files(store)
    folder, _, name = path.rpartition("/")
    new = f"{folder}/{name.upper()}"
    if new in store.entries:
        raise NotHere
    hit = serving(store, [layer])
    _rename(store, path, new)
    store.by_hand(folder + "/.")
    store.change(folder, mtime_ns=store.later)
    return truth([layer, path, new], (BASE, COPY), hit)


def _any_files(store: Bundle, count: int = 1) -> tuple[str, list[str]]:
    for _ in range(20):
        layer = store.layer()
        files = [path for path in store.files(layer) if ".wh." not in path]
        if store.driver != "overlay":
            record = store.before[0][layer]
            above = store.at("overlay", record["parent"]) if record.get("parent") else None
            own = store.at("overlay", layer)
            files = [p for p in files if above is None or above + p[len(own) :] not in store.entries]
        if len(files) >= count:
            return layer, store.dice.sample(files, count)
    raise NotHere


@later(BASE)
def byte_changed_and_its_time_kept(store: Bundle) -> Truth:
    layer, (path,) = _any_files(store)
    hit = serving(store, [layer])
    data = store.data(path)
    at = len(data) // 2
    store.write(path, data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
    return truth([layer, path], (BASE, MEDIA), hit)


@later(COPY)
def whiteout_removed(store: Bundle) -> Truth:
    marks = [
        (path, path.removeprefix(store.at("overlay") + "/").split("/")[0])
        for path, (member, _) in store.entries.items()
        if member.kind == CHAR and path.startswith(store.at("overlay") + "/") and member.rdev in ((0, 0), 0)
    ]
    path, layer = store.draw([m for m in marks if m[1] in store.before[0] and standing(store, [m[1]])[0]])
    hit = serving(store, [layer])
    store.take(path)
    return truth([layer, path], (BASE, COPY), hit)


@later(COPY)
def opaque_mark_of_the_other_name_space(store: Bundle) -> Truth:
    """Turn `trusted.overlay.opaque` into `user.overlay.opaque`, or the other way in a store that has those."""
    pairs = {"trusted.overlay.opaque": "user.overlay.opaque", "user.overlay.opaque": "trusted.overlay.opaque"}
    marks = [
        (path, path.removeprefix(store.at("overlay") + "/").split("/")[0], name)
        for path, (member, _) in store.entries.items()
        for name in member.xattrs if name in pairs and path.startswith(store.at("overlay") + "/")
    ]  # fmt: skip
    path, layer, name = store.draw([m for m in marks if m[1] in store.before[0] and standing(store, [m[1]])[0]])
    hit = serving(store, [layer])
    member = store.entries[path][0]
    member.xattrs = {pairs.get(key, key) if key == name else key: value for key, value in member.xattrs.items()}
    return truth([layer, path], (COPY, BASE, DRIVER), hit)


@later(SPLIT)
def tar_split_of_another_layer_as_long(store: Bundle) -> Truth:
    """Put another layer's tar-split in place, and its length into the record too."""
    layer, other = store.layer(), store.layer()
    one, two = (store.at("overlay-layers", f"{each}.tar-split.gz") for each in (layer, other))
    records = store.before[0]
    if layer == other or one not in store.entries or two not in store.entries:
        raise NotHere
    if records[layer].get("diff-size") != records[other].get("diff-size"):
        raise NotHere
    if store.data(one) == store.data(two):
        raise NotHere
    hit = standing(store, [layer])
    store.edit(one, store.data(two))
    return truth([layer, one], SPLIT, hit)


@later(SPLIT)
def tar_split_a_third_left(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries:
        raise NotHere
    hit = standing(store, [layer])
    store.write(path, store.data(path)[: len(store.data(path)) // 3])
    return truth([layer, path], (SPLIT, POWER), hit)


@later(SPLIT)
def tar_split_repacked_and_short(store: Bundle) -> Truth:
    """Lose the last quarter of a tar-split's lines, the compressed stream being whole."""
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries:
        raise NotHere
    hit = standing(store, [layer])
    lines = gzip.decompress(store.data(path)).splitlines(keepends=True)
    store.edit(path, gzip.compress(b"".join(lines[: len(lines) * 3 // 4]), mtime=0))
    return truth([layer, path], SPLIT, hit)


def _copies(store: Bundle) -> list[tuple[str, str, str]]:
    """Return (layer, path, source) of files a mapped or full copy holds that a parent's tar brought."""
    found = []
    for key, record in sorted(store.before[0].items()):
        if not standing(store, [key])[0] and not standing(store, [key])[1]:
            continue
        if store.driver == "overlay":
            top = store.at("overlay", key, "diff1")
            found += [(key, path, "") for path in store.below(top) if store.entries[path][0].kind == FILE]
        elif record.get("parent") and record.get("diff-digest"):
            own, above = store.at("overlay", key), store.at("overlay", record["parent"])
            for path in store.below(own):
                source = above + path[len(own) :]
                if (
                    store.entries[path][0].kind == FILE
                    and source in store.entries
                    and store.data(path) == store.data(source)
                ):
                    found.append((key, path, source))
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    return [each for each in found if each[1] not in linked and len(store.data(each[1])) > 1]


@later(BASE)
def file_of_a_copy_edited(store: Bundle) -> Truth:
    layer, path, _ = store.draw(_copies(store))
    data = store.data(path)
    store.write(path, data[:-1] + bytes([data[-1] ^ 0x3A]))
    return truth([layer, path], (BASE, MEDIA))


@later(BASE)
def file_of_a_copy_removed(store: Bundle) -> Truth:
    layer, path, _ = store.draw(_copies(store))
    store.take(path)
    return truth([layer, path], (BASE, "scanner-quarantine"))


# sweeps and copies


def _tree(store: Bundle) -> list[str]:
    home = store.at("overlay")
    return [path for path in store.below(home) if path != home]


def _layers_of_images(store: Bundle) -> list[str]:
    return sorted(key for key in store.before[0] if standing(store, [key])[0])


def _whole_tree(store: Bundle) -> list[str]:
    layers = _layers_of_images(store)
    return [store.at("overlay"), store.root, *layers, *(store.at("overlay", key, "diff") for key in layers)]


@later(SWEPT)
def chmod_755_of_the_driver_home(store: Bundle) -> Truth:
    for path in _tree(store):
        member = store.entries[path][0]
        if member.kind in (FILE, DIRECTORY):
            member.mode = 0o755
    return truth([*_whole_tree(store), *store.before[0]], SWEPT)


@later(SWEPT)
def chmod_go_w_of_the_driver_home(store: Bundle) -> Truth:
    changed = 0
    for path in _tree(store):
        member = store.entries[path][0]
        if member.kind in (FILE, DIRECTORY) and "/diff/" in path:
            changed += bool(member.mode & 0o7077)
            member.mode &= 0o700
    if changed < 5:
        raise NotHere
    return truth([*_whole_tree(store), *store.before[0]], SWEPT)


@later(SWEPT)
def chown_1000_of_the_driver_home(store: Bundle) -> Truth:
    for path in _tree(store):
        store.change(path, uid=1000, gid=1000)
    return truth([*_whole_tree(store), *store.before[0], store.at("overlay/l")], (SWEPT, COPY))


@later(SWEPT)
def chown_1000_of_the_graph_root(store: Bundle) -> Truth:
    for path in store.below(store.root) if store.root else list(store.entries):
        store.change(path, uid=1000, gid=1000)
    if all(m.uid == 1000 for m, _ in store.entries.values()):
        raise NotHere
    return truth([*_whole_tree(store), *store.before[0], store.at("overlay/l")], (SWEPT, COPY))


@later(COPY)
def owners_by_name(store: Bundle) -> Truth:
    """Copy as rsync does without --numeric-ids to a host whose users have other numbers: one owner becomes another."""
    owners = sorted({store.entries[p][0].uid for p in _tree(store) if store.entries[p][0].uid != 0})
    if store.driver == "overlay":
        layers = _layers_of_images(store)
        inside = [p for key in layers for p in store.below(store.at("overlay", key, "diff"))]
    else:
        inside = _tree(store)
    owners = sorted({store.entries[p][0].uid for p in inside} - {0})
    owner = store.draw(owners)
    hit = [p for p in inside if store.entries[p][0].uid == owner]
    layers = sorted({p.removeprefix(store.at("overlay") + "/").split("/")[0] for p in hit} & store.before[0].keys())
    for path in hit:
        store.change(path, uid=owner + 37, gid=owner + 37)
    if not layers:
        raise NotHere
    return truth([*layers, *hit, store.at("overlay")], (COPY, SWEPT, BASE))


@later(COPY)
def setuid_bits_and_attributes_lost(store: Bundle) -> Truth:
    """Copy as an ordinary `cp -r` by root: owners, setuid bits, attributes and device nodes do not come along."""
    layers = _layers_of_images(store)
    changed = 0
    for key in layers:
        for path in store.below(store.at("overlay", key, "diff")):
            member = store.entries[path][0]
            changed += bool(member.uid or member.xattrs or member.mode & 0o7000)
            member.uid = member.gid = 0
            member.xattrs = {}
            member.mode &= 0o755
    if changed < 3 or not any(m.xattrs or m.uid for m, _ in store.entries.values()):
        raise NotHere
    return truth([*layers, store.at("overlay")], (COPY, SWEPT))


@later(COPY)
def capability_of_a_program_lost(store: Bundle) -> Truth:
    found = [
        (path, path.removeprefix(store.at("overlay") + "/").split("/")[0])
        for path, (member, _) in store.entries.items() if "security.capability" in member.xattrs
    ]  # fmt: skip
    path, layer = store.draw([m for m in found if m[1] in store.before[0] and standing(store, [m[1]])[0]])
    hit = serving(store, [layer])
    member = store.entries[path][0]
    member.xattrs = {key: value for key, value in member.xattrs.items() if key != "security.capability"}
    return truth([layer, path], (COPY, BASE), hit)


@later(BASE)
def files_of_a_layer_cut_to_nothing(store: Bundle) -> Truth:
    """Truncate every file of a layer by hand: `find -type f -exec truncate -s 0`."""
    layer = store.layer()
    files = store.files(layer)
    if len(files) < 3:
        raise NotHere
    hit = serving(store, [layer])
    for path in files:
        store.write(path, b"").change(path, mtime_ns=store.later)
    return truth([layer, *files], (BASE, POWER, "scanner-quarantine"), hit)


@later(POWER)
def newest_layer_never_written(store: Bundle) -> Truth:
    """Empty everything that is written without a sync for the newest layer of an image."""
    layer = max(
        (key for key in store.before[0] if standing(store, [key])[0] and store.before[0][key].get("diff-digest")),
        key=lambda key: store.before[0][key].get("created", ""),
    )
    hit = standing(store, [layer])
    paths = [store.at("overlay", layer, name) for name in ("link", "lower")]
    paths += [*store.files(layer), store.at("overlay-layers", f"{layer}.tar-split.gz")]
    for path in paths:
        if path in store.entries:
            store.write(path, b"")
    return truth([layer, *paths, *hit[0], store.at("overlay", layer), store.at("overlay", layer, "diff")], POWER)


@later(BASE)
def symlink_replaced_by_its_target(store: Bundle) -> Truth:
    found = [
        path for path, (member, _) in store.entries.items()
        if member.kind == SYMLINK and path.startswith(store.at("overlay") + "/")
    ]  # fmt: skip
    path = store.draw(found)
    layer = path.removeprefix(store.at("overlay") + "/").split("/")[0]
    if layer not in store.before[0] or not standing(store, [layer])[0] or "/l/" in path[: len(store.at("overlay")) + 4]:
        raise NotHere
    hit = serving(store, [layer])
    store.write(path, b"what the link led to\n").change(path, mode=0o644)
    store.by_hand(path)
    return truth([layer, path], (BASE, COPY), hit)


@later(COPY)
def container_and_image_marks_lost(store: Bundle) -> Truth:
    """Lose every opaque mark of the layers of images."""
    layers = []
    for key in _layers_of_images(store):
        for path in store.below(store.at("overlay", key)):
            member = store.entries[path][0]
            kept = {name: value for name, value in member.xattrs.items() if not name.endswith("overlay.opaque")}
            if len(kept) != len(member.xattrs):
                member.xattrs = kept
                layers.append(key)
    if not layers or not any(m.xattrs for m, _ in store.entries.values()):
        raise NotHere
    return truth(sorted(set(layers)), COPY, standing(store, layers))
