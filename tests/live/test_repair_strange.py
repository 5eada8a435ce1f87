"""Repair kits on a node with a built image and several containers: things of the wrong kind, and records exchanged.

As in `test_repair.py`, and the plan's own commands are carried out besides.
"""

import base64
import json
import shutil

import pytest
from stores import populate
from stores.capture import capture
from stores.catalogue import HOST
from stores.node import Node
from stores.records import Store

from analyzer.api import judge, read
from analyzer.repair.simulation import simulate_plan
from tests.live.test_repair import kit_for, repair, told
from tests.live.test_repair import state as files_of

pytestmark = pytest.mark.live

BUILT = f"{HOST}/ops/debug:dev"
NAMED = f"{HOST}/shop/web:1.4"
NAMES = ("base/os:9.4", "shop/web:1.4")


@pytest.fixture(scope="module")
def node(volume, registry):
    node = Node.create(volume / "strange", registry)
    populate.fill(node, registry, NAMES)
    populate.build_on(node, "base/os:9.4", "ops/debug:dev")
    populate.create_podman_container(node, "web1", "shop/web:1.4")
    mapped = ("--uidmap", "0:200000:65536", "--gidmap", "0:200000:65536")
    node.run("podman", "create", "-q", "--network=none", "--name", "os1", *mapped, f"{HOST}/base/os:9.4")
    return node


def state(node):
    """Return names and trees of every image, and name, image and tree of every container."""
    store = Store(node.root)
    images = {each: (sorted(row["names"]), node.mount_image(each).stdout) for each, row in store.images.items()}
    containers = {
        each: (row["names"], row["image"], row["layer"], node.mount_container(each).stdout)
        for each, row in store.containers.items()
    }
    return images, containers, node.run("podman", "ps", "-a", "--no-trunc", "--format", "{{.Names}} {{.ImageID}}")


@pytest.fixture(scope="module")
def healthy(node, volume):
    return state(node.copy(volume / "strange-healthy"))


def _rows(store, part, change):
    path = store.root / f"overlay-{part}/{part}.json"
    rows = json.loads(path.read_text())
    rows = change(rows) or rows
    path.write_text(json.dumps(rows, separators=(",", ":")))


def _data(store, name):
    return store.root / "overlay-images" / store.image_named(name)["id"]


def _manifests(directory):
    for path in sorted(directory.iterdir()):
        key = path.name if path.name[0] != "=" else base64.b64decode(path.name[1:]).decode()
        if key.startswith("manifest"):
            yield path


def locks_are_directories(store):
    for path in sorted(store.root.rglob("*.lock")):
        path.unlink()
        path.mkdir()


def layers_json_is_a_directory(store):
    store.layers_json.unlink()
    store.layers_json.mkdir()


def image_directory_is_a_file(store):
    path = _data(store, f"{HOST}/shop/web:1.4")
    shutil.rmtree(path)
    path.write_bytes(b"")


def short_links_renamed(store):
    (store.root / "overlay/l").rename(store.root / "overlay/l.old")


def short_links_in_small_letters(store):
    for path in sorted((store.root / "overlay/l").iterdir()):
        path.rename(path.with_name(path.name.lower()))


def field_one_bit_off(store):
    text = store.layers_json.read_bytes()
    store.layers_json.write_bytes(text.replace(b'"compressed-size"', b'"compre3sed-size"', 1))


def image_recorded_twice(store):
    _rows(store, "images", lambda rows: [*rows, rows[0]])


def container_recorded_twice(store):
    _rows(store, "containers", lambda rows: [*rows, rows[0]])


def image_under_the_id_of_another(store):
    first, second = store.image_named(f"{HOST}/base/os:9.4")["id"], store.image_named(f"{HOST}/shop/web:1.4")["id"]
    _rows(store, "images", lambda rows: [{**r, "id": first} if r["id"] == second else r for r in rows])


def signature_digest_wrong(store):
    def change(rows):
        for row in rows:
            told = row["big-data-digests"]
            told |= {key: "sha256:" + "0" * 64 for key in told if key.startswith("signature")}

    _rows(store, "images", change)


def layers_of_containers_exchanged(store):
    def change(rows):
        rows[0]["layer"], rows[1]["layer"] = rows[1]["layer"], rows[0]["layer"]

    _rows(store, "containers", change)


def image_of_a_container_changed(store):
    other = store.image_named(f"{HOST}/base/os:9.4")["id"]
    _rows(store, "containers", lambda rows: [{**r, "image": other} if r["names"] == ["web1"] else r for r in rows])


def containers_json_emptied(store):
    store.containers_json.write_text("[]")


def built_manifest_removed(store):
    for path in _manifests(_data(store, BUILT)):
        path.unlink()


def modes_swept(store):
    """As `chmod -R go-rwx` does, which leaves capabilities and owners as they are."""
    for row in store.images.values():
        top = store.layer_directory(row["layer"]) / "diff"
        for path in (top, *top.rglob("*")):
            if path.is_file() or path.is_dir():
                path.chmod(path.stat().st_mode & 0o7700)


def opened_to_all(store):
    """As `chmod -R 777` does, which takes the sticky bit of `/tmp` too."""
    for layer in {each for row in store.images.values() for each in store.chain(row["layer"])}:
        top = store.layer_directory(layer) / "diff"
        for path in (top, *top.rglob("*")):
            if path.is_dir() or (path.is_file() and not path.is_symlink()):
                path.chmod(0o777)


