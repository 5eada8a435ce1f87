"""Records rewritten by sed, jq and other programs, index files that something else overwrote, maps of owners.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    FULL,
    GONE,
    HAND,
    LOST,
    MEDIA,
    PART,
    POWER,
    RECORD,
    SCANNER,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.parts import strange
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

TWELVE = 12


def _saved(store: Bundle, name: str, new: Callable[[bytes], bytes]) -> str:
    """Rewrite an index by a program; return its path."""
    path = store.index(name)
    if path not in store.entries or not store.rows(name):
        raise NotHere
    data = new(store.data(path))
    if data == store.data(path):
        raise NotHere
    store.edit(path, data)
    return path


def _broken(store: Bundle, name: str, new: Callable[[bytes], bytes]) -> Truth:
    """Leave an index that no engine can read."""
    kind = name.partition(".")[0].removeprefix("volatile-")
    if store.lent("layers"):
        raise NotHere
    images, containers = everybody(store)
    hit = {"layers": (images, containers), "images": (images, None), "containers": (None, containers)}[kind]
    path = _saved(store, name, new)
    return truth([path, path.rpartition("/")[0]], (HAND, MEDIA, POWER, WIPE, PART, SCANNER, FULL, TWO, BACK), hit)


# index files that something else overwrote


@unseen(HAND)
def layers_json_overwritten_by_a_managed_file(store: Bundle) -> Truth:
    text = b'# This file is managed, do not edit\n[storage]\ndriver = "overlay"\n'
    return _broken(store, "layers.json", lambda _: text)


@unseen(HAND)
def images_json_is_an_error_page(store: Bundle) -> Truth:
    """Restore by `curl > images.json` from where one may not read."""
    text = b'<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>\n'
    return _broken(store, "images.json", lambda _: text)


@unseen(HAND)
def layers_json_is_a_pointer(store: Bundle) -> Truth:
    """Restore from a version control that keeps large files elsewhere."""
    text = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064x\nsize 18211\n"
    return _broken(store, "layers.json", lambda _: text % store.dice.getrandbits(256))


@unseen(HAND)
def images_json_as_a_program_prints_it(store: Bundle) -> Truth:
    """Do `open(path, "w").write(str(records))` in Python."""
    return _broken(store, "images.json", lambda data: str(json.loads(data)).encode())


@unseen(HAND)
def layers_json_with_typographic_quotes(store: Bundle) -> Truth:
    return _broken(store, "layers.json", lambda data: data.replace(b'"', "\u201d".encode()))


@unseen(HAND)
def containers_json_in_another_notation(store: Bundle) -> Truth:
    """Do `yq -P` in place: what stands there is YAML."""

    def new(data: bytes) -> bytes:
        rows = json.loads(data)
        return "".join(f"- id: {row['id']}\n  layer: {row['layer']}\n" for row in rows).encode()

    return _broken(store, "containers.json", new)


@unseen(MEDIA)
def images_json_shredded(store: Bundle) -> Truth:
    """Do `shred images.json`: as long as before, and noise."""
    return _broken(store, "images.json", lambda data: random.Random(len(data)).randbytes(len(data)))


@unseen(HAND)
def sizes_written_as_floats(store: Bundle) -> Truth:
    """Let a program read every number as a float: Go takes no 1.5e4 for a whole number."""

    def new(data: bytes) -> bytes:
        rows = json.loads(data)
        text = json.dumps(rows)
        for size in sorted({row["diff-size"] for row in rows if row.get("diff-size", 0) > 9}, reverse=True):
            text = text.replace(f'"diff-size": {size},', f'"diff-size": {size / 10:.1f}e+01,')
        return text.encode()

    told = _broken(store, "layers.json", new)
    return truth([*told.subjects, *store.before[0]], told.families, everybody(store))


@unseen(WIPE)
def every_index_encrypted(store: Bundle) -> Truth:
    """Let malware rename the index files and write noise into them."""
    if store.lent("layers"):
        raise NotHere
    hit = everybody(store)
    paths, places = [], []
    for name in ("layers.json", "images.json", "containers.json"):
        path = store.index(name)
        if path in store.entries:
            data = store.data(path)
            store.take(path)
            store.write(f"{path}.locked", random.Random(name).randbytes(len(data) + 256))
            store.write(f"{path.rpartition('/')[0]}/README_RESTORE.txt", b"All your files are encrypted\n")
            store.by_hand(f"{path}.locked")
            paths.append(path)
            places.append(path.rpartition("/")[0])
    return truth([*paths, *places, *(f"{p}.locked" for p in paths), store.graph_root or "."],
                 (WIPE, HAND, PART, SCANNER, MEDIA, BACK), hit)  # fmt: skip


@unseen(HAND)
def index_left_under_a_name_of_the_copying_program(store: Bundle) -> Truth:
    """Stop rsync while it brings layers.json: a part of it stands under a name of its own."""
    path = store.index("layers.json")
    data = store.data(path)
    if store.lent("layers"):
        raise NotHere
    hit = everybody(store)
    store.take(path)
    place = path.rpartition("/")[0]
    store.write(f"{place}/.layers.json.Xq3bTz", data[: len(data) * 2 // 3])
    store.by_hand(f"{place}/.layers.json.Xq3bTz")
    return truth([path, place, f"{place}/.layers.json.Xq3bTz"], (HAND, PART, WIPE, POWER, FULL, BACK), hit)


# scripts over records


def change_rows(
    store: Bundle, name: str, new: Callable[[dict[str, object]], dict[str, object]], least: int = 1
) -> list[str]:
    rows = store.rows(name)
    changed = [new(dict(row)) for row in rows]
    hit = [str(old["id"]) for old, row in zip(rows, changed, strict=True) if old != row]
    if len(hit) < least:
        raise NotHere
    store.put(name, changed)
    store.by_hand(store.index(name))
    return hit


@unseen(HAND)
def algorithm_replaced_in_every_digest(store: Bundle) -> Truth:
    """Do `sed -i s/sha256/sha512/g layers.json`."""
    text = store.data(store.index("layers.json")).replace(b"sha256:", b"sha512:")
    hit = [row["id"] for row in store.rows("layers.json") if row.get("diff-digest")]
    if len(hit) < 2:
        raise NotHere
    store.edit(store.index("layers.json"), text)
    return truth([*hit, store.index("layers.json")], HAND)


@unseen(RECORD)
def layers_json_made_unique_by_parent(store: Bundle) -> Truth:
    """Do `jq unique_by(.parent)`: of layers of one parent one is left."""
    seen, kept = set(), []
    for row in store.rows("layers.json"):
        if row.get("parent") not in seen:
            seen.add(row.get("parent"))
            kept.append(row)
    gone = [row["id"] for row in store.rows("layers.json") if row not in kept]
    if len(gone) < 2:
        raise NotHere
    hit = standing(store, gone)
    store.put("layers.json", kept)
    store.by_hand(store.index("layers.json"))
    return truth([*gone, store.index("layers.json")], (RECORD, BACK, HAND, GONE, TWO), hit)


@unseen(HAND)
def layers_of_images_in_twelve_letters(store: Bundle) -> Truth:
    hit = change_rows(store, "images.json", lambda row: {**row, "layer": str(row.get("layer", ""))[:TWELVE]}, 2)
    broken = standing(store, images=hit)
    return truth([*hit, *(store.before[1][i]["layer"][:TWELVE] for i in hit), store.index("images.json")],
                 (HAND, RECORD), broken)  # fmt: skip


@unseen(HAND)
def layers_json_with_ids_and_parents_alone(store: Bundle) -> Truth:
    """Do `jq 'map({id, parent})'` to look at the tree, and write it back: no layer knows its digest."""
    keep = ("id", "parent", "names")
    hit = change_rows(store, "layers.json", lambda row: {k: v for k, v in row.items() if k in keep}, 2)
    return truth([*hit, store.index("layers.json")], (HAND, BACK))


@unseen(HAND)
def image_and_its_layer_exchanged(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    if image["id"] == image["layer"]:
        raise NotHere
    rows = store.rows("images.json")
    store.put("images.json", [{**r, "id": r["layer"], "layer": r["id"]} if r["id"] == image["id"] else r for r in rows])
    store.by_hand(store.index("images.json"))
    return truth([image["id"], image["layer"], store.index("images.json")], (HAND, LOST, RECORD, GONE), (None, hit[1]))


@unseen(HAND)
def image_of_a_container_emptied(store: Bundle) -> Truth:
    row = store.container()
    name = store.file_of("containers", row["id"])
    store.put(name, [{**r, "image": ""} if r["id"] == row["id"] else r for r in store.rows(name)])
    store.by_hand(store.index(name))
    return truth([row["id"], row["image"], store.index(name)], (HAND, GONE), (set(), {row["id"]}))


def _swapped(store: Bundle, field: str, *, crio: bool | None = None, families: tuple[str, ...] = (HAND, TWO)) -> Truth:
    one = store.container(crio=crio)
    name = store.file_of("containers", one["id"])
    others = [r for r in store.rows(name) if r["id"] != one["id"] and r.get(field) != one.get(field) and r["image"] in
              store.before[1] and (crio is None or ("pod-id" in r.get("metadata", "")) == crio)]  # fmt: skip
    if field == "layer":
        others = [r for r in others if r["image"] != one["image"]]
    other = store.draw(others)
    new = {one["id"]: other.get(field), other["id"]: one.get(field)}
    store.put(name, [{**r, field: new[r["id"]]} if r["id"] in new else r for r in store.rows(name)])
    store.by_hand(store.index(name))
    both = [one["id"], other["id"]]
    return truth([*both, one["layer"], other["layer"], store.index(name)], families, (set(), set(both)))


@unseen(HAND)
def names_of_two_containers_swapped(store: Bundle) -> Truth:
    return _swapped(store, "names", families=(HAND, TWO, "libpod-storage-gone"))


@unseen(HAND)
def metadata_of_two_containers_swapped(store: Bundle) -> Truth:
    return _swapped(store, "metadata")


@unseen(HAND)
def layers_of_two_containers_swapped(store: Bundle) -> Truth:
    return _swapped(store, "layer")


@unseen(HAND)
def images_of_two_containers_swapped(store: Bundle) -> Truth:
    return _swapped(store, "image")


@unseen(HAND)
def pod_of_a_container_misspelt(store: Bundle) -> Truth:
    """Give an application's container the id of a pod that is not there."""
    found = [r for r in store.before[2].values() if '"pod-id"' in r.get("metadata", "")
             and json.loads(r["metadata"])["pod-id"] != r["id"]]  # fmt: skip
    row = store.draw(found)
    told = json.loads(row["metadata"])
    pod = told["pod-id"]
    other = strange(store)
    store.change_record("containers", row["id"], metadata=json.dumps({**told, "pod-id": other}, separators=(",", ":")))
    path = store.index(store.file_of("containers", row["id"]))
    store.by_hand(path)
    return truth([row["id"], other, pod, path], (HAND, GONE), (set(), None))


