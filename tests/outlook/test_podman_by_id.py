"""What podman 6.0.0-dev printed, word for word, of stores whose layers have `lower-layers`.

Each message was read off that version on a real store damaged this way; `…` stands for the path of the graph root.
"""

from __future__ import annotations

import pytest

from tests.checks.overlay.test_lower_by_id import API, by_id
from tests.outlook.foretelling import foretell

NEW, OLDER = ("podman@6.0",), ("podman@5.8",)
ABSENT = "no such file or directory"


def failing(store, command: str, engines=NEW) -> dict[str, str]:
    return dict(foretell(store, engines=engines)[command].images)


def stat(place: str) -> str:
    return f'can\'t stat (or find?) lower layer "{place}": stat {place}: {ABSENT}'


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "…/overlay/diff"),
        ("0" * 64, f"…/overlay/{'0' * 64}/diff"),
        ("\0" * 64, f"…/overlay/{chr(0) * 64}/diff"),
    ],
    ids=["empty", "unknown", "zeroed"],
)
def test_what_lower_layers_names_is_looked_for(text, place):
    store, (top, *_) = by_id()
    image = store.image_named(API)["id"]
    store.write(f"storage/overlay/{top}/lower-layers", text)
    assert failing(store, "podman image mount")[image] == stat(place)
    assert failing(store, "podman run")[image] == f"mounting storage for container …: {stat(place)}"
    assert image not in failing(store, "podman image inspect")
    assert not failing(store, "podman image mount", OLDER)


def test_lower_and_short_links_are_not_read_beside_it():
    store, (top, *_) = by_id()
    store.remove(f"storage/overlay/{top}/lower")
    for link in [path for path in store.below("storage/overlay/l") if path.count("/") == 3]:
        store.remove(link)
    for command in ("podman image inspect", "podman image mount", "podman create", "podman run"):
        assert foretell(store, engines=NEW)[command].works


def test_without_the_file_a_short_link_is_not_made_again():
    store, (top, parent, *_) = by_id()
    store.remove(f"storage/overlay/{top}/lower-layers")
    link = store.text(f"storage/overlay/{parent}/link")
    store.remove(f"storage/overlay/l/{link}")
    image, words = store.image_named(API)["id"], f"readlink …/overlay/l/{link}: {ABSENT}"
    for command in ("podman image inspect", "podman image mount"):
        assert failing(store, command)[image] == words
        assert not failing(store, command, OLDER)


def test_the_link_of_the_layer_itself_is_needed_to_make_a_container():
    store, (top, *_) = by_id()
    store.remove(f"storage/overlay/{top}/link")
    image, words = store.image_named(API)["id"], f"open …/overlay/{top}/link: {ABSENT}"
    created = failing(store, "podman create")[image]
    assert created == f'creating container storage: creating read-write layer with ID "…": {words}'
    assert not failing(store, "podman image mount")


def test_a_layer_whose_files_are_gone_is_named():
    store, (_, parent, *_) = by_id()
    store.remove(f"storage/overlay/{parent}/diff")
    assert failing(store, "podman image mount")[store.image_named(API)["id"]] == stat(f"…/overlay/{parent}/diff")


def test_a_config_of_another_digest_is_worded_anew():
    store, _ = by_id()
    image = store.image_named(API)["id"]
    path = next(path for path in store.below(f"storage/overlay-images/{image}") if "=c2hh" in path)
    store.write(path, store.text(path) + " ")
    words = failing(store, "podman image inspect")[image]
    assert words.startswith("config validation failed: blob digest sha256:")
    assert words.endswith(f" does not match expected sha256:{image}")
