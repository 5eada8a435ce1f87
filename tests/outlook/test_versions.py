"""Where the behaviour of an engine changed with a version, on both sides of it."""

from __future__ import annotations

import pytest

from analyzer.outlook.podman import podman_wording
from analyzer.outlook.podman_image import podman_asks_parent
from analyzer.snapshot.engines import Version
from tests.editing import Edited
from tests.outlook.foretelling import foretell


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