@unseen(HAND)
def layer_of_a_container_one_layer_lower(store: Bundle) -> Truth:
    """Give a container's layer its grandparent for a parent, in the record and in `lower`."""
    row = store.container()
    chain = store.chain_of(row["layer"])
    if len(chain) < 3 or store.driver != "overlay" or chain[1] != store.before[1][row["image"]].get("layer"):
        raise NotHere
    path = store.at("overlay", row["layer"], "lower")
    store.edit(path, b":".join(store.data(path).split(b":")[1:]))
    name = store.file_of("layers", row["layer"])
    store.put(name, [{**r, "parent": chain[2]} if r["id"] == row["layer"] else r for r in store.rows(name)])
    store.by_hand(store.index(name))
    return truth([row["layer"], row["id"], path, store.index(name)], (HAND, TWO), (set(), {row["id"]}))


# maps of owners


def _mapped(store: Bundle) -> list[dict[str, object]]:
    return [row for row in store.before[0].values() if row.get("uidmap")]


@unseen(HAND)
def layer_of_an_image_given_a_map(store: Bundle) -> Truth:
    layer = store.layer()
    if store.before[0][layer].get("uidmap"):
        raise NotHere
    hit = standing(store, [layer])
    one = [{"container_id": 0, "host_id": 500_000, "size": 65_536}]
    store.change_record("layers", layer, uidmap=one, gidmap=one)
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], (HAND, BASE, TWO), hit)


