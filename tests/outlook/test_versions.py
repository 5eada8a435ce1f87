"""Where the behaviour of an engine changed with a version, on both sides of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from analyzer.outlook.podman import podman_wording
from analyzer.outlook.podman_image import podman_asks_parent
from analyzer.snapshot.engines import Version
from tests.editing import Edited
from tests.outlook.foretelling import foretell, removed


@pytest.mark.parametrize(("version", "asks"), [("5.4", False), ("5.5", True), ("5.6", True), ("6.0", True)])
def test_the_layer_below_the_top_one_is_looked_up_since_storage_1_58(version, asks):
    """Podman 5.5 is the first that was built with containers/storage 1.58."""
    assert podman_asks_parent(Version("podman", version)) is asks


@pytest.mark.parametrize(
    ("fact", "since"),
    [
        ("advice", (4, 0)),
        ("fetching", (4, 2)),
        ("artifacts", (4, 2)),
        ("prefer_zstd", (4, 5)),
        ("typed", (4, 8)),
        ("metadata", (5, 0)),
        ("quoted", (5, 1)),
        ("checked", (5, 1)),
        ("own_type", (5, 3)),
        ("validated", (6, 0)),
    ],
)
def test_words_change_at_their_version(fact, since):
    """Each follows a release of containers/image that Podman took in at that version."""
    major, minor = since
    before = f"{major}.{minor - 1}" if minor else f"{major - 1}.99"
    facts = [getattr(podman_wording(Version("podman", each)), fact) for each in (before, f"{major}.{minor}")]
    assert facts == [False, True]


@pytest.mark.parametrize(("version", "fails"), [("4.5", False), ("4.6", True)])
def test_layers_json_that_does_not_read_fails_what_opens_an_image_since_4_6(version, fails):
    """Podman 4.6 was the first that says what is wrong with it; between 4.4 and that nothing is foretold."""
    store, path = Edited("podman-pod"), "srv/podman/storage/overlay-layers/layers.json"
    told = foretell(store.write(path, store.data(path)[:400]), engines=(f"podman@{version}",))
    failing = {command for command, item in told.items() if not item.works}
    opening = {"podman images", "podman image inspect", "podman image mount", "podman create", "podman run"}
    assert failing == (opening if fails else set())


def podman_images(store: Edited, version: str):
    return foretell(store, engines=(f"podman@{version}",)).get("podman images")


def test_podman_reads_what_it_can_of_layers_json_up_to_4_3():
    store, path = Edited("podman-pod"), "srv/podman/storage/overlay-layers/layers.json"
    store.write(path, store.data(path)[:400])
    assert podman_images(store, "4.3").message.startswith("retrieving label for image ")
    assert podman_images(store, "4.4") is None


def test_podman_leaves_images_with_a_missing_layer_out_of_its_listing_since_4_6():
    store = Edited("parent-record-missing")
    assert not podman_images(store, "4.5").works
    assert (podman_images(store, "4.6").works, len(podman_images(store, "4.6").images)) == (True, 6)


def test_podman_says_that_it_configures_storage_since_5_1():
    store = Edited().remove("storage/overlay/l").write("storage/overlay/l", "x")
    said = "mkdir …/overlay/l: not a directory"
    assert [podman_images(store, each).message for each in ("5.0", "5.1")] == [said, f"configure storage: {said}"]


@pytest.mark.parametrize(
    ("bundle", "command", "since"),
    [("orphan-layer-dir", "start", (1, 28)), ("layer-dir-removed", "start after unclean stop", (1, 31))],
)
def test_crio_collects_garbage_since_1_28_and_repairs_since_1_31(bundle, command, since):
    major, minor = since
    deleted = [
        removed(foretell(Edited(bundle), engines=(f"cri-o@{major}.{each}",))[command]) for each in (minor - 1, minor)
    ]
    assert deleted[0] < deleted[1]


@pytest.mark.parametrize(("age", "reported"), [(86_400, 0), (86_401, 1)])
def test_the_check_reports_a_layer_that_nothing_needs_after_a_day(age, reported):
    """containers/storage check.go: DefaultMaximumUnreferencedLayerAge is 24 hours, and a repair deletes the layer."""
    store = Edited()
    image = store.image_named("quay.example.test/shop/gateway:1.0")
    store.write_images([row for row in store.images() if row["id"] != image["id"]])
    store.remove(f"storage/overlay-images/{image['id']}")
    seconds, rest = divmod(store.snapshot().newest_ns, 10**9)
    rows = store.layers()
    [top] = [row for row in rows if row["id"] == image["layer"]]
    top["created"] = f"{datetime.fromtimestamp(seconds - age, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
    told = foretell(store.write_layers(rows), engines=("cri-o@1.37",))
    assert removed(told["start after unclean stop"])[0] == removed(told["start"])[0] + reported
