"""STO-011: configured stores that the bundle lacks."""

from __future__ import annotations

from tests.editing import Edited

RULE = "STO-011"
CONF = "etc/containers/storage.conf"


def sample() -> tuple[Edited, str]:
    """Return a store whose configuration names an additional store."""
    text = '[storage]\ndriver = "overlay"\n[storage.options]\nadditionalimagestores = ["/mnt/shared"]\n'
    return Edited().write(CONF, text), "storage"


def test_it_is_information():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["stores"]) == ("info", "/mnt/shared")


def test_a_captured_image_store_is_silent():
    assert Edited("image-store").findings(RULE) == []


def test_the_verdict_is_open_where_the_directory_that_should_hold_it_was_captured():
    store = sample()[0]
    assert store.findings(RULE)[0].doubt == ""
    [finding] = store.directory("mnt").findings(RULE)
    assert (finding.severity, "/mnt/shared" in finding.doubt) == ("info", True)
