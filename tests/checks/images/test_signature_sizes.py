"""IMG-020: sizes of signatures."""

from __future__ import annotations

import json

from tests.editing import Edited
from tests.imaging import API, change_image, item_path, put

RULE = "IMG-020"


def signed(sizes: list[int], length: int) -> tuple[Edited, str, str]:
    """Return a store, an image in it and the key of its signatures."""
    store = Edited()
    image = store.image_named(API)
    manifest = next(key for key in image["big-data-names"] if key.startswith("manifest-"))[len("manifest-") :]
    key = f"signature-{manifest[len('sha256:') :]}"
    put(store, image["id"], key, b"s" * length)
    metadata = json.dumps({"signatures-sizes": {manifest: sizes}})
    return change_image(store, image["id"], metadata=metadata), image["id"], key


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store, image, _ = signed([100, 50], 120)
    return store, image


def test_sizes_that_do_not_add_up():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("warning", image)
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("150 bytes", "120 bytes")


def test_signatures_that_add_up_are_healthy():
    store, _, _ = signed([100, 50], 150)
    assert store.findings(RULE) == []


def test_data_that_nobody_reads_is_healthy():
    store, _, _ = signed([], 150)
    assert store.findings(RULE) == []


def test_a_cut_file_is_another_rule():
    store, image, key = signed([100, 50], 150)
    store.write(item_path(image, key), b"s" * 20)
    assert store.findings(RULE) == []
    assert len(store.findings("IMG-002")) == 1


def test_the_old_signatures_item():
    store = Edited()
    image = store.image_named(API)["id"]
    put(store, image, "signatures", b"s" * 8)
    change_image(store, image, metadata='{"signature-sizes":[4]}')
    [finding] = store.findings(RULE)
    assert finding.facts["item"] == "signatures"
