"""IMG-015: image ids."""

from __future__ import annotations

import hashlib
import json

from tests.editing import Edited
from tests.imaging import API

RULE = "IMG-015"


def renamed(store: Edited, old: str, new: str) -> Edited:
    """Give an image another id."""
    for path in store.below(f"storage/overlay-images/{old}"):
        store.entries[path.replace(old, new, 1)] = store.entries.pop(path)
        store.entries[path.replace(old, new, 1)][0].path = path.replace(old, new, 1)
    images = store.images()
    for image in images:
        if image["id"] == old:
            image["id"] = new
    return store.write_images(images)


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    return renamed(store, store.image_named(API)["id"], "ab" * 32), "ab" * 32


def test_an_id_of_nothing_is_information():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("info", image)
    assert finding.evidence[0].observed == image


def test_the_id_of_an_image_with_layers_known_by_their_contents():
    store = Edited("newest-chunked")
    image = store.image_named("localhost/app:toc")
    toc = next(layer["toc-digest"] for layer in store.layers() if layer["id"] == image["layer"])
    own = hashlib.sha256(f"@With TOC:{toc}|".encode()).hexdigest()
    assert renamed(store, image["id"], own).findings(RULE) == []


def test_a_local_list_has_an_id_of_its_own():
    store = Edited("podman-list")
    assert json.loads(store.data("storage/overlay-images/images.json"))
    assert store.findings(RULE) == []
