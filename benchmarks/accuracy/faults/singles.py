"""Single objects damaged in ways of their own: layers' files, records' fields, full copies, databases, drivers.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy
import json

from analyzer.source.member import CHAR, DIRECTORY, FILE, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BASE,
    COPY,
    DRIVER,
    GONE,
    HAND,
    LINKS,
    MEDIA,
    PODMAN,
    POWER,
    PULL,
    RECORD,
    REMOVED,
    SCANNER,
    SWEPT,
    TWO,
)
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

# files of layers


def _edited(store: Bundle, layer: str, path: str, *families: str) -> Truth:
    store.by_hand(path)
    return truth([layer, path], families or (BASE,), serving(store, [layer]))


@unseen(BASE)
def line_ends_of_a_file_changed(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.draw([p for p in store.files(layer) if b"\n" in store.data(p) and b"\0" not in store.data(p)])
    store.write(path, store.data(path).replace(b"\n", b"\r\n"))
    return _edited(store, layer, path)


@unseen(BASE)
def file_moved_to_another_directory(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    member, data = store.entries.pop(path)
    member.path = store.at("overlay", layer, "diff") + "/moved-" + path.rpartition("/")[2]
    store.entries[member.path] = (member, data)
    store.by_hand(path, member.path)
    return truth([layer, path, member.path], (BASE, SCANNER), serving(store, [layer]))


@unseen(BASE)
def directory_of_a_layer_renamed(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    folder = path.rpartition("/")[0]
    if folder.endswith("/diff") or any(store.entries[p][0].kind == "hardlink" for p in store.below(folder)):
        raise NotHere
    for each in store.below(folder):
        member, data = store.entries.pop(each)
        member.path = f"{folder}.old{each[len(folder) :]}"
        store.entries[member.path] = (member, data)
    store.by_hand(folder, folder + ".old")
    return truth([layer, folder, folder + ".old", path], (BASE, SCANNER), serving(store, [layer]))


@unseen(BASE)
def whiteout_planted(store: Bundle) -> Truth:
    """Hide a file of the layers below by a whiteout that the layer's tar has not."""
    layer = store.layer(parent=True)
    below = store.chain_of(layer)[1:]
    path = store.draw(sorted(p for key in below for p in store.files(key)))
    name = path.split("/diff/", 1)[-1]
    if store.driver != "overlay":
        raise NotHere
    place = store.at("overlay", layer, "diff")
    for part in name.split("/")[:-1]:
        place += "/" + part
        if place not in store.entries:
            raise NotHere
    place = store.at("overlay", layer, "diff", name)
    if place in store.entries:
        raise NotHere
    member = copy.copy(store.entries[path][0])
    member.path, member.kind, member.size, member.mode, member.link = place, CHAR, 0, 0, ""
    member.rdev = (0, 0)
    member.xattrs = {}
    store.entries[place] = (member, b"")
    return _edited(store, layer, place)


@unseen(BASE)
def opaque_mark_planted(store: Bundle) -> Truth:
    """Mark a directory opaque that is not: what lies below it is hidden."""
    if store.driver != "overlay":
        raise NotHere
    known = {name for m, _ in store.entries.values() for name in m.xattrs if name.endswith("overlay.opaque")}
    layer = store.layer(parent=True)
    folders = [p for _, p, m in inside(store, [layer]) if m.kind == DIRECTORY and not m.xattrs]
    path = store.draw(folders)
    if not known:
        raise NotHere
    store.change(path, xattrs={min(known): b"y"})
    return truth([layer, path], (BASE, COPY), serving(store, [layer]))


