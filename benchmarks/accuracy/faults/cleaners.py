"""What scripts and copying programs do to a whole store: cleaners, tools of other systems, copies that lose something.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable

from analyzer.source.member import CHAR, DIRECTORY, FILE, SYMLINK, Member
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
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
    SPLIT,
    SWEPT,
    WIPE,
)
from benchmarks.accuracy.faults.mass import each_layer, image_layers, inside, told_of
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

FEW = 2


def _within(store: Bundle, wanted: Callable[[str, Member], bool]) -> list[str]:
    """Remove what is wanted from the layers of images, by a program that moves times; return the layers."""
    hit = []
    for layer, path, member in inside(store, image_layers(store)):
        if wanted(path, member) and path in store.entries:
            store.take(path)
            hit.append(layer)
    if not hit:
        raise NotHere
    return sorted(set(hit))


@unseen(BASE)
def old_files_of_every_layer_deleted(store: Bundle) -> Truth:
    """Do what tmpwatch does: files not changed for long are deleted, directories stay."""
    files = [m.mtime_ns for _, _, m in inside(store, image_layers(store)) if m.kind == FILE]
    if len(files) < 4:
        raise NotHere
    middle = sorted(files)[len(files) // 2]
    layers = _within(store, lambda _p, m: m.kind == FILE and m.mtime_ns <= middle)
    return truth(told_of(store, layers, "diff"), (BASE, SCANNER), serving(store, layers))


@unseen(BASE)
def files_of_unknown_owners_deleted(store: Bundle) -> Truth:
    layers = _within(store, lambda _p, m: m.kind == FILE and m.uid > 0)
    return truth(told_of(store, layers, "diff"), (BASE, SCANNER), serving(store, layers))


@unseen(BASE)
def directories_of_every_layer_without_entries_deleted(store: Bundle) -> Truth:
    """Do `find storage -type d -empty -delete`."""
    top = store.at("overlay")
    parents = {path.rpartition("/")[0] for path in store.entries}
    empty = [p for p in store.below(top) if store.entries[p][0].kind == DIRECTORY and p not in parents]
    layers = sorted({p.removeprefix(top + "/").split("/")[0] for p in empty} & store.before[0].keys())
    if len(layers) < FEW:
        raise NotHere
    store.take(*empty)
    return truth(
        [*told_of(store, layers, "diff", "work", "merged", "empty"), *store.before[2]],
        (BASE, HAND, REMOVED, GONE, COPY, SCANNER),
    )


@unseen(WIPE)
def every_json_file_deleted(store: Bundle) -> Truth:
    """Do `find storage -name '*.json' -delete`."""
    paths = [
        p
        for p in store.entries
        if p.endswith(".json")
        and p.startswith(store.graph_root)
        and "/diff/" not in p
        and store.entries[p][0].kind == FILE
    ]
    if store.lent("layers") or store.index("images.json") not in paths or not store.before[0]:
        raise NotHere
    store.take(*paths)
    return truth([*paths, store.graph_root], (WIPE, BACK, HAND, POWER), everybody(store))


@unseen(SPLIT)
def older_half_of_the_tar_splits_deleted(store: Bundle) -> Truth:
    paths = sorted(
        (store.entries[p][0].mtime_ns, p)
        for p in store.entries
        if p.endswith(".tar-split.gz") and p.startswith(store.graph_root)
    )
    gone = [p for _, p in paths[: len(paths) // 2]]
    if len(gone) < FEW:
        raise NotHere
    store.take(*gone)
    layers = [p.rpartition("/")[2].split(".")[0] for p in gone]
    return truth([*layers, *gone, gone[0].rpartition("/")[0]], (SPLIT, PART))


@unseen(SPLIT)
def tar_splits_unpacked(store: Bundle) -> Truth:
    """Do `gunzip *.gz` in overlay-layers: the names lose `.gz`, and no engine finds them."""
    paths = [p for p in store.entries if p.endswith(".tar-split.gz") and p.startswith(store.graph_root)]
    if not paths:
        raise NotHere
    for path in paths:
        member, data = store.entries.pop(path)
        member.path = path.removesuffix(".gz")
        data = gzip.decompress(data)
        member.size = len(data)
        store.entries[member.path] = (member, data)
    store.by_hand(paths[0].rpartition("/")[0])
    layers = [p.rpartition("/")[2].split(".")[0] for p in paths]
    return truth(
        [*layers, *paths, *(p.removesuffix(".gz") for p in paths), paths[0].rpartition("/")[0]],
        (SPLIT, PART),
    )


@unseen(BASE)
def files_of_every_layer_packed(store: Bundle) -> Truth:
    """Do `find -size +0 -name '*.txt' -exec gzip`: a program that packs old files."""
    hit = []
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == FILE and member.size > 100 and not member.mode & 0o111:
            data = gzip.compress(store.data(path))
            store.entries.pop(path)
            member.path, member.size = path + ".gz", len(data)
            store.entries[member.path] = (member, data)
            store.by_hand(member.path)
            hit.append(layer)
    layers = sorted(set(hit))
    if not layers:
        raise NotHere
    return truth(
        [*told_of(store, layers, "diff"), *(p for _, p, _ in inside(store, layers))],
        (BASE, SCANNER),
        serving(store, layers),
    )


@unseen(REMOVED)
def layers_that_no_container_uses_deleted(store: Bundle) -> Truth:
    """Do what a script does that keeps what is mounted: directories that no container stands on are gone."""
    used = {k for row in store.before[2].values() for k in store.chain_of(row["layer"])}
    gone = [k for k in image_layers(store) if k not in used]
    if not gone or not used or store.lent("layers"):
        raise NotHere
    store.take(*(store.at("overlay", k) for k in gone))
    return truth(
        [*gone, store.at("overlay"), *(store.at("overlay", k) for k in gone)], (REMOVED, WIPE), serving(store, gone)
    )


@unseen(REMOVED)
def oldest_layer_directories_deleted(store: Bundle) -> Truth:
    """Do `find overlay -maxdepth 1 -mtime +N -exec rm -rf`."""
    keys = sorted(image_layers(store), key=lambda k: (store.entries[store.at("overlay", k)][0].mtime_ns, k))
    gone = keys[: max(2, len(keys) // 3)]
    if len(keys) < 4 or store.lent("layers"):
        raise NotHere
    store.take(*(store.at("overlay", k) for k in gone))
    return truth(
        [*gone, store.at("overlay"), *(store.at("overlay", k) for k in gone)], (REMOVED, WIPE), serving(store, gone)
    )


@unseen(HAND)
def every_link_text_with_a_line_end(store: Bundle) -> Truth:
    layers = each_layer(store, "link", lambda path: store.edit(path, store.data(path) + b"\n"), images=False)
    return truth([*told_of(store, layers, "link"), store.at("overlay/l")], (LINKS, HAND), (None, None))


@unseen(HAND)
def every_lower_with_a_line_end(store: Bundle) -> Truth:
    layers = each_layer(store, "lower", lambda path: store.edit(path, store.data(path) + b"\n"), images=False)
    return truth(told_of(store, layers, "lower"), HAND, (None, None))


@unseen(SWEPT)
def copied_under_a_tight_umask(store: Bundle) -> Truth:
    """Let a copy without `-p` under umask 077 take the rights of group and others from everything."""
    layers = set()
    for layer, _path, member in inside(store, image_layers(store)):
        if member.kind in (FILE, DIRECTORY) and member.mode & 0o7077:
            member.mode &= 0o700
            layers.add(layer)
    if len(layers) < FEW:
        raise NotHere
    return truth(
        [*told_of(store, sorted(layers), "diff"), store.graph_root, store.root],
        (SWEPT, COPY, BASE),
        serving(store, layers),
    )


@unseen(COPY)
def mac_files_in_every_directory(store: Bundle) -> Truth:
    """Let a copy through a Mac leave `._name` beside every file of the layers."""
    layers = set()
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == FILE and member.size:
            folder, _, name = path.rpartition("/")
            store.write(f"{folder}/._{name}", b"\0\5\x16\7\0\2\0\0Mac OS X        ")
            store.by_hand(f"{folder}/._{name}")
            layers.add(layer)
    if len(layers) < FEW:
        raise NotHere
    mine = [p for _, p, _ in inside(store, layers) if "/._" in p]
    return truth([*told_of(store, sorted(layers), "diff"), *mine], (BASE, COPY), serving(store, layers))


@unseen(COPY)
def symlinks_became_texts(store: Bundle) -> Truth:
    """Let a program without symlinks (zip, a share) write each link's target as the text of a file."""
    top = store.at("overlay")
    hit = []
    for path in store.below(top):
        member = store.entries[path][0]
        if member.kind == SYMLINK:
            data = member.link.encode()
            member.kind, member.size, member.link, member.mode = FILE, len(data), "", 0o755
            store.entries[path] = (member, data)
            hit.append(path)
    if len(hit) < FEW:
        raise NotHere
    layers = sorted({p.removeprefix(top + "/").split("/")[0] for p in hit} & store.before[0].keys())
    return truth(
        [
            *told_of(store, [*layers, *image_layers(store)], "diff"),
            store.at("overlay"),
            *([store.at("overlay/l")] if store.driver == "overlay" else []),
            *hit,
        ],
        (LINKS, COPY, BASE),
    )


