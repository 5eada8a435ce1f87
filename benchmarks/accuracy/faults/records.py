"""Records of layers and images: lost, rolled back, doubled, edited."""

from __future__ import annotations

from benchmarks.accuracy.bundle import HOUR, Bundle, NotHere, standing
from benchmarks.accuracy.faults.families import HAND, PULL, RECORD, REMOVAL, TWO
from benchmarks.accuracy.faults.registry import kind
from benchmarks.accuracy.truth import Truth, truth


@kind(RECORD)
def top_layer_record_lost(store: Bundle) -> Truth:
    layer = store.layer(top=True)
    hit = standing(store, [layer])
    store.drop_record("layers", layer)
    return truth(layer, RECORD, hit)


@kind(RECORD)
def shared_layer_record_lost(store: Bundle) -> Truth:
    layer = store.layer(shared=True)
    hit = standing(store, [layer])
    store.drop_record("layers", layer)
    return truth(layer, RECORD, hit)


@kind(RECORD)
def layer_record_and_directory_lost(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    store.drop_record("layers", layer)
    store.take(store.link_of(layer), store.at("overlay", layer))
    return truth(layer, (RECORD, REMOVAL, "interrupted-wipe"), hit)


@kind("records-rolled-back")
def layers_json_rolled_back(store: Bundle) -> Truth:
    """Put an older layers.json back: the layers of the images pulled last are not in it, and its time is older."""
    rows = store.rows("layers.json")
    keep = rows[: max(1, len(rows) * 2 // 3)]
    gone = [row["id"] for row in rows[len(keep) :]]
    hit = standing(store, gone)
    if not hit[0]:
        raise NotHere
    store.put("layers.json", keep)
    store.entries[store.index("layers.json")][0].mtime_ns -= 48 * HOUR
    return truth([*gone, store.index("layers.json")], ("records-rolled-back", RECORD), hit)


@kind("records-rolled-back")
def images_json_rolled_back(store: Bundle) -> Truth:
    """Put an older images.json back: the images pulled last, which containers use, are not in it."""
    rows = store.rows("images.json")
    used = {c["image"] for c in store.before[2].values()}
    gone = [row["id"] for row in rows[1:] if row["id"] in used]
    if not gone:
        raise NotHere
    store.put("images.json", [row for row in rows if row["id"] not in gone])
    store.entries[store.index("images.json")][0].mtime_ns -= 48 * HOUR
    containers = {key for key, c in store.before[2].items() if c["image"] in gone}
    return truth(
        [*gone, *containers, store.index("images.json")],
        ("records-rolled-back", "container-data-lost", HAND),
        (None, containers),
    )


@kind(HAND)
def parent_cycle_of_two(store: Bundle) -> Truth:
    layer = store.layer(parent=True, top=True)
    parent = store.before[0][layer]["parent"]
    if parent not in store.before[0]:
        raise NotHere
    hit = standing(store, [parent])
    store.change_record("layers", parent, parent=layer)
    store.by_hand(store.index("layers.json"))
    return truth([layer, parent], HAND, hit)


@kind(HAND)
def parent_is_itself(store: Bundle) -> Truth:
    layer = store.layer(top=True)
    hit = standing(store, [layer])
    store.change_record("layers", layer, parent=layer)
    store.by_hand(store.index("layers.json"))
    return truth(layer, HAND, hit)


@kind(HAND)
def parent_of_another(store: Bundle) -> Truth:
    layer = store.layer(parent=True, top=True)
    others = [
        k
        for k, row in store.before[0].items()
        if row.get("diff-digest") and k not in store.chain_of(layer) and layer not in store.chain_of(k)
    ]
    hit = standing(store, [layer])
    store.change_record("layers", layer, parent=store.draw(sorted(others)))
    store.by_hand(store.index("layers.json"))
    return truth(layer, HAND, hit)


@kind(HAND)
def image_with_wrong_top_layer(store: Bundle) -> Truth:
    image = store.image()
    other = store.image()
    if other["layer"] == image["layer"]:
        raise NotHere
    hit = standing(store, images=[image["id"]])
    store.change_record("images", image["id"], layer=other["layer"])
    store.by_hand(store.index("images.json"))
    return truth(image["id"], HAND, hit)


@kind(HAND)
def image_on_its_parent_layer(store: Bundle) -> Truth:
    image = store.image(layers=2)
    hit = standing(store, images=[image["id"]])
    store.change_record("images", image["id"], layer=store.chain_of(image["layer"])[1])
    store.by_hand(store.index("images.json"))
    return truth(image["id"], HAND, hit)


@kind(HAND)
def layer_id_in_capitals(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    store.change_record("images", image["id"], id=image["id"].upper())
    store.by_hand(store.index("images.json"))
    return truth([image["id"], image["id"].upper(), store.index("images.json")], HAND, (None, hit[1]))


@kind(HAND)
def size_of_wrong_type(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.index("layers.json")
    store.change_record("layers", layer, **{"diff-size": "many"})
    store.by_hand(path)
    return truth([path, layer], HAND)


@kind(HAND)
def digest_without_its_algorithm(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    digest = store.before[0][layer]["diff-digest"].partition(":")[2]
    store.change_record("layers", layer, **{"diff-digest": digest})
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], HAND, (None if store.lent("layers") else hit[0], None))


@kind(HAND)
def digest_and_size_removed(store: Bundle) -> Truth:
    layer = store.layer(top=True)
    hit = standing(store, [layer])
    store.change_record("layers", layer, **{"diff-digest": None, "diff-size": None})
    store.by_hand(store.index("layers.json"))
    return truth(layer, HAND, hit)


@kind(TWO)
def layer_recorded_twice(store: Bundle) -> Truth:
    layer = store.layer()
    store.put("layers.json", [*store.rows("layers.json"), store.before[0][layer]])
    return truth([layer, store.index("layers.json")], (TWO, HAND), severe=False)


@kind(TWO)
def image_recorded_twice(store: Bundle) -> Truth:
    image = store.image()
    store.put("images.json", [*store.rows("images.json"), image])
    return truth([image["id"], store.index("images.json")], (TWO, HAND), severe=False)


@kind(TWO)
def name_on_two_images(store: Bundle) -> Truth:
    one, two = store.image(), store.image()
    if one["id"] == two["id"]:
        raise NotHere
    store.change_record("images", two["id"], names=[*two["names"], one["names"][0]])
    return truth([one["id"], two["id"], store.index("images.json")], (TWO, HAND), severe=False)


@kind(TWO)
def two_links_of_one_layer(store: Bundle) -> Truth:
    """Add the link of a second host, which made the layer directory anew."""
    layer = store.layer()
    link = store.at("overlay/l", "A" + store.text(store.at("overlay", layer, "link"))[1:])
    if link in store.entries:
        raise NotHere
    store.symlink(link, f"../{layer}/diff")
    return truth([layer, link], (TWO, "short-links-broken"), severe=False)


@kind(PULL)
def incomplete_layer_in_use(store: Bundle) -> Truth:
    layer = store.layer()
    hit = standing(store, [layer])
    store.change_record("layers", layer, flags={"incomplete": True})
    return truth(layer, (PULL, REMOVAL), hit)


@kind(PULL)
def incomplete_layers_left(store: Bundle) -> Truth:
    """Leave two layers of a pull that was killed: flagged, with some content, without tar-split."""
    made = []
    for number in range(2):
        layer = f"{store.dice.getrandbits(256):064x}"
        created = f"2026-11-2{3 + number}T10:00:00.123456789Z"
        record = {"id": layer, "created": created, "flags": {"incomplete": True}}
        store.put("layers.json", [*store.rows("layers.json"), record])
        link = f"{store.dice.getrandbits(120):030X}"[:26].translate(str.maketrans("01" + "89", "AB" + "CD"))
        for name in ("", "/diff", "/diff/etc", "/work"):
            store.directory(store.at("overlay", layer + name))
        store.write(store.at("overlay", layer, "link"), link)
        store.symlink(store.at("overlay/l", link), f"../{layer}/diff")
        made.append(layer)
    return truth(made, PULL, (set(), set()), severe=False)


@kind(REMOVAL)
def removal_stopped_after_the_flag(store: Bundle) -> Truth:
    """Stop the removal of an image after its record and after the top layer's flag and directory."""
    image = store.image(used=False)
    layer = image["layer"]
    if standing(store, [layer])[0] != {image["id"]} or standing(store, [layer])[1]:
        raise NotHere
    store.drop_record("images", image["id"])
    store.remove(store.at("overlay-images", image["id"]))
    store.change_record("layers", layer, flags={"incomplete": True})
    store.remove(store.link_of(layer))
    store.remove(store.at("overlay", layer))
    return truth([layer, *store.chain_of(layer)], (REMOVAL, PULL, "leaked-space"), (set(), set()), severe=False)


@kind(REMOVAL)
def removal_stopped_before_the_record(store: Bundle) -> Truth:
    """Stop the removal of a container after its layer's directory went and before its record did."""
    container = store.container()
    layer = container["layer"]
    store.change_record("layers", layer, flags={"incomplete": True})
    store.remove(store.link_of(layer))
    store.remove(store.at("overlay", layer))
    return truth([layer, container["id"]], (REMOVAL, PULL, "layer-directory-removed"), (set(), {container["id"]}))
