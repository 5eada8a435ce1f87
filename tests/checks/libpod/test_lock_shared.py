"""LPD-011: two of podman's objects have one lock."""

from __future__ import annotations

import re

from tests.editing import Edited

RULE = "LPD-011"
DATABASE = "srv/podman/storage/libpod/bolt_state.db"
LOCK = rb'"lockID":(\d)'


def sample() -> tuple[Edited, str]:
    """Return a store whose containers, pod and volume all have the lock 0: `podman pod start` hangs on 4.3.1."""
    store = Edited("podman-pod")
    return store.write(DATABASE, re.sub(LOCK, b'"lockID":0', store.data(DATABASE))), DATABASE


def test_containers_pods_and_volumes_share_one_row_of_locks():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["number"]) == ("error", 0)
    assert {each.where.pointer.partition("/")[0] for each in finding.evidence} <= {"container", "pod", "volume"}
    assert "volume" in finding.message or " more" in finding.message
    assert finding.facts["containers"]


def test_podman_gives_each_a_lock_of_its_own():
    store = Edited("podman-pod")
    assert len(set(re.findall(LOCK, store.data(DATABASE)))) > 1
    assert store.findings(RULE) == []
