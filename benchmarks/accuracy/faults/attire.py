"""Owners, modes and attributes of one layer, one image, one map; what a program wrote into a layer.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, serving
from benchmarks.accuracy.faults.families import BASE, COPY, DRIVER, HAND, MEDIA, SCANNER, SWEPT
from benchmarks.accuracy.faults.mass import MASS, image_layers, inside, told_of
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import layer_truth
from benchmarks.accuracy.truth import Truth, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.source.member import Member

WORD = 65_536


def _chain(store: Bundle, change: Callable[[Member], bool], *families: str) -> Truth:
    """Change what is in the layers of one image."""
    image = store.image(layers=2)
    found = inside(store, [k for k in store.chain_of(image["layer"]) if k in store.before[0]])
    paths = {path: layer for layer, path, member in found if change(member)}
    layers = sorted(set(paths.values()))
    if len(layers) < 2 or len(paths) < MASS:
        raise NotHere
    return truth([*told_of(store, layers, "diff"), *paths, image["id"]], families, serving(store, layers))


@unseen(COPY)
def layers_of_one_image_copied_without_attributes(store: Bundle) -> Truth:
    def change(member: Member) -> bool:
        had = bool(member.xattrs)
        member.xattrs = {}
        return had

    return _chain(store, change, COPY, BASE)


@unseen(SWEPT)
def layers_of_one_image_given_to_a_user(store: Bundle) -> Truth:
    def change(member: Member) -> bool:
        member.uid = member.gid = 1000
        return True

    return _chain(store, change, SWEPT, BASE, COPY)


@unseen(SWEPT)
def rights_of_others_as_of_the_owner_in_one_image(store: Bundle) -> Truth:
    """Do `chmod -R go=u` over the layers of one image."""

    def change(member: Member) -> bool:
        if member.kind not in (FILE, DIRECTORY):
            return False
        owner = member.mode >> 6 & 7
        old, member.mode = member.mode, member.mode & ~0o077 | owner << 3 | owner
        return member.mode != old

    return _chain(store, change, SWEPT, BASE)


@unseen(SWEPT)
def group_bits_copied_to_others_in_one_layer(store: Bundle) -> Truth:
    layer = store.layer()
    paths = []
    for _, path, member in inside(store, [layer]):
        if member.kind in (FILE, DIRECTORY):
            mode = member.mode & ~0o007 | (member.mode >> 3 & 7)
            if mode != member.mode:
                member.mode = mode
                paths.append(path)
    if not paths:
        raise NotHere
    return truth([*told_of(store, [layer], "diff"), *paths], (SWEPT, BASE, MEDIA), serving(store, [layer]))


@unseen(SWEPT)
def directories_of_one_layer_closed(store: Bundle) -> Truth:
    layer = store.layer()
    paths = []
    for _, path, member in inside(store, [layer]):
        if member.kind == DIRECTORY and member.mode & 0o077:
            member.mode &= ~0o077
            paths.append(path)
    if len(paths) < MASS:
        raise NotHere
    return truth([*told_of(store, [layer], "diff"), *paths], (SWEPT, BASE, COPY), serving(store, [layer]))


# written into a layer


@unseen(BASE)
def merged_tree_copied_into_a_layer(store: Bundle) -> Truth:
    """Copy an image's whole tree into its top layer, as `cp -a merged/. diff/` does."""
    if store.driver != "overlay":
        raise NotHere
    image = store.image(layers=2)
    chain = [k for k in store.chain_of(image["layer"]) if k in store.before[0]]
    top = store.at("overlay", chain[0], "diff")
    added = []
    for key in chain[1:]:
        source = store.at("overlay", key, "diff")
        for path in store.below(source)[1:]:
            member, data = store.entries[path]
            new = top + path[len(source) :]
            if new in store.entries or member.kind in (CHAR, HARDLINK):
                continue
            member = copy.copy(member)
            member.path = new
            store.entries[new] = (member, data)
            added.append(new)
    if len(added) < MASS:
        raise NotHere
    store.by_hand(top)
    return layer_truth(store, chain[0], added, BASE)


