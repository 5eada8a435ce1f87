"""Stores that were copied, restored, merged, lent or squashed by hand, files that moved where they do not belong.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy

from analyzer.source.member import DIRECTORY, FILE, HARDLINK, SYMLINK
from benchmarks.accuracy.bundle import DAY, Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
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
    PART,
    RECORD,
    REMOVED,
    SHARED,
    SWEPT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import image_layers, told_of
from benchmarks.accuracy.faults.parts import short, strange
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import layer_truth
from benchmarks.accuracy.faults.sweeps import swept
from benchmarks.accuracy.truth import Truth, truth

# copies of a whole store


@unseen(FULL)
def copy_of_a_layer_ended_on_a_full_disk(store: Bundle) -> Truth:
    """Restore one layer by tar until the disk is full: one file is cut, and what comes after it is not there."""
    layer = store.layer()
    top = store.at("overlay", layer, "diff")
    below = sorted(store.below(top)[1:])
    files = [p for p in below if p in set(store.files(layer, least=200))]
    if len(files) < 4 or len(below) < 8:
        raise NotHere
    at = files[len(files) // 2]
    data = store.data(at)
    gone = [p for p in below if p > at]
    for path in gone:
        store.entries.pop(path)
    store.write(at, data[: len(data) // 2])
    for path in {at, *(p.rpartition("/")[0] for p in (*gone, at))}:
        if path in store.entries:
            store.entries[path][0].mtime_ns = store.later
    return layer_truth(store, layer, [at, *gone], FULL, COPY, BASE, WIPE, REMOVED)


@unseen(COPY)
def modes_of_files_not_kept_by_the_copy(store: Bundle) -> Truth:
    """Mount with `fmask`/`dmask` in between: every file 0755 and every directory 0755, owners and times kept."""

    def change(_path: str, member: object) -> bool:
        if member.kind not in (FILE, DIRECTORY) or member.mode == 0o755:  # type: ignore[attr-defined]
            return False
        member.mode = 0o755  # type: ignore[attr-defined]
        return True

    return swept(store, change, COPY, SWEPT)


@unseen(COPY)
def equal_files_linked_with_the_owner_of_one(store: Bundle) -> Truth:
    """Let a finder of duplicates link files of equal content: mode, owner and time are those of the first."""
    first: dict[bytes, str] = {}
    hit, paths = [], []
    for layer in image_layers(store):
        for path in store.files(layer, least=1):
            data = store.data(path)
            if data not in first:
                first[data] = path
                continue
            one, member = store.entries[first[data]][0], store.entries[path][0]
            if (one.mode, one.uid, one.gid) != (member.mode, member.uid, member.gid):
                hit.append(layer)
                paths.append(path)
            member.kind, member.link, member.size = HARDLINK, first[data], 0
            member.mode, member.uid, member.gid, member.mtime_ns = one.mode, one.uid, one.gid, one.mtime_ns
            store.entries[path] = (member, b"")
    if not hit:
        raise NotHere
    return truth([*told_of(store, sorted(set(hit)), "diff"), *paths], (BASE, COPY, SWEPT), serving(store, set(hit)))


# parts restored


@unseen(REMOVED)
def only_the_upper_layers_restored(store: Bundle) -> Truth:
    """Restore `overlay` without every base layer: those without a parent are not there."""
    layers = image_layers(store)
    bases = [k for k in layers if not store.before[0][k].get("parent")]
    if not bases or len(bases) == len(layers) or store.driver != "overlay":
        raise NotHere
    hit = serving(store, bases)
    store.take(*(store.at("overlay", k) for k in bases))
    return truth([*bases, store.at("overlay")], (REMOVED, WIPE, BACK), hit)


@unseen(BASE)
def directory_of_one_layer_restored_from_its_child(store: Bundle) -> Truth:
    """Restore a parent's `diff` from the wrong place: it has what the child has."""
    layer = store.layer(parent=True)
    parent = store.before[0][layer]["parent"]
    if store.driver != "overlay" or parent not in store.before[0]:
        raise NotHere
    top, other = store.at("overlay", parent, "diff"), store.at("overlay", layer, "diff")
    hit = serving(store, [parent])
    root = store.entries[top]
    store.remove(top)
    store.entries[top] = root
    for path in store.below(other)[1:]:
        member, data = store.entries[path]
        twin = copy.copy(member)
        twin.path = top + path[len(other) :]
        if twin.kind == HARDLINK:
            twin.link = top + twin.link[len(other) :]
        store.entries[twin.path] = (twin, data)
    store.entries[top][0].mtime_ns = store.later
    return truth([parent, top, layer], (BASE, TWO, HAND), hit)


