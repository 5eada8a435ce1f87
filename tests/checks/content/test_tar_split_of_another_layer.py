"""TSP-014: a tar-split in the wrong place."""

from __future__ import annotations

from analyzer.api import judge
from tests.contents import BASE
from tests.editing import Edited

RULE = "TSP-014"


def split(layer: str) -> str:
    return f"storage/overlay-layers/{layer}.tar-split.gz"


def sample() -> tuple[Edited, str]:
    """Return a store in which the base layer's tar-split has the bytes of another layer's."""
    store = Edited()
    other = next(layer["id"] for layer in store.layers() if layer["id"] != BASE and split(layer["id"]) in store.entries)
    return store.write(split(BASE), store.data(split(other))), BASE


def test_the_layer_whose_files_do_not_fit_is_named():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.subject.path) == (layer, split(layer))
    assert finding.facts["seen"].startswith("is that of layer ")


def test_layers_of_the_same_tar_have_equal_tar_splits():
    store = Edited()
    layers = store.layers()
    base = next(layer for layer in layers if layer["id"] == BASE)
    twin = {**base, "id": "ab" * 32, "parent": base["id"]}
    store.write_layers([*layers, twin]).write(split("ab" * 32), store.data(split(BASE)))
    assert store.findings(RULE) == []


def test_one_file_missing_is_no_foreign_tar_split():
    store = Edited()
    file = next(path for path, (member, data) in store.entries.items() if f"{BASE}/diff/" in path and data)
    assert store.remove(file).findings(RULE) == []


def exchanged(store: Edited) -> tuple[str, str]:
    """Let the contents of two layers of images change places by renames."""
    one, two = (
        layer["id"] for layer in store.layers() if layer.get("diff-digest") and layer["id"] in (BASE, child(store))
    )
    for old, new in ((one, "~"), (two, one), ("~", two)):
        for path in store.below(f"storage/overlay/{old}/diff"):
            member, data = store.entries.pop(path)
            member.path = path.replace(f"/{old}/", f"/{new}/")
            member.link = member.link.replace(f"/{old}/", f"/{new}/")
            store.entries[member.path] = (member, data)
    return one, two


def child(store: Edited) -> str:
    return next(layer["id"] for layer in store.layers() if layer.get("parent") == BASE and layer.get("diff-digest"))


def test_contents_that_changed_places_leave_each_tar_split_its_layers_own():
    store = Edited()
    layers = set(exchanged(store))
    assert store.findings(RULE) == []
    first = judge(store.snapshot()).to_dict()["causes"][0]
    assert (first["id"], {each["id"] for each in first["subjects"]}) == ("base-layer-modified", layers)


def test_tar_splits_that_changed_places_are_told():
    store = Edited()
    layers = [BASE, child(store)]
    texts = [store.data(split(layer)) for layer in layers]
    for layer, text in zip(layers, reversed(texts), strict=True):
        store.write(split(layer), text).change(split(layer), mtime_ns=store.changed_ns)
    first = judge(store.snapshot()).to_dict()["causes"][0]
    assert first["id"] == "tar-split-damaged"
    assert first["subjects"][0]["id"] in layers
