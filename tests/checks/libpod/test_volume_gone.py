"""LPD-007: a volume without its directory."""

from __future__ import annotations

from analyzer.api import judge
from tests.editing import Edited

RULE = "LPD-007"
ROOT = "srv/podman/storage"


def sample() -> tuple[Edited, str]:
    """Return a store whose volume was deleted: podman 4.3.1 fails with `lchown .../_data: no such file`."""
    return Edited("podman-pod").remove(f"{ROOT}/volumes/data"), f"{ROOT}/libpod/bolt_state.db"


def test_who_uses_it_is_named():
    [finding] = sample()[0].findings(RULE)
    assert (finding.facts["name"], finding.facts["users"]) == ("data", "alone cannot start")


def test_a_capture_without_volumes_says_nothing():
    store = Edited("podman-pod").remove(f"{ROOT}/volumes")
    assert store.findings(RULE) == []


def test_its_data_may_be_gone_alone():
    [finding] = Edited("podman-pod").remove(f"{ROOT}/volumes/data/_data").findings(RULE)
    assert (finding.severity, finding.facts["directory"]) == ("error", f"{ROOT}/volumes/data/_data")


def test_a_volume_that_was_left_out_is_no_loss():
    assert Edited("podman-pod").leave_out(f"{ROOT}/volumes/data").findings(RULE) == []


def test_the_directory_of_volumes_under_another_name():
    """Nothing else tells that it was there; the name beside says that it was moved and not left out."""
    store = Edited("podman-pod")
    for path in store.below(f"{ROOT}/volumes"):
        member, data = store.entries.pop(path)
        member.path = path.replace("/volumes", "/volumes.old", 1)
        store.entries[member.path] = (member, data)
    assert store.findings(RULE)


def test_the_advice_is_about_the_volume_and_about_nothing_else():
    report = judge(Edited("podman-pod").remove(f"{ROOT}/volumes/data").snapshot())
    [cause] = [each for each in report.causes if each.id == "libpod-storage-gone"]
    assert [step.effect for step in cause.hypothesis.plan] == [
        "Put the volume's directory back from a backup, or make an empty `volumes/NAME/_data`."
    ]
