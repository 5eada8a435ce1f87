"""Records that say what was true once, or of something else; and the store's own files.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

from benchmarks.accuracy.bundle import HOUR, Bundle, NotHere, Record, everybody, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    BEHIND,
    CONF,
    GONE,
    HAND,
    LOST,
    RECORD,
    REMOVAL,
    REMOVED,
    SWEPT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.hands import swap
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

# records and images


def _layers_of_its_own(store: Bundle, row: Record) -> list[str]:
    """Return the layers that an image needs and no other image does."""
    others = (each for each in store.before[1].values() if each["id"] != row["id"])
    kept = {key for each in others for key in store.chain_of(each.get("layer", ""))}
    own = [key for key in store.chain_of(row["layer"]) if key not in kept]
    if not own or store.lent("layers"):
        raise NotHere
    return own


@unseen(BACK)
def layers_json_of_its_first_record(store: Bundle) -> Truth:
    """Save what `jq '.[:1]'` shows."""
    rows = store.rows("layers.json")
    if len(rows) < 3 or store.lent("layers"):
        raise NotHere
    store.put("layers.json", rows[:1])
    store.by_hand(store.index("layers.json"))
    gone = [row["id"] for row in rows[1:]]
    return truth([*gone, store.index("layers.json")], (BACK, RECORD), standing(store, gone))


@unseen(HAND)
def layers_json_one_record_without_its_list(store: Bundle) -> Truth:
    rows = store.rows("layers.json")
    if len(rows) < 2 or store.lent("layers"):
        raise NotHere
    store.write_records(store.index("layers.json"), rows[0])
    store.by_hand(store.index("layers.json"))
    return truth(store.index("layers.json"), (HAND, BACK), everybody(store))


@unseen(ALTERED)
def configs_of_two_images_swapped(store: Bundle) -> Truth:
    one, two = store.image(), store.image()
    if one["id"] == two["id"]:
        raise NotHere
    paths = [store.config(row["id"]) for row in (one, two)]
    texts = [store.data(path) for path in paths]
    store.edit(paths[0], texts[1])
    store.edit(paths[1], texts[0])
    return truth([one["id"], two["id"], *paths], (ALTERED, HAND))


@unseen(ALTERED)
def data_of_two_images_swapped(store: Bundle) -> Truth:
    one, two = store.image(), store.image()
    if one["id"] == two["id"]:
        raise NotHere
    tops = [store.at("overlay-images", row["id"]) for row in (one, two)]
    if not all(top in store.entries for top in tops):
        raise NotHere
    swap(store, *tops)
    return truth([one["id"], two["id"], *tops], (ALTERED, HAND, LOST, TWO))


@unseen(BACK)
def record_of_a_removed_image_is_back(store: Bundle) -> Truth:
    """Restore images.json of a day before an image was removed: its record is there, its layers and data are not."""
    row = store.image(used=False)
    own = _layers_of_its_own(store, row)
    for layer in own:
        store.drop_record("layers", layer)
        link = store.link_of(layer) if store.driver == "overlay" else ""
        store.take(
            *(
                p
                for p in (store.at("overlay", layer), link, store.at("overlay-layers", f"{layer}.tar-split.gz"))
                if p in store.entries
            )
        )
    top = store.at("overlay-images", row["id"])
    if top in store.entries:
        store.take(top)
    return truth(
        [row["id"], store.index("images.json"), *own, top],
        (BACK, LOST, RECORD, REMOVAL, HAND, WIPE),
        ({row["id"]}, set()),
    )


@unseen(BACK)
def record_of_a_removed_container_is_back(store: Bundle) -> Truth:
    row = store.container()
    if row["layer"] not in {each["id"] for each in store.rows("layers.json")}:
        raise NotHere
    store.drop_record("layers", row["layer"])
    link = store.link_of(row["layer"]) if store.driver == "overlay" else ""
    paths = (store.at("overlay", row["layer"]), link, store.at("overlay-containers", row["id"]))
    store.take(*(p for p in paths if p in store.entries))
    return truth(
        [row["id"], row["layer"], store.index("containers.json")],
        (GONE, BACK, RECORD, REMOVAL, HAND),
        (set(), {row["id"]}),
    )


@unseen(HAND)
def digests_of_a_layer_exchanged(store: Bundle) -> Truth:
    layer = store.layer()
    row = store.before[0][layer]
    one, two = row.get("diff-digest"), row.get("compressed-diff-digest")
    if not one or not two or one == two:
        raise NotHere
    store.change_record("layers", layer, **{"diff-digest": two, "compressed-diff-digest": one})
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], HAND)


@unseen(TWO)
def image_record_under_a_second_id(store: Bundle) -> Truth:
    """Add a copy of an image's record under an id of nothing: no data, and a name that two images have."""
    row = store.image()
    if store.lent("images"):
        raise NotHere
    other = "".join(store.dice.choices("0123456789abcdef", k=64))
    store.put("images.json", [*store.rows("images.json"), {**row, "id": other}])
    store.by_hand(store.index("images.json"))
    return truth([row["id"], other, store.index("images.json")], (TWO, HAND, LOST, BACK), (None, None))


