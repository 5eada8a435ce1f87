"""TSP-003: the structure of a tar-split."""

from __future__ import annotations

import pytest

from tests.contents import BASE, SPLIT, told
from tests.editing import Edited
from tests.tarsplit import lines, pack

RULE = "TSP-003"


def changed(change) -> Edited:
    store = Edited()
    entries = lines(store.data(SPLIT))
    change(entries)
    return store.write(SPLIT, pack(entries))


def file_entry(entries, path):
    return next(entry for entry in entries if entry.get("name") == path)


def sample() -> tuple[Edited, str]:
    return changed(lambda entries: entries[3].update(position=7)), BASE


@pytest.mark.parametrize(
    ("change", "observed"),
    [
        (lambda e: e[3].update(position=7), "7"),
        (lambda e: e[2].update(type=3), "type 3"),
        (lambda e: file_entry(e, "etc/passwd").update(payload=None), "0 bytes"),
        (lambda e: file_entry(e, "etc/passwd").update(payload="AAAA"), "3 bytes"),
        (lambda e: file_entry(e, "etc/empty").update(payload="AAAAAAAAAAA="), "8 bytes"),
        (lambda e: file_entry(e, "etc/passwd").update(size=-1), "-1"),
    ],
)
def test_a_broken_entry_is_told(change, observed):
    findings = told(changed(change))
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    assert finding.subject.id == BASE
    assert observed in finding.facts["seen"]


def test_a_path_may_stand_once():
    def double(entries):
        at = next(i for i, entry in enumerate(entries) if entry.get("name") == "etc/empty")
        again = [dict(entries[at - 1]), dict(entries[at])]
        again[0]["payload"] = entries[at - 1]["payload"]
        entries[at + 1 : at + 1] = again
        for position, entry in enumerate(entries):
            entry["position"] = position

    store = changed(double)
    # the raw piece before it also repeats padding of the file before, which may be told first
    assert any("etc/empty" in finding.message for finding in store.findings(RULE)) or store.findings("TSP-005")
