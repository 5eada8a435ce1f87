"""Index files: emptied, cut, filled with NULs, gone, edited by hand."""

from __future__ import annotations

from benchmarks.accuracy.bundle import Bundle, NotHere, everybody
from benchmarks.accuracy.faults.families import HAND, POWER, WIPE
from benchmarks.accuracy.faults.registry import kind
from benchmarks.accuracy.truth import Truth, truth

UNSYNCED = (POWER, "disk-full")


def _hit(store: Bundle, name: str) -> tuple[set[str] | None, set[str] | None]:
    images, containers = everybody(store)
    if "volatile-containers" in name:
        volatile = {row["id"] for row in store.rows(name)}
        return None, volatile
    if name == "layers.json":
        return images, containers
    return (images, None) if name == "images.json" else (None, containers)


def _index(store: Bundle, name: str) -> tuple[str, tuple[set[str] | None, set[str] | None]]:
    path = store.index(name)
    if path not in store.entries or not store.rows(name) or store.lent("layers"):
        raise NotHere
    return path, _hit(store, name)


def _emptied(store: Bundle, name: str) -> Truth:
    path, hit = _index(store, name)
    store.write(path, b"")
    return truth(path, UNSYNCED, hit)


def _cut(store: Bundle, name: str) -> Truth:
    path, hit = _index(store, name)
    data = store.data(path)
    store.write(path, data[: store.dice.randrange(len(data) // 4, 3 * len(data) // 4)])
    return truth(path, UNSYNCED, hit)


def _nul(store: Bundle, name: str) -> Truth:
    path, hit = _index(store, name)
    store.write(path, bytes(len(store.data(path))))
    return truth(path, POWER, hit)


def _gone(store: Bundle, name: str) -> Truth:
    path, hit = _index(store, name)
    store.take(path)
    return truth(path, (HAND, WIPE), hit)


@kind(POWER)
def layers_json_emptied(store: Bundle) -> Truth:
    return _emptied(store, "layers.json")


@kind(POWER)
def images_json_emptied(store: Bundle) -> Truth:
    return _emptied(store, "images.json")


@kind(POWER)
def containers_json_emptied(store: Bundle) -> Truth:
    return _emptied(store, "containers.json")


@kind(POWER)
def layers_json_cut(store: Bundle) -> Truth:
    return _cut(store, "layers.json")


@kind(POWER)
def images_json_cut(store: Bundle) -> Truth:
    return _cut(store, "images.json")


@kind(POWER)
def containers_json_cut(store: Bundle) -> Truth:
    return _cut(store, "containers.json")


@kind(POWER)
def volatile_containers_cut(store: Bundle) -> Truth:
    return _cut(store, "volatile-containers.json")


@kind(POWER)
def layers_json_nul(store: Bundle) -> Truth:
    return _nul(store, "layers.json")


@kind(POWER)
def images_json_nul(store: Bundle) -> Truth:
    return _nul(store, "images.json")


@kind(POWER)
def containers_json_nul(store: Bundle) -> Truth:
    return _nul(store, "containers.json")


@kind(POWER)
def volatile_containers_nul(store: Bundle) -> Truth:
    return _nul(store, "volatile-containers.json")


@kind(POWER)
def layers_json_nul_tail(store: Bundle) -> Truth:
    path, hit = _index(store, "layers.json")
    data = store.data(path)
    keep = len(data) // 2
    store.write(path, data[:keep] + bytes(len(data) - keep))
    return truth(path, POWER, hit)


@kind(HAND)
def layers_json_gone(store: Bundle) -> Truth:
    return _gone(store, "layers.json")


@kind(HAND)
def images_json_gone(store: Bundle) -> Truth:
    return _gone(store, "images.json")


@kind(HAND)
def layers_json_comma_lost(store: Bundle) -> Truth:
    path, hit = _index(store, "layers.json")
    store.edit(path, store.data(path).replace(b"},{", b"}{", 1))
    return truth(path, HAND, hit)


@kind(HAND)
def images_json_trailing_text(store: Bundle) -> Truth:
    path, hit = _index(store, "images.json")
    store.edit(path, store.data(path) + b"]\n")
    return truth(path, HAND, hit)


@kind(HAND)
def layers_json_saved_with_mark(store: Bundle) -> Truth:
    path, hit = _index(store, "layers.json")
    store.edit(path, b"\xef\xbb\xbf" + store.data(path))
    return truth(path, HAND, hit)


@kind(HAND)
def images_json_null_row(store: Bundle) -> Truth:
    path, hit = _index(store, "images.json")
    store.put("images.json", [*store.rows("images.json"), None])
    store.by_hand(path)
    return truth(path, HAND, hit)
