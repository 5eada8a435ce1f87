"""Records and texts that jq, sed and an older engine wrote, owners and modes that scripts gave.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import TYPE_CHECKING, Any

from analyzer.source.member import DIRECTORY, FILE
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
    PART,
    POWER,
    RECORD,
    SCANNER,
    SWEPT,
    TWO,
)
from benchmarks.accuracy.faults.mass import image_layers, inside, told_of
from benchmarks.accuracy.faults.parts import short, strange
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import layer_truth
from benchmarks.accuracy.faults.scripts import change_rows
from benchmarks.accuracy.faults.sweeps import swept
from benchmarks.accuracy.truth import Truth, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.source.member import Member

UNREADABLE = (HAND, MEDIA, POWER, BACK, TWO, SCANNER, PART)
DEFAULT = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, rights, who)
    for tag, rights, who in ((1, 7, 2**32 - 1), (2, 7, 1002), (4, 5, 2**32 - 1), (16, 7, 2**32 - 1), (32, 5, 2**32 - 1))
)


def _rewritten(store: Bundle, name: str, new: Callable[[list[dict[str, Any]]], Any]) -> Truth:
    """Leave an index that is JSON and no list of records."""
    rows = store.rows(name)
    if store.lent("layers") or len(rows) < 2:
        raise NotHere
    path = store.index(name)
    images, containers = everybody(store)
    hit = {"layers": (images, containers), "images": (images, None), "containers": (None, containers)}
    store.write_records(path, new(rows))
    store.by_hand(path)
    return truth([path, path.rpartition("/")[0]], UNREADABLE, hit[name.partition(".")[0]])


@unseen(HAND)
def layers_json_keyed_by_id(store: Bundle) -> Truth:
    return _rewritten(store, "layers.json", lambda rows: {r["id"]: r for r in rows})


@unseen(HAND)
def images_json_is_a_list_of_ids(store: Bundle) -> Truth:
    return _rewritten(store, "images.json", lambda rows: [r["id"] for r in rows])


@unseen(HAND)
def containers_json_within_another_key(store: Bundle) -> Truth:
    return _rewritten(store, "containers.json", lambda rows: {"containers": rows, "count": len(rows)})


@unseen(HAND)
def layers_json_as_a_text(store: Bundle) -> Truth:
    """Do `jq tostring`: all of it is one JSON string."""
    return _rewritten(store, "layers.json", json.dumps)


@unseen(HAND)
def images_json_as_pairs(store: Bundle) -> Truth:
    """Do `jq to_entries` on each record."""
    return _rewritten(store, "images.json", lambda rows: [[{"key": k, "value": v} for k, v in r.items()] for r in rows])


def _changed(store: Bundle, name: str, new: Callable[[dict[str, Any]], dict[str, Any]], *families: str) -> Truth:
    hit = change_rows(store, name, new, 2)
    images, containers = everybody(store)
    broken = (images, None if name == "images.json" else containers)
    return truth([*hit, store.index(name)], families, broken)


@unseen(HAND)
def zones_of_every_layer_without_a_colon(store: Bundle) -> Truth:
    """Write times by `date +%FT%T%z`: `+0000` is no zone to Go."""
    if store.lent("layers"):
        raise NotHere
    return _changed(store, "layers.json", lambda r: {**r, "created": r["created"][:19] + "+0000"}, HAND)


@unseen(HAND)
def compression_of_every_layer_in_words(store: Bundle) -> Truth:
    if store.lent("layers"):
        raise NotHere
    return _changed(store, "layers.json", lambda r: {**r, "compression": "gzip"} if "compression" in r else r, HAND)


@unseen(HAND)
def names_of_every_image_are_objects(store: Bundle) -> Truth:
    if store.lent("images"):
        raise NotHere
    return _changed(store, "images.json", lambda r: {**r, "names": [{"name": n} for n in r["names"]]}
                    if r.get("names") else r, HAND)  # fmt: skip


@unseen(HAND)
def id_maps_of_a_record_in_words(store: Bundle) -> Truth:
    """Write a map as podman's options have it: `0:100000:65536`."""
    row = store.container()
    if row.get("uidmap") is None:
        raise NotHere
    images, containers = everybody(store)
    store.change_record("containers", row["id"], uidmap="0:100000:65536")
    path = store.index(store.file_of("containers", row["id"]))
    store.by_hand(path)
    return truth([row["id"], path], HAND, (None, containers) if images else (None, None))


@unseen(ALTERED)
def architecture_replaced_in_every_config(store: Bundle) -> Truth:
    hit, paths = [], []
    for key, row in store.before[1].items():
        for item in row.get("big-data-names", []):
            if item.startswith("sha256:"):
                path = store.big_data(key, item)
                data = store.data(path).replace(b"amd64", b"ppc64")
                if data != store.data(path):
                    store.edit(path, data)
                    hit.append(key)
                    paths.append(path)
    if len(hit) < 2:
        raise NotHere
    return truth([*hit, *paths, store.at("overlay-images")], (ALTERED, HAND), (standing(store, images=hit)[0], None))


