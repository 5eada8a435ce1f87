"""TSP-009: zero-length and NUL-filled files."""

from __future__ import annotations

import pytest

from tests.contents import BASE, DAY, DIFF, PASSWD, told
from tests.editing import Edited

RULE = "TSP-009"


def sample() -> tuple[Edited, str]:
    return Edited().write(PASSWD, b""), BASE


@pytest.mark.parametrize("data", [b"", bytes(72), bytes(4096)])
def test_empty_and_nul_filled_files_are_unsynced_writes(data):
    findings = told(Edited().write(PASSWD, data))
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    assert (finding.subject.id, finding.subject.path) == (BASE, PASSWD)
    assert finding.facts["unsynced"] is True
    assert 0 < finding.facts["share"] < 0.1


def test_the_power_loss_of_a_real_bundle():
    [finding] = Edited("combo-power-loss").findings(RULE)
    assert finding.subject.path.endswith(
        "6b85d86036e02cda4a4ace64c63b4612dc5e39e839308c3dc148b89d5de6541e/diff/etc/postgresql.conf"
    )
    assert finding.facts["unsynced"] is True


def test_a_file_emptied_later_is_no_power_loss():
    store = Edited().write(PASSWD, b"")
    store.change(PASSWD, mtime_ns=store.entries[DIFF][0].mtime_ns + DAY)
    [finding] = told(store)[RULE]
    assert finding.facts["unsynced"] is False


def test_a_file_that_is_empty_by_right():
    assert Edited().entries[f"{DIFF}/etc/empty"][0].size == 0
    assert Edited().findings(RULE) == []


def test_a_file_that_is_nul_by_right():
    store = Edited("userns-mapped")
    [path] = [
        p
        for p in store.entries
        if p.endswith("a4d14602131de63cfb2483567af4a38f88e2cd4ecc304d497a2c7f05de1459ea/diff/t/zeros")
    ]
    assert not store.data(path).strip(b"\0")
    assert told(store) == {}
