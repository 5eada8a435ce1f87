"""OVL-008: the form of `lower`."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-008"
API = "quay.example.test/shop/api:2.0"


def sample() -> tuple[Edited, str]:
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/{layer}/lower"
    return store.write(path, store.text(path) + "\n"), layer


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda text: text + "\n", "a line break"),
        (lambda text: text + ":", "an empty part 6 of 6"),
        (lambda text: text.replace("l/", "", 1), "as part 1 of 5"),
        (lambda text: text[:-3], "as part 5 of 5"),
        (lambda text: text[:60] + "\0" * (len(text) - 60), "NUL bytes among its 144"),
        (lambda text: text.replace("l/", "/l/"), "as part 1 of 5"),
        (lambda text: text.lower(), "as part 1 of 5"),
    ],
)
def test_says_what_is_wrong_and_what_to_write(change, seen):
    store = Edited()
    layer = store.image_named(API)["layer"]
    path = f"storage/overlay/{layer}/lower"
    true = store.text(path)
    [finding] = store.write(path, change(true)).findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "error")
    assert seen in finding.facts["seen"]
    assert finding.facts["lower_should_be"] == true


def test_a_container_made_on_a_damaged_layer_repeats_its_text_and_is_innocent():
    store = Edited()
    layer = store.image_named(API)["layer"]
    container = next(record["id"] for record in store.layers() if record.get("parent") == layer)
    path = f"storage/overlay/{layer}/lower"
    store.write(path, store.text(path)[:-3])
    link = store.text(f"storage/overlay/{layer}/link")
    store.write(f"storage/overlay/{container}/lower", f"l/{link}:{store.text(path)}")
    assert [finding.subject.id for finding in store.findings(RULE)] == [layer]


def test_a_container_made_on_a_layer_with_an_empty_lower_is_innocent_too():
    store = Edited()
    layer = store.image_named(API)["layer"]
    container = next(record["id"] for record in store.layers() if record.get("parent") == layer)
    link = store.text(f"storage/overlay/{layer}/link")
    store.write(f"storage/overlay/{layer}/lower", b"").write(f"storage/overlay/{container}/lower", f"l/{link}:")
    checked = store.check()
    assert [finding for finding in checked.findings if finding.rule == RULE] == []
    assert [finding.subject.id for finding in checked.findings if finding.rule == "OVL-007"] == [layer]


def test_an_unrecorded_directory_is_not_judged():
    store = Edited().directory(f"storage/overlay/{'e' * 64}").write(f"storage/overlay/{'e' * 64}/lower", b"x")
    assert store.findings(RULE) == []
