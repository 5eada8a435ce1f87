"""CTR-001: the writable layer of a container."""

from __future__ import annotations

from analyzer.source.member import Loss
from tests.editing import Edited

RULE = "CTR-001"
API = "59c4be180fc5ea39109443bfa357d57923577cada0af3e85ac618ab79e95bd9c"
CONTAINERS = "storage/overlay-containers/containers.json"
VOLATILE_LAYERS = "storage/overlay-layers/volatile-layers.json"


def layer_of(store: Edited, container: str) -> str:
    return next(each["layer"] for each in store.containers() if each["id"] == container)


def sample() -> tuple[Edited, str]:
    """Return a store whose api container lost the record of its layer."""
    store = Edited()
    layer = layer_of(store, API)
    return store.write_layers([each for each in store.layers() if each["id"] != layer]), layer


def test_the_layer_is_the_subject_and_the_container_a_fact():
    store, layer = sample()
    [finding] = store.findings(RULE)
    assert (finding.subject.kind, finding.subject.id, finding.severity) == ("layer", layer, "error")
    assert finding.facts["containers"] == [API]
    assert finding.evidence[0].where.path == CONTAINERS
    assert finding.evidence[0].where.pointer.endswith("/layer")
    assert finding.facts["directory_present"]


def test_the_real_bundle():
    [finding] = Edited("container-layer-missing").findings(RULE)
    assert finding.subject.id == "1941d34a95fdbf902340ae003d54e6324354aeac431ed1313aa85160360c0c78"
    assert not finding.facts["directory_present"]


def test_a_container_without_a_layer_is_itself_the_subject():
    store = Edited()
    containers = store.containers()
    containers[0]["layer"] = ""
    [finding] = store.write_containers(containers).findings(RULE)
    assert (finding.subject.kind, finding.subject.id) == ("container", containers[0]["id"])


def test_a_layer_recorded_in_the_volatile_file_is_silent():
    store, layer = sample()
    store.write_records(VOLATILE_LAYERS, [*store.records(VOLATILE_LAYERS), {"id": layer}])
    assert store.findings(RULE) == []


def test_an_emptied_or_lost_volatile_file_is_the_file_s_fault():
    for store in (Edited().write(VOLATILE_LAYERS, b""), Edited().remove(VOLATILE_LAYERS)):
        assert store.findings(RULE) == []
        assert [f.subject.path for f in store.findings("STO-002")] == [VOLATILE_LAYERS]


def test_records_alone_without_the_volatile_layers_say_nothing_of_volatile_containers():
    store = Edited()
    for path in list(store.entries):
        if not path.endswith(".json") or path == VOLATILE_LAYERS:
            del store.entries[path]
    assert store.findings(RULE) == []


def test_a_cut_archive_may_have_lost_the_volatile_layers():
    store = Edited().remove(VOLATILE_LAYERS)
    store.losses.append(Loss("the archive ends early", "x.tar", 0))
    assert store.findings(RULE) == []


def test_a_damaged_layers_file_skips_the_rule():
    assert RULE not in Edited("layers-json-truncated").check().run


def test_without_layers_json_nothing_is_judged():
    store = Edited()
    for path in [path for path in store.entries if "/overlay-layers" in path]:
        if not path.endswith("volatile-layers.json"):
            del store.entries[path]
    assert store.findings(RULE) == []