@unseen(BASE)
def files_of_a_runtime_written_into_an_image_layer(store: Bundle) -> Truth:
    """Run a container on the layer's own directory: a runtime makes files to mount over."""
    layer = store.layer()
    top = store.at("overlay", layer, "diff")
    wanted = [f"{top}/etc/{name}" for name in ("hostname", "hosts", "resolv.conf")] + [f"{top}/run/.containerenv"]
    paths = [p for p in wanted if p not in store.entries]
    if len(paths) < 2:
        raise NotHere
    for path in paths:
        place = path.rpartition("/")[0]
        if place not in store.entries:
            store.directory(place, 0o755)
            store.by_hand(place)
        store.write(path, b"").change(path, mode=0o700)
        store.by_hand(path)
    return layer_truth(store, layer, paths, BASE)


@unseen(BASE)
def whiteout_files_of_another_driver_in_a_layer(store: Bundle) -> Truth:
    """Delete through fuse-overlayfs with the layer as upper: `.wh.` files lie beside what they hide."""
    if store.driver != "overlay":
        raise NotHere
    layer, files = store.layer_with_files(2)
    paths = []
    for path in files:
        folder, _, name = path.rpartition("/")
        paths.append(f"{folder}/.wh.{name}")
        store.write(paths[-1], b"").change(paths[-1], mode=0o644)
        store.by_hand(paths[-1])
    return layer_truth(store, layer, [*files, *paths], BASE, DRIVER, HAND)


@unseen(BASE)
def symlink_to_a_directory_became_a_copy(store: Bundle) -> Truth:
    """Copy with links followed, one symlink: in its place is a directory with what it leads to."""
    found = []
    for layer, path, member in inside(store, image_layers(store)):
        target = f"{path.rpartition('/')[0]}/{member.link}" if member.kind == SYMLINK else ""
        if target in store.entries and store.entries[target][0].kind == DIRECTORY:
            found.append((layer, path, target))
    layer, path, target = store.draw(found)
    store.entries.pop(path)
    for each in store.below(target):
        member, data = copy.copy(store.entries[each][0]), store.entries[each][1]
        if member.kind == HARDLINK:
            continue
        member.path = path + each[len(target) :]
        store.entries[member.path] = (member, data)
    store.by_hand(path)
    return layer_truth(store, layer, [path], BASE, COPY)


@unseen(BASE)
def number_replaced_in_the_texts_of_one_image(store: Bundle) -> Truth:
    """Do `sed -i s/1/7/g` over the layers of one image."""
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    image = store.image(layers=2)
    paths: dict[str, str] = {}
    for layer in (k for k in store.chain_of(image["layer"]) if k in store.before[0]):
        for path in store.files(layer):
            data = store.data(path)
            if b"\0" not in data and b"1" in data and path not in linked:
                store.edit(path, data.replace(b"1", b"7"))
                paths[path] = layer
    layers = sorted(set(paths.values()))
    if len(layers) < 2:
        raise NotHere
    return truth([*told_of(store, layers, "diff"), *paths], (BASE, SCANNER), serving(store, layers))


@unseen(BASE)
def directory_of_a_layer_emptied(store: Bundle) -> Truth:
    layer = store.layer()
    folders = [p for _, p, m in inside(store, [layer]) if m.kind == DIRECTORY and len(store.below(p)) > 2]
    folder = store.draw(sorted(folders))
    gone = [p for p in store.below(folder)[1:] if p.rpartition("/")[0] == folder]
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    if any(p in linked for top in gone for p in store.below(top)):
        raise NotHere
    hit = serving(store, [layer])
    store.take(*gone)
    store.entries[folder][0].mtime_ns = store.later
    return truth([layer, store.at("overlay", layer, "diff"), folder, *gone], (BASE, SCANNER), hit)
