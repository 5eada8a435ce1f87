"""Bits, blocks and zeros in the records and in the data of images: what the medium and a power cut leave.

Written when rules and weights stood, as `unseen`. No clock moves.
"""

from __future__ import annotations

from analyzer.source.member import FILE
from benchmarks.accuracy.bundle import Bundle, NotHere, everybody, standing
from benchmarks.accuracy.faults.families import ALTERED, BACK, GONE, HAND, LOST, MEDIA, POWER, RECORD, REMOVED, SPLIT
from benchmarks.accuracy.faults.flips import flipped
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth


def _texts(store: Bundle, name: str, old: str, new: str, count: int = 1) -> None:
    path = store.index(name)
    text = store.text(path)
    if old not in text:
        raise NotHere
    store.write(path, text.replace(old, new, count))


@unseen(MEDIA)
def bit_of_a_container_id_flipped(store: Bundle) -> Truth:
    row = store.container(image=False)
    if store.at("overlay-containers", row["id"]) not in store.entries:
        raise NotHere
    name = store.file_of("containers", row["id"])
    _texts(store, name, f'"id":"{row["id"]}"', f'"id":"{flipped(store, row["id"])}"')
    return truth([row["id"], store.index(name)], (MEDIA, HAND, GONE, BACK, POWER), (None, {row["id"]}))


@unseen(MEDIA)
def bit_of_the_image_of_a_container_flipped(store: Bundle) -> Truth:
    row = store.container()
    name = store.file_of("containers", row["id"])
    other = flipped(store, row["image"])
    store.change_record("containers", row["id"], image=other)
    return truth([row["id"], row["image"], other, store.index(name)], (MEDIA, HAND, LOST, GONE), (None, {row["id"]}))


@unseen(MEDIA)
def bit_of_the_layer_of_an_image_flipped(store: Bundle) -> Truth:
    row = store.image()
    other = flipped(store, row["layer"])
    hit = standing(store, images=[row["id"]])
    _texts(store, "images.json", f'"layer":"{row["layer"]}"', f'"layer":"{other}"')
    return truth(
        [row["id"], row["layer"], other, store.index("images.json")],
        (MEDIA, HAND, RECORD, LOST),
        (None, None)
        if len([1 for i in store.before[1].values() if i.get("layer") == row["layer"]]) > 1
        else (hit[0], None),
    )


@unseen(MEDIA)
def bit_of_a_layer_id_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    _texts(store, "layers.json", f'"id":"{layer}"', f'"id":"{flipped(store, layer)}"')
    return truth([layer, store.index("layers.json")], (MEDIA, HAND, RECORD), hit)


@unseen(MEDIA)
def bit_of_a_key_of_layers_json_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    rows = store.rows("layers.json")
    rows = [
        {("diff-dige3t" if row["id"] == layer and k == "diff-digest" else k): v for k, v in row.items()} for row in rows
    ]
    store.put("layers.json", rows)
    return truth([layer, store.index("layers.json")], (MEDIA, HAND, "interrupted-pull"))


@unseen(MEDIA)
def bit_of_a_recorded_digest_flipped(store: Bundle) -> Truth:
    row = store.image()
    known = dict(row.get("big-data-digests", {}))
    key = store.draw(sorted(k for k in known if k == f"sha256:{row['id']}"))
    algorithm, _, digits = known[key].partition(":")
    known[key] = f"{algorithm}:{flipped(store, digits)}"
    store.change_record("images", row["id"], **{"big-data-digests": known})
    return truth([row["id"], store.index("images.json"), store.config(row["id"])], (MEDIA, HAND, ALTERED))


@unseen(MEDIA)
def bit_of_the_size_of_a_layer_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    size = store.before[0][layer].get("diff-size")
    if not size:
        raise NotHere
    store.change_record("layers", layer, **{"diff-size": size ^ (1 << 12)})
    return truth([layer, store.index("layers.json")], (MEDIA, HAND))


