"""IMG-017: id-mapped copies of the top layer."""

from __future__ import annotations

from tests.editing import Edited
from tests.imaging import change_image

RULE = "IMG-017"
APP = "registry.zoo.test/app:1"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited("userns-mapped")
    image = store.image_named(APP)
    gone = image["mapped-layers"][0]
    return store.write_layers([layer for layer in store.layers() if layer["id"] != gone]), image["id"]


def test_a_copy_without_record():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("warning", image)
    assert finding.evidence[0].where.pointer.endswith("/mapped-layers/0")


def test_a_copy_with_another_parent():
    store = Edited("userns-mapped")
    image = store.image_named(APP)
    layers = store.layers()
    copy = next(layer for layer in layers if layer["id"] == image["mapped-layers"][1])
    copy["parent"] = image["layer"]
    findings = store.write_layers(layers).findings(RULE)
    assert [finding.facts["layer"] for finding in findings] == [copy["id"]]


def test_a_copy_above_another_layer():
    store = Edited("userns-mapped")
    image = store.image_named(APP)
    copy, top = image["mapped-layers"][0], image["layer"]
    link = store.text(f"storage/overlay/{top}/link")
    path = f"storage/overlay/{copy}/lower"
    other = next(
        store.text(f"storage/overlay/{layer['id']}/link") for layer in store.layers() if layer["id"] not in (copy, top)
    )
    [finding] = store.write(path, store.text(path).replace(link, other)).findings(RULE)
    assert finding.evidence[0].expected == f"lower beginning with l/{link}"
    assert finding.evidence[0].where.path == path


def test_an_empty_lower_is_another_rule():
    store = Edited("userns-mapped")
    copy = store.image_named(APP)["mapped-layers"][0]
    assert store.write(f"storage/overlay/{copy}/lower", b"").findings(RULE) == []


def test_records_alone_are_enough_for_silence():
    store = Edited("userns-mapped")
    for path in [path for path in store.entries if path.startswith("storage/overlay/")]:
        store.entries.pop(path)
    assert store.findings(RULE) == []


def test_a_top_layer_that_is_gone_is_another_rule():
    store = Edited("userns-mapped")
    image = store.image_named(APP)
    assert change_image(store, image["id"], layer="ef" * 32).findings(RULE) == []
