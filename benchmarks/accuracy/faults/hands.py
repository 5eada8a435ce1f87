"""What people do to a store with an editor, `mv`, `cp` and a backup, one object at a time.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy

from analyzer.source.member import CHAR, FILE, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import BASE, COPY, HAND, LINKS, REMOVED, SWEPT, TWO, WIPE
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth


def two_layers(store: Bundle, **wanted: bool) -> tuple[str, str]:
    """Draw two layers of images."""
    one, two = store.layer(**wanted), store.layer(**wanted)
    if one == two:
        raise NotHere
    return one, two


def swap(store: Bundle, one: str, two: str) -> None:
    """Let two entries, with all below them, change places."""
    rename(store, one, one + ".~swap~")
    rename(store, two, one)
    rename(store, one + ".~swap~", two)
    store.by_hand(one, two)


# directories of layers


@unseen(HAND)
def lowers_of_two_layers_swapped(store: Bundle) -> Truth:
    one, two = two_layers(store, parent=True)
    paths = [store.at("overlay", layer, "lower") for layer in (one, two)]
    texts = [store.data(path) for path in paths]
    if texts[0] == texts[1]:
        raise NotHere
    store.edit(paths[0], texts[1])
    store.edit(paths[1], texts[0])
    return truth([one, two, *paths], HAND)


@unseen(HAND)
def directories_of_two_layers_swapped(store: Bundle) -> Truth:
    one, two = two_layers(store)
    if store.driver != "overlay":
        raise NotHere
    paths = [store.at("overlay", layer) for layer in (one, two)]
    swap(store, *paths)
    return truth([one, two, *paths, *(f"{p}/diff" for p in paths)], (HAND, LINKS, BASE, REMOVED, TWO))


@unseen(REMOVED)
def layer_directory_moved_into_another(store: Bundle) -> Truth:
    one, two = two_layers(store)
    path, place = store.at("overlay", one), store.at("overlay", two)
    if store.driver != "overlay":
        raise NotHere
    rename(store, path, f"{place}/{one}")
    store.by_hand(path, f"{place}/{one}")
    return truth([one, path, store.at("overlay")], (REMOVED, HAND), standing(store, [one]))


@unseen(BASE)
def diff_restored_into_itself(store: Bundle) -> Truth:
    """Do `cp -a backup/diff overlay/ID/diff`: the copy lies within."""
    layer = store.layer()
    if store.driver != "overlay":
        raise NotHere
    top = store.at("overlay", layer, "diff")
    for path in store.below(top):
        member, data = store.entries[path]
        twin = copy.copy(member)
        twin.path = f"{top}/diff{path[len(top) :]}"
        if twin.kind == "hardlink":
            twin.link = f"{top}/diff{twin.link[len(top) :]}"
        store.entries[twin.path] = (twin, data)
    store.by_hand(f"{top}/diff")
    return truth([layer, top, f"{top}/diff"], BASE, serving(store, [layer]))


@unseen(BASE)
def root_of_a_layer_closed(store: Bundle) -> Truth:
    """Take the rights of others from a layer's own root: `/` of what is made of it."""
    top = [i.get("layer") for i in store.before[1].values()]
    layer = store.draw(sorted({k for k in top if k in store.before[0]}))
    path = store.at("overlay", layer, "diff")
    if store.driver != "overlay" or not store.entries[path][0].mode & 0o005:
        raise NotHere
    store.change(path, mode=0o700)
    images = {key for key, row in store.before[1].items() if row.get("layer") == layer}
    return truth([layer, path], (BASE, SWEPT), (images, set()))


@unseen(COPY)
def one_layer_copied_back(store: Bundle) -> Truth:
    """Do `cp -r` of one layer's `diff`: owners of root, usual modes, the day of the copy, and no attributes."""
    layer = store.layer()
    found = inside(store, [layer])
    if not any((m.uid, m.gid) != (0, 0) or m.mode & 0o7000 or m.xattrs for _, _, m in found) or len(found) < 4:
        raise NotHere
    for _, path, member in found:
        if member.kind == CHAR:
            store.entries.pop(path)
            continue
        member.uid = member.gid = 0
        member.mode &= 0o755 if member.kind != SYMLINK else 0o777
        member.xattrs = {}
        member.mtime_ns = store.later
    return truth(
        [layer, store.at("overlay", layer, "diff"), *(p for _, p, _ in found)],
        (COPY, BASE, SWEPT),
        serving(store, [layer]),
    )