@unseen(BASE)
def owner_of_a_directory_changed(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.draw([p for _, p, m in inside(store, [layer]) if m.kind == DIRECTORY])
    store.change(path, uid=4711, gid=4711)
    return truth([layer, path], (BASE, SWEPT), serving(store, [layer]))


@unseen(BASE)
def sticky_bit_of_tmp_taken(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == DIRECTORY and m.mode & 0o1000]
    layer, path = store.draw(found)
    store.change(path, mode=0o755)
    return truth([layer, path], (BASE, SWEPT, COPY), serving(store, [layer]))


@unseen(BASE)
def directory_replaced_by_a_symlink(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    folder = path.rpartition("/")[0]
    if folder.endswith("/diff"):
        raise NotHere
    for each in store.below(folder)[1:]:
        store.entries.pop(each)
    store.symlink(folder, "/srv/moved")
    return truth([layer, folder, path], (BASE, SCANNER), serving(store, [layer]))


@unseen(SCANNER)
def files_renamed_by_a_scanner(store: Bundle) -> Truth:
    hit, paths = set(), []
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == FILE and member.mode & 0o111 and member.size > 800 and len(paths) < 4:
            data = store.entries.pop(path)[1]
            member.path = path + ".infected"
            member.mode = 0
            store.entries[member.path] = (member, data)
            store.by_hand(path, member.path)
            hit.add(layer)
            paths += [path, member.path]
    if not hit:
        raise NotHere
    return truth([*hit, *paths], (SCANNER, BASE), serving(store, hit))


@unseen(SCANNER)
def programs_replaced_by_a_notice(store: Bundle) -> Truth:
    hit, paths = set(), []
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == FILE and member.mode & 0o111 and member.size > 1500 and len(paths) < 3:
            store.write(path, b"This file was removed by the security policy.\n")
            store.by_hand(path)
            hit.add(layer)
            paths.append(path)
    if not hit:
        raise NotHere
    return truth([*hit, *paths], (SCANNER, BASE), serving(store, hit))


@unseen(MEDIA)
def first_block_of_a_file_lost(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.draw([p for p in store.files(layer, least=1024) if store.data(p)[:512].strip(b"\0")])
    data = store.data(path)
    store.write(path, bytes(512) + data[512:])
    return truth([layer, path], (MEDIA, POWER, BASE), serving(store, [layer]))


@unseen(POWER)
def end_of_a_file_never_written(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.draw(
        [p for p in store.files(layer, least=1500) if store.data(p)[len(store.data(p)) // 2 :].strip(b"\0")]
    )
    data = store.data(path)
    store.write(path, data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    return truth([layer, path], (POWER, MEDIA, BASE), serving(store, [layer]))


# full copies and mapped copies


def _copy_with_inherited(store: Bundle) -> tuple[str, str, list[str]]:
    """Return (layer, its tree, paths that it inherited) of a full copy."""
    for _ in range(20):
        layer = store.layer(parent=True)
        top = store.at("overlay", layer, "diff")
        parent = store.at("overlay", store.before[0][layer]["parent"], "diff")
        if store.driver == "overlay":
            raise NotHere
        names = {p[len(parent) :] for p in store.below(parent) if p != parent}
        inherited = [p for p in store.below(top) if p[len(top) :] in names]
        if inherited:
            return layer, top, inherited
    raise NotHere


@unseen(BASE)
def inherited_directory_removed(store: Bundle) -> Truth:
    layer, _, inherited = _copy_with_inherited(store)
    path = store.draw([p for p in inherited if store.entries[p][0].kind == DIRECTORY and len(store.below(p)) > 2])
    store.take(path)
    return truth([layer, path], (BASE, SCANNER), serving(store, [layer]))


@unseen(BASE)
def mode_of_an_inherited_file_changed(store: Bundle) -> Truth:
    layer, _, inherited = _copy_with_inherited(store)
    path = store.draw([p for p in inherited if store.entries[p][0].kind == FILE])
    store.change(path, mode=store.entries[path][0].mode ^ 0o4001)
    return truth([layer, path], (BASE, SWEPT), serving(store, [layer]))


@unseen(BASE)
def inherited_symlink_turned(store: Bundle) -> Truth:
    layer, _, inherited = _copy_with_inherited(store)
    path = store.draw([p for p in inherited if store.entries[p][0].kind == SYMLINK])
    store.symlink(path, "/elsewhere")
    store.by_hand(path)
    return truth([layer, path], (BASE, SCANNER), serving(store, [layer]))


@unseen(BASE)
def file_planted_in_a_full_copy(store: Bundle) -> Truth:
    layer, top, _ = _copy_with_inherited(store)
    path = f"{top}/planted"
    store.write(path, b"planted\n")
    store.by_hand(path)
    return truth([layer, path], BASE, serving(store, [layer]))


# small files of the driver


@unseen(HAND)
def link_text_is_a_directory(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer, "link")
    hit = standing(store, [layer])
    store.entries.pop(path, None)
    store.directory(path)
    store.by_hand(path)
    return truth([layer, path], (LINKS, HAND), hit)


@unseen(HAND)
def lower_is_a_directory(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    hit = standing(store, [layer])
    store.entries.pop(path, None)
    store.directory(path)
    store.by_hand(path)
    return truth([layer, path], HAND, hit)


@unseen(REMOVED)
def diff_is_a_file(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer, "diff")
    hit = serving(store, [layer])
    store.take(path)
    store.write(path, b"")
    return truth([layer, path], (REMOVED, BASE, HAND), hit)


@unseen(GONE)
def work_of_every_container_removed(store: Bundle) -> Truth:
    paths = [store.at("overlay", row["layer"], "work") for row in store.before[2].values()]
    hit = {key for key, row in store.before[2].items() if store.at("overlay", row["layer"], "work") in store.entries}
    for path in paths:
        if path in store.entries:
            store.take(path)
    if not hit:
        raise NotHere
    layers = [store.before[2][key]["layer"] for key in hit]
    return truth([*hit, *layers, *paths], (REMOVED, GONE, HAND), (set(), hit))


# records


@unseen(HAND)
def names_of_two_images_swapped(store: Bundle) -> Truth:
    """Give two images each other's names: what each was pulled as is in its config's manifest no more."""
    one, two = store.image(), store.image()
    if one["id"] == two["id"] or store.lent("images"):
        raise NotHere
    name = one["names"][0]
    store.change_record("images", two["id"], names=[*two["names"], name])
    store.by_hand(store.index("images.json"))
    return truth([one["id"], two["id"], store.index("images.json")], (TWO, HAND), (None, None))


@unseen(TWO)
def container_recorded_twice(store: Bundle) -> Truth:
    container = store.container()
    name = store.file_of("containers", container["id"])
    store.put(name, [*store.rows(name), container])
    store.by_hand(store.index(name))
    return truth([container["id"], store.index(name)], (TWO, HAND), severe=False)


@unseen(TWO)
def two_containers_of_one_name(store: Bundle) -> Truth:
    one, two = store.container(image=False), store.container(image=False)
    if one["id"] == two["id"] or not one.get("names"):
        raise NotHere
    name = store.file_of("containers", two["id"])
    store.change_record("containers", two["id"], names=one["names"])
    store.by_hand(store.index(name))
    return truth([one["id"], two["id"], store.index(name)], (TWO, HAND), (set(), None))


@unseen(HAND)
def layer_of_a_container_left_out(store: Bundle) -> Truth:
    container = store.container()
    name = store.file_of("containers", container["id"])
    store.change_record("containers", container["id"], layer=None)
    store.by_hand(store.index(name))
    return truth([container["id"], container["layer"], store.index(name)], (HAND, GONE, RECORD),
                 (set(), {container["id"]}))  # fmt: skip


@unseen(PULL)
def layer_in_use_flagged_incomplete(store: Bundle) -> Truth:
    layer = store.layer(top=False)
    hit = standing(store, [layer])
    store.change_record("layers", layer, flags={"incomplete": True})
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], (PULL, HAND, "interrupted-removal"), hit)


@unseen(HAND)
def parent_of_a_layer_is_its_child(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    parent = store.before[0][layer]["parent"]
    if parent not in store.before[0] or store.before[0][parent].get("parent"):
        raise NotHere
    hit = standing(store, [parent])
    store.change_record("layers", parent, parent=layer)
    store.by_hand(store.index("layers.json"))
    return truth([layer, parent, store.index("layers.json")], HAND, hit)


@unseen(ALTERED)
def manifest_of_an_older_schema(store: Bundle) -> Truth:
    image = store.image()
    path = store.big_data(image["id"], "manifest")
    hit = standing(store, images=[image["id"]])
    store.edit(path, json.dumps({"schemaVersion": 1, "name": "x", "tag": "1", "fsLayers": []}).encode())
    return truth([image["id"], path], (ALTERED, HAND), (hit[0], None))


@unseen("image-data-lost")
def data_of_an_image_renamed(store: Bundle) -> Truth:
    image = store.image()
    top = store.at("overlay-images", image["id"])
    hit = standing(store, images=[image["id"]])
    for path in store.below(top):
        member, data = store.entries.pop(path)
        member.path = f"{top}.bak{path[len(top) :]}"
        store.entries[member.path] = (member, data)
    store.by_hand(top, f"{top}.bak")
    return truth([image["id"], top, f"{top}.bak"], ("image-data-lost", "leaked-space"), (hit[0], None))


# the store


@unseen(PODMAN)
def database_of_podman_emptied(store: Bundle) -> Truth:
    path = next((p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))), "")
    if not path or not store.before[2]:
        raise NotHere
    store.write(path, b"")
    return truth([path, path.rpartition("/")[0]], (PODMAN, POWER))


@unseen(PODMAN)
def page_of_podmans_database_lost(store: Bundle) -> Truth:
    path = next((p for p in store.entries if p.endswith("libpod/bolt_state.db")), "")
    if not path:
        raise NotHere
    store.write(path, bytes(8192) + store.data(path)[8192:])
    return truth([path, path.rpartition("/")[0]], (PODMAN, POWER, MEDIA))


@unseen(DRIVER)
def crio_configured_for_vfs(store: Bundle) -> Truth:
    path = "etc/crio/crio.conf"
    if path not in store.entries or store.driver != "overlay":
        raise NotHere
    store.edit(path, store.data(path).replace(b'"overlay"', b'"vfs"'))
    return truth([path, store.root], DRIVER, everybody(store))
