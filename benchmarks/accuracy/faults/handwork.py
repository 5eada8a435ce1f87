"""Small texts and ids in another spelling, layers unpacked again by hand, one field changed in every record.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import copy

from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK
from benchmarks.accuracy.bundle import Bundle, NotHere, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BASE,
    COPY,
    GONE,
    HAND,
    LINKS,
    LOST,
    MEDIA,
    POWER,
    PULL,
    RECORD,
    REMOVAL,
    SPLIT,
    SWEPT,
    TWO,
)
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import harmless, unseen
from benchmarks.accuracy.faults.rewrites import layer_truth
from benchmarks.accuracy.faults.scripts import change_rows
from benchmarks.accuracy.truth import Truth, truth

# small texts of the driver


def _link(store: Bundle, new: object) -> Truth:
    layer = store.layer()
    path = store.at("overlay", layer, "link")
    store.edit(path, new(store.text(path)).encode())  # type: ignore[operator]
    return truth([layer, path, store.at("overlay/l")], (LINKS, HAND), standing(store, [layer]))


@unseen(LINKS)
def link_text_in_quotes(store: Bundle) -> Truth:
    return _link(store, lambda text: f'"{text}"')


@unseen(LINKS)
def link_text_with_a_letter_too_many(store: Bundle) -> Truth:
    return _link(store, lambda text: f"{text}A")


@unseen(LINKS)
def target_of_a_short_link_cut(store: Bundle) -> Truth:
    """Lose the end of a target: `../<63 digits>`."""
    layer = store.layer()
    path = store.link_of(layer)
    store.entries[path][0].link = store.entries[path][0].link[:66]
    store.by_hand(path)
    return truth([layer, path, store.at("overlay/l")], (LINKS, HAND), standing(store, [layer]))


def _lower(store: Bundle, new: object) -> Truth:
    layer = store.layer(parent=True)
    path = store.at("overlay", layer, "lower")
    store.edit(path, new(store.text(path)).encode())  # type: ignore[operator]
    return truth([layer, path], (HAND, POWER), standing(store, [layer]))


@unseen(HAND)
def lower_in_quotes(store: Bundle) -> Truth:
    return _lower(store, lambda text: f"'{text}'")


@unseen(HAND)
def lower_with_a_space_before_it(store: Bundle) -> Truth:
    return _lower(store, lambda text: f" {text}")


@unseen(HAND)
def lower_of_bare_names(store: Bundle) -> Truth:
    """Leave `l/` out."""
    return _lower(store, lambda text: text.replace("l/", ""))


# ids in another spelling


def _respelt(store: Bundle, part: str, key: str, field: str, new: object, families: tuple[str, ...]) -> Truth:
    name = store.file_of(part, key)
    row = next(r for r in store.rows(name) if r["id"] == key)
    old = row[field]
    hit = standing(store, **{part: [key]})
    store.put(name, [{**r, field: new(old)} if r["id"] == key else r for r in store.rows(name)])  # type: ignore[operator]
    store.by_hand(store.index(name))
    return truth([key, old, new(old), store.index(name)], families,  # type: ignore[operator]
                 hit if part == "layers" else (None, None))  # fmt: skip


@unseen(HAND)
def container_id_in_capitals(store: Bundle) -> Truth:
    return _respelt(store, "containers", store.container()["id"], "id", str.upper, (HAND, GONE))


@unseen(HAND)
def image_id_in_capitals(store: Bundle) -> Truth:
    return _respelt(store, "images", store.image()["id"], "id", str.upper, (HAND, LOST, GONE))


@unseen(HAND)
def parent_with_a_space_at_its_end(store: Bundle) -> Truth:
    return _respelt(store, "layers", store.layer(parent=True), "parent", lambda t: f"{t} ", (HAND, RECORD))


@unseen(HAND)
def layer_of_an_image_with_its_algorithm(store: Bundle) -> Truth:
    return _respelt(store, "images", store.image()["id"], "layer", lambda t: f"sha256:{t}", (HAND, RECORD))


@unseen(HAND)
def layer_of_a_container_in_twelve_letters(store: Bundle) -> Truth:
    return _respelt(store, "containers", store.container()["id"], "layer", lambda t: t[:12], (HAND, RECORD, GONE))


# one field of every record


@unseen(HAND)
def every_size_nought(store: Bundle) -> Truth:
    hit = change_rows(store, "layers.json", lambda row: {**row, "diff-size": 0} if row.get("diff-digest") else row, 2)
    return truth([*hit, store.index("layers.json")], (HAND, TWO), severe=False)


@unseen(REMOVAL)
def every_layer_flagged_incomplete(store: Bundle) -> Truth:
    hit = change_rows(store, "layers.json", lambda row: {**row, "flags": {"incomplete": True}}, 2)
    broken = standing(store, hit)
    return truth([*hit, store.index("layers.json")], (REMOVAL, HAND, PULL, TWO, "interrupted-wipe"), broken)


@unseen(HAND)
def every_digest_key_misspelt(store: Bundle) -> Truth:
    """Rename `diff-digest` to `diff_digest` in every record: Go passes over it."""
    text = store.data(store.index("layers.json"))
    hit = [row["id"] for row in store.rows("layers.json") if row.get("diff-digest")]
    store.edit(store.index("layers.json"), text.replace(b'"diff-digest"', b'"diff_digest"'))
    return truth([*hit, store.index("layers.json")], (HAND, TWO))


# layers unpacked or copied again by hand


@unseen(BASE)
def symlinks_of_one_layer_followed(store: Bundle) -> Truth:
    """Do `cp -rL` on one layer: what links led to inside it became files."""
    layer = store.layer()
    top = store.at("overlay", layer, "diff")
    changed = []
    for path in store.below(top)[1:]:
        member = store.entries[path][0]
        if member.kind != SYMLINK or member.link.startswith("/"):
            continue
        place = f"{path.rpartition('/')[0]}/{member.link}"
        if place in store.entries and store.entries[place][0].kind == FILE:
            twin = copy.copy(store.entries[place][0])
            twin.path = path
            store.entries[path] = (twin, store.data(place))
            store.by_hand(path)
            changed.append(path)
    if len(changed) < 2:
        raise NotHere
    return layer_truth(store, layer, changed, BASE, COPY)


@unseen(BASE)
def layer_unpacked_again_without_modes(store: Bundle) -> Truth:
    """Unpack one layer by `tar --no-same-permissions --no-same-owner` under a usual umask, as root of the files."""
    layer = store.layer()
    changed = []
    for _, path, member in inside(store, [layer]):
        if member.kind in (FILE, DIRECTORY) and (member.uid or member.gid or member.mode & 0o7022):
            member.uid = member.gid = 0
            member.mode &= 0o755
            changed.append(path)
    if len(changed) < 2:
        raise NotHere
    store.entries[store.at("overlay", layer, "diff")][0].mtime_ns = store.later
    return layer_truth(store, layer, changed, BASE, SWEPT, COPY)


@unseen(BASE)
def opaque_file_left_in_a_layer(store: Bundle) -> Truth:
    """Unpack a layer by plain tar: the mark of an emptied directory is a file, and no attribute."""
    layer, path, member = store.draw([
        e for e in inside(store, image_layers(store))
        if e[2].kind == DIRECTORY and any("opaque" in name for name in e[2].xattrs)
    ])  # fmt: skip
    member.xattrs = {k: v for k, v in member.xattrs.items() if "opaque" not in k}
    store.write(f"{path}/.wh..wh..opq", b"")
    store.by_hand(f"{path}/.wh..wh..opq")
    return layer_truth(store, layer, [path, f"{path}/.wh..wh..opq"], BASE, COPY)


@unseen(BASE)
def upper_of_a_container_copied_into_its_image(store: Bundle) -> Truth:
    """Commit by hand: copy what a container wrote over the layer that it stands on."""
    found = []
    for row in store.before[2].values():
        chain = store.chain_of(row["layer"])
        top = store.at("overlay", row["layer"], "diff")
        files = [p for p in store.below(top)[1:] if store.entries[p][0].kind in (FILE, CHAR)] if len(chain) > 1 else []
        if files and chain[1] in store.before[0] and standing(store, [chain[1]])[0]:
            found.append((chain[1], top, files))
    layer, top, files = store.draw(found)
    target, new = store.at("overlay", layer, "diff"), []
    for path in files:
        member, data = store.entries[path]
        twin = copy.copy(member)
        twin.path = target + path[len(top) :]
        if twin.path.rpartition("/")[0] in store.entries and twin.kind != HARDLINK:
            store.entries[twin.path] = (twin, data)
            store.by_hand(twin.path)
            new.append(twin.path)
    if not new:
        raise NotHere
    return layer_truth(store, layer, new, BASE, TWO)


# the rest


@harmless
def notes_of_a_working_container_removed(store: Bundle) -> None:
    """Remove buildah.json: buildah 1.28 makes it anew; `config`, `copy`, `commit` and `rm` end with 0."""
    store.take(store.draw(sorted(p for p in store.entries if p.endswith("/userdata/buildah.json"))))


@unseen(MEDIA)
def every_tar_split_ends_at_a_block(store: Bundle) -> Truth:
    paths = {key: store.at("overlay-layers", f"{key}.tar-split.gz") for key in image_layers(store)}
    paths = {k: p for k, p in paths.items() if p in store.entries and len(store.data(p)) > 600}
    if len(paths) < 3:
        raise NotHere
    for path in paths.values():
        store.write(path, store.data(path)[:512])
    return truth([*paths, *paths.values()], (SPLIT, POWER, MEDIA), severe=False)


@unseen(HAND)
def digests_of_manifest_and_config_exchanged_in_a_record(store: Bundle) -> Truth:
    image = store.image()
    digests = dict(image.get("big-data-digests", {}))
    one, two = "manifest", f"sha256:{image['id']}"
    if one not in digests or two not in digests:
        raise NotHere
    digests[one], digests[two] = digests[two], digests[one]
    store.change_record("images", image["id"], **{"big-data-digests": digests})
    store.by_hand(store.index("images.json"))
    return truth([image["id"], store.index("images.json")], (HAND, ALTERED), (None, None))