@unseen(COPY)
def devices_and_fifos_lost(store: Bundle) -> Truth:
    layers = set()
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind in (CHAR, "block", "fifo"):
            store.take(path)
            layers.add(layer)
    if not layers:
        raise NotHere
    return truth(told_of(store, sorted(layers), "diff"), (COPY, BASE), serving(store, layers))


@unseen(BASE)
def whiteout_files_of_fuse_overlayfs_deleted(store: Bundle) -> Truth:
    """Do `find -name '.wh.*' -delete` in a store of fuse-overlayfs: deleted files are back."""
    layers = _within(store, lambda path, m: m.kind == FILE and path.rpartition("/")[2].startswith(".wh."))
    return truth(told_of(store, layers, "diff"), (BASE, COPY, SCANNER), serving(store, layers))


@unseen(SWEPT)
def store_owned_by_one_user(store: Bundle) -> Truth:
    """Do `chown -R 1001:1001` over one part of the store, the image data and records."""
    top = store.at("overlay-images")
    paths = store.below(top)
    if len(paths) < 4:
        raise NotHere
    uid = store.entries[paths[0]][0].uid
    if not uid:
        raise NotHere
    for path in paths:
        store.change(path, uid=0, gid=0)
    return truth([*paths, *store.before[1]], (SWEPT, HAND))