def short_links_open_to_all(store):
    (store.root / "overlay/l").chmod(0o777)


def indexes_in_each_others_place(store):
    """As a restore by hand does; all names of images are told by these files alone."""
    images, containers = store.images_json.read_bytes(), store.containers_json.read_bytes()
    store.images_json.write_bytes(containers)
    store.containers_json.write_bytes(images)


def layer_directory_is_another_layers(store):
    place = store.layer_directory(store.image_named(NAMED)["layer"])
    other = next(key for key in store.chain(store.image_named(NAMED)["layer"])[1:])
    shutil.rmtree(place)
    place.symlink_to(other)


def link_is_its_short_link(store):
    link = store.layer_directory(store.image_named(NAMED)["layer"]) / "link"
    target = f"../l/{link.read_text()}"
    link.unlink()
    link.symlink_to(target)


DAMAGES = (
    indexes_in_each_others_place,
    locks_are_directories, layers_json_is_a_directory, image_directory_is_a_file, short_links_renamed,
    short_links_in_small_letters, field_one_bit_off, image_recorded_twice, container_recorded_twice,
    image_under_the_id_of_another, signature_digest_wrong, layers_of_containers_exchanged,
    image_of_a_container_changed, containers_json_emptied, built_manifest_removed, modes_swept,
    opened_to_all, short_links_open_to_all, layer_directory_is_another_layers, link_is_its_short_link,
)  # fmt: skip


def assert_whole(node, healthy, volume):
    assert state(node) == healthy
    bundle = capture(node, volume / "strange.tar")
    verdict = judge(read(bundle), engines=("podman@4.3",))
    bundle.unlink()
    assert verdict.verdict == "healthy", [finding.message for finding in verdict.findings[:3]]
    return verdict.snapshot


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_kit_heals_and_loses_nothing(damage, node, healthy, volume):
    copy = node.copy(volume / f"strange-{damage.__name__}")
    damage(Store(copy.root))
    before = files_of(copy)
    foretold = simulate_plan(*kit_for(copy, volume, damage.__name__))
    undone = copy.copy(volume / f"strange-undo-{damage.__name__}")
    done = repair(copy, "--yes")
    assert done.exit == 0, done.stdout + done.stderr
    assert told(assert_whole(copy, healthy, volume)) == told(foretold.snapshot)
    assert repair(copy, "--yes").stdout == "this kit has nothing to repair in the store"
    assert repair(undone, "--yes").exit == 0
    assert repair(undone, "--undo").exit == 0
    assert {key: value for key, value in files_of(undone).items() if key in before} == before
    shutil.rmtree(copy.home)
    shutil.rmtree(undone.home)


@pytest.mark.parametrize("damage", [locks_are_directories, layers_json_is_a_directory, image_directory_is_a_file])
def test_the_commands_alone_heal(damage, node, healthy, volume):
    copy = node.copy(volume / f"strange-steps-{damage.__name__}")
    damage(Store(copy.root))
    bundle = capture(copy, volume / "strange-steps.tar")
    plan = judge(read(bundle), engines=("podman@4.3",)).plan
    bundle.unlink()
    for each in plan.steps:
        for command in each.step.lines if each.step.kind not in ("stop", "start") else ():
            done = copy.ask("sh", "-c", command, timeout=120)
            assert done.exit == 0, (command, done.stderr)
    assert_whole(copy, healthy, volume)
    shutil.rmtree(copy.home)


def test_a_built_image_without_its_digest_gets_a_manifest_that_fits(node, healthy, volume):
    """Nothing tells the old manifest any more, and no registry has it: the image stays, its digest is a new one."""
    copy = node.copy(volume / "strange-no-digest")
    store = Store(copy.root)
    built_manifest_removed(store)

    def forget(rows):
        for row in rows:
            if row["id"] == _data(store, BUILT).name:
                row["digest"] = "sha256:" + "1" * 64
                for key in ("big-data-digests", "big-data-sizes"):
                    row[key] = {name: each for name, each in row[key].items() if not name.startswith("manifest")}
                row["big-data-names"] = [name for name in row["big-data-names"] if not name.startswith("manifest-")]

    _rows(store, "images", forget)
    _, plan = kit_for(copy, volume, "no-digest")
    assert any("the digest of the image's manifest" in why for group in plan.groups for _, why in group.lost)
    done = repair(copy, "--yes")
    assert done.exit == 0, done.stdout + done.stderr
    assert_whole(copy, healthy, volume)
    shutil.rmtree(copy.home)


def test_names_come_back_that_only_the_database_tells(node, volume):
    copy = node.copy(volume / "strange-names")
    store = Store(copy.root)
    store.images_json.write_text("[]")
    containers_json_emptied(store)
    kit_for(copy, volume, "names")
    done = repair(copy, "--yes")
    assert done.exit == 0, done.stdout + done.stderr
    assert {name for row in Store(copy.root).images.values() for name in row.get("names", ())} == {
        f"{HOST}/base/os:9.4",
        f"{HOST}/shop/web:1.4",
    }
    shutil.rmtree(copy.home)
