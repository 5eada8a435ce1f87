"""Rows of the index files: pasted into another file, taken over from another node, changed by a script in every record.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.accuracy.bundle import Bundle, NotHere, standing
from benchmarks.accuracy.faults.families import (
    BACK,
    BEHIND,
    GONE,
    HAND,
    LEAK,
    LINKS,
    LOST,
    RECORD,
    REMOVED,
    TWO,
    WIPE,
)
from benchmarks.accuracy.faults.parts import strange
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth


def _added(store: Bundle, name: str, row: dict[str, Any]) -> str:
    """Put one more row into an index by hand; return its path."""
    if store.index(name) not in store.entries:
        raise NotHere
    store.put(name, [*store.rows(name), row])
    store.by_hand(store.index(name))
    return store.index(name)


@unseen(HAND)
def record_of_another_nodes_image_added(store: Bundle) -> Truth:
    key, layer = strange(store), strange(store)
    text = json.dumps(store.image()).replace(store.image()["id"], key)
    row = {**json.loads(text), "id": key, "layer": layer, "names": ["registry.example.test/other:1"]}
    path = _added(store, "images.json", row)
    return truth([key, layer, path], (LOST, HAND, RECORD, TWO, BACK))


@unseen(HAND)
def record_of_another_nodes_container_added(store: Bundle) -> Truth:
    key, layer = strange(store), strange(store)
    row = {**store.container(), "id": key, "layer": layer, "names": ["other"]}
    path = _added(store, "containers.json", row)
    return truth([key, layer, path], (GONE, HAND, RECORD, TWO, BACK), (set(), None))


@unseen(HAND)
def row_of_a_layer_pasted_into_images_json(store: Bundle) -> Truth:
    row = store.before[0][store.layer()]
    path = _added(store, "images.json", row)
    return truth([row["id"], path], (HAND, TWO, LOST, BACK))


@unseen(HAND)
def row_of_a_container_pasted_into_images_json(store: Bundle) -> Truth:
    row = store.container()
    path = _added(store, "images.json", row)
    return truth([row["id"], row["layer"], path], (HAND, TWO, LOST, BACK))


@unseen(HAND)
def id_of_an_image_with_its_algorithm(store: Bundle) -> Truth:
    image = store.image()
    hit = standing(store, images=[image["id"]])
    rows = store.rows("images.json")
    store.put("images.json", [{**r, "id": f"sha256:{r['id']}"} if r["id"] == image["id"] else r for r in rows])
    store.by_hand(store.index("images.json"))
    return truth([image["id"], f"sha256:{image['id']}", store.index("images.json")], (HAND, GONE, LOST, LEAK),
                 (None, hit[1]))  # fmt: skip


@unseen(HAND)
def image_of_a_container_with_its_algorithm(store: Bundle) -> Truth:
    row = store.container()
    name = store.file_of("containers", row["id"])
    store.change_record("containers", row["id"], image=f"sha256:{row['image']}")
    store.by_hand(store.index(name))
    return truth([row["id"], f"sha256:{row['image']}", row["image"], store.index(name)], (HAND, GONE),
                 (set(), {row["id"]}))  # fmt: skip


@unseen(HAND)
def digests_of_a_layer_in_each_others_place(store: Bundle) -> Truth:
    """Exchange the digest of the layer's tar and that of its compressed form."""
    layer = store.layer()
    row = store.before[0][layer]
    one, two = row["diff-digest"], row.get("compressed-diff-digest", "")
    if not two or one == two:
        raise NotHere
    store.change_record("layers", layer, **{"diff-digest": two, "compressed-diff-digest": one})
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], (HAND, "tar-split-damaged"))


@unseen(HAND)
def base_layer_given_a_parent(store: Bundle) -> Truth:
    layer, other = store.layer(parent=False), store.layer()
    if layer in store.chain_of(other):
        raise NotHere
    hit = standing(store, [layer])
    store.change_record("layers", layer, parent=other)
    store.by_hand(store.index("layers.json"))
    return truth([layer, store.index("layers.json")], HAND, hit)


def _every_row(store: Bundle, name: str, field: str, **new: object) -> list[str]:
    rows = store.rows(name)
    hit = [row["id"] for row in rows if row.get(field)]
    if len(hit) < 3:
        raise NotHere
    changed = [{**row, field: None, **new} if row["id"] in hit else row for row in rows]
    store.put(name, [{k: v for k, v in row.items() if v is not None} for row in changed])
    store.by_hand(store.index(name))
    return hit


