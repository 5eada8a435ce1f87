"""What a power cut leaves of all that was written last, what xfs_repair moves by inode numbers, and bad media.

Written when rules and weights stood, as `unseen`. No clock moves, but where a repair makes a directory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.source.member import DIRECTORY, FILE, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    FULL,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    PART,
    POWER,
    PULL,
    RECORD,
    REMOVED,
    SPLIT,
    WIPE,
)
from benchmarks.accuracy.faults.flips import BLOCK, rename
from benchmarks.accuracy.faults.mass import MASS, image_layers, inside
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import SECTOR, layer_truth
from benchmarks.accuracy.faults.steps import newest, vanish
from benchmarks.accuracy.truth import Truth, truth

if TYPE_CHECKING:
    from collections.abc import Callable


def _small(store: Bundle, layer: str) -> list[str]:
    """Return link, lower and tar-split of a layer."""
    places = [
        store.at("overlay", layer, "link"),
        store.at("overlay", layer, "lower"),
        store.at("overlay-layers", f"{layer}.tar-split.gz"),
    ]
    return [p for p in places if p in store.entries]


# a power cut


@unseen(POWER)
def all_of_the_newest_layer_nul(store: Bundle) -> Truth:
    """Let every file of the newest layer have its length and no content, `link`, `lower` and tar-split too."""
    layer = newest(store)
    paths = [*store.files(layer), *(_small(store, layer) if store.driver == "overlay" else [])]
    if len(paths) < 4:
        raise NotHere
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    hit = standing(store, [layer])
    return truth([layer, *paths, store.at("overlay")], (POWER, MEDIA, LINKS, BASE), hit)


@unseen(POWER)
def all_of_the_newest_layer_empty(store: Bundle) -> Truth:
    layer = newest(store)
    paths = [*store.files(layer), *(_small(store, layer) if store.driver == "overlay" else [])]
    if len(paths) < 4:
        raise NotHere
    for path in paths:
        store.write(path, b"")
    return truth([layer, *paths, store.at("overlay")], (POWER, FULL, MEDIA, LINKS, BASE), standing(store, [layer]))


@unseen(POWER)
def newest_layer_without_its_small_files(store: Bundle) -> Truth:
    """Lose `link` and `lower` of the newest layer: its directory came back as it was a moment earlier."""
    layer = newest(store)
    link = store.link_of(layer)
    vanish(store, *(store.at("overlay", layer, name) for name in ("link", "lower")), link)
    hit = standing(store, [layer])
    return truth([layer, link, store.at("overlay", layer), store.at("overlay/l")], (POWER, LINKS, HAND, REMOVED), hit)


@unseen(POWER)
def index_gone_and_its_temporary_file_whole(store: Bundle) -> Truth:
    """Lose the renaming: `layers.json` is not there, `.tmp-layers.json…` has everything."""
    path = store.index("layers.json")
    if store.lent("layers"):
        raise NotHere
    hit = everybody(store)
    other = f"{path.rpartition('/')[0]}/.tmp-layers.json2381907745"
    rename(store, path, other)
    return truth([path, other, path.rpartition("/")[0]], (POWER, MEDIA, HAND, WIPE, PART, RECORD, BACK), hit)


@unseen(POWER)
def state_of_every_container_nul(store: Bundle) -> Truth:
    found = {
        key: [p for p in store.below(store.at("overlay-containers", key)) if p.endswith(("config.json", "state.json"))]
        for key in store.before[2]
    }
    found = {key: paths for key, paths in found.items() if paths}
    if len(found) < 2:
        raise NotHere
    paths = [p for each in found.values() for p in each]
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    return truth([*found, *paths], (POWER, GONE, MEDIA), (set(), set(found)))


@unseen(POWER)
def link_text_a_block_long(store: Bundle) -> Truth:
    """Let `link` of the newest layer have its text and NUL bytes up to the end of the block."""
    layer = newest(store)
    path = store.at("overlay", layer, "link")
    if path not in store.entries:
        raise NotHere
    store.write(path, store.data(path) + bytes(BLOCK - len(store.data(path))))
    return truth([layer, path, store.at("overlay/l")], (POWER, LINKS, HAND, MEDIA), standing(store, [layer]))


@unseen(POWER)
def files_of_the_newest_layer_end_in_nul(store: Bundle) -> Truth:
    """Let all but the first sectors of the newest layer's files be NUL."""
    layer = newest(store)
    paths = [p for p in store.files(layer, least=2 * SECTOR) if store.data(p)[SECTOR:].strip(b"\0")]
    if len(paths) < 2:
        raise NotHere
    for path in paths:
        store.write(path, store.data(path)[:SECTOR] + bytes(len(store.data(path)) - SECTOR))
    return layer_truth(store, layer, paths, POWER, MEDIA, BASE)


