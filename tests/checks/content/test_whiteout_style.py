"""OVL-016: whiteouts in the style of another mount program."""

from __future__ import annotations

from tests.checks.content.test_layer_nodes import fuse
from tests.contents import told
from tests.editing import Edited

RULE = "OVL-016"
API_TOP = "b14b24cef85784a833654289c3fff8d27693bc5a8aefd43c48a5eae7bcd63314"


def sample() -> tuple[Edited, str]:
    store = Edited()
    fuse(store)
    return store.write("storage/overlay/.has-mount-program", b"false"), API_TOP


def test_files_where_the_store_is_native():
    findings = told(sample()[0])
    assert set(findings) == {RULE}
    assert API_TOP in {finding.subject.id for finding in findings[RULE]}
    assert {finding.severity for finding in findings[RULE]} == {"error"}


def test_files_where_a_mount_program_is_configured():
    store = sample()[0]
    store.write("etc/containers/storage.conf", '[storage.options.overlay]\nmount_program = "/usr/bin/fuse-overlayfs"\n')
    assert told(store) == {}


def test_each_style_is_healthy_by_itself():
    store = Edited()
    fuse(store)
    assert told(store) == {}
    assert Edited().findings(RULE) == []
