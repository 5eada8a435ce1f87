"""Repair kits and plans on a store of a user's own podman; as in `test_repair.py`."""

import os
import shutil
import subprocess

import pytest
from stores import catalogue, populate
from stores.catalogue import HOST
from stores.node import Node
from stores.records import Store

from analyzer.api import judge, read
from analyzer.repair.kit import kit_files
from tests.live.rootless import ROOT, UID, RootlessNode

pytestmark = pytest.mark.live

IMAGE = "data/db:15"


@pytest.fixture(scope="module")
def user_node(volume, registry):
    shop = Node.create(volume / "rootless-shop", registry)
    populate.push(shop, registry, {name: each for name, each in catalogue.images().items() if name == IMAGE})
    node = RootlessNode.create(volume / "rootless", registry)
    populate.pull(node, [IMAGE])
    node.run("podman", "create", "-q", "--network=none", "--name", "c1", f"{HOST}/{IMAGE}")
    return node


@pytest.fixture(scope="module")
def healthy(user_node, volume):
    node = user_node.copy(volume / "rootless-healthy")
    return {image: node.tree(image).stdout for image in Store(node.root).images}


def image_layer(node, depth=0):
    store = Store(node.root)
    return store.chain(store.image_named(f"{HOST}/{IMAGE}")["layer"])[depth]


def layer_removed(node):
    shutil.rmtree(node.root / "overlay" / image_layer(node, 1))


def layers_emptied(node):
    (node.root / "overlay-layers/layers.json").write_bytes(b"")


def containers_lost(node):
    shutil.rmtree(node.root / "overlay-containers")


def link_emptied(node):
    (node.root / "overlay" / image_layer(node) / "link").write_bytes(b"")


def mode_changed(node):
    top = node.root / "overlay" / image_layer(node, 1) / "diff"
    next(path for path in sorted(top.rglob("*")) if path.is_file() and not path.is_symlink()).chmod(0o777)


def links_given_to_root(node):
    os.chown(node.root / "overlay/l", 0, 0)


DAMAGES = (layer_removed, layers_emptied, containers_lost, link_emptied, mode_changed)


def judged(node, volume):
    bundle = volume / f"{node.home.name}.tar"
    command = ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-cf", bundle, "-C", node.home, ROOT]
    subprocess.run(command, check=True, capture_output=True)
    report = judge(read(bundle), engines=("podman@4.3",))
    bundle.unlink()
    return report


def kit_for(node, report):
    for path, data in kit_files(report.plan, "node.tar", "0").items():
        target = node.home / "run/kit" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def assert_whole(node, healthy, volume):
    assert {image: node.tree(image).stdout for image in healthy} == healthy
    assert node.run("podman", "ps", "-a", "--format", "{{.Names}}") == "c1"
    assert node.ask("podman", "unshare", "podman", "mount", "c1").exit == 0
    again = judged(node, volume)
    assert again.verdict == "healthy", [finding.message for finding in again.findings[:3]]


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_kit_mends_it_as_its_user(damage, user_node, healthy, volume):
    node = user_node.copy(volume / f"rootless-{damage.__name__}")
    damage(node)
    kit_for(node, judged(node, volume))
    done = node.ask("sh", "/run/kit/repair.sh", "--yes", timeout=120)
    assert done.exit == 0, (done.stdout, done.stderr)
    assert_whole(node, healthy, volume)
    again = node.ask("sh", "/run/kit/repair.sh", "--yes")
    assert again.stdout == "this kit has nothing to repair in the store"
    shutil.rmtree(node.home)


@pytest.mark.parametrize("damage", [layer_removed, layers_emptied])
def test_the_commands_alone_mend_it(damage, user_node, healthy, volume):
    node = user_node.copy(volume / f"rootless-steps-{damage.__name__}")
    damage(node)
    for each in judged(node, volume).plan.steps:
        for command in each.step.lines:
            if each.step.kind not in ("stop", "start"):
                done = node.ask("sh", "-c", command, timeout=120)
                assert done.exit == 0, (command, done.stderr)
    assert_whole(node, healthy, volume)
    shutil.rmtree(node.home)


@pytest.mark.parametrize("by", ["kit", "steps"])
def test_a_database_that_does_not_open_stops_no_repair(by, user_node, healthy, volume):
    """`podman unshare` opens the database too, so that it is entered by a store of its own."""
    node = user_node.copy(volume / f"rootless-database-{by}")
    database = node.root / "libpod/bolt_state.db"
    database.write_bytes(database.read_bytes()[:3000])
    report = judged(node, volume)
    if by == "kit":
        kit_for(node, report)
        done = node.ask("sh", "/run/kit/repair.sh", "--yes", timeout=120)
        assert done.exit == 0, (done.stdout, done.stderr)
    else:
        for command in [c for each in report.plan.steps for c in each.step.lines if "systemctl" not in c]:
            done = node.ask("sh", "-c", command, timeout=120)
            assert done.exit == 0, (command, done.stderr)
    assert {image: node.tree(image).stdout for image in healthy} == healthy
    assert "c1" in node.run("podman", "ps", "-a", "--external", "--format", "{{.Names}}")
    shutil.rmtree(node.home)


def test_what_root_must_give_back_is_asked_of_root(user_node, healthy, volume):
    node = user_node.copy(volume / "rootless-owner")
    links_given_to_root(node)
    report = judged(node, volume)
    kit_for(node, report)
    refused = node.ask("sh", "/run/kit/repair.sh", "--yes")
    assert refused.exit == 2
    assert f"as root: chown -h {UID}:{UID} /{ROOT}/overlay/l" in refused.stderr
    (command,) = [line for each in report.plan.steps if each.step.kind == "owners" for line in each.step.commands]
    subprocess.run(["sh", "-c", command.replace(f"/{ROOT}", f"{node.home}/{ROOT}")], check=True)
    assert_whole(node, healthy, volume)
