"""What the medium, the memory and a power cut leave: single bits, blocks of other files, entries that fsck moved.

Written when rules and weights stood, as `unseen`. No clock moves, but where fsck moves an entry.
"""

from __future__ import annotations

from analyzer.source.member import SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import BASE, HAND, LINKS, MEDIA, POWER, REMOVED, SPLIT
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

BLOCK = 4096
HEXES = "0123456789abcdef"
LINK_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def flipped(store: Bundle, text: str, letters: str = HEXES) -> str:
    """Return a text with one bit of one letter flipped, so that it stays within the alphabet."""
    places = [
        (at, other)
        for at, old in enumerate(text)
        for other in letters
        if (ord(old) ^ ord(other)).bit_count() == 1 and old in letters
    ]
    at, letter = store.draw(places)
    return text[:at] + letter + text[at + 1 :]


def rename(store: Bundle, old: str, new: str) -> None:
    """Give an entry and all below it another path, hard links included; no time moves."""
    for path in store.below(old):
        member, data = store.entries.pop(path)
        member.path = new + path[len(old) :]
        if member.kind == "hardlink" and member.link.startswith(old + "/"):
            member.link = new + member.link[len(old) :]
        store.entries[member.path] = (member, data)


# small files of the driver


@unseen(LINKS)
def link_text_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer(parent=None)
    path = store.at("overlay", layer, "link")
    store.write(path, flipped(store, store.text(path), LINK_LETTERS))
    return truth([layer, path, store.at("overlay/l")], (LINKS, MEDIA, HAND), standing(store, [layer]))


@unseen(MEDIA)
def lower_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    names = store.text(path).split(":")
    at = store.dice.randrange(len(names))
    names[at] = "l/" + flipped(store, names[at][2:], LINK_LETTERS)
    store.write(path, ":".join(names))
    return truth([layer, path], (MEDIA, HAND, POWER), standing(store, [layer]))


@unseen(POWER)
def end_of_lower_nul(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    data = store.data(path)
    store.write(path, data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    return truth([layer, path], (POWER, MEDIA, HAND), standing(store, [layer]))


@unseen(LINKS)
def name_of_a_short_link_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.link_of(layer)
    name = path.rpartition("/")[2]
    other = path.removesuffix(name) + flipped(store, name, LINK_LETTERS)
    rename(store, path, other)
    return truth([layer, path, other], (LINKS, MEDIA), standing(store, [layer]))


@unseen(REMOVED)
def name_of_a_layer_directory_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer)
    other = store.at("overlay", flipped(store, layer))
    rename(store, path, other)
    return truth([layer, path, other, other.rpartition("/")[2]], (REMOVED, MEDIA, HAND), serving(store, [layer]))


@unseen(LINKS)
def target_of_a_short_link_bit_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.link_of(layer)
    store.entries[path][0].link = f"../{flipped(store, layer)}/diff"
    return truth([layer, path], (LINKS, MEDIA), standing(store, [layer]))


@unseen(REMOVED)
def layer_directory_in_lost_and_found(store: Bundle) -> Truth:
    """Let fsck find a directory whose name was lost: it lies under `lost+found` by its number."""
    layer = store.layer()
    path = store.at("overlay", layer)
    found = store.at("lost+found")
    store.directory(found)
    rename(store, path, f"{found}/100663427")
    return truth(
        [layer, path, store.at("overlay"), f"{found}/100663427"], (REMOVED, MEDIA, POWER), serving(store, [layer])
    )


@unseen(REMOVED)
def diff_in_lost_and_found(store: Bundle) -> Truth:
    if store.driver != "overlay":
        raise NotHere
    layer = store.layer()
    path = store.at("overlay", layer, "diff")
    found = store.at("lost+found")
    store.directory(found)
    rename(store, path, f"{found}/67108995")
    return truth([layer, path, store.at("overlay")], (REMOVED, MEDIA, BASE, POWER), standing(store, [layer]))


@unseen(LINKS)
def half_of_the_short_links_lost(store: Bundle) -> Truth:
    links = [path for path in store.below(store.at("overlay/l"))[1:] if store.entries[path][0].kind == SYMLINK]
    images = {store.link_of(layer): layer for layer in image_layers(store)}
    gone = [path for path in sorted(images) if path in links][::2]
    if len(gone) < 2:
        raise NotHere
    for path in gone:
        store.leave_out(path)
    layers = [images[path] for path in gone]
    store.change(store.at("overlay/l"), mtime_ns=store.later)
    return truth([*layers, *gone, store.at("overlay/l")], (LINKS, MEDIA, POWER), standing(store, layers))


# files of layers


@unseen(MEDIA)
def block_of_another_file_in_a_file(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.draw(store.files(layer, least=700))
    other = store.draw(sorted(p for key in image_layers(store) for p in store.files(key, least=512) if p != path))
    data = store.data(path)
    if data[:512] == store.data(other)[:512]:
        raise NotHere
    store.write(path, store.data(other)[:512] + data[512:])
    return truth([layer, path], (MEDIA, BASE), serving(store, [layer]))


@unseen(BASE)
def target_of_a_symlink_bit_flipped(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == SYMLINK and m.link]
    layer, path = store.draw(found)
    member = store.entries[path][0]
    member.link = chr(ord(member.link[0]) ^ 1) + member.link[1:]
    return truth([layer, path], (BASE, MEDIA), serving(store, [layer]))


@unseen(BASE)
def name_of_a_file_bit_flipped(store: Bundle) -> Truth:
    layer, (path,) = store.layer_with_files()
    name = path.rpartition("/")[2]
    other = path.removesuffix(name) + chr(ord(name[0]) ^ 1) + name[1:]
    if other in store.entries or not other[len(path) - len(name)].isalnum():
        raise NotHere
    rename(store, path, other)
    return truth([layer, path, other], (BASE, MEDIA), serving(store, [layer]))


@unseen(BASE)
def rights_of_a_directory_bit_flipped(store: Bundle) -> Truth:
    found = [(k, p) for k, p, m in inside(store, image_layers(store)) if m.kind == "directory" and m.mode & 0o001]
    layer, path = store.draw(found)
    store.entries[path][0].mode ^= 0o001
    return truth([layer, path], (BASE, MEDIA, "permissions-swept"), serving(store, [layer]))


@unseen(POWER)
def several_files_of_two_layers_empty(store: Bundle) -> Truth:
    layers = store.dice.sample(image_layers(store), 2)
    hit, paths = [], []
    for layer in layers:
        for path in store.files(layer, least=40)[:3]:
            store.write(path, b"")
            hit.append(layer)
            paths.append(path)
    if len(set(hit)) < 2:
        raise NotHere
    return truth([*hit, *paths], (POWER, BASE, MEDIA), serving(store, hit))


@unseen(SPLIT)
def tar_split_emptied(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries:
        raise NotHere
    store.write(path, b"")
    return truth([layer, path], (SPLIT, POWER, MEDIA))


@unseen(SPLIT)
def block_of_a_tar_split_lost(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries or len(store.data(path)) < 200:
        raise NotHere
    data = store.data(path)
    store.write(path, data[:64] + bytes(64) + data[128:])
    return truth([layer, path], (SPLIT, POWER, MEDIA))
