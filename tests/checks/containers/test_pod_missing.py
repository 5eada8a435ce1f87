"""CTR-009: sandboxes of CRI-O containers."""

from __future__ import annotations

from analyzer.source.member import Loss
from tests.editing import Edited

RULE = "CTR-009"
POD = "51ea71ec0a0f41cbff6ff7a917a496c8d9f2753c89f2a264305e4c115e718d47"
API = "59c4be180fc5ea39109443bfa357d57923577cada0af3e85ac618ab79e95bd9c"
VOLATILE = "storage/overlay-containers/volatile-containers.json"


def sample() -> tuple[Edited, str]:
    """Return a store without the sandbox of the api pod."""
    store = Edited()
    return store.write_containers([each for each in store.containers() if each["id"] != POD]), POD


def test_the_sandbox_is_the_subject():
    [finding] = sample()[0].findings(RULE)
    assert (finding.subject.kind, finding.subject.id, finding.severity) == ("container", POD, "warning")
    assert finding.facts["containers"] == [API]
    assert finding.facts["name"] == "api-7c9"


def test_a_sandbox_in_the_volatile_file_is_silent():
    store = sample()[0]
    pod = next(each for each in Edited().containers() if each["id"] == POD)
    assert store.write_records(VOLATILE, [pod]).findings(RULE) == []


def test_an_emptied_file_and_a_file_that_was_not_captured_say_nothing():
    assert sample()[0].write(VOLATILE, b"").findings(RULE) == []
    store = sample()[0].remove(VOLATILE)
    for path in [path for path in store.entries if not path.endswith("s.json")]:
        del store.entries[path]
    assert store.findings(RULE) == []


def test_a_cut_archive_skips_the_rule():
    store = sample()[0]
    store.losses.append(Loss("the archive ends early", "x.tar", 0))
    assert RULE not in store.check().run