@unseen(POWER)
def data_of_the_newest_image_never_written(store: Bundle) -> Truth:
    """Lose the entries of the newest image's directory; its record was saved."""
    rows = sorted(store.before[1].values(), key=lambda row: row.get("created", ""))
    key = rows[-1]["id"]
    place = store.at("overlay-images", key)
    gone = store.below(place)[1:]
    if len(gone) < 2 or len(rows) < 2:
        raise NotHere
    hit = standing(store, images=[key])
    vanish(store, *gone)
    return truth([key, place], (LOST, POWER, PULL, MEDIA), (hit[0], None))


@unseen(POWER)
def tar_splits_of_one_pull_nul(store: Bundle) -> Truth:
    image = store.image(layers=2)
    paths = {k: store.at("overlay-layers", f"{k}.tar-split.gz") for k in store.chain_of(image["layer"])}
    paths = {k: p for k, p in paths.items() if p in store.entries}
    if len(paths) < 2:
        raise NotHere
    for path in paths.values():
        store.write(path, bytes(len(store.data(path))))
    return truth([*paths, *paths.values()], (SPLIT, POWER, MEDIA), severe=False)


# xfs_repair


def _by_inode(store: Bundle, *paths: str) -> list[str]:
    """Let xfs_repair move what has lost its name: `lost+found/INODE`."""
    place = f"{store.graph_root}/lost+found" if store.graph_root else "lost+found"
    if place not in store.entries:
        store.directory(place)
    first = store.dice.randrange(4_000_000, 90_000_000)
    new = []
    for number, path in enumerate(paths):
        if path not in store.entries:
            raise NotHere
        new.append(f"{place}/{first + 3 * number}")
        rename(store, path, new[-1])
    return new


@unseen(REMOVED)
def layer_directories_moved_by_xfs_repair(store: Bundle) -> Truth:
    layers = image_layers(store)
    if len(layers) < 4:
        raise NotHere
    layers = store.dice.sample(layers, 3)
    hit = serving(store, layers)
    new = _by_inode(store, *(store.at("overlay", k) for k in layers))
    return truth([*layers, *new, store.at("overlay")], (REMOVED, MEDIA, POWER), hit)


@unseen(SPLIT)
def tar_splits_moved_by_xfs_repair(store: Bundle) -> Truth:
    paths = {k: store.at("overlay-layers", f"{k}.tar-split.gz") for k in image_layers(store)}
    paths = {k: p for k, p in paths.items() if p in store.entries}
    if len(paths) < 4:
        raise NotHere
    hit = store.dice.sample(sorted(paths), 3)
    new = _by_inode(store, *(paths[k] for k in hit))
    return truth([*hit, *(paths[k] for k in hit), *new], (SPLIT, MEDIA, POWER), severe=False)


@unseen(LOST)
def directory_of_images_moved_by_xfs_repair(store: Bundle) -> Truth:
    """Move records and data of all images: what names them is no longer in the store."""
    place = store.at("overlay-images")
    if store.lent("images"):
        raise NotHere
    new = _by_inode(store, place)
    subjects = [place, store.root, store.index("images.json"), *new, *store.before[1]]
    return truth(subjects, (PART, LOST, MEDIA, WIPE, POWER))


@unseen(LINKS)
def short_links_moved_by_xfs_repair(store: Bundle) -> Truth:
    layers = [k for k in image_layers(store) if store.driver == "overlay" and store.link_of(k) in store.entries]
    if len(layers) < 4:
        raise NotHere
    layers = store.dice.sample(layers, 3)
    links = [store.link_of(k) for k in layers]
    new = _by_inode(store, *links)
    return truth([*layers, *links, *new, store.at("overlay/l")], (LINKS, MEDIA, POWER), standing(store, layers))


@unseen(GONE)
def layer_of_a_container_moved_by_xfs_repair(store: Bundle) -> Truth:
    row = store.container()
    place = store.at("overlay", row["layer"])
    new = _by_inode(store, place)
    return truth([row["id"], row["layer"], place, *new], (GONE, REMOVED, MEDIA, POWER), (set(), {row["id"]}))


@unseen(MEDIA)
def inodes_of_one_layer_cleared(store: Bundle) -> Truth:
    """Let a cluster of inodes be zero: files without content, mode, owner and time."""
    layer, paths = store.layer_with_files(3)
    for path in paths:
        store.write(path, b"")
        store.change(path, mode=0, uid=0, gid=0, mtime_ns=0)
    return layer_truth(store, layer, paths, MEDIA, POWER, BASE, "scanner-quarantine", FULL)


@unseen(MEDIA)
def names_in_one_directory_are_noise(store: Bundle) -> Truth:
    """Overwrite a block of a directory: three names of one directory are others."""
    layer, path, _ = store.draw([e for e in inside(store, image_layers(store)) if e[2].kind == DIRECTORY])
    files = [p for p in store.files(layer) if p.rpartition("/")[0] == path]
    if len(files) < 3:
        raise NotHere
    new = []
    for old in files[:3]:
        name = store.dice.randbytes(9).translate(bytes(33 + b % 90 for b in range(256))).decode().replace("/", "!")
        new.append(f"{path}/{name}")
        rename(store, old, new[-1])
    return layer_truth(store, layer, [*files[:3], *new], MEDIA, BASE, "scanner-quarantine", POWER)


