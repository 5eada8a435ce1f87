"""What podman 4.3.1 printed, word for word, of images without records, of vfs stores, and of containers to be started.

Each message was read off podman 4.3.1 on a real store damaged this way; `…` stands for the path of the graph root.
"""

from __future__ import annotations

import pytest

from analyzer.outlook.mounting import ABSENT, Mounts
from analyzer.outlook.podman_image import podman_ways
from analyzer.snapshot.engines import Version
from tests.editing import Edited
from tests.outlook.foretelling import foretell

OLD = ("podman@4.3",)


def test_images_json_emptied_no_command_knows_an_image():
    store = Edited("podman-list")
    ids = [image["id"] for image in store.images()]
    store.write_images([])
    found = foretell(store, engines=OLD)
    for command, words in {
        "podman image inspect": "inspecting object: {}: image not known",
        "podman image mount": "{}: image not known",
        "podman create": "{}: image not known",
        "podman run": "{}: image not known",
    }.items():
        item = found[command]
        assert not item.works
        assert dict(item.images) == {image: words.format(image) for image in ids if image in dict(item.images)}
        assert len(item.images) >= 1
    assert found["podman images"].works
    assert found["podman ps -a"].works


def test_a_container_whose_layer_is_gone_does_not_start():
    store = Edited("healthy-overlay")
    container = next(each for each in store.containers() if each["names"] == ["web1"])
    store.remove(f"storage/overlay/{container['layer']}")
    item = foretell(store, engines=OLD)["podman start"]
    assert dict(item.containers) == {
        container["id"]: (
            f'unable to start container "{container["id"]}": mounting storage for container {container["id"]}: '
            f"stat …/overlay/{container['layer']}: no such file or directory"
        )
    }
    assert item.verdict == "fails for 1 container"
    assert item.because


def refused(container: str, why: str) -> dict[str, str]:
    return {container: f'unable to start container "{container}": mounting storage for container {container}: {why}'}


def test_a_container_whose_layer_has_no_record_does_not_start():
    store = Edited("healthy-overlay")
    container = next(each for each in store.containers() if each["names"] == ["web1"])
    store.write_layers([layer for layer in store.layers() if layer["id"] != container["layer"]])
    item = foretell(store, engines=OLD)["podman start"]
    assert dict(item.containers) == refused(container["id"], "layer not known")


def test_a_container_that_podman_alone_knows_does_not_start():
    store = Edited("podman-list")
    lost = next(each["id"] for each in store.containers())
    item = foretell(store.write_containers([]), engines=OLD)["podman start"]
    assert dict(item.containers) == refused(lost, "no such container")


def test_a_container_on_a_layer_that_lost_its_files_does_not_start():
    """A base layer's `diff` removed: the kernel finds nothing where the container's own layer is whole."""
    store = Edited("healthy-overlay")
    container = next(each for each in store.containers() if each["names"] == ["web1"])
    base = store.chain(container["layer"])[-1]
    item = foretell(store.remove(f"storage/overlay/{base}/diff"), engines=OLD)["podman start"]
    assert "creating overlay mount to" in dict(item.containers)[container["id"]]


def test_of_a_healthy_store_no_failing_start_is_foretold():
    assert "podman start" not in foretell(Edited("healthy-overlay"), engines=OLD)


def test_a_vfs_store_s_messages_name_vfs():
    ways = podman_ways(Version("podman", "4.3"))
    vfs = Mounts({}, frozenset(), {}, {}, {}, native=False, ways=ways, base="…/vfs/dir")
    assert vfs.lookup_error("ab") == ""
    assert vfs.mount_error("ab") == f"stat …/vfs/dir/ab: {ABSENT}"
    assert vfs.create_error("ab") == f"Stat …/vfs/dir/ab: {ABSENT}"


@pytest.mark.parametrize(
    ("fact", "since"),
    [("own_link", (4, 4)), ("follows", (4, 7)), ("accesses", (5, 1)), ("reads_diff", (5, 3)), ("joined", (5, 5))],
)
def test_ways_of_mounting_change_at_their_version(fact, since):
    """Each changed once; `own_link` is what 4.3 did last."""
    major, minor = since
    before, after = (getattr(podman_ways(Version("podman", f"{major}.{n}")), fact) for n in (minor - 1, minor))
    assert before == (fact == "own_link") != after
