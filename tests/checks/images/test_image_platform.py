"""IMG-024: images for another platform."""

from __future__ import annotations

from tests.editing import Edited

RULE = "IMG-024"
FOREIGN = "registry.zoo.test/multi-arm64:1"


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited("podman-list")
    return store, store.image_named(FOREIGN)["id"]


def test_a_foreign_image_is_information():
    store, image = sample()
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.subject.id) == ("info", image)
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("linux/amd64", "linux/arm64/v8")


def test_the_node_s_own_word_comes_first():
    store, _ = sample()
    store.write("uname.txt", "Linux node 5.14.0 #1 SMP aarch64 aarch64 aarch64 GNU/Linux\n")
    [finding] = store.findings(RULE)
    assert finding.subject.names == ("registry.zoo.test/multi-amd64:1",)
    assert finding.facts["source"] == "uname.txt"


def test_nothing_without_a_known_platform():
    store, _ = sample()
    assert store.write_containers([]).findings(RULE) == []


def test_a_variant_that_the_config_leaves_out_is_no_other_platform():
    assert Edited("local-list-no-instance-arm64").findings(RULE) == []
