"""Files of layers that a program wrote anew, a hand added, or the medium changed, in ways of their own.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, Member
from benchmarks.accuracy.bundle import Bundle, NotHere, serving
from benchmarks.accuracy.faults.families import BASE, COPY, HAND, MEDIA, POWER, SCANNER, SWEPT, TWO
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.sweeps import swept
from benchmarks.accuracy.truth import Truth, truth

SECTOR = 512
CAPABILITY = struct.pack("<IIIII", 0x02000001, 0x400, 0, 0, 0)


def layer_truth(store: Bundle, layer: str, paths: list[str], *families: str) -> Truth:
    return truth([layer, store.at("overlay", layer, "diff"), *paths], families or (BASE,), serving(store, [layer]))


# programs that went over many files


def edited(store: Bundle, new: Callable[[bytes, Member], bytes], *families: str, least: int = 3) -> Truth:
    linked = {m.link for m, _ in store.entries.values() if m.kind == HARDLINK}

    def change(path: str, member: Member) -> bool:
        if member.kind != FILE or path in linked:
            return False
        data = new(store.data(path), member)
        if data == store.data(path):
            return False
        store.edit(path, data)
        return True

    return swept(store, change, *families or (BASE, SCANNER), least=least)


@unseen(BASE)
def word_replaced_in_every_text(store: Bundle) -> Truth:
    return edited(store, lambda data, _m: data.replace(b"e", b"E") if b"\0" not in data else data)


@unseen(BASE)
def programs_stripped_everywhere(store: Bundle) -> Truth:
    return edited(store, lambda data, m: data[: len(data) * 9 // 10] if m.mode & 0o111 else data, BASE, SCANNER, POWER)


@unseen(BASE)
def byte_order_marks_in_every_text(store: Bundle) -> Truth:
    return edited(store, lambda data, m: b"\xef\xbb\xbf" + data if data and b"\0" not in data[:200]
                   and not m.mode & 0o111 else data)  # fmt: skip


@unseen(SWEPT)
def capability_given_to_every_program(store: Bundle) -> Truth:
    def change(_path: str, member: Member) -> bool:
        if member.kind != FILE or not member.mode & 0o111 or "security.capability" in member.xattrs:
            return False
        member.xattrs = {**member.xattrs, "security.capability": CAPABILITY}
        return True

    return swept(store, change, BASE, SWEPT, least=2)


@unseen(BASE)
def notes_of_a_desktop_in_every_layer(store: Bundle) -> Truth:
    """Leave an editor's remainder in one directory of each layer."""
    folders: dict[str, str] = {}
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == DIRECTORY:
            folders.setdefault(layer, path)
    if len(folders) < 2:
        raise NotHere
    paths = [f"{folder}/.main.conf.swp" for folder in folders.values()]
    for path in paths:
        store.write(path, b"b0VIM 8.2" + bytes(500))
        store.by_hand(path)
    return truth([*folders, *paths, store.at("overlay")], BASE, serving(store, folders))


# one layer


@unseen(BASE)
def files_of_two_layers_exchanged(store: Bundle) -> Truth:
    one, (first,) = store.layer_with_files()
    two, (second,) = store.layer_with_files()
    if one == two or store.data(first) == store.data(second):
        raise NotHere
    text = store.data(first)
    store.edit(first, store.data(second))
    store.edit(second, text)
    return truth([one, two, first, second], (BASE, TWO), serving(store, [one, two]))


@unseen(BASE)
def key_planted_for_a_login(store: Bundle) -> Truth:
    layer = store.layer()
    top = store.at("overlay", layer, "diff")
    folder = f"{top}/root/.ssh"
    if folder in store.entries:
        raise NotHere
    for each in (f"{top}/root", folder):
        if each not in store.entries:
            store.directory(each)
            store.by_hand(each)
    store.write(f"{folder}/authorized_keys", b"ssh-ed25519 AAAA planted\n")
    store.by_hand(f"{folder}/authorized_keys")
    return layer_truth(store, layer, [f"{top}/root", folder, f"{folder}/authorized_keys"])


@unseen(BASE)
def core_of_a_program_left_in_a_layer(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer, "diff") + "/core.31337"
    store.write(path, b"\x7fELF" + bytes(9000))
    store.by_hand(path)
    return layer_truth(store, layer, [path])


