"""One command that went over the whole store: what a hand, a cleaner or a bad copy does to many objects at once.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK, Member
from benchmarks.accuracy.bundle import Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import (
    BASE,
    COPY,
    GONE,
    HAND,
    LINKS,
    LOST,
    PART,
    POWER,
    REMOVED,
    SCANNER,
    SWEPT,
    WIPE,
)
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

MASS = 3


def image_layers(store: Bundle) -> list[str]:
    """Return layers of images that have a directory in the graph root and a digest, sorted."""
    return sorted(
        key for key, row in store.before[0].items()
        if row.get("diff-digest") and store.at("overlay", key) in store.entries and standing(store, [key])[0]
    )  # fmt: skip


def inside(store: Bundle, layers: Iterable[str]) -> list[tuple[str, str, Member]]:
    """Return (layer, path, member) of everything below the layers' `diff`."""
    found = []
    for layer in layers:
        top = store.at("overlay", layer, "diff")
        found += [(layer, path, store.entries[path][0]) for path in store.below(top) if path != top]
    return found


def each_layer(store: Bundle, name: str, change: Callable[[str], object], *, images: bool = True) -> list[str]:
    """Change a file or directory of every layer directory that has it; return the layers."""
    keys = image_layers(store) if images else sorted(store.before[0])
    hit = [key for key in keys if store.at("overlay", key, name) in store.entries]
    if len(hit) < MASS:
        raise NotHere
    for key in hit:
        change(store.at("overlay", key, name))
        store.by_hand(store.at("overlay", key))
    return hit


def told_of(store: Bundle, layers: list[str], *names: str) -> list[str]:
    return [*layers, store.at("overlay"), *(store.at("overlay", layer, name) for layer in layers for name in names)]


@unseen(HAND)
def every_lower_removed(store: Bundle) -> Truth:
    layers = each_layer(store, "lower", store.take, images=False)
    return truth(told_of(store, layers, "lower"), (HAND, REMOVED), standing(store, layers))


@unseen(HAND)
def every_lower_cut_to_nothing(store: Bundle) -> Truth:
    layers = each_layer(store, "lower", lambda path: store.edit(path, b""), images=False)
    return truth(told_of(store, layers, "lower"), (HAND, POWER), standing(store, layers))


@unseen(LINKS)
def every_link_text_removed(store: Bundle) -> Truth:
    layers = each_layer(store, "link", store.take, images=False)
    return truth(
        [*told_of(store, layers, "link"), store.at("overlay/l")], (LINKS, HAND, REMOVED), standing(store, layers)
    )


@unseen(REMOVED)
def every_diff_directory_removed(store: Bundle) -> Truth:
    layers = each_layer(store, "diff", store.take)
    return truth(told_of(store, layers, "diff"), REMOVED, serving(store, layers))


