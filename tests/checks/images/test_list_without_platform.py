"""IMG-009: entries for the node's platform."""

from __future__ import annotations

import pytest

from tests.editing import Edited
from tests.imaging import API, DOCKER_LIST, digest, entry, put_list

RULE = "IMG-009"
INSTANCE = digest(b"instance")


def sample() -> tuple[Edited, str]:
    """Return a damaged store and the key (id or path) of the subject that the rule must name."""
    store = Edited()
    image = store.image_named(API)["id"]
    return put_list(store, image, [entry(INSTANCE, "arm64", "v8")]), image


def test_the_recorded_bundle():
    [finding] = Edited("local-list-no-instance-arm64").findings(RULE)
    assert finding.subject.id == "12c8db489d9607a7ba5961a769f696f30a07defdd2ea08628d76ba58f815e92f"
    assert finding.severity == "critical"
    assert (finding.facts["platform"], finding.facts["platform_source"]) == ("linux/arm64/v8", "images of containers")
    assert finding.evidence[0].observed == "linux/s390x"


@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([], True),
        ([entry(INSTANCE, "amd64")], False),
        ([entry(INSTANCE, "amd64", "v2"), entry(INSTANCE, "amd64", "v3")], True),
        ([entry(INSTANCE, "amd64", os="windows")], True),
        ([entry(INSTANCE, "unknown", os="unknown")], True),
        ([entry(INSTANCE)], False),
        ([{**entry(INSTANCE), "platform": {}}], True),
    ],
)
def test_what_matches_an_amd64_node_in_an_index(entries, found):
    store = Edited()
    put_list(store, store.image_named(API)["id"], entries)
    assert bool(store.findings(RULE)) is found


def test_an_entry_without_platform_never_matches_in_a_docker_list():
    store = Edited()
    put_list(store, store.image_named(API)["id"], [entry(INSTANCE)], DOCKER_LIST)
    assert len(store.findings(RULE)) == 1


def test_on_podman_alone_a_warning():
    [finding] = Edited("podman-list").findings(RULE)
    assert finding.severity == "warning"


def test_nothing_is_claimed_when_the_platform_decides_and_is_not_known():
    store = Edited("podman-list").write_containers([])
    assert store.findings(RULE) == []
