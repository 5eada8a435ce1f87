"""OVL-019: the mark of a volatile mount."""

from __future__ import annotations

from tests.editing import Edited

RULE = "OVL-019"


def sample() -> tuple[Edited, str]:
    store = Edited()
    [record] = store.records("storage/overlay-layers/volatile-layers.json")
    layer = record["id"]
    return store.directory(f"storage/overlay/{layer}/work/work/incompat/volatile"), layer


def test_a_left_mark_is_only_told():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.id, finding.severity) == (layer, "info")


def test_while_the_layer_is_mounted_it_belongs_there():
    store, layer = sample()
    assert store.directory(f"storage/overlay/{layer}/merged/etc").findings(RULE) == []
