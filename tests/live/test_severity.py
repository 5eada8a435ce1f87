"""How bad a fault is, is what the engine does about it: run on podman, and held against the report's severity.

Each way changes one copy of the healthy node. The tar is captured before any engine sees the damage.
"""

import json
import os
import re
import shutil
from types import SimpleNamespace

import pytest
from stores.capture import capture
from stores.catalogue import HOST
from stores.damage import DAMAGES
from stores.records import Store

pytestmark = pytest.mark.live

WEB = f"{HOST}/shop/web:1.4"
BREAKS = frozenset({"error", "critical"})


@pytest.fixture
def node(request, healthy_node, volume):
    return healthy_node.copy(volume / f"severity-{request.node.name}")


@pytest.fixture
def report(request, node, volume, analyze):
    """Capture the node and report on it; to be called before an engine opens the store."""

    def made(*options):
        return analyze(capture(node, volume / f"severity-{request.node.name}.tar"), "--engine", "podman@4.3", *options)

    return made


def web(node):
    store = Store(node.root)
    container = store.container_named("web1")
    return SimpleNamespace(
        store=store,
        id=container["id"],
        record=container,
        layer=container["layer"],
        directory=node.root / "overlay" / container["layer"],
    )


def ids(cause, kind):
    return {each["id"] for each in cause["affected"][kind]}


def first(document):
    cause = document["causes"][0]
    return cause, {cause["subjects"][0]["id"], cause["subjects"][0]["path"].rpartition("/")[2]}


def test_a_container_without_work_does_not_mount(node, report):
    container = web(node)
    shutil.rmtree(container.directory / "work")
    cause, subject = first(report())
    assert node.ask("podman", "mount", container.id).exit == 125
    assert cause["severity"] in BREAKS
    assert subject & {container.id, container.layer}
    assert ids(cause, "containers") == {container.id}
    assert node.podman_images().exit == 0


def test_merged_is_made_again_by_the_next_mount(node, report):
    container = web(node)
    shutil.rmtree(container.directory / "merged", ignore_errors=True)
    document = report()
    assert node.ask("podman", "mount", container.id).exit == 0
    assert not [cause for cause in document["causes"] if cause["severity"] in BREAKS]


def test_empty_is_needed_by_images_of_one_layer_alone(node, report):
    store = Store(node.root)
    layers = store.layers
    single = next(i for i in store.images.values() if i.get("layer") and not layers[i["layer"]].get("parent"))
    (node.root / "overlay" / single["layer"] / "empty").rmdir()
    cause, subject = first(report())
    assert node.ask("podman", "image", "mount", single["id"]).exit == 125
    assert cause["severity"] in BREAKS
    assert single["layer"] in subject
    assert single["id"] in ids(cause, "images")


def test_removing_a_container_on_a_layer_of_its_image_takes_the_layer_along(node, report):
    container = web(node)
    image = container.store.images[container.record["image"]]
    rows = [
        {**row, "layer": image["layer"]} if row["id"] == container.id else row
        for row in container.store.containers.values()
    ]
    container.store.containers_json.write_text(json.dumps(rows))
    cause, subject = first(report())
    node.ask("podman", "rm", "-f", container.id)
    assert image["layer"] not in Store(node.root).layers
    assert node.podman_images().exit != 0
    assert cause["severity"] in BREAKS
    assert subject & {container.id, image["layer"]}


def test_an_index_in_the_place_of_a_manifest_fails_the_whole_listing(node, report):
    store = Store(node.root)
    image = store.image_named(WEB)
    store.big_data(image["id"], "manifest").write_text(
        '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":'
        '"application/vnd.oci.image.manifest.v1+json","digest":"sha256:'
        + "5" * 64
        + '","size":528,"platform":{"architecture":"s390x","os":"linux"}}]}'
    )
    cause, subject = first(report())
    answer = node.podman_images()
    assert answer.exit != 0
    assert cause["severity"] in BREAKS
    assert image["id"] in subject


def test_an_opaque_mark_of_users_lets_deleted_files_reappear(node, report, volume):
    marks = []
    for place, _, _ in os.walk(node.root / "overlay"):
        if "trusted.overlay.opaque" in os.listxattr(place) and re.search(r"/overlay/\w{64}/diff/", place):
            marks.append(place)
    store = Store(node.root)
    place, layer = next(
        (place, layer)
        for place in sorted(marks)
        if store.images_on([layer := place.split("/overlay/")[1].split("/")[0]])
    )
    image = next(i["id"] for i in store.images.values() if layer in store.chain(i.get("layer", "")))
    before = node.copy(volume / "severity-opaque-before").mount_image(image).stdout
    os.setxattr(place, "user.overlay.opaque", os.getxattr(place, "trusted.overlay.opaque"))
    os.removexattr(place, "trusted.overlay.opaque")
    cause, subject = first(report())
    assert node.mount_image(image).stdout != before
    assert cause["severity"] in BREAKS
    assert layer in subject


