"""Against what `containers-storage check` said of the same stores: the same damage, and none of its false alarms.

The outputs were kept when the bundles were made; docs/content.md tells why the two differ where they do.
"""

from __future__ import annotations

import re

import pytest

from tests.contents import HEALTHY, TRUTH, told
from tests.editing import Edited

BLAME = re.compile(
    r"^ *layer ([0-9a-f]{64}): .*(?:integrity checksum failed|layer content|invalid tar header|gzip: )", re.MULTILINE
)
CHECKED = {
    name: next(said for engine, said in case["engines_said"].items() if "check" in engine)
    for name, case in TRUTH.items()
    if any("check" in engine for engine in case.get("engines_said", {}))
}
CONTENT_FAULTS = ("base-layer-modified", "opaque", "tar-split", "power-loss", "nul", "zero")
OF_A_MODE = "base-file-mode"
ALARMS = {"healthy-zstd-chunked", "healthy-additional-store", "implied-parents", "userns-mapped", "newest-chunked"}


def blamed(name: str) -> set[str]:
    """Return the layers whose contents the check calls damaged, as far as its output was kept."""
    return set(BLAME.findall(CHECKED[name].get("first_lines") or ""))


def damaged_content(name: str) -> bool:
    return any(fault["kind"].startswith(CONTENT_FAULTS) for fault in TRUTH[name]["faults"])


DAMAGED = sorted(name for name in CHECKED if damaged_content(name))


def test_there_is_enough_to_compare():
    assert len(CHECKED) >= 25
    assert len(DAMAGED) >= 4


@pytest.mark.parametrize("name", DAMAGED)
def test_both_find_damaged_contents(name):
    assert CHECKED[name]["exit"] == 1
    ours = {finding.subject.id for found in told(Edited(name)).values() for finding in found}
    faulted = " ".join(subject for fault in TRUTH[name]["faults"] for subject in fault["subjects"])
    assert all(layer in faulted for layer in ours)
    if blamed(name) and name != OF_A_MODE:
        assert ours & blamed(name)


def test_a_mode_is_told_at_its_layer_and_not_at_those_above():
    """The check tells it at every layer above as well, and those come first."""
    [ours] = {finding.subject.id for found in told(Edited(OF_A_MODE)).values() for finding in found}
    store = Edited(OF_A_MODE)
    assert blamed(OF_A_MODE)
    assert all(ours in store.chain(layer) for layer in blamed(OF_A_MODE))


@pytest.mark.parametrize("name", sorted(set(HEALTHY) & set(CHECKED)))
def test_no_healthy_store_is_called_damaged_whatever_the_check_says(name):
    assert told(Edited(name), depth="deep") == {}
    assert (CHECKED[name]["exit"] == 1) == (name in ALARMS)
