"""Malware, scanners and managers of configuration in the files of layers; marks of the kernel; tar-splits; short links.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy
import gzip
import json
import posixpath
import random

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BASE,
    BEHIND,
    COPY,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    PART,
    REMOVED,
    SCANNER,
    SPLIT,
    SWEPT,
    TWO,
)
from benchmarks.accuracy.faults.flips import rename
from benchmarks.accuracy.faults.mass import each_layer, image_layers, inside, told_of
from benchmarks.accuracy.faults.parts import short
from benchmarks.accuracy.faults.registry import harmless, unseen
from benchmarks.accuracy.faults.rewrites import edited, layer_truth
from benchmarks.accuracy.faults.sweeps import deleted, mode_changed, owner_changed, swept
from benchmarks.accuracy.truth import Truth, truth

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%064x\nsize %d\n"
TWELVE = 12


# files of layers


@unseen(BASE)
def files_encrypted_and_renamed(store: Bundle) -> Truth:
    """Let malware encrypt the files of layers under another ending and leave a note beside them."""
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}
    places = set()

    def change(path: str, member: object) -> bool:
        if member.kind != FILE or path in linked or not member.size:  # type: ignore[attr-defined]
            return False
        data = store.data(path)
        store.write(path, random.Random(len(data)).randbytes(len(data) + 16))
        rename(store, path, f"{path}.crypt")
        store.by_hand(f"{path}.crypt")
        places.add(path.rpartition("/")[0])
        return True

    told = swept(store, change, BASE, SCANNER, HAND)
    for place in places:
        store.write(f"{place}/HOW_TO_DECRYPT.txt", b"pay\n")
        store.by_hand(f"{place}/HOW_TO_DECRYPT.txt")
    return told


@unseen(BASE)
def files_shredded_under_other_names(store: Bundle) -> Truth:
    """Do `shred -u` on three files of a layer, stopped before the last step: noise under names of zeros."""
    layer, files = store.layer_with_files(3)
    for number, path in enumerate(files):
        data = store.data(path)
        store.write(path, random.Random(number).randbytes(max(4096, len(data))))
        new = f"{path.rpartition('/')[0]}/{number}{'0' * 7}"
        rename(store, path, new)
        store.by_hand(new)
    return layer_truth(store, layer, files)


@unseen(BASE)
def scripts_deleted_everywhere(store: Bundle) -> Truth:
    """Do `grep -rl '^#!' | xargs rm`."""
    return deleted(store, lambda p, m: m.kind == FILE and store.data(p)[:2] == b"#!", least=1)


@unseen(BASE)
def files_with_several_names_deleted(store: Bundle) -> Truth:
    """Do `find -links +1 -delete`."""
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}

    def change(path: str, member: object) -> bool:
        if member.kind != HARDLINK and path not in linked:  # type: ignore[attr-defined]
            return False
        store.take(path)
        return True

    return swept(store, change, BASE, SCANNER, COPY, least=2)


@unseen(BASE)
def hidden_files_deleted_everywhere(store: Bundle) -> Truth:
    return deleted(store, lambda p, m: m.kind == FILE and p.rpartition("/")[2][0] == "." and "/.wh." not in p, least=1)


@unseen(BASE)
def large_files_became_pointers(store: Bundle) -> Truth:
    """Restore from a version control that keeps large files elsewhere."""
    return edited(store, lambda d, _m: POINTER % (len(d), len(d)) if len(d) > 3000 else d, BASE, SCANNER, COPY, HAND)


@unseen(BASE)
def account_added_in_every_layer(store: Bundle) -> Truth:
    """Let a manager of configuration add an account wherever it finds `etc/passwd`."""
    paths = [p for _l, p, m in inside(store, image_layers(store)) if p.endswith("/etc/passwd") and m.kind == FILE]
    if not paths:
        raise NotHere
    for path in paths:
        store.edit(path, store.data(path) + b"ops:x:2001:2001::/home/ops:/bin/sh\n")
    layers = sorted({p.split("/diff/")[0].rpartition("/")[2] for p in paths if "/diff/" in p}) or [
        key for key in image_layers(store) if any(p.startswith(store.at("overlay", key)) for p in paths)
    ]
    return truth([*told_of(store, layers, "diff"), *paths], (BASE, TWO, SCANNER, HAND), serving(store, layers))


@unseen(BASE)
def file_distributed_into_every_etc(store: Bundle) -> Truth:
    places = [p for _l, p, m in inside(store, image_layers(store)) if p.endswith("/etc") and m.kind == DIRECTORY]
    if len(places) < 2:
        raise NotHere
    for place in places:
        store.write(f"{place}/managed.conf", b"managed = yes\n")
        store.by_hand(f"{place}/managed.conf")
    layers = [key for key in image_layers(store) if any(p.startswith(store.at("overlay", key) + "/") for p in places)]
    paths = [f"{p}/managed.conf" for p in places]
    return truth([*told_of(store, layers, "diff"), *places, *paths], (BASE, TWO, SCANNER, HAND), serving(store, layers))


@unseen(BASE)
def package_upgraded_within_a_layer(store: Bundle) -> Truth:
    """Run an upgrade in a chroot of `diff`: two files are newer, one has a new name, the old one is gone."""
    layer, (one, two, three) = store.layer_with_files(3)
    for path in (one, two):
        store.edit(path, store.data(path)[::-1] + b"2.0")
    new = f"{three}.1"
    rename(store, three, new)
    store.by_hand(new)
    return layer_truth(store, layer, [one, two, three, new], BASE, TWO)


@unseen(BASE)
def one_name_of_a_hard_link_edited(store: Bundle) -> Truth:
    """Do `sed -i` on one of two names: a new file under it, the other keeps the old content."""
    found = [e for e in inside(store, image_layers(store)) if e[2].kind == HARDLINK and e[2].link in store.entries]
    layer, path, member = store.draw(found)
    data = store.data(member.link)
    twin = copy.copy(store.entries[member.link][0])
    twin.path, twin.size = path, len(data) + 5
    store.entries[path] = (twin, data + b"edit\n")
    store.by_hand(path)
    return layer_truth(store, layer, [path, member.link], BASE, TWO)


@unseen(BASE)
def full_copy_replaced_by_that_of_its_parent(store: Bundle) -> Truth:
    """Copy the parent's subvolume over a layer's: what the layer itself brought is gone."""
    if store.driver == "overlay":
        raise NotHere
    layer = store.layer(parent=True)
    parent = store.before[0][layer]["parent"]
    mine, theirs = store.at("overlay", layer), store.at("overlay", parent)
    for path in store.below(mine)[1:]:
        del store.entries[path]
    for path in store.below(theirs)[1:]:
        member, data = store.entries[path]
        twin = copy.copy(member)
        twin.path = mine + path[len(theirs) :]
        if twin.kind == HARDLINK:
            twin.link = mine + twin.link[len(theirs) :]
        store.entries[twin.path] = (twin, data)
    store.entries[mine][0].mtime_ns = store.later
    return truth([layer, mine], (BASE, REMOVED, HAND, TWO), serving(store, [layer]))


# marks of the kernel


def _marked(store: Bundle, kind: str, name: str, value: bytes) -> Truth:
    prefix = "user" if any("user.overlay." in k for m, _ in store.entries.values() for k in m.xattrs) else "trusted"
    if store.driver != "overlay":
        raise NotHere
    layer, path, member = store.draw([e for e in inside(store, image_layers(store)) if e[2].kind == kind
                                      and (kind == DIRECTORY or e[2].size > 20)])  # fmt: skip
    member.xattrs = {**member.xattrs, f"{prefix}.overlay.{name}": value}
    return layer_truth(store, layer, [path], BASE, TWO, HAND)


@unseen(BASE)
def redirect_planted(store: Bundle) -> Truth:
    return _marked(store, DIRECTORY, "redirect", b"/var/empty-elsewhere")


@unseen(BASE)
def metacopy_planted(store: Bundle) -> Truth:
    return _marked(store, FILE, "metacopy", b"")


def _whiteouts(store: Bundle) -> list[tuple[str, str]]:
    found = [(layer, p) for layer, p, m in inside(store, image_layers(store)) if m.kind == CHAR and m.rdev == (0, 0)]
    if not found:
        raise NotHere
    return found


@unseen(COPY)
def whiteouts_became_directories(store: Bundle) -> Truth:
    found = _whiteouts(store)
    for _, path in found:
        member = store.entries[path][0]
        member.kind, member.mode = DIRECTORY, 0o755
        store.by_hand(path)
    layers = sorted({layer for layer, _ in found})
    return truth(
        [*told_of(store, layers, "diff"), *(p for _, p in found)], (COPY, BASE, TWO, HAND), serving(store, layers)
    )


@unseen(COPY)
def whiteouts_became_symlinks(store: Bundle) -> Truth:
    found = _whiteouts(store)
    for _, path in found:
        member = store.entries[path][0]
        member.kind, member.mode, member.link = SYMLINK, 0o777, "(overlay-whiteout)"
        store.by_hand(path)
    layers = sorted({layer for layer, _ in found})
    return truth(
        [*told_of(store, layers, "diff"), *(p for _, p in found)], (COPY, BASE, TWO, HAND), serving(store, layers)
    )


# sweeps


@unseen(SWEPT)
def directories_without_their_search_bits(store: Bundle) -> Truth:
    """Do `chmod -R a-x`, but for files."""
    return mode_changed(store, lambda m: m.mode & ~0o111 if m.kind == DIRECTORY else m.mode, SWEPT, BASE)


@unseen(SWEPT)
def setuid_given_to_every_program(store: Bundle) -> Truth:
    return mode_changed(store, lambda m: m.mode | 0o4000 if m.kind == FILE and m.mode & 0o111 else m.mode, SWEPT, BASE)


@unseen(SWEPT)
def every_directory_sticky(store: Bundle) -> Truth:
    return mode_changed(store, lambda m: m.mode | 0o1000 if m.kind == DIRECTORY else m.mode, SWEPT, BASE)


@unseen(SWEPT)
def reading_given_to_everybody(store: Bundle) -> Truth:
    """Do `chmod -R a+rX`."""

    def new(m: object) -> int:
        return m.mode | 0o444 | (0o111 if m.kind == DIRECTORY or m.mode & 0o111 else 0)  # type: ignore[attr-defined]

    return mode_changed(store, lambda m: new(m) if m.kind in (FILE, DIRECTORY) else m.mode, SWEPT, BASE)


@unseen(SWEPT)
def etc_of_every_layer_given_to_somebody(store: Bundle) -> Truth:
    def change(path: str, member: object) -> bool:
        if "/etc/" not in path + "/" or member.uid == 1500:  # type: ignore[attr-defined]
            return False
        member.uid = member.gid = 1500  # type: ignore[attr-defined]
        return True

    return swept(store, change, SWEPT, BASE, COPY)


@unseen(SWEPT)
def roots_of_every_layer_opened(store: Bundle) -> Truth:
    """Do `chmod 777 overlay/*/diff`."""
    layers = [k for k in image_layers(store) if store.driver == "overlay"]
    layers = [k for k in layers if store.entries[store.at("overlay", k, "diff")][0].mode & 0o777 != 0o777]
    if len(layers) < 3:
        raise NotHere
    for layer in layers:
        store.entries[store.at("overlay", layer, "diff")][0].mode = 0o777
    return truth(told_of(store, layers, "diff"), (SWEPT, BASE), serving(store, layers))


@unseen(SWEPT)
def owners_of_files_doubled(store: Bundle) -> Truth:
    """Restore through a map of owners that was applied twice: every owner above 0 has 100,000 added twice."""
    return owner_changed(
        store, lambda m: (m.uid + 200_000 if m.uid else 0, m.gid + 200_000 if m.gid else 0), SWEPT, BASE, COPY, least=2
    )


# tar-splits


def _splits(store: Bundle) -> dict[str, str]:
    paths = {key: store.at("overlay-layers", f"{key}.tar-split.gz") for key in image_layers(store)}
    return {key: path for key, path in paths.items() if path in store.entries}


@unseen(SPLIT)
def tar_splits_named_after_the_next_layer(store: Bundle) -> Truth:
    found = _splits(store)
    keys = sorted(found)
    if len(keys) < 4:
        raise NotHere
    data = [store.data(found[key]) for key in keys]
    for key, new in zip(keys, data[1:] + data[:1], strict=True):
        store.edit(found[key], new)
    return truth([*keys, *found.values(), found[keys[0]].rpartition("/")[0]], (SPLIT, HAND, TWO), severe=False)


def _split(store: Bundle, new: object) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    old = store.data(path)
    data = new(old)  # type: ignore[operator]
    if data == old:
        raise NotHere
    store.edit(path, data)
    return truth([layer, path], (SPLIT, HAND, TWO), severe=False)


@unseen(SPLIT)
def tar_split_compressed_twice(store: Bundle) -> Truth:
    return _split(store, lambda data: gzip.compress(data, mtime=0))


@unseen(SPLIT)
def tar_split_with_its_lines_sorted(store: Bundle) -> Truth:
    return _split(store, lambda d: gzip.compress(b"\n".join(sorted(gzip.decompress(d).split(b"\n"))), mtime=0))


@unseen(SPLIT)
def line_of_a_tar_split_lost(store: Bundle) -> Truth:
    def new(data: bytes) -> bytes:
        lines = gzip.decompress(data).split(b"\n")
        del lines[len(lines) // 2]
        return gzip.compress(b"\n".join(lines), mtime=0)

    return _split(store, new)


@unseen(SPLIT)
def every_tar_split_is_noise(store: Bundle) -> Truth:
    found = _splits(store)
    if len(found) < 3:
        raise NotHere
    for path in found.values():
        data = store.data(path)
        store.edit(path, random.Random(path).randbytes(len(data) + 16))
    return truth(
        [*found, *found.values(), next(iter(found.values())).rpartition("/")[0]],
        (SPLIT, MEDIA, SCANNER, PART),
        severe=False,
    )


@unseen(SPLIT)
def tar_splits_became_pointers(store: Bundle) -> Truth:
    found = _splits(store)
    if len(found) < 3:
        raise NotHere
    for path in found.values():
        store.edit(path, POINTER % (len(path), len(store.data(path))))
    return truth(
        [*found, *found.values(), next(iter(found.values())).rpartition("/")[0]],
        (SPLIT, PART, SCANNER, HAND),
        severe=False,
    )


# short links and `lower`


def _targets(store: Bundle, new: object) -> Truth:
    place = store.at("overlay/l")
    paths = [p for p in store.below(place)[1:] if store.entries[p][0].kind == SYMLINK]
    if len(paths) < 2:
        raise NotHere
    hit = standing(store, store.before[0])
    for path in paths:
        member = store.entries[path][0]
        member.link = new(member.link)  # type: ignore[operator]
        store.by_hand(path)
    return truth([place, *paths, store.at("overlay"), *store.before[0]], (LINKS, HAND, COPY), hit)


@harmless
def short_links_without_their_dots(store: Bundle) -> None:
    """Podman 4.3.1 makes them anew at the next mount, rc 0."""
    _targets(store, lambda link: link.removeprefix("../"))


@unseen(LINKS)
def short_links_into_an_old_driver_home(store: Bundle) -> Truth:
    return _targets(store, lambda link: f"../../overlay.old/{link.removeprefix('../')}")


@unseen(LINKS)
def short_links_to_merged(store: Bundle) -> Truth:
    return _targets(store, lambda link: f"{posixpath.dirname(link)}/merged")


@unseen(HAND)
def every_lower_without_its_first(store: Bundle) -> Truth:
    """Cut the first name from every `lower`: no layer stands on its parent."""
    layers = each_layer(store, "lower", lambda p: store.edit(p, b":".join(store.data(p).split(b":")[1:])), images=False)
    return truth(told_of(store, layers, "lower"), (HAND, REMOVED), standing(store, layers))


@unseen(HAND)
def lower_of_paths_of_layers(store: Bundle) -> Truth:
    """Write what the short links stand for."""
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    names = store.text(path).split(":")
    ids = {
        store.link_of(k).rpartition("/")[2]: k
        for k in store.before[0]
        if store.at("overlay", k, "link") in store.entries
    }
    store.edit(path, ":".join(f"{ids[n[2:]]}/diff" for n in names).encode())
    return truth([layer, path], HAND, standing(store, [layer]))


@unseen(HAND)
def lower_of_a_link_that_never_was(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    store.edit(path, ":".join([f"l/{short(store)}", *store.text(path).split(":")[1:]]).encode())
    return truth([layer, path], (HAND, LINKS), standing(store, [layer]))


# data of images and containers


@unseen(ALTERED)
def manifest_and_config_exchanged(store: Bundle) -> Truth:
    image = store.image()
    one, two = store.big_data(image["id"], "manifest"), store.config(image["id"])
    first, second = store.data(one), store.data(two)
    store.edit(one, second)
    store.edit(two, first)
    hit = standing(store, images=[image["id"]])
    return truth([image["id"], one, two], (ALTERED, HAND, TWO), (hit[0], None))


@unseen(ALTERED)
def layers_of_a_manifest_turned_round(store: Bundle) -> Truth:
    image = store.image(layers=2)
    path = store.big_data(image["id"], "manifest")
    told = json.loads(store.data(path))
    if len(told.get("layers", ())) < 2:
        raise NotHere
    told["layers"].reverse()
    store.edit(path, json.dumps(told, separators=(",", ":")).encode())
    hit = standing(store, images=[image["id"]])
    return truth([image["id"], path], (ALTERED, HAND), (hit[0], None))


@unseen(LOST)
def padding_cut_from_the_names_of_items(store: Bundle) -> Truth:
    """Copy by a program that takes `=` at the end of a name for its own."""
    places = [store.at("overlay-images", key) for key in store.before[1]]
    paths = [p for place in places for p in store.below(place)[1:] if p.endswith("=")]
    if len(paths) < 2:
        raise NotHere
    images = {p.split("/")[-2] for p in paths}
    hit = standing(store, images=images)
    for path in paths:
        rename(store, path, path.rstrip("="))
        store.entries[path.rpartition("/")[0]][0].mtime_ns = store.later
    return truth([*images, *paths, store.at("overlay-images")], (LOST, COPY, HAND), (hit[0], None))


@unseen(GONE)
def data_directories_of_containers_named_by_twelve_letters(store: Bundle) -> Truth:
    places = [store.at("overlay-containers", key) for key in store.before[2]]
    places = [p for p in places if p in store.entries]
    if len(places) < 2:
        raise NotHere
    for place in places:
        rename(store, place, f"{place.rpartition('/')[0]}/{place.rpartition('/')[2][:TWELVE]}")
    store.entries[store.at("overlay-containers")][0].mtime_ns = store.later
    return truth([*store.before[2], *places, store.at("overlay-containers")], (GONE, HAND, BEHIND, "interrupted-wipe"),
                 (set(), None))  # fmt: skip


@unseen(HAND)
def configuration_of_another_container(store: Bundle) -> Truth:
    """Copy one container's config.json over another's."""
    found = [p for p in store.entries if p.endswith("/userdata/config.json") and p.split("/")[-3] in store.before[2]]
    one, two = store.dice.sample(sorted(found), 2) if len(found) > 1 else store.draw([])
    if store.data(one) == store.data(two):
        raise NotHere
    store.edit(one, store.data(two))
    key = one.split("/")[-3]
    return truth([key, one], (HAND, GONE, TWO, ALTERED), (set(), {key}))
