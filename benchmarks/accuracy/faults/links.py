"""The overlay driver's directory: layer directories, short links, `link` and `lower`."""

from __future__ import annotations

from benchmarks.accuracy.bundle import Bundle, NotHere, serving
from benchmarks.accuracy.faults.families import HAND, LINKS, POWER, REMOVED
from benchmarks.accuracy.faults.registry import kind
from benchmarks.accuracy.truth import Truth, truth


def _in(store: Bundle, layer: str, name: str) -> str:
    path = store.at("overlay", layer, name)
    if path not in store.entries:
        raise NotHere
    return path


@kind(REMOVED)
def shared_layer_directory_removed(store: Bundle) -> Truth:
    layer = store.layer(shared=True)
    hit = serving(store, [layer])
    store.take(store.at("overlay", layer))
    return truth(layer, REMOVED, hit)


@kind(REMOVED)
def top_layer_directory_removed(store: Bundle) -> Truth:
    layer = store.layer(top=True)
    hit = serving(store, [layer])
    store.take(store.at("overlay", layer))
    return truth(layer, REMOVED, hit)


@kind(REMOVED)
def several_layer_directories_removed(store: Bundle) -> Truth:
    layers = {store.layer() for _ in range(12)}
    gone = sorted(layers)[:3]
    if len(gone) < 3:
        raise NotHere
    hit = serving(store, gone)
    for layer in gone:
        store.take(store.at("overlay", layer))
    return truth(gone, REMOVED, hit)


@kind(REMOVED)
def diff_directory_removed(store: Bundle) -> Truth:
    layer = store.layer()
    hit = serving(store, [layer])
    store.take(store.at("overlay", layer, "diff"))
    return truth(layer, REMOVED, hit)


@kind(REMOVED)
def contents_of_a_layer_removed(store: Bundle) -> Truth:
    """Do what `rm -rf overlay/<id>/diff/*` does."""
    layer = store.layer()
    hit = serving(store, [layer])
    top = store.at("overlay", layer, "diff")
    for path in [p for p in store.below(top) if p != top]:
        del store.entries[path]
    store.by_hand(top)
    return truth(layer, (REMOVED, "base-layer-modified"), hit)


@kind(LINKS)
def short_link_removed(store: Bundle) -> Truth:
    layer = store.layer()
    path = store.link_of(layer)
    store.take(path)
    return truth([layer, path], LINKS, (None, None), severe=False)


@kind(LINKS)
def all_short_links_removed(store: Bundle) -> Truth:
    links = [p for p in store.below(store.at("overlay/l")) if p != store.at("overlay/l")]
    store.take(*links)
    layers = [p.split("/")[-1] for p in store.entries if p.rpartition("/")[0] == store.at("overlay")]
    return truth([*links, *layers, store.at("overlay/l"), store.root], LINKS, (None, None), severe=False)


@kind(LINKS)
def short_link_leads_elsewhere(store: Bundle) -> Truth:
    layer = store.layer()
    path, other = store.link_of(layer), store.layer()
    if other == layer:
        raise NotHere
    hit = serving(store, [layer])
    store.symlink(path, f"../{other}/diff")
    store.by_hand(path)
    return truth([layer, other, path], LINKS, (hit[0], None))


@kind(LINKS)
def link_directory_is_a_symlink(store: Bundle) -> Truth:
    top = store.at("overlay/l")
    for path in store.below(top):
        del store.entries[path]
    store.symlink(top, "/mnt/old/overlay/l")
    return truth([top, store.root, store.at("overlay")], LINKS)


@kind(LINKS)
def link_text_removed(store: Bundle) -> Truth:
    layer = store.layer()
    path = _in(store, layer, "link")
    hit = serving(store, [layer])
    store.take(path)
    return truth([layer, path], (LINKS, "interrupted-pull"), (hit[0], None))


@kind(LINKS)
def link_text_with_newline(store: Bundle) -> Truth:
    layer = store.layer()
    path = _in(store, layer, "link")
    store.edit(path, store.data(path) + b"\n")
    return truth([layer, path], (LINKS, HAND))


@kind(POWER)
def link_text_emptied(store: Bundle) -> Truth:
    layer = store.layer()
    path = _in(store, layer, "link")
    hit = serving(store, [layer])
    store.write(path, b"")
    return truth([layer, path], POWER, hit)


@kind(POWER)
def link_text_nul(store: Bundle) -> Truth:
    layer = store.layer()
    path = _in(store, layer, "link")
    hit = serving(store, [layer])
    store.write(path, bytes(26))
    return truth([layer, path], POWER, hit)


@kind(POWER)
def lower_emptied(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = _in(store, layer, "lower")
    hit = serving(store, [layer])
    store.write(path, b"")
    return truth([layer, path], POWER, hit)


@kind(POWER)
def links_and_lowers_nul(store: Bundle) -> Truth:
    """Fill the texts of the three layers made last with NULs."""
    layers = sorted(
        (row for row in store.before[0].values() if row.get("diff-digest")), key=lambda row: row["created"]
    )[-3:]
    gone = [row["id"] for row in layers]
    hit = serving(store, gone)
    paths = [store.at("overlay", each, name) for each in gone for name in ("link", "lower")]
    for path in paths:
        if path in store.entries:
            store.write(path, bytes(len(store.data(path))))
    return truth([*gone, *paths], POWER, hit)


@kind(HAND)
def lower_of_another_chain(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = _in(store, layer, "lower")
    others = [
        store.at("overlay", each, "lower")
        for each in store.before[0]
        if store.at("overlay", each, "lower") in store.entries
        and store.data(store.at("overlay", each, "lower")) != store.data(path)
    ]
    hit = serving(store, [layer])
    store.edit(path, store.data(store.draw(sorted(others))))
    return truth([layer, path], HAND, hit)


@kind(HAND)
def lower_shortened(store: Bundle) -> Truth:
    """Drop the last of a layer's parents from its `lower`."""
    layer = store.layer(parent=True)
    path = _in(store, layer, "lower")
    parts = store.text(path).split(":")
    if len(parts) < 2:
        raise NotHere
    hit = serving(store, [layer])
    store.edit(path, ":".join(parts[:-1]).encode())
    return truth([layer, path], HAND, hit)


@kind(HAND)
def lower_removed(store: Bundle) -> Truth:
    layer = store.layer(parent=True)
    path = _in(store, layer, "lower")
    hit = serving(store, [layer])
    store.take(path)
    return truth([layer, path], (HAND, LINKS), hit)