# two hosts in one


@unseen(LEAK)
def layer_directories_of_another_node_added(store: Bundle) -> Truth:
    """Merge another node's `overlay` into this one: three directories that no record has, with short links."""
    layer = store.layer()
    if store.driver != "overlay":
        raise NotHere
    new = []
    for _ in range(3):
        key, name = strange(store), short(store)
        place = store.at("overlay", key)
        for path in store.below(store.at("overlay", layer)):
            member, data = store.entries[path]
            twin = copy.copy(member)
            twin.path = place + path[len(store.at("overlay", layer)) :]
            if twin.kind == HARDLINK:
                twin.link = place + twin.link[len(store.at("overlay", layer)) :]
            store.entries[twin.path] = (twin, data)
        store.write(f"{place}/link", name)
        link = copy.copy(store.entries[store.link_of(layer)][0])
        link.path, link.link = store.at("overlay/l", name), f"../{key}/diff"
        store.entries[link.path] = (link, b"")
        new += [key, place]
    store.by_hand(store.at("overlay"))
    return truth([*new, store.at("overlay")], (LEAK, TWO, HAND, RECORD, BACK), severe=False)


@unseen(HAND)
def layer_records_of_another_node_added(store: Bundle) -> Truth:
    """Do `jq -s add` with another node's layers.json: three records without anything."""
    rows = store.rows("layers.json")
    if store.lent("layers") or not rows:
        raise NotHere
    new = [{**store.draw(rows), "id": strange(store), "parent": "", "names": None} for _ in range(3)]
    for row in new:
        row["diff-digest"] = f"sha256:{strange(store)}"
    store.put("layers.json", [*rows, *({k: v for k, v in r.items() if v is not None} for r in new)])
    store.by_hand(store.index("layers.json"))
    return truth([*(r["id"] for r in new), store.index("layers.json"), *(store.at("overlay", r["id"]) for r in new)],
                 (HAND, REMOVED, TWO, BACK, LEAK), severe=False)  # fmt: skip


# the additional store


@unseen(SHARED)
def layer_records_of_the_additional_store_older(store: Bundle) -> Truth:
    """Publish images.json of today beside layers.json of yesterday."""
    path = f"{store.additional}/{store.driver}-layers/layers.json"
    rows = list(store.lent("layers").values())
    images = store.lent("images")
    tops = {row.get("layer") for row in images.values()}
    gone = [row["id"] for row in rows if row["id"] in tops][-2:]
    if len(gone) < 2 or set(gone) & set(store.before[0]):
        raise NotHere
    hit = standing(store, gone)
    store.write_records(path, [row for row in rows if row["id"] not in gone])
    store.entries[path][0].mtime_ns -= DAY
    return truth([*gone, path, store.additional, *(k for k, r in images.items() if r.get("layer") in gone)],
                 (SHARED, RECORD, BACK), hit)  # fmt: skip


@unseen(SHARED)
def lowers_of_the_additional_store_of_other_links(store: Bundle) -> Truth:
    """Make short links and `link` of the additional store anew: every `lower` names the old ones."""
    place = f"{store.additional}/{store.driver}"
    if not store.additional:
        raise NotHere
    hit = [k for k in store.lent("layers") if f"{place}/{k}/lower" in store.entries]
    if len(hit) < 2:
        raise NotHere
    for key in store.lent("layers"):
        path = f"{place}/{key}/link"
        if path in store.entries:
            name = short(store)
            rename(store, f"{place}/l/{store.text(path)}", f"{place}/l/{name}")
            store.edit(path, name.encode())
    return truth([*hit, *(f"{place}/{k}/lower" for k in hit), store.additional, f"{place}/l", place],
                 (SHARED, HAND, LINKS), standing(store, hit))  # fmt: skip