@unseen(BASE)
def program_wrapped_in_a_script(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.draw(store.files(layer, least=200, executable=True))
    member, data = store.entries[path]
    twin = copy.copy(member)
    twin.path = f"{path}.real"
    store.entries[twin.path] = (twin, data)
    store.edit(path, b'#!/bin/sh\nexec "$0.real" "$@"\n')
    return layer_truth(store, layer, [path, twin.path], BASE, SCANNER)


@unseen(BASE)
def layer_was_the_upper_directory_of_a_mount(store: Bundle) -> Truth:
    """Mount with an image's layer as the writable one: a whiteout, a new file and a changed one are in it."""
    if store.driver != "overlay":
        raise NotHere
    layer, files = store.layer_with_files(2)
    gone, changed = files
    hit = serving(store, [layer])
    member = copy.copy(store.entries[gone][0])
    member.kind, member.size, member.mode, member.rdev, member.xattrs = CHAR, 0, 0, (0, 0), {}
    store.entries[gone] = (member, b"")
    new = gone.rpartition("/")[0] + "/written"
    store.write(new, b"by a process\n")
    store.edit(changed, store.data(changed) + b"more\n")
    store.by_hand(gone, new, changed)
    return truth([layer, gone, new, changed, store.at("overlay", layer, "diff")], (BASE, TWO), hit)


@unseen(BASE)
def directory_without_any_rights(store: Bundle) -> Truth:
    layer, path, _ = store.draw([e for e in inside(store, image_layers(store)) if e[2].kind == DIRECTORY])
    store.change(path, mode=0)
    return layer_truth(store, layer, [path], BASE, SWEPT)


@unseen(BASE)
def file_and_its_time_taken_from_another(store: Bundle) -> Truth:
    """Do `cp -p ONE OTHER`: content, mode and time are those of another file of the layer."""
    layer, (one, other) = store.layer_with_files(2)
    if store.data(one) == store.data(other):
        raise NotHere
    member = store.entries[one][0]
    store.write(other, store.data(one))
    store.change(other, mode=member.mode, uid=member.uid, gid=member.gid, mtime_ns=member.mtime_ns)
    return layer_truth(store, layer, [one, other], BASE, TWO, MEDIA, POWER)


@unseen(BASE)
def file_doubled(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    store.edit(path, store.data(path) * 2)
    return layer_truth(store, layer, [path], BASE, TWO)


@unseen(BASE)
def first_lines_of_a_file_lost(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    data = store.data(path)
    store.edit(path, data[len(data) // 3 :])
    return layer_truth(store, layer, [path], BASE)


@unseen(BASE)
def directory_copied_beside_itself(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    folder = path.rpartition("/")[0]
    if folder.endswith("/diff"):
        raise NotHere
    new = []
    for each in store.below(folder):
        member, data = store.entries[each]
        twin = copy.copy(member)
        twin.path = f"{folder}-copy{each[len(folder) :]}"
        if twin.kind == HARDLINK:
            continue
        store.entries[twin.path] = (twin, data)
        new.append(twin.path)
    store.by_hand(f"{folder}-copy")
    return layer_truth(store, layer, new)


@unseen(BASE)
def layer_unpacked_over_its_child(store: Bundle) -> Truth:
    """Restore a base layer's files into the layer above it: they come from the backup with their times."""
    layer = store.layer(parent=True)
    if store.driver != "overlay" or store.before[0][layer]["parent"] not in store.before[0]:
        raise NotHere
    top, below = (store.at("overlay", k, "diff") for k in (layer, store.before[0][layer]["parent"]))
    new = []
    for path in store.below(below)[1:]:
        member, data = store.entries[path]
        twin = copy.copy(member)
        twin.path = top + path[len(below) :]
        if twin.kind == HARDLINK:
            twin.link = top + twin.link[len(below) :]
        if twin.path not in store.entries:
            store.entries[twin.path] = (twin, data)
            new.append(twin.path)
    if not new:
        raise NotHere
    store.by_hand(new[0])
    return layer_truth(store, layer, new, BASE, HAND)


# the medium


def _block(store: Bundle, new: Callable[[bytes], bytes]) -> Truth:
    """Change one sector of a file and no time."""
    layer = store.layer()
    path = store.draw([p for p in store.files(layer, least=2 * SECTOR) if store.data(p)[:SECTOR].strip(b"\0")])
    data = store.data(path)
    changed = new(data)
    if changed == data or len(changed) != len(data):
        raise NotHere
    store.write(path, changed)
    return layer_truth(store, layer, [path], MEDIA, BASE, POWER)


@unseen(MEDIA)
def two_sectors_of_a_file_exchanged(store: Bundle) -> Truth:
    return _block(store, lambda d: d[SECTOR : 2 * SECTOR] + d[:SECTOR] + d[2 * SECTOR :])


@unseen(MEDIA)
def sector_with_a_stuck_bit(store: Bundle) -> Truth:
    return _block(store, lambda d: bytes(b | 0x40 for b in d[:SECTOR]) + d[SECTOR:])


@unseen(MEDIA)
def sector_of_ones(store: Bundle) -> Truth:
    return _block(store, lambda d: b"\xff" * SECTOR + d[SECTOR:])


@unseen(MEDIA)
def sector_written_twice(store: Bundle) -> Truth:
    return _block(store, lambda d: d[:SECTOR] * 2 + d[2 * SECTOR :])


@unseen(MEDIA)
def bit_of_the_mode_of_a_file_flipped(store: Bundle) -> Truth:
    layer, path, member = store.draw([e for e in inside(store, image_layers(store)) if e[2].kind == FILE])
    member.mode ^= 1 << store.dice.randrange(9)
    return layer_truth(store, layer, [path], MEDIA, BASE, SWEPT)


@unseen(POWER)
def last_files_of_three_layers_cut(store: Bundle) -> Truth:
    hit, paths = [], []
    for layer in image_layers(store):
        files = store.files(layer, least=600)
        if files and len(hit) < 3:
            path = max(files, key=lambda p: (store.entries[p][0].mtime_ns, p))
            store.write(path, store.data(path)[:SECTOR])
            hit.append(layer)
            paths.append(path)
    if len(hit) < 3:
        raise NotHere
    return truth([*hit, *paths], (POWER, BASE, MEDIA, "disk-full"), serving(store, hit))


@unseen(COPY)
def sparse_files_lost_their_data(store: Bundle) -> Truth:
    """Copy by what takes every block for a hole in the files of one layer: sizes and times are right."""
    layer = store.layer()
    paths = store.files(layer, least=1000)
    if len(paths) < 2:
        raise NotHere
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    return layer_truth(store, layer, paths, POWER, MEDIA, BASE, COPY)
