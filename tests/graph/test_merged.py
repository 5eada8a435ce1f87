"""The merged view: deletions and opaque directories in both styles, against a plain model of overlay."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.graph.merged import merged_view, stack_of
from analyzer.graph.relations import relate
from analyzer.source.member import CHAR, DIRECTORY, FILE, SYMLINK, Member
from tests.editing import Edited

API = "quay.example.test/shop/api:2.0"
TOP, MIDDLE, BOTTOM = "c" * 64, "b" * 64, "a" * 64


def made(layers):
    """Return relations and chain of a store of three layers; each layer is {path: (kind, content or xattrs)}."""
    store = Edited()
    store.entries.clear()
    ids = [TOP, MIDDLE, BOTTOM][: len(layers)]
    store.directory("storage/overlay")
    store.directory("storage/overlay/l")
    rows = []
    for number, (layer_id, files) in enumerate(zip(ids, layers, strict=True)):
        parent = ids[number + 1] if number + 1 < len(ids) else ""
        rows.append({"id": layer_id, "parent": parent, "created": "2026-01-01T00:00:00Z"})
        link = chr(ord("A") + number) * 26
        store.directory(f"storage/overlay/{layer_id}").directory(f"storage/overlay/{layer_id}/diff")
        store.write(f"storage/overlay/{layer_id}/link", link)
        store.symlink(f"storage/overlay/l/{link}", f"../{layer_id}/diff")
        below = ":".join(f"l/{chr(ord('A') + n) * 26}" for n in range(number + 1, len(ids)))
        if below:
            store.write(f"storage/overlay/{layer_id}/lower", below)
        for path, (kind, value) in files.items():
            place = f"storage/overlay/{layer_id}/diff/{path}"
            if kind == FILE:
                store.write(place, value)
            elif kind == SYMLINK:
                store.symlink(place, value)
            elif kind == CHAR:
                store.entries[place] = (Member(place, CHAR, rdev=value), b"")
            else:
                store.directory(place).change(place, xattrs=value or {})
    store.write_layers(rows)
    store.write_images([])
    return relate(store.snapshot())[0], ids


def seen(layers):
    rel, ids = made(layers)
    stack = stack_of(rel, ids[0])
    assert (stack.layers, stack.why) == (tuple(ids), "")
    return merged_view(rel, stack.layers)


D, F, W = (DIRECTORY, {}), (FILE, b"x"), (CHAR, (0, 0))
OPAQUE = {
    "native": (DIRECTORY, {"trusted.overlay.opaque": b"y"}),
    "rootless": (DIRECTORY, {"user.overlay.opaque": b"y"}),
    "fuse": (DIRECTORY, {"user.fuseoverlayfs.opaque": b"y"}),
}


@pytest.mark.parametrize("gone", [{"a/f": W}, {"a/.wh.f": (FILE, b"")}], ids=["device", "file"])
def test_a_deleted_file(gone):
    view = seen([{"a": D, **gone}, {"a": D, "a/f": F, "a/g": F}])
    assert set(view.places) == {"a", "a/g"}
    assert set(view.deleted) == {"a/f"}


@pytest.mark.parametrize("gone", [{"a": W}, {".wh.a": (FILE, b"")}], ids=["device", "file"])
def test_a_deleted_directory_hides_everything_below(gone):
    assert set(seen([gone, {"a": D, "a/f": F}, {"a": D, "a/h/i": F, "b": F}]).places) == {"b"}


@pytest.mark.parametrize("style", OPAQUE)
def test_an_opaque_directory_shows_only_its_own(style):
    assert set(seen([{"a": OPAQUE[style], "a/n": F}, {"a": D, "a/o": F}, {"a/p": F, "b": F}]).places) == {
        "a",
        "a/n",
        "b",
    }


def test_an_opaque_mark_as_a_file():
    view = seen([{"a": D, "a/.wh..wh..opq": (FILE, b""), "a/n": F}, {"a": D, "a/o": F, "b": F}])
    assert set(view.places) == {"a", "a/n", "b"}


def test_a_file_deleted_and_made_again():
    view = seen([{"f": (FILE, b"new")}, {"f": W}, {"f": (FILE, b"oldest")}])
    assert view.get("f").layer == TOP
    assert view.get("f").entry.size == 3
    assert view.deleted == {}


def test_a_file_over_a_directory_and_a_directory_over_a_file():
    assert set(seen([{"a": F}, {"a": D, "a/f": F}]).places) == {"a"}
    assert set(seen([{"a": D, "a/n": F}, {"a": F}, {"a": D, "a/o": F}]).places) == {"a", "a/n"}


def test_a_real_device_is_no_deletion():
    assert "dev/null0" in seen([{"dev/null0": (CHAR, (1, 3))}, {"dev/null0": F}]).places


def test_symlinks_stay_inside():
    view = seen(
        [{"etc/os": (SYMLINK, "../usr/os"), "usr/os": F, "abs": (SYMLINK, "/etc"), "up": (SYMLINK, "../../../usr")}]
    )
    assert view.resolve("/etc/os") == "usr/os"
    assert view.resolve("abs/os") == "usr/os"
    assert view.resolve("up/os") == "usr/os"
    assert view.resolve("etc/os", last=False) == "etc/os"
    assert view.resolve("../../etc/passwd") == "etc/passwd"


def test_a_circle_of_symlinks_ends():
    view = seen([{"a": (SYMLINK, "b"), "b": (SYMLINK, "a")}])
    with pytest.raises(RecursionError):
        view.resolve("a/x")


def test_a_damaged_lower_file_falls_back_to_the_records():
    store = Edited()
    layer = store.image_named(API)["layer"]
    store.write(f"storage/overlay/{layer}/lower", b"")
    stack = stack_of(relate(store.snapshot())[0], layer)
    assert stack.layers == tuple(store.chain(layer))
    assert stack.by == "parent"
    assert "damaged" in stack.why


# A plain model of what overlay shows: build the tree from the bottom up.

names = st.sampled_from("abc")
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
layer = st.dictionaries(paths, st.sampled_from(["file", "dir", "opaque", "gone"]), max_size=6)


def whole(files):
    """Return a layer a file system can hold: every parent is a directory."""
    tree = {}
    for path in sorted(files):
        parents = ["/".join(path.split("/")[:n]) for n in range(1, path.count("/") + 1)]
        if all(tree.setdefault(parent, "dir") in ("dir", "opaque") for parent in parents):
            tree[path] = files[path]
    return tree


def modelled(layers):
    shown = {}
    for files in reversed(layers):
        for path, kind in files.items():
            if kind in ("gone", "opaque", "file") or shown.get(path) == "file":
                for known in [k for k in shown if k.startswith(path + "/")]:
                    del shown[known]
            if kind == "gone":
                shown.pop(path, None)
        shown.update((path, "file" if kind == "file" else "dir") for path, kind in files.items() if kind != "gone")
    return shown


@settings(max_examples=150, deadline=None)
@given(st.lists(layer, min_size=1, max_size=3))
def test_any_stack_is_what_overlay_shows(layers):
    trees = [whole(files) for files in layers]
    kinds = {"file": F, "dir": D, "opaque": OPAQUE["native"], "gone": W}
    view = seen([{path: kinds[kind] for path, kind in tree.items()} for tree in trees])
    assert {path: view.get(path).entry.kind for path in view.places} == modelled(trees)