@unseen(MEDIA)
def block_of_a_config_in_images_json(store: Bundle) -> Truth:
    image = store.image()
    if store.lent("images"):
        raise NotHere
    path = store.index("images.json")
    data, other = store.data(path), store.data(store.config(image["id"]))[:256]
    store.write(path, data[:512] + other + data[512 + len(other) :])
    return truth(path, (MEDIA, POWER, HAND), (everybody(store)[0], None))


@unseen(MEDIA)
def quote_of_containers_json_lost(store: Bundle) -> Truth:
    path = store.index("containers.json")
    text = store.text(path) if path in store.entries else ""
    if '"layer":"' not in text:
        raise NotHere
    store.write(path, text.replace('"layer":"', '"layer":\x32', 1))
    return truth(path, (MEDIA, HAND, POWER), (None, everybody(store)[1]))


@unseen(POWER)
def two_indexes_lost_together(store: Bundle) -> Truth:
    if store.lent("layers") or not store.rows("layers.json"):
        raise NotHere
    paths = [store.index("layers.json"), store.index("images.json")]
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    return truth(paths, (POWER, MEDIA), everybody(store))


@unseen(POWER)
def index_and_newest_layer_lost(store: Bundle) -> Truth:
    """Cut the newest layer's `link` and `lower` and the containers' index to nothing."""
    rows = sorted(store.rows("layers.json"), key=lambda row: row.get("created", ""))
    path = store.index("containers.json")
    if not store.rows("containers.json") or not rows:
        raise NotHere
    layer = rows[-1]["id"]
    small = [store.at("overlay", layer, name) for name in ("link", "lower")]
    if not all(each in store.entries for each in small):
        raise NotHere
    for each in [*small, path]:
        store.write(each, b"")
    return truth([path, layer, *small], POWER, (None, None))


@unseen(MEDIA)
def config_half_nul(store: Bundle) -> Truth:
    image = store.image()
    path = store.config(image["id"])
    data = store.data(path)
    store.write(path, data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    return truth([image["id"], path], (MEDIA, POWER, ALTERED), (standing(store, images=[image["id"]])[0], None))


@unseen(POWER)
def data_of_the_newest_image_nul(store: Bundle) -> Truth:
    row = max(store.before[1].values(), key=lambda each: each.get("created", ""), default=None)
    if row is None:
        raise NotHere
    top = store.at("overlay-images", row["id"])
    paths = [p for p in store.below(top) if store.entries[p][0].kind == FILE and store.data(p)]
    if len(paths) < 2:
        raise NotHere
    for path in paths:
        store.write(path, bytes(len(store.data(path))))
    return truth([row["id"], top, *paths], (POWER, MEDIA), (standing(store, images=[row["id"]])[0], None))


@unseen(MEDIA)
def text_of_layers_json_in_a_config(store: Bundle) -> Truth:
    """Put a block of another file over a config: what crossed extents leave."""
    image = store.image()
    path = store.config(image["id"])
    data = store.data(store.index("layers.json"))
    if len(data) < len(store.data(path)):
        raise NotHere
    store.write(path, data[: len(store.data(path))])
    return truth([image["id"], path], (MEDIA, ALTERED, HAND), (standing(store, images=[image["id"]])[0], None))


CHUNKED = ("=enN0ZDpjaHVua2VkLW1hbmlmZXN0", "=enN0ZC1jaHVua2VkLW1hbmlmZXN0")


def _chunked(store: Bundle) -> tuple[str, str]:
    found: list[tuple[str, str]] = []
    for key in CHUNKED:
        found += [(p.split("/")[-2], p) for p in store.entries if p.endswith(f"/{key}")]
    return store.draw(sorted(each for each in found if each[0] in store.before[0]))


@unseen(POWER)
def chunked_manifest_nul(store: Bundle) -> Truth:
    layer, path = _chunked(store)
    store.write(path, bytes(len(store.data(path))))
    return truth([layer, path], (POWER, MEDIA, HAND, SPLIT))


@unseen(SPLIT)
def chunked_manifest_removed(store: Bundle) -> Truth:
    layer, path = _chunked(store)
    store.take(path)
    return truth([layer, path], (SPLIT, HAND, REMOVED, LOST))
