"""Records that a filter or a hand rewrote, things that point nowhere, what was copied from a neighbour or another node.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    BEHIND,
    ELSEWHERE,
    GONE,
    HAND,
    LEAK,
    LINKS,
    LOST,
    MEDIA,
    PODMAN,
    RECORD,
    REMOVED,
    SHARED,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

if TYPE_CHECKING:
    from collections.abc import Callable


# filters


def _kept(store: Bundle, part: str, keep: Callable[[dict[str, Any]], object]) -> list[str]:
    """Keep the rows of an index that a filter lets through, saved today; return the ids of the others."""
    rows = store.rows(f"{part}.json")
    gone = [row["id"] for row in rows if not keep(row)]
    if not gone or len(gone) == len(rows):
        raise NotHere
    store.put(f"{part}.json", [row for row in rows if keep(row)])
    store.by_hand(store.index(f"{part}.json"))
    return gone


@unseen(RECORD)
def base_layer_records_filtered_out(store: Bundle) -> Truth:
    """Do `jq 'map(select(.parent))'` on layers.json."""
    if store.lent("layers"):
        raise NotHere
    gone = _kept(store, "layers", lambda row: row.get("parent"))
    return truth([*gone, store.index("layers.json")], (RECORD, HAND, BACK), standing(store, gone))


@unseen(BACK)
def images_without_names_filtered_out(store: Bundle) -> Truth:
    """Do `jq 'map(select(.names))'` on images.json."""
    gone = _kept(store, "images", lambda row: row.get("names"))
    own = [k for g in gone for k in store.chain_of(store.before[1][g].get("layer", ""))]
    users = [k for k, row in store.before[2].items() if row["image"] in gone]
    return truth([*gone, *own, *users, store.index("images.json"), *(store.at("overlay-images", k) for k in gone)],
                 (HAND, BACK, LEAK, GONE))  # fmt: skip


@unseen(GONE)
def records_of_container_layers_filtered_out(store: Bundle) -> Truth:
    """Do `jq 'map(select(."diff-digest"))'` on layers.json: those of containers have none."""
    layers = {row["layer"]: key for key, row in store.before[2].items()}
    known = {row["id"] for row in store.rows("layers.json")}
    if any(not row.get("diff-digest") and row["id"] not in layers for row in store.rows("layers.json")):
        raise NotHere
    gone = _kept(store, "layers", lambda row: row["id"] not in layers)
    hit = {layers[k] for k in gone if k in known}
    return truth([*gone, *hit, store.index("layers.json")], (GONE, RECORD, HAND, BACK), (set(), hit))


@unseen(HAND)
def layers_of_every_container_left_out(store: Bundle) -> Truth:
    rows = store.rows("containers.json")
    if len(rows) < 2:
        raise NotHere
    store.put("containers.json", [{k: v for k, v in row.items() if k != "layer"} for row in rows])
    store.by_hand(store.index("containers.json"))
    return truth([*(r["id"] for r in rows), *(r["layer"] for r in rows), store.index("containers.json")],
                 (HAND, GONE), (set(), {r["id"] for r in rows}))  # fmt: skip


@unseen(HAND)
def parent_of_a_layer_is_an_image(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    image = store.draw(sorted(store.before[1]))
    hit = standing(store, [layer])
    store.change_record("layers", layer, parent=image)
    store.by_hand(store.index(store.file_of("layers", layer)))
    return truth([layer, image, store.index("layers.json")], (HAND, RECORD, TWO), hit)


@unseen(HAND)
def last_letter_of_a_layer_id_lost(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    store.change_record("layers", layer, id=layer[:-1])
    path = store.index("layers.json")
    store.by_hand(path)
    return truth([layer, layer[:-1], path], (HAND, RECORD, MEDIA), hit)


@unseen(HAND)
def size_of_a_layer_not_a_number(store: Bundle) -> Truth:
    """Let a script write `NaN`, as some languages do."""
    path = store.index("layers.json")
    rows = store.rows("layers.json")
    if store.lent("layers") or not any("diff-size" in row for row in rows):
        raise NotHere
    row = store.draw([row for row in rows if "diff-size" in row])
    row["diff-size"] = float("nan")
    store.edit(path, json.dumps(rows, separators=(",", ":")).encode())
    return truth([path, row["id"], path.rpartition("/")[0]], HAND, everybody(store))


@unseen(HAND)
def images_json_with_quotes_of_html(store: Bundle) -> Truth:
    path = store.index("images.json")
    if store.lent("images"):
        raise NotHere
    store.edit(path, store.data(path).replace(b'"', b"&quot;"))
    return truth([path, path.rpartition("/")[0]], (HAND, MEDIA))


@unseen(HAND)
def layer_moved_to_another_chain(store: Bundle) -> Truth:
    """Give a layer another parent in its record and in `lower` alike."""
    layer = store.layer(parent=True)
    used = set(store.chain_of(layer)) | {k for k in store.before[0] if layer in store.chain_of(k)}
    other = store.draw(sorted(k for k in store.before[0] if store.before[0][k].get("diff-digest") and k not in used))
    hit = standing(store, [layer])
    link = store.text(store.at("overlay", other, "link"))
    lower = store.at("overlay", other, "lower")
    names = [f"l/{link}", *(store.text(lower).split(":") if lower in store.entries else [])]
    store.change_record("layers", layer, parent=other)
    store.by_hand(store.index("layers.json"))
    store.edit(store.at("overlay", layer, "lower"), ":".join(names).encode())
    return truth([layer, other, store.at("overlay", layer, "lower"), *hit[0]], (HAND, ALTERED, TWO), hit)


# manifests


@unseen(ALTERED)
def manifest_with_a_layer_less(store: Bundle) -> Truth:
    """Drop the last layer from a manifest and bring the record's digest and size into line."""
    image = store.image(layers=2)
    path = store.big_data(image["id"], "manifest")
    manifest = json.loads(store.data(path))
    if len(manifest.get("layers", ())) < 2:
        raise NotHere
    manifest["layers"].pop()
    store.edit(path, json.dumps(manifest, separators=(",", ":")).encode())
    return truth([image["id"], path], (ALTERED, HAND), (standing(store, images=[image["id"]])[0], None))


