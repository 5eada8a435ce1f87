"""Repair kits on a node with containers that Buildah builds in: no database knows them, a file of Buildah's does.

Two stand on one image, one on none, one has a map of its own; each has a file that tells it from the others.
"""

import json
import shutil
import time

import pytest
from stores import populate
from stores.capture import capture
from stores.catalogue import HOST
from stores.node import Node
from stores.records import Store

from analyzer.api import judge, read
from tests.live.test_repair import APART, kit_for, repair

pytestmark = pytest.mark.live

NAMES = ("base/os:9.4", "shop/web:1.4")
WEB, OS = f"{HOST}/shop/web:1.4", f"{HOST}/base/os:9.4"
MAP = ("--userns-uid-map", "0:200000:65536", "--userns-gid-map", "0:200000:65536")
BUILDS = {"first": (WEB,), "second": (WEB,), "bare": ("scratch",), "mapped": (*MAP, OS)}


@pytest.fixture(scope="module")
def node(volume, registry):
    node = Node.create(volume / "builds", registry)
    populate.fill(node, registry, NAMES)
    populate.create_podman_container(node, "web1", "shop/web:1.4")
    (node.home / "run/note").write_text("written by a build\n")
    for name, source in BUILDS.items():
        node.run("buildah", "from", "--name", name, *source)
        node.run("buildah", "copy", name, "/run/note", f"/{name}")
        time.sleep(APART)
    return node


def seen(node):
    """Return what Buildah lists, and the files that each container has of its own."""
    listed = json.loads(node.run("buildah", "containers", "--all", "--json"))
    rows = Store(node.root).containers
    trees = {each: node.mount_container(each).stdout for each in rows}
    told = {each: {key: value for key, value in row.items() if key != "created"} for each, row in rows.items()}
    return sorted((each["containername"], each["id"], each["imageid"]) for each in listed), told, trees


def emptied(store):
    store.containers_json.write_text("[]")


def of_no_length(store):
    store.containers_json.write_bytes(b"")


def removed(store):
    store.containers_json.unlink()


def with_the_layers(store):
    of_no_length(store)
    store.layers_json.write_bytes(b"")


@pytest.mark.parametrize("damage", [emptied, of_no_length, removed, with_the_layers])
def test_every_container_of_a_build_comes_back_with_its_own_layer(damage, node, volume):
    listed, rows, trees = seen(node.copy(volume / f"builds-healthy-{damage.__name__}"))
    assert {name for name, _, _ in listed} >= {*BUILDS}
    copy = node.copy(volume / f"builds-{damage.__name__}")
    damage(Store(copy.root))
    kit_for(copy, volume, f"builds-{damage.__name__}")
    done = repair(copy, "--yes")
    assert done.exit == 0, done.stdout + done.stderr
    assert seen(copy) == (listed, rows, trees)
    copy.run("buildah", "commit", "-q", "first", "new:1")
    bundle = capture(copy, volume / "builds-again.tar")
    found = judge(read(bundle), engines=("podman@4.3",))
    bundle.unlink()
    assert found.verdict == "healthy", [finding.message for finding in found.findings[:3]]
    shutil.rmtree(copy.home)


def test_the_config_of_a_built_image_comes_back_from_a_build_on_it(node, volume):
    """No registry has it; the state of the build that began with the image holds it byte for byte."""
    copy = node.copy(volume / "builds-config")
    built = f"{HOST}/ops/built:1"
    copy.run("buildah", "commit", "-q", "first", built)
    copy.run("buildah", "from", "--name", "on-it", built)
    time.sleep(APART)
    store = Store(copy.root)
    image = store.image_named(built)["id"]
    config = store.big_data(image, f"sha256:{image}")
    before = config.read_bytes()
    config.unlink()
    assert copy.ask("podman", "images").exit != 0
    store.big_data(image, "manifest").unlink()
    kit_for(copy, volume, "builds-config")
    done = repair(copy, "--yes")
    assert done.exit == 0, done.stdout + done.stderr
    assert config.read_bytes() == before
    assert built in copy.run("podman", "images", "--format", "{{.Repository}}:{{.Tag}}")
    shutil.rmtree(copy.home)
