"""CTR-008: CRI-O's files in userdata."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "CTR-008"
POD = "51ea71ec0a0f41cbff6ff7a917a496c8d9f2753c89f2a264305e4c115e718d47"
API = "59c4be180fc5ea39109443bfa357d57923577cada0af3e85ac618ab79e95bd9c"
LATER_NS = 3600 * 10**9


def path_of(container: str, name: str) -> str:
    return f"storage/overlay-containers/{container}/userdata/{name}"


def captured() -> Edited:
    """Return a store with both files of every CRI-O container, taken an hour after the last was made."""
    store = Edited()
    newest = max(member.mtime_ns for member, _ in store.entries.values())
    for container in store.containers():
        if "pod-id" in container["metadata"]:
            for name in ("config.json", "state.json"):
                store.write(path_of(container["id"], name), '{"id":"x"}')
    return store.change("storage/overlay-images/images.lock", mtime_ns=newest + LATER_NS)


def sample() -> tuple[Edited, str]:
    """Return a store whose api container has an empty config.json."""
    return captured().write(path_of(API, "config.json"), b""), API


def test_a_store_with_all_of_them_is_silent():
    assert captured().findings(RULE) == []


@pytest.mark.parametrize(
    ("content", "unsynced"), [(b"", True), (bytes(200), True), (b'{"ociVersion":', False), (b"[]", False)]
)
def test_a_bad_file_is_an_error(content, unsynced):
    [finding] = captured().write(path_of(API, "state.json"), content).findings(RULE)
    assert (finding.subject.id, finding.severity, finding.variant) == (API, "error", "userdata/state.json")
    assert finding.facts["unsynced"] is unsynced


def test_a_missing_file_of_a_sandbox():
    [finding] = captured().remove(path_of(POD, "config.json")).findings(RULE)
    assert (finding.facts["what"], finding.facts["seen"], finding.severity) == ("sandbox", "missing", "error")


def test_a_container_in_the_making_is_a_warning():
    store = captured().remove(path_of(API, "config.json"))
    store.change("storage/overlay-images/images.lock", mtime_ns=0)
    assert [(f.severity, f.confidence) for f in store.findings(RULE)] == [("warning", "low")]


def test_a_capture_without_userdata_is_silent():
    store = captured()
    for path in [path for path in store.entries if "/userdata/" in path]:
        store.remove(path)
    assert store.findings(RULE) == []


def test_podman_containers_are_not_judged():
    store = captured()
    podman = store.containers()[0]["id"]
    assert store.write(path_of(podman, "config.json"), b"").findings(RULE) == []