@unseen(SHARED)
def owner_of_the_additional_store_changed(store: Bundle) -> Truth:
    place = f"{store.additional}/{store.driver}/"
    if not store.additional:
        raise NotHere
    hit = set()
    for path, (member, _) in store.entries.items():
        if path.startswith(place) and "/diff/" in path:
            member.uid = member.gid = 1500
            hit.add(path.removeprefix(place).split("/")[0])
    if len(hit) < 2:
        raise NotHere
    return truth([*hit, place.rstrip("/"), store.additional, *(f"{place}{k}/diff" for k in hit)],
                 (SHARED, SWEPT, COPY, BASE), standing(store, hit))  # fmt: skip


# squashed, linked, put into each other


@unseen(HAND)
def layers_of_an_image_squashed_by_hand(store: Bundle) -> Truth:
    """Copy all lower layers into the top one, take parent and `lower` away: the image still lists every layer."""
    image = store.image(layers=2)
    chain = store.chain_of(image["layer"])
    if store.driver != "overlay" or any(k not in store.before[0] for k in chain):
        raise NotHere
    top = store.at("overlay", chain[0], "diff")
    for key in chain[1:]:
        below = store.at("overlay", key, "diff")
        for path in store.below(below)[1:]:
            member, data = store.entries[path]
            twin = copy.copy(member)
            twin.path = top + path[len(below) :]
            if twin.kind == HARDLINK:
                twin.link = top + twin.link[len(below) :]
            if twin.path not in store.entries:
                store.entries[twin.path] = (twin, data)
    hit = standing(store, [chain[0]])
    store.change_record("layers", chain[0], parent=None)
    store.by_hand(store.index("layers.json"), top)
    lower = store.at("overlay", chain[0], "lower")
    if lower in store.entries:
        store.take(lower)
    return truth([chain[0], image["id"], top, lower], (HAND, BASE, RECORD, "image-data-altered"), hit)


@unseen(BASE)
def layer_directory_is_a_symlink_to_another(store: Bundle) -> Truth:
    """Save space by hand: one layer's directory is a symlink to another layer's."""
    layers = image_layers(store)
    if len(layers) < 3:
        raise NotHere
    one, two = store.dice.sample(layers, 2)
    hit = serving(store, [one])
    place = store.at("overlay", one)
    store.take(place)
    _symlink(store, place, two)
    store.by_hand(place)
    return truth([one, place, store.at("overlay", one, "diff")], (REMOVED, HAND, BASE, TWO, LINKS, RECORD), hit)


def _symlink(store: Bundle, path: str, target: str) -> None:
    store.write(path, b"")
    member = store.entries[path][0]
    member.kind, member.link, member.size, member.mode = SYMLINK, target, 0, 0o777


@unseen(LINKS)
def link_text_is_a_symlink(store: Bundle) -> Truth:
    """Let `link` be a symlink to `../l/NAME`."""
    layer = store.layer()
    path = store.at("overlay", layer, "link")
    name = store.text(path)
    store.take(path)
    _symlink(store, path, f"../l/{name}")
    store.by_hand(path)
    return truth([layer, path, store.at("overlay/l")], (LINKS, HAND, COPY), standing(store, [layer]))


@unseen(BASE)
def remainder_of_nfs_in_a_layer(store: Bundle) -> Truth:
    """Remove a file while it is open over NFS: it has another name now."""
    layer, (path,) = store.layer_with_files()
    new = f"{path.rpartition('/')[0]}/.nfs00000000051c2a9300000047"
    rename(store, path, new)
    store.by_hand(new)
    return layer_truth(store, layer, [path, new], BASE, "scanner-quarantine")