@unseen(REMOVED)
def every_layer_of_an_image_gone(store: Bundle) -> Truth:
    """Remove records and directories of the layers that only one image needs; the image's own record stays."""
    row = store.image(used=False)
    own = _layers_of_its_own(store, row)
    for layer in own:
        store.drop_record("layers", layer)
        store.take(
            *(
                p
                for p in (store.at("overlay", layer), store.at("overlay-layers", f"{layer}.tar-split.gz"))
                if p in store.entries
            )
        )
    store.by_hand(store.index("layers.json"))
    return truth(
        [row["id"], *own, *(store.at("overlay", k) for k in own)],
        (RECORD, REMOVED, BACK, LOST, REMOVAL),
        ({row["id"]}, set()),
    )


# the store


@unseen(CONF)
def storage_conf_cut(store: Bundle) -> Truth:
    path = store.draw([p for p in store.entries if p.endswith("etc/containers/storage.conf")])
    store.edit(path, store.data(path)[: len(store.data(path)) // 2].rstrip() + b'\n[storage.options\nsize = "')
    return truth(path, (CONF, "driver-mixed"))


@unseen(BEHIND)
def container_removed_behind_podmans_back(store: Bundle) -> Truth:
    """Remove a container whole, as `crictl rm` or `buildah rm` do: podman's database alone knows it."""
    path = store.draw([p for p in store.entries if p.endswith("libpod/bolt_state.db")])
    row = store.container()
    if row["id"].encode() not in store.data(path):
        raise NotHere
    store.drop_record("containers", row["id"])
    store.drop_record("layers", row["layer"])
    link = store.link_of(row["layer"]) if store.driver == "overlay" else ""
    gone = (store.at("overlay", row["layer"]), link, store.at("overlay-containers", row["id"]))
    store.take(*(p for p in gone if p in store.entries))
    return truth([row["id"], row["layer"], path], (BEHIND, GONE), (set(), None))


@unseen(SWEPT)
def records_of_a_rootless_store_owned_by_root(store: Bundle) -> Truth:
    """Run one command with sudo in a user's store: an index is root's, and the user cannot read it."""
    path = store.index("containers.json")
    owner = store.entries[path][0].uid if path in store.entries else 0
    if not owner:
        raise NotHere
    store.change(path, uid=0, gid=0, mode=0o600, mtime_ns=store.later)
    return truth([path, path.rpartition("/")[0]], (SWEPT, HAND))


@unseen(BASE)
def files_under_an_unmounted_mount_point(store: Bundle) -> Truth:
    row = store.container()
    place = store.at("overlay", row["layer"], "merged")
    if place not in store.entries or store.below(place)[1:]:
        raise NotHere
    store.directory(f"{place}/var", mode=0o755)
    store.write(f"{place}/var/log.txt", b"written while nothing was mounted\n")
    return truth([row["id"], row["layer"], place], ("mount-point-left", GONE), (set(), None))


def newest(rows: list[Record]) -> list[Record]:
    """Return records, the oldest first."""
    return sorted(rows, key=lambda row: row.get("created", ""))


@unseen(TWO)
def layers_json_of_the_other_host(store: Bundle) -> Truth:
    """Let a second host, which opened the store earlier, save its list: what the first pulled since has no record."""
    rows = newest(store.rows("layers.json"))
    row = max(store.before[1].values(), key=lambda each: each.get("created", ""), default=None)
    if row is None or store.lent("layers"):
        raise NotHere
    kept = {k for i in store.before[1].values() if i["id"] != row["id"] for k in store.chain_of(i.get("layer", ""))}
    own = [key for key in store.chain_of(row["layer"]) if key not in kept] if row.get("layer") else []
    users = {key for key, each in store.before[2].items() if each["image"] == row["id"]}
    if not own or users or len(rows) < len(own) + 1:
        raise NotHere
    store.put("layers.json", [each for each in store.rows("layers.json") if each["id"] not in own])
    store.entries[store.index("layers.json")][0].mtime_ns = store.later + HOUR
    return truth([*own, row["id"], store.index("layers.json")], (BACK, RECORD, TWO), standing(store, own))
