"""Pages and single bits of what no other module asks about: indexes at 4 KiB, containers just made, podman's database.

Written when rules and weights stood, as `unseen`. No clock moves.
"""

from __future__ import annotations

from analyzer.source.member import FILE
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BASE,
    COPY,
    FULL,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    PODMAN,
    POWER,
    PULL,
    SPLIT,
)
from benchmarks.accuracy.faults.flips import BLOCK, flipped
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.faults.rewrites import SECTOR, layer_truth
from benchmarks.accuracy.truth import Truth, truth

OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque")


# indexes


def _nul(store: Bundle, path: str, start: int, end: int) -> None:
    data = store.data(path)
    if not 0 < start < end <= len(data):
        raise NotHere
    store.write(path, data[:start] + bytes(end - start) + data[end:])


@unseen(POWER)
def page_of_layers_json_nul(store: Bundle) -> Truth:
    path = store.index("layers.json")
    _nul(store, path, BLOCK, 2 * BLOCK)
    return truth([path, path.rpartition("/")[0]], (POWER, MEDIA), everybody(store))


@unseen(POWER)
def last_page_of_images_json_nul(store: Bundle) -> Truth:
    path = store.index("images.json")
    if store.lent("images"):
        raise NotHere
    size = len(store.data(path))
    _nul(store, path, (size - 1) // BLOCK * BLOCK, size)
    return truth([path, path.rpartition("/")[0]], (POWER, MEDIA))


@unseen(POWER)
def volatile_layers_cut(store: Bundle) -> Truth:
    path = store.index("volatile-layers.json")
    rows = store.rows("volatile-layers.json")
    if not rows:
        raise NotHere
    store.write(path, store.data(path)[: len(store.data(path)) * 2 // 3])
    layers = [row["id"] for row in rows]
    return truth([path, path.rpartition("/")[0]], (POWER, FULL, MEDIA, HAND), (set(), standing(store, layers)[1]))


# what was made last


def _youngest(store: Bundle) -> dict[str, object]:
    rows = sorted(store.before[2].values(), key=lambda row: row.get("created", ""))
    if not rows:
        raise NotHere
    return rows[-1]


def _small_of(store: Bundle, layer: str) -> list[str]:
    paths = [store.at("overlay", layer, name) for name in ("link", "lower")]
    if not all(path in store.entries for path in paths):
        raise NotHere
    return paths


@unseen(POWER)
def newest_container_never_written(store: Bundle) -> Truth:
    """Cut the power after a `create`: `link`, `lower` and the configuration have no byte."""
    row = _youngest(store)
    paths = _small_of(store, row["layer"])
    place = store.at("overlay-containers", row["id"])
    paths += [p for p in store.below(place) if store.entries[p][0].kind == FILE and store.data(p)]
    for path in paths:
        store.write(path, b"")
    return truth([row["id"], row["layer"], *paths], (POWER, GONE, FULL, LINKS), (set(), {row["id"]}))


@unseen(POWER)
def link_and_lower_of_the_newest_container_nul(store: Bundle) -> Truth:
    row = _youngest(store)
    paths = _small_of(store, row["layer"])
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    return truth([row["id"], row["layer"], *paths], (POWER, MEDIA, LINKS, GONE), (set(), {row["id"]}))


@unseen(POWER)
def manifest_and_top_layer_of_the_newest_image_empty(store: Bundle) -> Truth:
    image = max(store.before[1].values(), key=lambda row: row.get("created", ""))
    layer = image.get("layer", "")
    if layer not in store.before[0]:
        raise NotHere
    paths = [store.big_data(image["id"], "manifest"), *store.files(layer)]
    if len(paths) < 3:
        raise NotHere
    hit = standing(store, [layer], [image["id"]])
    for path in paths:
        store.write(path, b"")
    return truth([image["id"], layer, *paths], (POWER, LOST, FULL, BASE, PULL), (hit[0], None))


# files of layers


@unseen(MEDIA)
def page_of_a_file_nul(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.draw(store.files(layer, least=2 * BLOCK))
    _nul(store, path, BLOCK, min(2 * BLOCK, len(store.data(path))))
    return layer_truth(store, layer, [path], MEDIA, POWER, BASE)


@unseen(MEDIA)
def bit_of_the_length_of_a_file_flipped(store: Bundle) -> Truth:
    """Flip a bit of an inode's size: the file ends early, or goes on in NUL bytes."""
    layer, (path,) = store.layer_with_files()
    data = store.data(path)
    size = len(data) ^ (1 << store.dice.randrange(4, 14))
    store.write(path, data[:size] + bytes(max(0, size - len(data))))
    return layer_truth(store, layer, [path], MEDIA, BASE, POWER)


@unseen(MEDIA)
def bit_of_the_name_of_an_opaque_mark_flipped(store: Bundle) -> Truth:
    found = [e for e in inside(store, image_layers(store)) if any(name in e[2].xattrs for name in OPAQUE)]
    layer, path, member = store.draw(found)
    name = next(each for each in OPAQUE if each in member.xattrs)
    attributes = dict(member.xattrs)
    attributes[name[:-2] + chr(ord(name[-2]) ^ 2) + name[-1]] = attributes.pop(name)
    member.xattrs = attributes
    return layer_truth(store, layer, [path], MEDIA, COPY, BASE)


@unseen(SPLIT)
def first_sector_of_a_tar_split_nul(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.at("overlay-layers", f"{layer}.tar-split.gz")
    if path not in store.entries or len(store.data(path)) <= SECTOR:
        raise NotHere
    store.write(path, bytes(SECTOR) + store.data(path)[SECTOR:])
    return truth([layer, path], (SPLIT, POWER, MEDIA), severe=False)


@unseen(LINKS)
def short_link_is_an_empty_file(store: Bundle) -> Truth:
    """Let xfs_repair take a symlink whose block is lost for a file without content."""
    layer = store.layer()
    path = store.link_of(layer)
    if path not in store.entries:
        raise NotHere
    clock = store.entries[path][0].mtime_ns
    store.entries[path][0].kind = FILE
    store.entries[path][0].link = ""
    store.entries[path] = (store.entries[path][0], b"")
    store.change(path, size=0, mode=0o644, mtime_ns=clock)
    return truth([layer, path, store.at("overlay/l")], (LINKS, MEDIA, POWER), standing(store, [layer]))


# records and the database


@unseen(MEDIA)
def bit_of_a_pod_id_flipped(store: Bundle) -> Truth:
    """Flip a bit of a pod's id in the metadata of a container: its sandbox is one that was never there."""
    rows = [row for row in store.before[2].values() if '"pod-id":' in row.get("metadata", "")]
    row = store.draw([row for row in rows if row["id"] not in row["metadata"]])
    pod = row["metadata"].partition('"pod-id":"')[2][:64]
    other = flipped(store, pod)
    store.change_record("containers", row["id"], metadata=row["metadata"].replace(pod, other))
    return truth([row["id"], pod, other], (MEDIA, GONE, HAND), (set(), None))


@unseen(PODMAN)
def second_half_of_podmans_database_nul(store: Bundle) -> Truth:
    path = next((p for p in store.entries if p.endswith("libpod/bolt_state.db")), "")
    if not path or not store.before[2]:
        raise NotHere
    half = len(store.data(path)) // 2 // BLOCK * BLOCK
    if not store.data(path)[half:].strip(b"\0"):
        raise NotHere
    store.write(path, store.data(path)[:half] + bytes(len(store.data(path)) - half))
    return truth([path, path.rpartition("/")[0]], (PODMAN, POWER, MEDIA))


@unseen(ALTERED)
def bit_of_the_platform_in_a_config_flipped(store: Bundle) -> Truth:
    """Flip a bit of the architecture in a config: `amd64` is `ame64`, and the digest is no longer the id."""
    image = store.image()
    path = store.config(image["id"])
    data = store.data(path)
    at = data.find(b'"architecture":"')
    if at < 0:
        raise NotHere
    store.flip(path, at + len('"architecture":"') + 2)
    return truth(
        [image["id"], path], (MEDIA, ALTERED, "foreign-architecture"), (standing(store, images=[image["id"]])[0], None)
    )


@unseen(MEDIA)
def bits_flipped_over_the_files_of_one_image(store: Bundle) -> Truth:
    """Flip a bit in one file of each layer of an image: bad memory at one pull."""
    image = store.image(layers=2)
    paths = {}
    for layer in store.chain_of(image["layer"]):
        found = store.files(layer, least=40) if layer in store.before[0] else []
        if found:
            paths[layer] = store.draw(found)
    if len(paths) < 2:
        raise NotHere
    for path in paths.values():
        store.flip(path)
    return truth([*paths, *paths.values()], (MEDIA, BASE), serving(store, paths))
