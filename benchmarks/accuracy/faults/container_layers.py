"""What happens to containers alone: their layers, their directories, their data.

Written when rules and weights stood, as `unseen`.
"""

from __future__ import annotations

from benchmarks.accuracy.bundle import Bundle, NotHere
from benchmarks.accuracy.faults.families import BACK, BEHIND, GONE, HAND, LEAK, LINKS, PULL, REMOVAL, REMOVED, TWO, WIPE
from benchmarks.accuracy.faults.hands import swap
from benchmarks.accuracy.faults.registry import unseen
from benchmarks.accuracy.truth import Truth, truth

# container layers


@unseen(HAND)
def lower_of_a_containers_layer_removed(store: Bundle) -> Truth:
    row = store.container()
    path = store.at("overlay", row["layer"], "lower")
    if path not in store.entries:
        raise NotHere
    store.take(path)
    return truth([row["id"], row["layer"], path], (HAND, REMOVED, GONE), (set(), {row["id"]}))


@unseen(LINKS)
def link_text_of_a_containers_layer_removed(store: Bundle) -> Truth:
    row = store.container()
    path = store.at("overlay", row["layer"], "link")
    if path not in store.entries:
        raise NotHere
    store.take(path)
    return truth([row["id"], row["layer"], path], (LINKS, HAND, REMOVED, GONE), (set(), None))


@unseen(PULL)
def layer_of_a_container_flagged_incomplete(store: Bundle) -> Truth:
    row = store.container()
    store.change_record("layers", row["layer"], flags={"incomplete": True})
    store.by_hand(store.index(store.file_of("layers", row["layer"])))
    return truth([row["id"], row["layer"]], (PULL, REMOVAL, HAND), (set(), {row["id"]}))


@unseen(HAND)
def parent_taken_from_a_containers_layer(store: Bundle) -> Truth:
    row = store.container()
    if not store.before[0][row["layer"]].get("parent"):
        raise NotHere
    store.change_record("layers", row["layer"], parent=None)
    store.by_hand(store.index(store.file_of("layers", row["layer"])))
    return truth([row["id"], row["layer"]], HAND, (set(), {row["id"]}))


@unseen(GONE)
def directories_of_a_container_swapped(store: Bundle) -> Truth:
    """Exchange the layer directories of two containers: each has the other's changes."""
    one, two = store.container(), store.container()
    if one["id"] == two["id"] or store.driver != "overlay":
        raise NotHere
    paths = [store.at("overlay", row["layer"]) for row in (one, two)]
    swap(store, *paths)
    return truth(
        [one["id"], two["id"], one["layer"], two["layer"], *paths],
        (HAND, LINKS, GONE, REMOVED, TWO),
        (set(), {one["id"], two["id"]}),
    )


@unseen(GONE)
def data_directories_of_every_container_removed(store: Bundle) -> Truth:
    tops = [store.at("overlay-containers", key) for key in store.before[2]]
    tops = [top for top in tops if top in store.entries]
    if len(tops) < 2:
        raise NotHere
    store.take(*tops)
    hit = {top.rpartition("/")[2] for top in tops}
    return truth([*hit, *tops, store.at("overlay-containers")], (GONE, WIPE, BEHIND), (set(), None))


@unseen(GONE)
def userdata_of_a_container_removed(store: Bundle) -> Truth:
    row = store.container(image=False)
    path = store.at("overlay-containers", row["id"], "userdata")
    if path not in store.entries or len(store.below(path)) < 2:
        raise NotHere
    store.take(path)
    return truth([row["id"], path], (GONE, BEHIND), (set(), None))


@unseen(GONE)
def only_the_layer_of_a_container_is_left(store: Bundle) -> Truth:
    """Cut a container's record out and remove its data: its layer, with what it wrote, belongs to nobody."""
    row = store.container()
    if row["layer"] not in {each["id"] for each in store.rows("layers.json")}:
        raise NotHere
    store.drop_record("containers", row["id"])
    store.by_hand(store.index("containers.json"))
    top = store.at("overlay-containers", row["id"])
    if top in store.entries:
        store.take(top)
    base = [p for p in store.entries if p.endswith("libpod/bolt_state.db")]
    return truth(
        [row["id"], row["layer"], store.index("containers.json"), *base],
        (LEAK, BACK, GONE, REMOVAL, HAND, BEHIND),
    )