@unseen(ALTERED)
def config_edited_and_its_digest_recorded_anew(store: Bundle) -> Truth:
    image = store.image()
    path = store.config(image["id"])
    data = store.data(path).replace(b'"linux"', b'"linux","x":1', 1)
    if data == store.data(path):
        raise NotHere
    hit = standing(store, images=[image["id"]])
    store.edit(path, data)
    key = f"sha256:{image['id']}"
    digests = {**image.get("big-data-digests", {}), key: f"sha256:{hashlib.sha256(data).hexdigest()}"}
    sizes = {**image.get("big-data-sizes", {}), key: len(data)}
    store.change_record("images", image["id"], **{"big-data-digests": digests, "big-data-sizes": sizes})
    store.by_hand(store.index("images.json"))
    return truth([image["id"], path, store.index("images.json")], (ALTERED, HAND), (hit[0], None))


@unseen(HAND)
def digest_of_every_layer_is_that_of_its_archive(store: Bundle) -> Truth:
    """Write the compressed digest where the plain one belongs."""
    hit = change_rows(store, "layers.json", lambda r: {**r, "diff-digest": r["compressed-diff-digest"]}
                      if r.get("compressed-diff-digest") not in (None, r.get("diff-digest")) else r, 2)  # fmt: skip
    return truth([*hit, store.index("layers.json")], (HAND, ALTERED, TWO, BACK))


@unseen(HAND)
def layer_record_with_the_digest_of_its_parent(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    parent = store.before[0].get(store.before[0][layer]["parent"], {})
    if not parent.get("diff-digest"):
        raise NotHere
    store.change_record("layers", layer, **{"diff-digest": parent["diff-digest"], "diff-size": parent["diff-size"]})
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], HAND)


@unseen(HAND)
def parents_of_two_layers_exchanged(store: Bundle) -> Truth:
    rows = [r for r in store.rows("layers.json") if r.get("parent") and r.get("diff-digest")]
    one = store.draw(rows)
    two = store.draw([r for r in rows if r["parent"] != one["parent"] and r["id"] not in store.chain_of(one["id"])
                      and one["id"] not in store.chain_of(r["id"])])  # fmt: skip
    hit = standing(store, [one["id"], two["id"]])
    parents = {one["id"]: two["parent"], two["id"]: one["parent"]}
    store.put("layers.json", [{**r, "parent": parents.get(r["id"], r.get("parent", ""))} for r in
                              store.rows("layers.json")])  # fmt: skip
    store.by_hand(store.index("layers.json"))
    return truth([one["id"], two["id"], store.index("layers.json")], (HAND, RECORD), hit)


@unseen(HAND)
def container_named_as_its_layer(store: Bundle) -> Truth:
    """Write the id of a container where its layer's belongs."""
    row = store.container()
    store.change_record("containers", row["id"], layer=row["id"])
    store.by_hand(store.index(store.file_of("containers", row["id"])))
    return truth([row["id"], row["layer"], store.index("containers.json")], (HAND, GONE, RECORD), (set(), {row["id"]}))


@unseen(HAND)
def image_on_a_layer_that_never_was(store: Bundle) -> Truth:
    image = store.image()
    other = strange(store)
    hit = standing(store, images=[image["id"]])
    store.change_record("images", image["id"], layer=other)
    store.by_hand(store.index("images.json"))
    return truth([image["id"], image["layer"], other, store.index("images.json")], (HAND, RECORD), (hit[0], None))


@unseen(HAND)
def chunked_records_saved_by_an_older_engine(store: Bundle) -> Truth:
    """Let an engine that knows no tables of contents save layers.json: their digests are not in the records."""
    found = [r["id"] for r in store.rows("layers.json") if r.get("toc-digest")]
    if not found:
        raise NotHere
    store.put("layers.json", [{k: v for k, v in r.items() if k != "toc-digest"} for r in store.rows("layers.json")])
    store.by_hand(store.index("layers.json"))
    return truth([*found, store.index("layers.json")], (HAND, TWO, BACK))


@unseen(LINKS)
def links_of_every_layer_renumbered(store: Bundle) -> Truth:
    """Give every layer a new `link` and short link by a script, and leave `lower` as it was."""
    layers = [k for k in store.before[0] if store.at("overlay", k, "link") in store.entries]
    if len(layers) < 4 or store.driver != "overlay":
        raise NotHere
    lowers = [k for k in layers if store.at("overlay", k, "lower") in store.entries]
    for key in layers:
        name, old = short(store), store.link_of(key)
        if old not in store.entries:
            raise NotHere
        member, data = store.entries.pop(old)
        member.path = store.at("overlay/l", name)
        store.entries[member.path] = (member, data)
        store.edit(store.at("overlay", key, "link"), name.encode())
    return truth([*layers, *(store.at("overlay", k, "lower") for k in lowers), store.at("overlay/l"),
                  store.at("overlay")], (HAND, LINKS), standing(store, lowers))  # fmt: skip