@unseen(COPY)
def whiteouts_of_a_layer_became_files(store: Bundle) -> Truth:
    """Write empty regular files in place of whiteouts: what was deleted is back, and empty."""
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == CHAR and m.rdev == (0, 0)]
    layer, _ = store.draw(found)
    paths = [p for k, p in found if k == layer]
    for path in paths:
        member = store.entries[path][0]
        member.kind, member.size, member.mode, member.rdev = FILE, 0, 0o644, (0, 0)
        store.by_hand(path)
    return truth([layer, *paths], (COPY, BASE), serving(store, [layer]))


@unseen(COPY)
def fifo_became_a_file(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == "fifo"]
    layer, path = store.draw(found)
    member = store.entries[path][0]
    member.kind, member.size = FILE, 0
    store.by_hand(path)
    return truth([layer, path], (BASE, COPY), serving(store, [layer]))


@unseen(BASE)
def backup_of_a_file_beside_it(store: Bundle) -> Truth:
    """Edit a file in place with `sed -i.bak`."""
    layer, (path,) = store.layer_with_files()
    member, data = store.entries[path]
    twin = copy.copy(member)
    twin.path = path + ".bak"
    store.entries[twin.path] = (twin, data)
    store.edit(path, data.replace(data[:4], b"#" + data[:4], 1))
    return truth([layer, path, twin.path], BASE, serving(store, [layer]))


@unseen(BASE)
def file_of_a_deep_layer_edited_in_every_image(store: Bundle) -> Truth:
    """Overwrite `etc/...` in each layer that has it: a hand that wants the change in every image."""
    found: dict[str, list[tuple[str, str]]] = {}
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == FILE and member.size:
            found.setdefault(
                path.split("/diff/", 1)[-1] if store.driver == "overlay" else path.rpartition("/")[2], []
            ).append((layer, path))
    several = [each for each in found.values() if len({k for k, _ in each}) > 1]
    chosen = store.draw(several)
    for _, path in chosen:
        store.edit(path, store.data(path) + b"nameserver 192.0.2.1\n")
    layers = sorted({layer for layer, _ in chosen})
    return truth([*layers, *(p for _, p in chosen)], BASE, serving(store, layers))


# short links


@unseen(LINKS)
def link_directory_renamed(store: Bundle) -> Truth:
    path = store.at("overlay/l")
    if not store.below(path)[1:]:
        raise NotHere
    rename(store, path, store.at("overlay/l.old"))
    store.by_hand(store.at("overlay/l.old"))
    return truth([path, store.at("overlay"), *image_layers(store)], (LINKS, WIPE), everybody(store))


@unseen(LINKS)
def short_link_without_diff(store: Bundle) -> Truth:
    """Lead a short link to the layer's directory: `link`, `lower` and `work` are the files that containers see."""
    layer = store.layer()
    path = store.link_of(layer)
    store.symlink(path, f"../{layer}")
    store.by_hand(path)
    return truth([layer, path], LINKS, standing(store, [layer]))


@unseen(HAND)
def lower_names_a_layer_twice(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    first = store.text(path).split(":")[0]
    store.edit(path, f"{first}:{store.text(path)}".encode())
    return truth([layer, path], HAND, standing(store, [layer]))


@unseen(LINKS)
def base_layer_got_another_link(store: Bundle) -> Truth:
    """Let a base layer be pulled again under its children: it has a new short link, they name the old one."""
    layer = store.layer(parent=False)
    children = [key for key, row in store.before[0].items() if layer in store.chain_of(key)[1:]]
    text = store.at("overlay", layer, "link")
    old = store.link_of(layer)
    if not children or old not in store.entries:
        raise NotHere
    name = "".join(store.dice.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", k=26))
    store.entries.pop(old)
    store.symlink(store.at("overlay/l", name), f"../{layer}/diff")
    store.edit(text, name.encode())
    images, containers = standing(store, children)
    return truth(
        [layer, *children, old, store.at("overlay/l"), text], (LINKS, HAND, REMOVED, TWO), (images, containers)
    )