@unseen(ALTERED)
def manifest_is_an_error_page(store: Bundle) -> Truth:
    image = store.image()
    path = store.big_data(image["id"], "manifest")
    store.edit(path, b"<html><head><title>502 Bad Gateway</title></head><body></body></html>\n")
    return truth([image["id"], path], (ALTERED, HAND, LOST, MEDIA), (standing(store, images=[image["id"]])[0], None))


@unseen(ALTERED)
def config_of_an_image_of_the_same_base(store: Bundle) -> Truth:
    """Copy the config of an image that shares the base over another's."""
    rows = [r for r in store.before[1].values() if r.get("layer") in store.before[0]]
    pairs = [(a, b) for a in rows for b in rows if a["id"] != b["id"] and set(store.chain_of(a["layer"]))
             & set(store.chain_of(b["layer"]))]  # fmt: skip
    one, two = store.draw(pairs)
    path = store.config(one["id"])
    store.edit(path, store.data(store.config(two["id"])))
    return truth([one["id"], path], (ALTERED, HAND, TWO), (standing(store, images=[one["id"]])[0], None))


# neighbours


@unseen(HAND)
def link_and_lower_copied_from_the_parent(store: Bundle) -> Truth:
    layers = [k for k, row in store.before[0].items() if row.get("parent") in store.before[0]
              and store.at("overlay", row["parent"], "lower") in store.entries and standing(store, [k])[0]]  # fmt: skip
    layer = store.draw(sorted(layers))
    parent = store.before[0][layer]["parent"]
    for name in ("link", "lower"):
        store.edit(store.at("overlay", layer, name), store.data(store.at("overlay", parent, name)))
    paths = [store.at("overlay", layer, name) for name in ("link", "lower")]
    return truth([layer, *paths, store.at("overlay/l")], (HAND, LINKS, TWO), standing(store, [layer]))


