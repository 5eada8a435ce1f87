"""CTR-010: container data without a record."""

from __future__ import annotations

from tests.editing import Edited

RULE = "CTR-010"
ORPHAN = "ab" * 32
CONTAINERS = "storage/overlay-containers/containers.json"


def sample() -> tuple[Edited, str]:
    """Return a store with the data directory of a removed container."""
    return Edited().directory(f"storage/overlay-containers/{ORPHAN}"), ORPHAN


def test_it_is_information():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.subject.path) == ("info", f"storage/overlay-containers/{ORPHAN}")


def test_other_names_are_not_containers():
    assert Edited().directory("storage/overlay-containers/tmp").findings(RULE) == []


def test_an_emptied_file_is_the_file_s_fault():
    assert RULE not in Edited().write(CONTAINERS, b"").check().run


def test_a_transient_store_without_its_run_root_is_skipped():
    assert RULE not in Edited("implied-parents").remove(CONTAINERS).check().run
