"""OVL-015: `.has-mount-program`."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "OVL-015"
MARK = "storage/overlay/.has-mount-program"
CONF = "etc/containers/storage.conf"
WITH = '[storage]\n[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"\n'
WITHOUT = '[storage]\ndriver = "overlay"\n'


def sample() -> tuple[Edited, str]:
    return Edited().write(MARK, b"maybe"), MARK


@pytest.mark.parametrize(("text", "unsynced"), [(b"maybe", False), (b"", True), (bytes(5), True)])
def test_other_text_is_a_warning(text, unsynced):
    [finding] = Edited().write(MARK, text).findings(RULE)
    assert (finding.subject.path, finding.severity, finding.facts["unsynced"]) == (MARK, "warning", unsynced)


def test_without_a_configuration_the_layers_tell():
    """The whiteouts of this store are device nodes: the kernel's, not those of fuse-overlayfs."""
    assert Edited().write(MARK, b"false").findings(RULE) == []
    [finding] = Edited().write(MARK, b"true").findings(RULE)
    assert (finding.subject.path, finding.severity) == (MARK, "warning")


def test_layers_without_any_mark_fit_either_word():
    store = Edited("podman-list").write(MARK, b"true")
    for member, _ in store.entries.values():
        member.xattrs = {}
    assert store.findings(RULE) == []


@pytest.mark.parametrize(("text", "conf"), [(b"false", WITH), (b"true", WITHOUT)])
def test_a_contradiction_with_the_configuration_is_a_warning(text, conf):
    [finding] = Edited().write(MARK, text).write(CONF, conf).findings(RULE)
    assert (finding.severity, finding.confidence) == ("warning", "medium")
    assert {evidence.where.path for evidence in finding.evidence} == {MARK, CONF}


@pytest.mark.parametrize(("text", "conf"), [(b"true", WITH), (b"false", WITHOUT), (b"false", "[storage")])
def test_agreement_or_nothing_to_agree_with(text, conf):
    assert Edited().write(MARK, text).write(CONF, conf).findings(RULE) == []


def test_the_older_place_of_the_option_counts():
    conf = '[storage]\n[storage.options]\nmount_program = "/usr/bin/fuse-overlayfs"\n'
    assert Edited().write(MARK, b"true").write(CONF, conf).findings(RULE) == []