def test_an_emptied_list_of_big_data_names_breaks_nothing(node, report):
    store = Store(node.root)
    image = store.image_named(WEB)
    rows = [{**row, "big-data-names": []} if row["id"] == image["id"] else row for row in store.images.values()]
    store.images_json.write_text(json.dumps(rows))
    document = report()
    assert node.podman_images().exit == 0
    assert node.ask("podman", "image", "inspect", image["id"]).exit == 0
    assert all(cause["severity"] not in BREAKS for cause in document["causes"])


@pytest.mark.parametrize("part", ["images", "containers"])
def test_an_index_that_is_an_empty_list_hides_everything(node, report, part):
    store = Store(node.root)
    path = getattr(store, f"{part}_json")
    path.write_text("[]")
    cause, subject = first(report())
    listing = node.ask("podman", *(("images", "-q") if part == "images" else ("ps", "-aq")))
    assert listing.exit != 0 or (part == "images" and listing.stdout == "") or part == "containers"
    assert cause["severity"] in BREAKS
    assert f"{part}.json" in subject
    assert not any("prune" in step["command"] for step in cause["plan"])


def test_another_driver_is_configured(node):
    """With its database Podman keeps to the driver that has the data; without it, and in CRI-O, nothing is listed."""
    conf = node.home / "etc/containers/storage.conf"
    conf.write_text(conf.read_text().replace('"overlay"', '"vfs"'))
    with_database = node.podman_images()
    shutil.rmtree(node.root / "libpod")
    without = node.ask("podman", "images", "-q")
    assert (with_database.exit, "overwritten by graph driver" in with_database.stderr) == (0, True)
    assert (without.exit, without.stdout) == (0, "")


def test_short_links_of_an_old_path_are_made_again(node, report):
    """They dangle, and the driver takes a target of another form for a link to be made anew."""
    links = node.root / "overlay/l"
    for link in list(links.iterdir()):
        target = str(link.readlink())
        link.unlink()
        link.symlink_to(target.replace("..", "/mnt/old/overlay", 1))
    document = report()
    image = Store(node.root).image_named(WEB)["id"]
    assert node.ask("podman", "image", "mount", image).exit == 0
    assert document["causes"]
    assert not [cause for cause in document["causes"] if cause["severity"] in BREAKS]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lower-emptied", "manifest-removed"),
        ("container-layer-removed", "config-edited"),
        ("tar-split-bit-flipped", "layer-directory-removed"),
        ("opaque-mark-removed", "manifest-zeroed"),
    ],
)
def test_two_faults_are_two_causes(node, report, one, other):
    done = [DAMAGES[name](Store(node.root)) for name in (one, other)]
    causes = [cause for cause in report()["causes"] if cause["severity"] in BREAKS]
    told = [{key for each in cause["subjects"] for key in (each["id"], each["path"])} for cause in causes]
    assert all(any(set(damage.subjects) & subjects for subjects in told[:3]) for damage in done)


def test_a_symlink_to_another_layers_directory_mounts_the_others_files(node, report):
    store = Store(node.root)
    image = store.image_named(WEB)["layer"]
    other = next(key for key, row in store.layers.items() if "parent" not in row)
    place = node.root / "overlay" / image
    names = {path.name for path in (place / "diff").iterdir()}
    shutil.rmtree(place)
    place.symlink_to(other)
    cause, subject = first(report())
    listed = node.ask("sh", "-c", f'ls -A "$(podman image mount {WEB})"')
    assert (listed.exit, listed.stderr) == (0, "")
    assert not names <= set(listed.stdout.split())
    assert cause["severity"] in BREAKS
    assert image in subject


def test_a_link_that_is_a_symlink_to_the_short_link_is_no_text(node, report):
    store = Store(node.root)
    layer = store.image_named(WEB)["layer"]
    link = node.root / "overlay" / layer / "link"
    target = f"../l/{link.read_text()}"
    link.unlink()
    link.symlink_to(target)
    cause, subject = first(report())
    assert node.ask("podman", "create", WEB, "true").exit == 125
    assert cause["severity"] in BREAKS
    assert layer in subject


def test_short_links_without_their_dots_are_made_anew(node, report):
    container = web(node)
    for link in (node.root / "overlay" / "l").iterdir():
        target = str(link.readlink()).removeprefix("../")
        link.unlink()
        link.symlink_to(target)
    document = report()
    assert node.ask("podman", "mount", container.id).exit == 0
    assert not [cause for cause in document["causes"] if cause["severity"] in BREAKS]


def test_a_record_of_a_layer_that_is_nowhere_hinders_nothing(node, report):
    store = Store(node.root)
    rows = [*store.layers.values(), {"id": "e" * 64, "created": "2026-01-01T00:00:00Z", "diff-size": 9}]
    store.layers_json.write_text(json.dumps(rows))
    cause, subject = first(report())
    assert node.podman_images().exit == 0
    assert node.ask("podman", "create", WEB, "true").exit == 0
    assert cause["severity"] == "warning"
    assert "e" * 64 in subject