@unseen(LINKS)
def target_of_a_short_link_is_noise(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.link_of(layer)
    store.entries[path][0].link = "".join(chr(store.dice.randrange(33, 126)) for _ in range(72)).replace("/", "!")
    return truth([layer, path, store.at("overlay/l")], (LINKS, MEDIA, POWER, HAND), standing(store, [layer]))


@unseen(LINKS)
def directory_of_short_links_is_an_empty_file(store: Bundle) -> Truth:
    place = store.at("overlay/l")
    hit = everybody(store)
    member = store.entries[place][0]
    vanish(store, place)
    store.write(place, b"")
    store.change(place, mode=member.mode, mtime_ns=member.mtime_ns)
    return truth([place, store.at("overlay"), *store.before[0]], (LINKS, MEDIA, POWER, WIPE, HAND), hit)


# bad media


def _damaged(store: Bundle, layer: str, new: Callable[[bytes], bytes], *families: str) -> Truth:
    path = store.draw(store.files(layer, least=2000))
    data = new(store.data(path))
    if data == store.data(path):
        raise NotHere
    store.write(path, data)
    return layer_truth(store, layer, [path], *families)


@unseen(MEDIA)
def file_read_from_one_block_further(store: Bundle) -> Truth:
    """Map a file's blocks one sector too far: the content starts later, the length is right."""
    return _damaged(store, store.layer(), lambda d: d[SECTOR:] + d[:SECTOR], MEDIA, BASE, POWER)


@unseen(MEDIA)
def capability_is_nul(store: Bundle) -> Truth:
    layer, path, member = store.draw(
        [e for e in inside(store, image_layers(store)) if "security.capability" in e[2].xattrs and e[2].kind == FILE]
    )
    member.xattrs = {**member.xattrs, "security.capability": bytes(len(member.xattrs["security.capability"]))}
    return layer_truth(store, layer, [path], MEDIA, BASE, POWER, "copied-without-attributes")


@unseen(MEDIA)
def bits_flipped_in_files_a_tar_split_and_a_config(store: Bundle) -> Truth:
    layers = [k for k in image_layers(store) if len(store.files(k, least=100)) > 1]
    if len(layers) < 3:
        raise NotHere
    hit = store.dice.sample(layers, 2)
    image = store.image()
    split = store.at("overlay-layers", f"{store.draw(layers)}.tar-split.gz")
    paths = [store.draw(store.files(k, least=100)) for k in hit] + [store.config(image["id"]), split]
    for path in paths:
        store.flip(path)
    return truth([*hit, *paths, image["id"], split.rpartition("/")[2][:64]], (MEDIA, BASE, ALTERED))


@unseen(MEDIA)
def neighbouring_files_nul(store: Bundle) -> Truth:
    """Lose a run of blocks: five neighbouring files of one layer are NUL, and old."""
    layer = store.layer()
    paths = sorted(p for p in store.files(layer) if store.data(p).strip(b"\0"))[:5]
    if len(paths) < MASS:
        raise NotHere
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    return layer_truth(store, layer, paths, MEDIA, POWER, BASE)


@unseen(MEDIA)
def page_of_layers_json_from_images_json(store: Bundle) -> Truth:
    path, other = store.index("layers.json"), store.index("images.json")
    data, foreign = store.data(path), store.data(other)
    if store.lent("layers") or len(data) < 3 * 2048 or len(foreign) < 2048:
        raise NotHere
    store.write(path, data[:2048] + foreign[:2048] + data[4096:])
    return truth([path, path.rpartition("/")[0]], (MEDIA, POWER, HAND), everybody(store))


@unseen(SPLIT)
def tar_split_ends_as_another(store: Bundle) -> Truth:
    """Cross-link two tar-splits: the second half is the other's."""
    layers = [k for k in image_layers(store) if store.at("overlay-layers", f"{k}.tar-split.gz") in store.entries]
    if len(layers) < 2:
        raise NotHere
    one, two = store.dice.sample(layers, 2)
    path, other = (store.at("overlay-layers", f"{k}.tar-split.gz") for k in (one, two))
    data = store.data(path)
    store.write(path, data[: len(data) // 2] + store.data(other)[len(store.data(other)) // 2 :])
    return truth([one, path], (SPLIT, MEDIA, POWER, HAND), severe=False)


@unseen(MEDIA)
def symlinks_of_one_layer_lost_their_targets(store: Bundle) -> Truth:
    """Lose the block that had long targets: they are NUL-less noise of one letter."""
    found: dict[str, list[str]] = {}
    for layer, path, member in inside(store, image_layers(store)):
        if member.kind == SYMLINK:
            found.setdefault(layer, []).append(path)
    layer = store.draw(sorted(found))
    for path in found[layer]:
        store.entries[path][0].link = "?" * len(store.entries[path][0].link)
    return layer_truth(store, layer, found[layer], MEDIA, BASE, POWER, "copied-without-attributes")
