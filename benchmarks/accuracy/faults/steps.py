"""Where an engine was stopped, by a kill or a power cut, and what `rm -rf` leaves when it is stopped: step by step.

Written when rules and weights stood, as `unseen`. What a power cut takes leaves times as they were.
"""

from __future__ import annotations

from analyzer.source.member import DIRECTORY
from benchmarks.accuracy.bundle import Bundle, NotHere, serving, standing
from benchmarks.accuracy.faults.families import (
    BACK,
    BASE,
    FULL,
    GONE,
    HAND,
    LEAK,
    LINKS,
    LOST,
    PART,
    POWER,
    PULL,
    RECORD,
    REMOVAL,
    REMOVED,
    SHARED,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.mass import image_layers, inside
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth


def newest(store: Bundle) -> str:
    """Return the layer of an image that was made last."""
    keys = [key for key in image_layers(store) if key in store.before[0]]
    return max(keys, key=lambda key: store.before[0][key].get("created", ""), default="") or store.draw([])


def vanish(store: Bundle, *paths: str) -> None:
    """Take entries with all below them as if they were never written: no time moves."""
    found = [each for path in paths for each in store.below(path)]
    if not found:
        raise NotHere
    for path in found:
        store.entries.pop(path, None)


def own_layers(store: Bundle, image: dict[str, object]) -> list[str]:
    """Return the layers of a chain that no other image and no container has, top first."""
    own = []
    for key in store.chain_of(str(image["layer"])):
        images, containers = standing(store, [key])
        if images != {image["id"]} or containers or key not in store.before[0]:
            break
        own.append(key)
    if not own:
        raise NotHere
    return own


def data_of(store: Bundle, image: dict[str, object], layers: list[str]) -> list[str]:
    """Return the paths that have the ids of an image and of layers in their names: data, directories, tar-splits."""
    paths = [store.at("overlay-images", str(image["id"]))]
    for key in layers:
        paths += [store.at("overlay", key), store.at("overlay-layers", f"{key}.tar-split.gz")]
    return paths


def lose_image(store: Bundle, image: dict[str, object]) -> None:
    """Remove an image's record and data as an engine does."""
    store.drop_record("images", str(image["id"]))
    store.remove(store.at("overlay-images", str(image["id"])))


# pulls, builds and commits


@unseen(PULL)
def image_recorded_and_no_data_written(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    place = store.at("overlay-images", image["id"])
    fields = {name: None for name in image if name.startswith("big-data") or name == "digest"}
    store.change_record("images", image["id"], **fields)
    vanish(store, place)
    return truth([image["id"], place], (LOST, PULL, POWER, REMOVAL), (hit[0], None))


@unseen(PULL)
def image_with_its_config_alone(store: Bundle) -> Truth:
    """Stop a pull between the items of its image: the config is written and recorded, the manifest is neither."""
    image = store.image()
    hit = standing(store, images=[image["id"]])
    config = f"sha256:{image['id']}"
    for path in store.below(store.at("overlay-images", image["id"]))[1:]:
        if path != store.config(image["id"]):
            store.entries.pop(path)
    fields = {f"big-data-{part}": {config: image[f"big-data-{part}"][config]} for part in ("sizes", "digests")}
    store.change_record("images", image["id"], **{"big-data-names": [config], **fields})
    return truth([image["id"], store.at("overlay-images", image["id"], "manifest")],
                 (LOST, PULL, POWER, HAND), (hit[0], None))  # fmt: skip


@unseen(POWER)
def record_and_directory_of_the_newest_layer_without_its_image(store: Bundle) -> Truth:
    """Lose the newest layer whole, and nothing of its image: indexes were saved, then the power went."""
    layer = newest(store)
    hit = standing(store, [layer])
    store.drop_record("layers", layer)
    vanish(store, store.at("overlay", layer), store.at("overlay-layers", f"{layer}.tar-split.gz"))
    return truth(
        [layer, store.index("layers.json")],
        (RECORD, POWER, HAND, BACK, SHARED),
        hit,
    )


@unseen(POWER)
def config_and_manifest_of_the_newest_image_empty(store: Bundle) -> Truth:
    image = max(store.before[1].values(), key=lambda row: row.get("created", ""))
    hit = standing(store, images=[image["id"]])
    paths = [p for p in store.below(store.at("overlay-images", image["id"]))[1:] if store.data(p)]
    if not paths:
        raise NotHere
    for path in paths:
        store.write(path, b"")
    return truth([image["id"], *paths], (POWER, LOST, FULL), (hit[0], None))


# removals


@unseen(REMOVAL)
def removal_of_a_container_stopped_at_the_flag(store: Bundle) -> Truth:
    row = store.container()
    name = store.file_of("containers", row["id"])
    store.put(name, [each for each in store.rows(name) if each["id"] != row["id"]])
    store.change_record("layers", row["layer"], flags={"incomplete": True})
    top = store.at("overlay-containers", row["id"])
    if top in store.entries:
        store.take(top)
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    return truth([row["id"], row["layer"], store.at("overlay", row["layer"]), store.index(name), *base],
                 (REMOVAL, PULL, LEAK, GONE, "libpod-storage-gone"))  # fmt: skip


@unseen(REMOVED)
def directory_of_an_image_layer_half_deleted(store: Bundle) -> Truth:
    """Stop `rm -rf overlay/ID` within `diff`: what came first is gone, the rest is there."""
    layer = store.layer()
    tops = sorted({p.split("/diff/", 1)[-1].split("/")[0] for _, p, _ in inside(store, [layer])})
    if len(tops) < 2 or store.driver != "overlay":
        raise NotHere
    hit = serving(store, [layer])
    gone = [store.at("overlay", layer, "diff", top) for top in tops[: len(tops) // 2]]
    store.take(*gone)
    return truth([layer, store.at("overlay", layer, "diff"), *gone], (BASE, REMOVED, REMOVAL, WIPE), hit)


@unseen(REMOVED)
def directory_of_a_container_layer_half_deleted(store: Bundle) -> Truth:
    """Stop `rm -rf` of a container's layer before `work`: `diff`, `link`, `lower` and `merged` are gone."""
    row = store.container()
    gone = [store.at("overlay", row["layer"], name) for name in ("diff", "link", "lower", "merged")]
    if store.at("overlay", row["layer"], "work") not in store.entries:
        raise NotHere
    store.take(*(p for p in gone if p in store.entries))
    return truth([row["id"], row["layer"], *gone], (REMOVED, GONE, HAND, REMOVAL, LINKS), (set(), {row["id"]}))


@unseen(LOST)
def data_of_an_image_half_deleted(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    gone = sorted(store.below(store.at("overlay-images", image["id"]))[1:])
    store.take(*gone[: len(gone) // 2 + 1])
    return truth([image["id"], *gone, gone[0].rpartition("/")[0]], (LOST, WIPE), (hit[0], None))


@unseen(REMOVED)
def every_directory_within_a_layer_emptied(store: Bundle) -> Truth:
    """Delete all files of a layer and leave its directories: `find diff -type f -delete`."""
    layer = store.layer()
    files = [p for _, p, m in inside(store, [layer]) if m.kind != DIRECTORY]
    if len(files) < 3:
        raise NotHere
    hit = serving(store, [layer])
    store.take(*files)
    return truth([layer, store.at("overlay", layer, "diff"), *files], (BASE, REMOVED, "scanner-quarantine"), hit)


@unseen(WIPE)
def reset_stopped_after_the_records(store: Bundle) -> Truth:
    """Stop a reset that took `overlay-containers` and `overlay-images`, in the order of names."""
    if store.lent("images") or len(store.before[2]) < 1:
        raise NotHere
    places = [store.at("overlay-containers"), store.at("overlay-images")]
    store.take(*(p for p in places if p in store.entries))
    return truth([*places, store.root, store.graph_root, *store.before[1], *store.before[2]],
                 (WIPE, GONE, PART, LOST))  # fmt: skip


@unseen(TWO)
def container_in_both_indexes(store: Bundle) -> Truth:
    row = store.draw(store.rows("volatile-containers.json"))
    store.put("containers.json", [*store.rows("containers.json"), row])
    store.by_hand(store.index("containers.json"))
    return truth([row["id"], store.index("containers.json"), store.index("volatile-containers.json")],
                 (TWO, HAND), severe=False)  # fmt: skip
