"""LPD-003: the database names another place or driver than storage.conf."""

from __future__ import annotations

import pytest

from analyzer.source.member import HARDLINK
from tests.editing import Edited

RULE = "LPD-003"
CONF = "etc/containers/storage.conf"
DATABASE = "srv/podman/storage/libpod/bolt_state.db"


def sample() -> tuple[Edited, str]:
    """Return a store that lies at /srv/podman/storage, whose database says /var/podman/storage."""
    return moved(b"/var/podman/storage"), DATABASE


def moved(old: bytes) -> Edited:
    store = Edited("podman-pod")
    data = store.data(DATABASE)
    assert len(old) == len(b"/srv/podman/storage")
    return store.write(DATABASE, data.replace(b"/srv/podman/storage", old))


def test_a_moved_graph_root_is_critical():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["database"]) == ("critical", "/var/podman/storage")
    assert [each.where.pointer for each in finding.evidence] == [
        "runtime-config/graph-root",
        "runtime-config/volume-path",
    ]


def usual_place() -> Edited:
    """Return the store at /var/lib/containers/storage, in a bundle of the host's root."""
    store, moved = Edited("healthy-overlay"), {}
    for path, (member, data) in store.entries.items():
        member.path = f"var/lib/containers/{path}"
        if member.kind == HARDLINK:
            member.link = f"var/lib/containers/{member.link}"
        moved[member.path] = (member, data)
    store.entries = moved
    return store


@pytest.mark.parametrize(
    ("other", "severity"), [("/srv/new/storage", ["warning"]), ("/var/lib/containers/storage", [])]
)
def test_a_store_that_storage_conf_leads_past_is_told(other, severity):
    """podman 4.3.1 then lists no image and no container, and `podman start` says: no container with name or ID."""
    conf = f'[storage]\ndriver = "overlay"\ngraphroot = "{other}"\nrunroot = "/run/containers/storage"\n'
    found = usual_place().write(CONF, conf).findings(RULE)
    assert [finding.severity for finding in found] == severity
    assert all(finding.subject.path == CONF for finding in found)


def test_another_driver_is_an_error():
    store = Edited("podman-pod")
    store.write(CONF, store.text(CONF).replace('"overlay"', '"vfs"'))
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.facts["database"], finding.facts["configured"]) == ("error", "overlay", "vfs")


def test_without_storage_conf_the_data_tell_the_driver():
    store = Edited("podman-pod").leave_out("etc")
    assert store.findings(RULE) == []
    store.write(DATABASE, store.data(DATABASE).replace(b"overlay", b"overlax"))
    [finding] = store.findings(RULE)
    assert (finding.severity, finding.facts["configured"], "the data in" in finding.message) == (
        "error",
        "overlay",
        True,
    )


def test_data_of_a_second_driver_say_nothing_of_the_database():
    store, root = Edited("podman-pod").leave_out("etc"), "srv/podman/storage"
    layer = "c" * 64
    for name in ("", "/dir", f"/dir/{layer}", f"/dir/{layer}/etc"):
        store.directory(f"{root}/vfs{name}")
    store.write_records(f"{root}/vfs-layers/layers.json", [{"id": layer, "created": "2026-11-20T10:00:00Z"}])
    assert store.findings(RULE) == []


def test_overlay2_is_overlay():
    store = Edited("podman-pod")
    store.write(CONF, store.text(CONF).replace('"overlay"', '"overlay2"'))
    assert store.findings(RULE) == []


@pytest.mark.parametrize("other", ["/data/elsewhere", "/srv/podman/storage2"])
def test_a_storage_conf_for_another_graph_root_says_nothing_of_this_one(other):
    store = Edited("podman-pod")
    store.write(CONF, store.text(CONF).replace("/srv/podman/storage", other))
    assert store.findings(RULE) == []


def test_the_usual_root_used_from_a_rescue_place_is_information():
    """`podman --root /tmp/...` on a copy leaves such a database, and the node's storage.conf is the usual one."""
    store = Edited()
    store.write(CONF, '[storage]\ndriver = "overlay"\ngraphroot = "/var/lib/containers/storage"\n')
    database = "storage/libpod/bolt_state.db"
    data = store.data(database)
    old = b"/var/lib/containers/storage"
    store.write(database, data.replace(old, b"/tmp/rescue".ljust(len(old), b"x")))
    assert [finding.severity for finding in store.findings(RULE)] == ["info"]
