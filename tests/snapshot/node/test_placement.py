"""Where a store lies on its node, by what the bundle has of it."""

from __future__ import annotations

import pytest

from analyzer.snapshot.host import Host
from analyzer.snapshot.libpod.state import LibpodState, RuntimeConfig
from analyzer.snapshot.node.placement import SYSTEM, place_of
from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import FILE, Member

HOME = "home/zoo/.local/share/containers/storage"
CONF = "etc/containers/storage.conf"


def host(**files: str) -> Host:
    kept = Host()
    for path, text in files.items():
        kept.files[path] = SmallFile(Member(path=path, kind=FILE, size=len(text)), text.encode())
    return kept


def database(root: str) -> LibpodState:
    return LibpodState("storage/libpod/bolt_state.db", "BoltDB", config=RuntimeConfig(graph_root=root))


@pytest.mark.parametrize(
    ("root", "conf", "database_root", "whole_host", "expected"),
    [
        ("storage", "", "", False, SYSTEM),
        ("storage", "/data/containers/storage", "", False, "/data/containers/storage"),
        ("", "/data/store", "", False, "/data/store"),
        ("storage", "/data/other", "", False, SYSTEM),
        ("storage", "", "/mnt/zoo/storage", False, "/mnt/zoo/storage"),
        ("storage", "/data/storage", "/mnt/zoo/storage", False, "/data/storage"),
        ("sosreport-x/var/lib/containers/storage", "", "/mnt/zoo/storage", False, SYSTEM),
        (HOME, "/data/storage", "", False, f"/{HOME}"),
        ("var/lib/podman", "", "/srv/storage", True, "/var/lib/podman"),
        ("var/lib/podman", "/var/lib/podman", "/srv/storage", False, "/var/lib/podman"),
    ],
)  # fmt: skip
def test_place(root, conf, database_root, whole_host, expected):
    files = host(**{CONF: f'[storage]\ndriver = "overlay"\ngraphroot = "{conf}"\n'} if conf else {})
    states = [database(database_root)] if database_root else []
    place = place_of(root, files, states, whole_host=whole_host)
    assert place.path == expected
    assert place.known == (expected != SYSTEM or "var/lib" in root)
