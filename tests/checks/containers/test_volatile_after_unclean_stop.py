"""CTR-011: volatile containers after an unclean stop."""

from __future__ import annotations

from tests.editing import Edited

RULE = "CTR-011"
VOLATILE = "storage/overlay-containers/volatile-containers.json"


def sample() -> tuple[Edited, str]:
    """Return a store with CRI-O's marker of a stop that was not in order."""
    return Edited().write("var/lib/crio/clean.shutdown.supported", b""), VOLATILE


def test_it_is_information_about_the_volatile_containers_only():
    [finding] = sample()[0].findings(RULE)
    assert finding.severity == "info"
    assert finding.facts["containers"] == [each["id"] for each in Edited().records(VOLATILE)]


def test_an_orderly_stop_and_a_store_without_volatile_records_are_silent():
    assert sample()[0].write("var/lib/crio/clean.shutdown", b"").findings(RULE) == []
    assert sample()[0].remove(VOLATILE).findings(RULE) == []