@unseen(WIPE)
def three_index_directories_emptied(store: Bundle) -> Truth:
    """Empty overlay-images, overlay-layers and overlay-containers; the directories and the layers stay."""
    if store.lent("layers") or store.graph_root != store.root:
        raise NotHere
    tops = [store.at(f"overlay-{part}") for part in ("images", "layers", "containers")]
    below = [p for top in tops for p in store.below(top)[1:]]
    store.take(*[p for p in below if p.rpartition("/")[0] in tops])
    return truth(
        [*tops, store.graph_root, *(f"{top}/{top.rpartition('-')[2]}.json" for top in tops)], (WIPE, BACK, HAND)
    )


@unseen(LOST)
def manifests_of_every_image_deleted(store: Bundle) -> Truth:
    paths = [p for p in store.entries if p.rpartition("/")[2] == "manifest" and p.split("/")[-2] in store.before[1]]
    if len(paths) < FEW:
        raise NotHere
    store.take(*paths)
    images = {p.split("/")[-2] for p in paths}
    return truth(
        [*images, *paths, paths[0].rpartition("/")[0].rpartition("/")[0]],
        (LOST, ALTERED, SCANNER, PART),
        (images, None),
    )


@unseen(GONE)
def work_and_merged_of_every_layer_removed(store: Bundle) -> Truth:
    gone = [
        p for key in store.before[0] for n in ("work", "merged") if (p := store.at("overlay", key, n)) in store.entries
    ]
    hit = {key for key, row in store.before[2].items() if store.at("overlay", row["layer"], "work") in gone}
    if not hit:
        raise NotHere
    store.take(*gone)
    return truth(
        [*hit, *(store.before[2][k]["layer"] for k in hit), *gone, store.at("overlay")],
        (GONE, REMOVED, HAND, COPY),
        (None, hit),
    )


@unseen(COPY)
def copied_with_the_names_of_owners_lost(store: Bundle) -> Truth:
    """Let a copy as an ordinary user make every file of every layer that user's, rights kept."""
    layers = set()
    owners = {m.uid for _, _, m in inside(store, image_layers(store))}
    if len(owners) < FEW:
        raise NotHere
    for layer, _, member in inside(store, image_layers(store)):
        if member.uid != 4711:
            member.uid = member.gid = 4711
            layers.add(layer)
    return truth(
        [*told_of(store, sorted(layers), "diff"), store.graph_root], (SWEPT, COPY, BASE), serving(store, layers)
    )


@unseen(SWEPT)
def labels_of_another_type_everywhere(store: Bundle) -> Truth:
    marked = [
        p for p, (m, _) in store.entries.items() if "security.selinux" in m.xattrs and p.startswith(store.graph_root)
    ]
    if len(marked) < 10:
        raise NotHere
    for path in marked:
        member = store.entries[path][0]
        member.xattrs = {**member.xattrs, "security.selinux": b"unconfined_u:object_r:user_home_t:s0\0"}
    return truth([store.graph_root, store.root, store.at("overlay")], "selinux-labels-wrong")
