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


@pytest.mark.parametrize(("removed", "absent"), [("/userdata", "/userdata"), ("", "")])
def test_a_container_without_its_directory_does_not_start(removed, absent):
    store, root = Edited("podman-pod"), "srv/podman/storage"
    container = next(each["id"] for each in store.containers(root) if each["names"] == ["alone"])
    home = f"…/overlay-containers/{container}"
    item = foretell(store.remove(f"{root}/overlay-containers/{container}{removed}"), engines=OLD)["podman start"]
    assert dict(item.containers) == {
        container: f'unable to start container "{container}": unable to determine if "{home}/userdata/shm" is mounted: '
        f"lstat {home}{absent}: no such file or directory"
    }


@pytest.mark.parametrize("left", [0, 40])
def test_containers_json_cut_or_emptied_no_container_starts(left):
    store, path = Edited("podman-pod"), "srv/podman/storage/overlay-containers/containers.json"
    ids = {name: each["id"] for each in store.containers("srv/podman/storage") for name in each["names"]}
    item = foretell(store.write(path, store.data(path)[:left]), engines=OLD)["podman start"]
    assert ids["alone"] in dict(item.containers)
    assert set(dict(item.containers)) <= set(ids.values())
    assert all(message == refused(key, "no such container")[key] for key, message in item.containers)


@pytest.mark.parametrize("left", [0, 400])
def test_layers_json_cut_or_emptied_no_container_starts(left):
    store, path = Edited("podman-pod"), "srv/podman/storage/overlay-layers/layers.json"
    item = foretell(store.write(path, store.data(path)[:left]), engines=OLD)["podman start"]
    assert item.containers
    assert all(message == refused(key, "layer not known")[key] for key, message in item.containers)


def pulled(change) -> dict[str, str]:
    """Return what is foretold of a pull, by the image's name, after a change of the image shop/web:1.4's layers."""
    store = Edited("healthy-overlay")
    names = {image["id"]: image["names"][0] for image in store.images()}
    web = next(image for image in store.images() if "quay.example.test/shop/web:1.4" in image["names"])
    change(store, store.chain(web["layer"]))
    item = foretell(store, engines=OLD)["podman pull"]
    return {names[key]: message for key, message in item.images}


WEB = "quay.example.test/shop/web:1.4"


def test_a_pull_leaves_a_layer_alone_that_has_a_record():
    """Run on 4.3.1: `podman pull` exits 0, and the image mounts no better than before."""

    def directory_gone(store, chain):
        store.remove(f"storage/overlay/{chain[0]}")

    message = pulled(directory_gone)[WEB]
    assert message.startswith("exit 0, and mounting the image still fails: stat …/overlay/")


def test_a_pull_makes_a_top_layer_without_a_record_anew():
    def record_gone(store, chain):
        store.write_layers([layer for layer in store.layers() if layer["id"] != chain[0]])

    assert WEB not in pulled(record_gone)


def test_a_pull_that_makes_a_layer_below_anew_breaks_those_that_stand_on_it():
    """Run on 4.3.1: the base gets another short name, and `lower` of the layers above still has the old one."""

    def base_gone(store, chain):
        store.write_layers([layer for layer in store.layers() if layer["id"] != chain[-1]])

    assert pulled(base_gone)[WEB].endswith("from then on: a layer below gets a new short name")


def test_what_rests_on_an_absence_that_is_left_open_says_so():
    found = foretell(Edited().leave_out("storage/overlay-layers/layers.json"), engines=OLD)
    gone = "if storage/overlay-layers/layers.json is gone on the node too: "
    assert found["podman images"].verdict == f"{gone}fails"
    assert found["start"].verdict == f"{gone}works"
    assert found["podman ps -a"].verdict == "works"
    assert not any(item.supposing for item in foretell(Edited().remove("storage/overlay-layers"), engines=OLD).values())


@pytest.mark.parametrize(
    ("engine", "command", "words"),
    [
        ("podman@4.3", "podman images", "mkdir …/overlay/l: not a directory"),
        (
            "cri-o@1.37",
            "start",
            "validating root config: failed to get store to set defaults: mkdir …/overlay/l: not a directory",
        ),
    ],
)
def test_a_file_in_place_of_the_short_links_stops_every_command(engine, command, words):
    """CRI-O 1.37 and podman 4.3.1 said so."""
    store = Edited("healthy-overlay")
    store.remove("storage/overlay/l").write("storage/overlay/l", "x")
    item = foretell(store, engines=(engine,))[command]
    assert (item.works, item.message) == (False, words)


def test_a_container_whose_record_is_not_read_leaves_its_layer_behind():
    """`podman rm -f` exits with 0, and the layer's directory stays; a pod's own container goes with the pod."""
    store = Edited("podman-pod")
    path = "srv/podman/storage/overlay-containers/containers.json"
    own = {row["id"] for row in store.records(path) if row["names"][0] in ("alone", "web")}
    found = foretell(store.write(path, store.data(path)[:100]), engines=OLD)["podman rm"]
    assert {message for _, message in found.containers} == {"exit 0, and its layer stays in the store"}
    assert {each for each, _ in found.containers} == own
    assert found.because