@unseen(HAND)
def every_parent_lost(store: Bundle) -> Truth:
    hit = _every_row(store, "layers.json", "parent")
    return truth([*hit, store.index("layers.json")], (HAND, BACK), standing(store, hit))


@unseen(HAND)
def layer_of_every_image_lost(store: Bundle) -> Truth:
    hit = _every_row(store, "images.json", "layer")
    return truth([*hit, store.index("images.json")], (HAND, BACK, RECORD), standing(store, images=hit))


@unseen(HAND)
def layer_of_every_container_is_one(store: Bundle) -> Truth:
    """Fill a field of all rows by a script: all containers have the layer of the first."""
    rows = store.rows("containers.json")
    if len({row["layer"] for row in rows}) < 2:
        raise NotHere
    store.put("containers.json", [{**row, "layer": rows[0]["layer"]} for row in rows])
    store.by_hand(store.index("containers.json"))
    keys = [key for row in rows for key in (row["id"], row["layer"])]
    return truth([*keys, store.index("containers.json")], (HAND, TWO, RECORD, LEAK), (set(), None))


@unseen(RECORD)
def rows_in_the_middle_of_layers_json_lost(store: Bundle) -> Truth:
    rows = store.rows("layers.json")
    third = len(rows) // 3
    gone = [row["id"] for row in rows[third : 2 * third]]
    if third < 1 or not any(standing(store, [key])[0] for key in gone):
        raise NotHere
    hit = standing(store, gone)
    store.put("layers.json", [row for row in rows if row["id"] not in gone])
    store.by_hand(store.index("layers.json"))
    return truth([*gone, store.index("layers.json")], (RECORD, BACK, HAND), (hit[0], None))


@unseen(TWO)
def one_container_recorded_in_place_of_all(store: Bundle) -> Truth:
    rows = store.rows("containers.json")
    if len(rows) < 2:
        raise NotHere
    store.put("containers.json", [rows[0]] * len(rows))
    store.by_hand(store.index("containers.json"))
    lost = {row["id"] for row in rows[1:]}
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    return truth([*(row["id"] for row in rows), *(row["layer"] for row in rows), store.index("containers.json"), *base],
                 (TWO, HAND, BACK, GONE, BEHIND, LEAK), (set(), None if lost else set()))  # fmt: skip


@unseen(GONE)
def containers_json_of_another_node(store: Bundle) -> Truth:
    rows = store.rows("containers.json")
    if not rows:
        raise NotHere
    text = json.dumps(rows)
    for row in rows:
        for key in (row["id"], row["layer"]):
            text = text.replace(key, strange(store))
    path = store.index("containers.json")
    store.edit(path, text.encode())
    new = json.loads(text)
    base = [p for p in store.entries if p.endswith(("libpod/bolt_state.db", "db.sql"))]
    keys = [key for row in (*rows, *new) for key in (row["id"], row["layer"])]
    return truth([path, *keys, *base], (HAND, BACK, GONE, RECORD, BEHIND, TWO), (set(), None))


@unseen(BACK)
def indexes_of_images_and_layers_of_another_node(store: Bundle) -> Truth:
    """Put both there, which fit each other and nothing else that is here."""
    if store.lent("images") or len(store.before[1]) < 2:
        raise NotHere
    new = {key: strange(store) for key in (*store.before[0], *store.before[1])}
    for name in ("layers.json", "images.json"):
        text = json.dumps(store.rows(name))
        for key, other in new.items():
            text = text.replace(key, other)
        store.edit(store.index(name), text.encode())
    return truth([store.index("layers.json"), store.index("images.json"), *new, *new.values(), store.root],
                 (HAND, BACK, RECORD, GONE, LOST, WIPE, TWO, REMOVED))  # fmt: skip


@unseen(HAND)
def texts_of_link_and_lower_exchanged(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    hit = standing(store, [layer])
    link, lower = (store.at("overlay", layer, name) for name in ("link", "lower"))
    one, two = store.data(link), store.data(lower)
    store.edit(link, two)
    store.edit(lower, one)
    return truth([layer, link, lower], (HAND, LINKS), hit)