@unseen(LOST)
def directory_of_images_set_aside_and_made_anew(store: Bundle) -> Truth:
    """Do `mv overlay-images overlay-images.bak`; the engine made an empty one."""
    place = store.at("overlay-images")
    if store.lent("images"):
        raise NotHere
    hit = set(store.before[1])
    rename(store, place, f"{place}.bak")
    store.directory(place)
    store.write(f"{place}/images.json", b"[]")
    store.by_hand(f"{place}/images.json", place)
    return truth([place, f"{place}.bak", store.index("images.json"), f"{place}.bak/images.json"],
                 (BACK, LOST, WIPE, PART, HAND), (hit, None))  # fmt: skip


@unseen(REMOVED)
def layer_directories_packed_into_archives(store: Bundle) -> Truth:
    """Do `tar czf ID.tgz ID; rm -rf ID` for the layers that no container uses."""
    used = {k for row in store.before[2].values() for k in store.chain_of(row["layer"])}
    gone = [k for k in image_layers(store) if k not in used]
    if len(gone) < 2 or store.driver != "overlay":
        raise NotHere
    hit = serving(store, gone)
    for key in gone:
        store.take(store.at("overlay", key))
        store.write(store.at("overlay", f"{key}.tgz"), b"\x1f\x8b\x08\x00" + store.dice.randbytes(300))
    return truth([*gone, store.at("overlay"), *(store.at("overlay", f"{k}.tgz") for k in gone)], (REMOVED, WIPE), hit)


@unseen(MEDIA)
def contents_of_three_layers_rotated(store: Bundle) -> Truth:
    """Restore three `diff` each into the next one's place."""
    layers = image_layers(store)
    if len(layers) < 4 or store.driver != "overlay":
        raise NotHere
    hit = store.dice.sample(layers, 3)
    broken = serving(store, hit)
    for number, key in enumerate(hit):
        rename(store, store.at("overlay", key, "diff"), store.at("overlay", f"turn{number}"))
    for number in range(3):
        rename(store, store.at("overlay", f"turn{number}"), store.at("overlay", hit[(number + 1) % 3], "diff"))
    for key in hit:
        store.by_hand(store.at("overlay", key))
    return truth([*hit, *(store.at("overlay", k, "diff") for k in hit), store.at("overlay")],
                 (TWO, HAND, BASE, LINKS, MEDIA, BACK), broken)  # fmt: skip


@unseen(PART)
def records_of_layers_left_out_of_the_restore(store: Bundle) -> Truth:
    """Restore everything but `overlay-layers`; the engine made an empty one later."""
    if store.lent("layers"):
        raise NotHere
    hit = everybody(store)
    place = store.at("overlay-layers")
    for path in store.below(place)[1:]:
        if path in store.entries and not path.endswith(".lock"):
            store.entries.pop(path)
    store.write(f"{place}/layers.json", b"[]")
    store.by_hand(f"{place}/layers.json", place)
    return truth([place, f"{place}/layers.json", store.root or ".", *store.before[0]], (PART, BACK, RECORD, WIPE, HAND),
                 hit)  # fmt: skip


@unseen(GONE)
def containers_of_the_template_in_a_clone(store: Bundle) -> Truth:
    """Clone a node and remove its containers' directories by a script, records and layers stay."""
    rows = [row for row in store.before[2].values() if store.at("overlay-containers", row["id"]) in store.entries]
    if len(rows) < 2:
        raise NotHere
    hit = {row["id"] for row in rows}
    for row in rows:
        store.take(store.at("overlay-containers", row["id"]))
        if store.at("overlay", row["layer"]) in store.entries:
            store.take(store.at("overlay", row["layer"]))
    return truth([*hit, *(r["layer"] for r in rows), store.at("overlay-containers"), store.at("overlay"),
                  *(store.at("overlay", r["layer"]) for r in rows)],
                 (GONE, REMOVED, WIPE, "libpod-storage-gone"), (set(), hit))  # fmt: skip