def _map(store: Bundle, new: Callable[[dict[str, int]], dict[str, int]]) -> Truth:
    row = store.draw(_mapped(store))
    hit = standing(store, [str(row["id"])])
    maps = {k: [new(dict(each)) for each in row[k]] for k in ("uidmap", "gidmap")}  # type: ignore[attr-defined]
    store.change_record("layers", str(row["id"]), **maps)
    store.by_hand(store.index(store.file_of("layers", str(row["id"]))))
    return truth([str(row["id"]), *hit[1], store.index(store.file_of("layers", str(row["id"])))],
                 (HAND, BASE, TWO, "permissions-swept"), hit)  # fmt: skip


@unseen(HAND)
def map_of_a_layer_of_another_range(store: Bundle) -> Truth:
    return _map(store, lambda m: {**m, "host_id": m["host_id"] + 4_000_000})


@unseen(HAND)
def map_of_a_layer_turned_round(store: Bundle) -> Truth:
    return _map(store, lambda m: {**m, "host_id": m["container_id"], "container_id": m["host_id"]})


@unseen(HAND)
def map_of_a_layer_of_one_id(store: Bundle) -> Truth:
    return _map(store, lambda m: {**m, "size": 1})


@unseen(RECORD)
def mapped_copy_named_that_is_not_there(store: Bundle) -> Truth:
    """Give an image a mapped copy that no record knows."""
    image = store.image()
    hit = standing(store, images=[image["id"]])
    other = strange(store)
    store.change_record("images", image["id"], **{"mapped-layers": [*image.get("mapped-layers", []), other]})
    store.by_hand(store.index("images.json"))
    return truth([image["id"], other, store.index("images.json")], (RECORD, HAND, LOST, ALTERED), hit)
