"""STO-010: a configured driver without data."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-010"
CONF = "etc/containers/storage.conf"


def configured(driver: str, root: str = "/var/lib/containers/storage") -> Edited:
    return Edited().write(CONF, f'[storage]\ndriver = "{driver}"\ngraphroot = "{root}"\n')


def sample() -> tuple[Edited, str]:
    """Return an overlay store on a node that is configured for vfs."""
    return configured("vfs"), CONF


def test_says_what_is_not_seen():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "critical"
    assert (finding.evidence[0].expected, finding.evidence[0].observed) == ("driver overlay", "driver vfs")
    assert finding.facts["images"] == len(Edited().images())


def test_crio_takes_its_own_driver_from_the_last_drop_in():
    store = Edited().write("etc/crio/crio.conf", '[crio]\nstorage_driver = "overlay"\n')
    store.write("etc/crio/crio.conf.d/20-storage.conf", '[crio]\nstorage_driver = "vfs"\n')
    [finding] = store.findings(RULE)
    assert finding.subject.path == "etc/crio/crio.conf.d/20-storage.conf"


@pytest.mark.parametrize("driver", ["overlay", "overlay2", ""])
def test_the_same_driver_or_none_is_silent(driver):
    assert configured(driver).findings(RULE) == []


def test_another_graph_root_is_another_matter():
    assert configured("vfs", "/srv/other").findings(RULE) == []


def test_etc_replaces_usr_share():
    store = configured("overlay").write("usr/share/containers/storage.conf", '[storage]\ndriver = "vfs"\n')
    assert store.findings(RULE) == []


def test_a_configuration_that_does_not_parse_is_silent():
    assert Edited().write(CONF, b"\xff[[").findings(RULE) == []
