"""Records and small files that came from elsewhere: an older day, another store, another object, another tool.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from benchmarks.accuracy.bundle import DAY, Bundle, NotHere, Record, everybody, serving, standing
from benchmarks.accuracy.faults.families import (
    ALTERED,
    BACK,
    BASE,
    GONE,
    HAND,
    LEAK,
    LINKS,
    MEDIA,
    POWER,
    RECORD,
    SPLIT,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth


def _newest(rows: Iterable[Record]) -> list[Record]:
    return sorted(rows, key=lambda row: row.get("created", ""))


def _save(store: Bundle, part: str, gone: set[str], *, days: int | None) -> None:
    """Leave records out; `days` older than it was, or just now where None."""
    name = f"{part}.json"
    store.put(name, [row for row in store.rows(name) if row["id"] not in gone])
    if days is None:
        store.by_hand(store.index(name))
    else:
        store.entries[store.index(name)][0].mtime_ns -= days * DAY


def _last_images(store: Bundle, count: int) -> tuple[set[str], set[str], set[str]]:
    """Return the newest images, the layers only they need, and the containers made from them with their layers."""
    rows = _newest(store.rows("images.json"))
    if len(rows) <= count or store.lent("layers"):
        raise NotHere
    gone = {row["id"] for row in rows[-count:]}
    kept = {layer for row in rows[:-count] for layer in store.chain_of(row.get("layer", ""))}
    layers = {layer for row in rows[-count:] for layer in store.chain_of(row.get("layer", ""))} - kept
    return gone, layers & {row["id"] for row in store.rows("layers.json")}, set()


@unseen(BACK)
def images_json_of_before_two_pulls(store: Bundle) -> Truth:
    gone, layers, _ = _last_images(store, 2)
    _save(store, "images", gone, days=3)
    keys = [*gone, *layers, store.index("images.json"), *(store.at("overlay-images", key) for key in gone)]
    return truth(keys, (BACK, GONE))


@unseen(BACK)
def images_and_layers_json_of_yesterday(store: Bundle) -> Truth:
    gone, layers, _ = _last_images(store, 1)
    users = {key for key, row in store.before[2].items() if row["image"] in gone}
    if not layers or users:
        raise NotHere
    _save(store, "images", gone, days=1)
    _save(store, "layers", layers, days=1)
    return truth([*gone, *layers, store.index("images.json"), store.index("layers.json")], (BACK, RECORD))


@unseen(BACK)
def images_json_copied_back_today(store: Bundle) -> Truth:
    """Put an older copy back without its time: the file is the newest of the store and knows less."""
    gone, layers, _ = _last_images(store, 2)
    _save(store, "images", gone, days=None)
    keys = [*gone, *layers, store.index("images.json"), *(store.at("overlay-images", key) for key in gone)]
    return truth(keys, (BACK, GONE, LEAK, HAND))


@unseen(BACK)
def containers_json_of_the_first_day(store: Bundle) -> Truth:
    """Put back the file of the day the engine was installed: an empty list, older than everything."""
    rows = store.rows("containers.json")
    if not rows:
        raise NotHere
    store.put("containers.json", [])
    store.entries[store.index("containers.json")][0].mtime_ns -= 30 * DAY
    keys = [store.index("containers.json"), *(row["id"] for row in rows), *(row["layer"] for row in rows)]
    return truth(keys, (BACK, HAND, WIPE), (set(), {row["id"] for row in rows}))


@unseen(BACK)
def layers_json_copied_back_today(store: Bundle) -> Truth:
    rows = _newest(store.rows("layers.json"))
    gone = {row["id"] for row in rows[-2:]}
    if len(rows) < 4 or store.lent("layers"):
        raise NotHere
    _save(store, "layers", gone, days=None)
    return truth([*gone, store.index("layers.json")], (BACK, RECORD))


@unseen(HAND)
def containers_json_is_null(store: Bundle) -> Truth:
    rows = store.rows("containers.json")
    if not rows:
        raise NotHere
    store.edit(store.index("containers.json"), b"null")
    keys = [store.index("containers.json")]
    return truth(keys, (BACK, HAND, WIPE, POWER), (set(), {row["id"] for row in rows}))


@unseen(HAND)
def images_json_an_empty_object(store: Bundle) -> Truth:
    if not store.rows("images.json") or store.lent("images"):
        raise NotHere
    store.edit(store.index("images.json"), b"{}")
    return truth(store.index("images.json"), (HAND, BACK), (everybody(store)[0], None))


@unseen(HAND)
def layers_json_in_two_bytes_a_letter(store: Bundle) -> Truth:
    """Save the file as UTF-16, as an editor of another system does."""
    if store.lent("layers"):
        raise NotHere
    path = store.index("layers.json")
    store.edit(path, store.text(path).encode("utf-16"))
    return truth(path, HAND, everybody(store))


@unseen(HAND)
def layers_json_with_a_merge_left_in_it(store: Bundle) -> Truth:
    if store.lent("layers"):
        raise NotHere
    path = store.index("layers.json")
    text = store.text(path)
    half = text.index("},{", len(text) // 2) + 2
    store.edit(path, f"{text[:half]}\n<<<<<<< backup\n{text[half:]}\n=======\n{text[half:]}\n>>>>>>> node\n".encode())
    return truth(path, HAND, everybody(store))


@unseen(HAND)
def images_json_of_another_host(store: Bundle) -> Truth:
    """Put the index of another node there: none of its images is here."""
    rows = store.rows("images.json")
    if len(rows) < 2 or store.lent("images"):
        raise NotHere
    turned = json.dumps(rows)
    for key in {*store.before[0], *store.before[1]}:
        turned = turned.replace(key, f"{store.dice.getrandbits(256):064x}")
    store.edit(store.index("images.json"), turned.encode())
    return truth([store.index("images.json"), *store.before[1], store.root,
                  *(row["id"] for row in json.loads(turned)), *(row.get("layer", "") for row in json.loads(turned))],
                 (HAND, BACK, RECORD, GONE, "image-data-lost", WIPE, TWO))  # fmt: skip


@unseen(HAND)
def record_of_one_image_cut_out(store: Bundle) -> Truth:
    """Take one record out with jq, which sets the file in lines; its data and layers stay."""
    image = store.image(used=False)
    rows = [row for row in store.rows("images.json") if row["id"] != image["id"]]
    if not rows:
        raise NotHere
    store.edit(store.index("images.json"), json.dumps(rows, indent=2).encode())
    keys = [image["id"], *store.chain_of(image["layer"]), store.index("images.json"),
            store.at("overlay-images", image["id"])]  # fmt: skip
    return truth(keys, (BACK, HAND, LEAK, "interrupted-removal"))


@unseen(HAND)
def record_of_one_container_cut_out(store: Bundle) -> Truth:
    container = store.container()
    name = store.file_of("containers", container["id"])
    store.drop_record("containers", container["id"])
    store.by_hand(store.index(name))
    keys = [container["id"], container["layer"], store.index(name), store.at("overlay-containers", container["id"])]
    return truth(keys, (GONE, BACK, HAND, LEAK, "interrupted-removal"))


@unseen(SPLIT)
def tar_splits_of_two_layers_swapped(store: Bundle) -> Truth:
    one, two = store.layer(), store.layer()
    paths = [store.at("overlay-layers", f"{key}.tar-split.gz") for key in (one, two)]
    if one == two or any(path not in store.entries for path in paths):
        raise NotHere
    hit = standing(store, [one, two])
    first = store.data(paths[0])
    store.edit(paths[0], store.data(paths[1]))
    store.edit(paths[1], first)
    return truth([one, two, *paths], SPLIT, (hit[0], None))


@unseen(BASE)
def contents_of_two_layers_swapped(store: Bundle) -> Truth:
    """Exchange the `diff` of two layers by two renames."""
    one, two = store.layer(), store.layer()
    if one == two or not (store.files(one) and store.files(two)):
        raise NotHere
    hit = serving(store, [one, two])
    tops = [store.at("overlay", key, "diff") for key in (one, two)]
    if any(m.kind == "hardlink" for top in tops for p in store.below(top) for m in [store.entries[p][0]]):
        raise NotHere
    taken = [{p[len(top) :]: store.entries.pop(p) for p in store.below(top)} for top in tops]
    for top, entries in zip(tops, reversed(taken), strict=True):
        for below, (member, data) in entries.items():
            member.path = top + below
            store.entries[member.path] = (member, data)
    store.by_hand(*tops)
    return truth([one, two, *tops], (BASE, SPLIT, HAND), (hit[0], None))


@unseen(MEDIA)
def bit_of_a_digest_flipped(store: Bundle) -> Truth:
    layer = store.layer()
    digest = store.before[0][layer]["diff-digest"]
    path = store.index(store.file_of("layers", layer))
    text = store.data(path)
    at = text.index(digest.encode(), text.index(f'"id":"{layer}"'.encode())) + 20
    store.write(path, text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
    return truth([layer, path], (MEDIA, HAND, SPLIT))


@unseen(MEDIA)
def bit_of_a_parent_flipped(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    parent = store.before[0][layer]["parent"]
    path = store.index(store.file_of("layers", layer))
    text = store.data(path)
    at = text.index(b'"parent":"' + parent.encode(), text.index(f'"id":"{layer}"'.encode())) + 15
    hit = standing(store, [layer])
    store.write(path, text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
    wrong = text[at - 5 : at] + bytes([text[at] ^ 1]) + text[at + 1 : at + 59]
    return truth([layer, parent, path, wrong.decode()], (MEDIA, HAND, RECORD), (hit[0], None))


@unseen(MEDIA)
def bit_of_an_image_id_flipped(store: Bundle) -> Truth:
    image = store.image()
    path = store.index("images.json")
    text = store.data(path)
    at = text.index(f'"id":"{image["id"]}"'.encode()) + 12
    store.write(path, text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
    wrong = json.loads(store.data(path))
    new = {row["id"] for row in wrong} - store.before[1].keys()
    users = {key for key, row in store.before[2].items() if row["image"] == image["id"]}
    return truth([image["id"], path, *new, *users], (MEDIA, HAND, "image-data-lost", GONE))


@unseen(MEDIA)
def bit_of_the_containers_layer_flipped(store: Bundle) -> Truth:
    container = store.container()
    path = store.index(store.file_of("containers", container["id"]))
    text = store.data(path)
    at = text.index(container["layer"].encode()) + 9
    store.write(path, text[:at] + bytes([text[at] ^ 1]) + text[at + 1 :])
    wrong = container["layer"][:9] + chr(text[at] ^ 1) + container["layer"][10:]
    return truth([container["id"], container["layer"], wrong, path], (MEDIA, HAND, RECORD, GONE),
                 (set(), {container["id"]}))  # fmt: skip


@unseen(ALTERED)
def config_with_another_layer_list(store: Bundle) -> Truth:
    image = store.image(layers=2)
    path = store.config(image["id"])
    config = json.loads(store.data(path))
    config["rootfs"]["diff_ids"].reverse()
    hit = standing(store, images=[image["id"]])
    store.edit(path, json.dumps(config).encode())
    return truth([image["id"], path], (ALTERED, HAND), (hit[0], None))


@unseen(ALTERED)
def config_in_lines(store: Bundle) -> Truth:
    """Save the config set in lines, as `jq . config > config` does: same content, other bytes."""
    image = store.image()
    path = store.config(image["id"])
    hit = standing(store, images=[image["id"]])
    store.edit(path, json.dumps(json.loads(store.data(path)), indent=4).encode())
    return truth([image["id"], path], ALTERED, (hit[0], None))


@unseen(LINKS)
def links_of_three_layers_turned_round(store: Bundle) -> Truth:
    layers = sorted({store.layer() for _ in range(9)})[:3]
    if len(layers) < 3:
        raise NotHere
    paths = [store.at("overlay", key, "link") for key in layers]
    texts = [store.data(path) for path in paths]
    links = [store.link_of(key) for key in layers]
    for path, text in zip(paths, [*texts[1:], texts[0]], strict=True):
        store.edit(path, text)
    return truth([*layers, *paths, *links], (LINKS, HAND, TWO))


@unseen(LINKS)
def short_links_made_absolute(store: Bundle) -> Truth:
    """Lead every short link to where the store once was."""
    top = store.at("overlay/l")
    links = [path for path in store.below(top) if path != top]
    if len(links) < 3:
        raise NotHere
    for path in links:
        member = store.entries[path][0]
        member.link = member.link.replace("..", "/mnt/old/storage/overlay", 1)
    store.by_hand(*links)
    return truth([top, *links, *store.before[0]], LINKS, everybody(store))