@unseen(BACK)
def newest_rows_of_every_index_lost(store: Bundle) -> Truth:
    """Restore all three indexes of an hour ago by `cp -p`: one layer, image and container of each are unknown."""
    names = [f"{part}.json" for part in ("layers", "images", "containers")]
    rows = {name: sorted(store.rows(name), key=lambda r: r.get("created", "")) for name in names}
    if store.lent("layers") or any(len(r) < 3 for r in rows.values()):
        raise NotHere
    gone = [r[-1]["id"] for r in rows.values()]
    image = rows["images.json"][-1]
    gone += [c["id"] for c in store.before[2].values() if c["image"] == image["id"]]
    for name in names:
        store.put(name, rows[name][:-1])
        store.entries[store.index(name)][0].mtime_ns -= 48 * 3_600_000_000_000
    return truth([*gone, *(store.index(n) for n in names), image.get("layer", ""),
                  *(c["layer"] for c in store.before[2].values() if c["id"] in gone)],
                 (BACK, RECORD, LOST, GONE, TWO))  # fmt: skip


# owners, modes, lists of access


@unseen(SWEPT)
def one_user_renumbered_everywhere(store: Bundle) -> Truth:
    """Do `usermod -u` and `find / -uid OLD -exec chown`: the files of one owner in all layers have another."""
    owners: dict[int, int] = {}
    for _, _, member in inside(store, image_layers(store)):
        if member.uid:
            owners[member.uid] = owners.get(member.uid, 0) + 1
    if not owners:
        raise NotHere
    old = max(owners, key=lambda uid: owners[uid])

    def change(_path: str, member: Member) -> bool:
        if member.uid != old:
            return False
        member.uid = 60_501
        return True

    return swept(store, change, SWEPT, BASE, COPY, least=2)


@unseen(SWEPT)
def files_of_nobody_given_to_root(store: Bundle) -> Truth:
    """Leave no owner but root in images; that the capture kept owners is seen elsewhere."""
    tops = tuple(store.at("overlay", key) + "/" for key in image_layers(store))
    if not any(m.uid and not path.startswith(tops) for path, (m, _) in store.entries.items()):
        raise NotHere

    def change(_path: str, member: Member) -> bool:
        if not member.uid and not member.gid:
            return False
        member.uid = member.gid = 0
        return True

    return swept(store, change, SWEPT, COPY, BASE)


@unseen(SWEPT)
def programs_locked_by_a_scanner(store: Bundle) -> Truth:
    def change(_path: str, member: Member) -> bool:
        if member.kind != FILE or not member.mode & 0o111:
            return False
        member.mode = 0
        return True

    return swept(store, change, SCANNER, SWEPT, BASE)


@unseen(SWEPT)
def owners_of_half_of_the_layers_shifted(store: Bundle) -> Truth:
    """Stop a change of the user's range half way: the layers of the first half have other owners."""
    layers = image_layers(store)
    if len(layers) < 4:
        raise NotHere
    half = layers[: len(layers) // 2]
    for _, _, member in inside(store, half):
        member.uid, member.gid = member.uid + 65_536, member.gid + 65_536
    return truth(told_of(store, half, "diff"), (SWEPT, COPY, BASE, "subordinate-ids-changed"), serving(store, half))


@unseen(SWEPT)
def roots_of_every_layer_closed(store: Bundle) -> Truth:
    """Do `chmod 700 overlay/*/diff`."""
    layers = [k for k in image_layers(store) if store.entries[store.at("overlay", k, "diff")][0].mode & 0o055]
    if len(layers) < 3:
        raise NotHere
    for key in layers:
        store.change(store.at("overlay", key, "diff"), mode=0o700)
    return truth(told_of(store, layers, "diff"), (SWEPT, COPY, BASE), serving(store, layers))


@unseen(SWEPT)
def owner_of_the_roots_of_every_layer_changed(store: Bundle) -> Truth:
    """Do `chown app overlay/*/diff`."""
    layers = image_layers(store)
    if len(layers) < 3:
        raise NotHere
    for key in layers:
        store.change(store.at("overlay", key, "diff"), uid=1234, gid=1234)
    return truth(told_of(store, layers, "diff"), (SWEPT, COPY, BASE), serving(store, layers))


@unseen(BASE)
def time_and_mode_of_one_directory_of_a_layer(store: Bundle) -> Truth:
    """Do `chmod 1777` on one directory that programs complained of."""
    layer, path, _ = store.draw([e for e in inside(store, image_layers(store)) if e[2].kind == DIRECTORY
                                 and e[2].mode != 0o1777])  # fmt: skip
    store.change(path, mode=0o1777)
    return layer_truth(store, layer, [path], BASE, SWEPT)


@unseen(BASE)
def one_file_made_writable_for_all(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    if store.entries[path][0].mode == 0o666:
        raise NotHere
    store.change(path, mode=0o666)
    return layer_truth(store, layer, [path], BASE, SWEPT)