@unseen(HAND)
def layer_directories_of_an_image_and_a_container_swapped(store: Bundle) -> Truth:
    row = store.container()
    layer = store.layer()
    one, two = store.at("overlay", layer), store.at("overlay", row["layer"])
    if one not in store.entries or two not in store.entries or store.driver != "overlay":
        raise NotHere
    images, containers = standing(store, [layer])
    rename(store, one, store.at("overlay", "swap"))
    rename(store, two, one)
    rename(store, store.at("overlay", "swap"), two)
    store.entries[store.at("overlay")][0].mtime_ns = store.later
    return truth([layer, row["layer"], row["id"], one, two, store.at("overlay"), store.at("overlay/l")],
                 (TWO, HAND, LINKS, BASE), (images, containers | {row["id"]}))  # fmt: skip


# podman's database; another node


@unseen(ELSEWHERE)
def database_of_podman_of_another_graph_root(store: Bundle) -> Truth:
    """Move the graph root and leave the database's own notes: it names the place where the store was."""
    path = next((p for p in store.entries if p.endswith("libpod/bolt_state.db")), "")
    data = store.data(path) if path else b""
    confs = [store.data(p) for p in store.entries if p.endswith("containers/storage.conf")]
    if b"/var/lib/" not in data or not any(b"graphroot" in conf for conf in confs):
        raise NotHere
    store.write(path, data.replace(b"/var/lib/", b"/srv/lib/"))
    return truth([path, path.rpartition("/")[0], store.graph_root], (ELSEWHERE, PODMAN))


def _other(store: Bundle, path: str) -> Bundle:
    """Return another healthy store of the same kind of engine."""
    return next(other for other in store.neighbours() if path in other.entries)


@unseen(BEHIND)
def database_of_podman_of_another_node(store: Bundle) -> Truth:
    path = next((p for p in store.entries if p.endswith("libpod/bolt_state.db")), "")
    if not path or not any(row["id"].encode() in store.data(path) for row in store.before[2].values()):
        raise NotHere
    other = _other(store, path)
    if not any(key.encode() in other.data(path) for key in other.before[2]):
        raise NotHere
    store.edit(path, other.data(path))
    return truth([path, path.rpartition("/")[0], *store.before[2], *other.before[2]], (BEHIND, PODMAN, BACK, TWO))


@unseen(LOST)
def data_of_all_images_of_another_node(store: Bundle) -> Truth:
    """Do `rsync -a --delete` of another node's image directories, the index left out."""
    place = store.at("overlay-images")
    other = _other(store, place)
    mine = [k for k in store.before[1] if store.at("overlay-images", k) in store.entries]
    if len(mine) < 2 or store.lent("images") or set(mine) & set(other.before[1]):
        raise NotHere
    hit = standing(store, images=mine)
    store.take(*(store.at("overlay-images", k) for k in mine))
    for path in other.below(place)[1:]:
        if path.removeprefix(f"{place}/").split("/")[0] in other.before[1]:
            member, data = other.entries[path]
            store.entries[path] = (copy.copy(member), data)
    return truth(
        [*mine, place, *(store.at("overlay-images", k) for k in mine)], (LOST, WIPE, TWO, BACK), (hit[0], None)
    )


@unseen(BASE)
def contents_of_a_layer_of_another_node(store: Bundle) -> Truth:
    """Put the `diff` of another node's layer in the place of one's own."""
    layer = store.layer()
    other = next(each for each in store.neighbours() if each.driver == store.driver)
    theirs = store.draw(sorted(k for k, row in other.before[0].items() if row.get("diff-digest")
                               and k not in store.before[0] and len(other.files(k)) > 1))  # fmt: skip
    top, source = store.at("overlay", layer, "diff"), other.at("overlay", theirs, "diff")
    hit = serving(store, [layer])
    for path in store.below(top)[1:]:
        store.entries.pop(path)
    for path in other.below(source)[1:]:
        member, data = copy.copy(other.entries[path][0]), other.entries[path][1]
        member.path = top + path[len(source) :]
        if member.link.startswith(source):
            member.link = top + member.link[len(source) :]
        store.entries[member.path] = (member, data)
    store.by_hand(top)
    return truth([layer, top], (BASE, REMOVED, TWO, HAND, SHARED), hit)