@unseen(REMOVED)
def first_half_of_the_driver_home_removed(store: Bundle) -> Truth:
    """Stop `rm -rf overlay/*` half way: names go in order."""
    top = store.at("overlay") + "/"
    names = sorted({path.removeprefix(top).split("/")[0] for path in store.entries if path.startswith(top)})
    gone = [name for name in names[: len(names) // 2] if not name.startswith(".") and name != "l"]
    layers = [name for name in gone if name in store.before[0]]
    if len(layers) < MASS:
        raise NotHere
    hit = serving(store, layers)
    for name in gone:
        store.take(store.at("overlay", name))
    return truth([*layers, store.at("overlay"), store.root], (REMOVED, WIPE), hit)


@unseen(LOST)
def data_of_every_image_removed(store: Bundle) -> Truth:
    """Do `find overlay-images -mindepth 2 -delete`: the directories stay."""
    images = [key for key in store.before[1] if store.at("overlay-images", key) in store.entries]
    if len(images) < 2 or store.lent("images"):
        raise NotHere
    hit = standing(store, images=images)
    for key in images:
        for path in store.below(store.at("overlay-images", key))[1:]:
            store.entries.pop(path, None)
        store.change(store.at("overlay-images", key), mtime_ns=store.later)
    return truth([*images, store.at("overlay-images")], (LOST, WIPE), hit)


@unseen(WIPE)
def directory_of_the_image_records_removed(store: Bundle) -> Truth:
    if store.lent("images") or not store.before[1]:
        raise NotHere
    place = store.at("overlay-images")
    store.take(place)
    return truth([place, store.root, store.index("images.json"), *store.before[1], *store.before[2]],
                 (WIPE, PART, HAND, GONE))  # fmt: skip


@unseen(WIPE)
def directory_of_the_layer_records_removed(store: Bundle) -> Truth:
    if store.lent("layers"):
        raise NotHere
    place = store.at("overlay-layers/layers.json").rpartition("/")[0]
    store.take(place)
    return truth([place, store.root, store.index("layers.json"), *store.before[0]],
                 (WIPE, PART, HAND, "layer-record-lost"))  # fmt: skip


def _without(store: Bundle, goes: Callable[[str, Member], bool]) -> list[str]:
    """Remove what fits from the layers of images as one `find -delete`; return the layers."""
    hit = []
    for layer, path, member in inside(store, image_layers(store)):
        if path in store.entries and goes(path, member):
            store.take(path)
            hit.append(layer)
    layers = sorted(set(hit))
    if len(hit) < MASS or len(layers) < 2:
        raise NotHere
    return layers


@unseen(BASE)
def every_symlink_in_layers_deleted(store: Bundle) -> Truth:
    layers = _without(store, lambda _path, member: member.kind == SYMLINK)
    return truth(told_of(store, layers, "diff"), (BASE, COPY, SCANNER), serving(store, layers))


@unseen(BASE)
def empty_files_in_layers_deleted(store: Bundle) -> Truth:
    layers = _without(store, lambda path, m: m.kind == FILE and m.size == 0 and not path.endswith(".wh..opq"))
    return truth(told_of(store, layers, "diff"), (BASE, COPY, SCANNER), serving(store, layers))


@unseen(BASE)
def files_of_one_kind_deleted_everywhere(store: Bundle) -> Truth:
    layers = _without(store, lambda path, m: m.kind == FILE and path.endswith((".txt", ".conf", ".py")))
    return truth(told_of(store, layers, "diff"), (BASE, SCANNER), serving(store, layers))


@unseen(BASE)
def programs_cut_to_nothing_everywhere(store: Bundle) -> Truth:
    """Do `find -perm -100 -type f -exec truncate -s 0` over the driver's home."""
    hit, paths = [], []
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == FILE and member.mode & 0o100 and member.size:
            store.write(path, b"").change(path, mtime_ns=store.later)
            hit.append(layer)
            paths.append(path)
    layers = sorted(set(hit))
    if len(layers) < 2:
        raise NotHere
    return truth([*told_of(store, layers, "diff"), *paths], (BASE, POWER, SCANNER), serving(store, layers))


@unseen(BASE)
def files_encrypted_everywhere(store: Bundle) -> Truth:
    """Write other bytes of another length under another name in place of every file with content."""
    hit = []
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == FILE and member.size > 200:
            data = store.dice.randbytes(member.size + 128)
            member.path = path + ".locked"
            del store.entries[path]
            member.size = len(data)
            store.entries[member.path] = (member, data)
            store.by_hand(member.path)
            hit.append(layer)
    layers = sorted(set(hit))
    if len(layers) < 2:
        raise NotHere
    return truth(told_of(store, layers, "diff"), BASE, serving(store, layers))


def _modes(store: Bundle, new: Callable[[Member], int], *, least: int = MASS) -> list[str]:
    changed = []
    for layer, _path, member in inside(store, image_layers(store)):
        if member.kind in (FILE, DIRECTORY) and new(member) != member.mode:
            member.mode = new(member)
            changed.append(layer)
    if len(changed) < least:
        raise NotHere
    return sorted(set(changed))


@unseen(SWEPT)
def chmod_o_rwx_in_layers(store: Bundle) -> Truth:
    layers = _modes(store, lambda m: m.mode & ~0o007)
    return truth(told_of(store, layers, "diff"), SWEPT, serving(store, layers))


@unseen(SWEPT)
def chmod_g_w_in_layers(store: Bundle) -> Truth:
    layers = _modes(store, lambda m: m.mode | 0o020)
    return truth(told_of(store, layers, "diff"), SWEPT, serving(store, layers))


@unseen(SWEPT)
def setuid_bits_taken_everywhere(store: Bundle) -> Truth:
    """Do `find -perm -4000 -exec chmod u-s`, as hardening guides advise."""
    layers = _modes(store, lambda m: m.mode & ~0o4000 if m.kind == FILE else m.mode, least=1)
    return truth(told_of(store, layers, "diff"), (SWEPT, COPY, BASE), serving(store, layers))


@unseen(SWEPT)
def chown_of_one_layer(store: Bundle) -> Truth:
    layer = store.layer()
    found = inside(store, [layer])
    if len(found) < MASS + 1:
        raise NotHere
    for _, _path, member in found:
        member.uid, member.gid = 4711, 4711
    return truth(told_of(store, [layer], "diff"), (SWEPT, BASE, COPY), serving(store, [layer]))


@unseen(COPY)
def copied_through_a_version_control(store: Bundle) -> Truth:
    """Keep files and drop every directory without one, as git does, `work` and `empty` included."""
    top = store.at("overlay")
    hit: set[str] = set()
    while True:
        parents = {path.rpartition("/")[0] for path in store.entries}
        empty = [p for p in store.below(top) if store.entries[p][0].kind == DIRECTORY and p not in parents]
        if not empty:
            break
        for path in empty:
            del store.entries[path]
            hit.add(path.removeprefix(top + "/").split("/")[0])
    layers = sorted(hit & store.before[0].keys())
    if len(layers) < 2 or top not in store.entries:
        raise NotHere
    for path in store.below(top):
        if store.entries[path][0].kind == DIRECTORY:
            store.change(path, mtime_ns=store.later)
    return truth([*told_of(store, layers, "diff", "work", "merged", "empty"), *store.before[2]],
                 (COPY, REMOVED, BASE, GONE))  # fmt: skip


@unseen(COPY)
def symlinks_followed_by_the_copy(store: Bundle) -> Truth:
    """Do `cp -rL` with what a link leads to, device nodes left out; what leads nowhere is gone."""
    hit = []
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == SYMLINK:
            target = path.rpartition("/")[0] + "/" + member.link
            if target in store.entries and store.entries[target][0].kind == FILE:
                store.write(path, store.data(target)).change(path, mode=store.entries[target][0].mode)
            else:
                store.take(path)
            hit.append(layer)
        elif member.kind == CHAR:
            store.take(path)
            hit.append(layer)
    for path in store.below(store.at("overlay/l"))[1:]:
        store.take(path)
    layers = sorted(set(hit))
    if len(layers) < 2:
        raise NotHere
    return truth([*told_of(store, layers, "diff"), store.at("overlay/l")], (COPY, BASE, LINKS))


@unseen(COPY)
def marks_and_capabilities_lost_and_links_split(store: Bundle) -> Truth:
    """Copy without attributes and hard links (`rsync -a`): one cause, however much it changed."""
    layers = set()
    data = {path: body for path, (_, body) in store.entries.items()}
    for layer, path, member in inside(store, image_layers(store)):
        if member.xattrs:
            member.xattrs = {}
            layers.add(layer)
        if member.kind == HARDLINK and member.link in data:
            body = data[member.link]
            member.kind, member.size, member.link = FILE, len(body), ""
            store.entries[path] = (member, body)
    if len(layers) < 2 or not any(m.xattrs for m, _ in store.entries.values()):
        raise NotHere
    return truth(told_of(store, sorted(layers), "diff"), COPY, serving(store, sorted(layers)))


@unseen(HAND)
def every_index_an_empty_list(store: Bundle) -> Truth:
    """Empty all three lists at once: a tool that saw nothing saved what it saw."""
    names = [f"{part}.json" for part in ("images", "layers", "containers") if store.rows(f"{part}.json")]
    if store.lent("layers") or len(names) < MASS:
        raise NotHere
    for name in names:
        store.put(name, [])
        store.by_hand(store.index(name))
    return truth([store.index(name) for name in names], ("records-rolled-back", HAND, WIPE, POWER))
