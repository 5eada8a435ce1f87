"""LPD-001: a database that does not open. The errors are what podman 4.3.1 said of the same damage."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "LPD-001"
DATABASE = "srv/podman/storage/libpod/bolt_state.db"
PAGE = 4096


def sample() -> tuple[Edited, str]:
    """Return a store whose database is NUL."""
    return damaged(lambda data: bytes(len(data))), DATABASE


def damaged(how) -> Edited:
    store = Edited("podman-pod")
    return store.write(DATABASE, how(store.data(DATABASE)))


@pytest.mark.parametrize(
    ("how", "error"),
    [
        (lambda data: bytes(len(data)), "invalid database"),
        (lambda data: data[:PAGE], "file size too small"),
        (lambda data: data[:100], "invalid database"),
    ],
    ids=["NUL", "one page", "100 bytes"],
)
def test_what_podman_says(how, error):
    [finding] = damaged(how).findings(RULE)
    assert (finding.severity, finding.facts["error"], finding.facts["opens"]) == ("critical", error, False)


def test_a_lost_page_inside_is_an_error():
    store = Edited("podman-pod")
    data = store.data(DATABASE)
    lost = bytearray(data)
    at = data.index(b'{"spec":') // PAGE * PAGE
    while data[at : at + 8] != (at // PAGE).to_bytes(8, "little"):
        at -= PAGE
    lost[at : at + PAGE] = bytes(PAGE)
    findings = store.write(DATABASE, bytes(lost)).findings(RULE)
    assert [finding.severity for finding in findings] in (["error"], [])


def test_without_a_database_nothing_is_said():
    assert Edited("podman-pod").remove(DATABASE).findings(RULE) == []


def test_a_directory_in_its_place_is_not_judged():
    assert Edited("podman-pod").remove(DATABASE).directory(DATABASE).findings(RULE) == []
