"""Two captures of one live node around a pull, a tag, a removal, an edit, a repair: the difference is the engine's."""

import json
import subprocess
import sys

import pytest
from stores import catalogue, populate
from stores.capture import STYLES, capture
from stores.catalogue import HOST
from stores.node import Node
from stores.records import Store

pytestmark = pytest.mark.live
IDS = {"image": "images", "layer": "layers", "container": "containers"}


def diff(first, second, *options, status=(0,)):
    """Run `analyzer diff` and hand back its JSON."""
    command = [sys.executable, "-m", "analyzer", "diff", first, second, "--format", "json", "--no-cache", *options]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in status, done.stderr
    return json.loads(done.stdout)


def told(document, kind):
    """Return ids by state, of the things of a kind that differ."""
    found = {}
    for change in document["changes"]:
        if change["kind"] == kind:
            found.setdefault(change["state"], set()).add(change["key"])
    return found


def real(before, after):
    """Return ids that are only in the first and only in the second."""
    return {state: ids for state, ids in (("gone", before - after), ("new", after - before)) if ids}


def held(node):
    """Return the ids that the engine's own records hold, by kind."""
    store = Store(node.root)
    names = {name for image in store.images.values() for name in image.get("names", ())}
    return {
        "image": set(store.images),
        "layer": set(store.layers),
        "directory": {path.name for path in (node.root / "overlay").iterdir() if len(path.name) == 64},
        "link": {path.name for path in (node.root / "overlay/l").iterdir()},
        "name": names,
    }


def pull(node):
    node.run("podman", "pull", "--quiet", f"{HOST}/shop/api:2.0")


def remove(node):
    node.run("podman", "rmi", f"{HOST}/shop/web:1.4")


def tag(node):
    node.run("podman", "tag", f"{HOST}/base/os:9.4", f"{HOST}/base/os:stable")


def move_tag(node):
    node.run("podman", "tag", f"{HOST}/data/db:15", f"{HOST}/base/os:9.4")


def create(node):
    node.run("podman", "create", "--network=none", "--name", "later", f"{HOST}/base/os:9.4")


def look(node):
    node.run("podman", "images")


STEPS = {each.__name__: each for each in (pull, remove, tag, move_tag, create, look)}


@pytest.fixture(scope="module")
def node(volume, registry):
    """A node with three images, and a fourth one at its registry."""
    made = Node.create(volume / "diffed", registry)
    images = catalogue.images()
    populate.push(made, registry, images)
    populate.pull(made, ["base/os:9.4", "data/db:15", "shop/web:1.4"])
    return made


@pytest.mark.parametrize("step", STEPS)
def test_what_podman_did_is_what_changed(node, step, volume, tmp_path):
    live = node.copy(volume / f"diff-{step}")
    before, first = held(live), capture(live, tmp_path / "a.tar")
    STEPS[step](live)
    after, second = held(live), capture(live, tmp_path / "b.tar", "host-root")
    document = diff(first, second)
    assert document["same_store"] is True
    for kind, ids in before.items():
        found = {state: keys for state, keys in told(document, kind).items() if state != "changed"}
        assert found == real(ids, after[kind]), kind
    moved = {"name": {f"{HOST}/base/os:9.4"}} if step == "move_tag" else {}
    assert told(document, "name").get("changed", set()) == moved.get("name", set())
    assert document["causes"] == []
    assert document["not_compared"] == []
    assert told(document, "file") == {}
    back = diff(second, first)
    for kind in before:
        turned = {{"gone": "new", "new": "gone"}.get(s, s): keys for s, keys in told(back, kind).items()}
        assert turned == told(document, kind)


@pytest.mark.parametrize("style", [*STYLES, "directory", "script"])
def test_how_a_node_is_captured_is_no_change(healthy_node, style, tmp_path):
    first, second = capture(healthy_node, tmp_path / "a.tar"), tmp_path / "b.tar"
    if style == "directory":
        second = healthy_node.root
    elif style == "script":
        script = subprocess.run([sys.executable, "-m", "analyzer", "capture"], capture_output=True, check=True).stdout
        with second.open("wb") as file:
            subprocess.run(
                healthy_node.command("sh", "-s"), input=script, stdout=file, stderr=subprocess.DEVNULL, check=True
            )
    else:
        second = capture(healthy_node, second, style)
    for pair in ((first, second), (second, first)):
        document = diff(*pair)
        assert {change["state"] for change in document["changes"]} <= {"not-seen"}
        assert document["same_store"] is True
        left_out = {gap["kind"] for gap in document["not_compared"]}
        assert left_out == ({"file"} if style == "metadata" else set())


def test_an_edit_and_its_repair(node, volume, tmp_path):
    live = node.copy(volume / "diff-repair")
    healthy = capture(live, tmp_path / "a.tar")
    image = Store(live.root).image_named(f"{HOST}/data/db:15")
    layer = image["layer"]
    file = next(path for path in sorted((live.root / "overlay" / layer / "diff").rglob("*")) if path.is_file())
    name = str(file.relative_to(live.root / "overlay" / layer / "diff"))
    file.write_bytes(file.read_bytes() + b"#")
    broken = capture(live, tmp_path / "b.tar")
    document = diff(healthy, broken, status=(1,))
    [cause] = document["causes"]
    assert (cause["state"], cause["id"]) == ("new", "base-layer-modified")
    assert [c["key"] for c in cause["changes"]] == [f"{layer}/diff/{name}"]
    live.run("podman", "rmi", "--force", image["id"])
    live.run("podman", "pull", "--quiet", f"{HOST}/data/db:15")
    mended = capture(live, tmp_path / "c.tar")
    document = diff(broken, mended)
    [cause] = document["causes"]
    assert (cause["state"], cause["id"]) == ("gone", "base-layer-modified")
    assert layer in {change["id"] for change in cause["changes"]}
    assert [c for c in diff(healthy, mended)["changes"] if c["kind"] == "file"] == []


def test_a_record_that_vanished_explains_the_damage(node, volume, tmp_path):
    live = node.copy(volume / "diff-vanished")
    first = capture(live, tmp_path / "a.tar")
    store = Store(live.root)
    parent = next(layer["parent"] for layer in store.layers.values() if layer.get("parent"))
    store.rewrite_layers([record for key, record in store.layers.items() if key != parent])
    document = diff(first, capture(live, tmp_path / "b.tar"), status=(1,))
    causes = [cause for cause in document["causes"] if cause["state"] == "new"]
    [change] = [c for c in causes[0]["changes"] if c["kind"] == "layer"]
    assert (change["state"], change["key"]) == ("gone", parent)
    halves = next(each for each in document["objects"] if each["id"] == parent)
    assert halves["parts"]["gone"] == ["record"]
    assert "directory" in halves["parts"]["same"]
