"""TSP-005: tar headers inside a tar-split."""

from __future__ import annotations

import base64

from tests.contents import BASE, SPLIT, told
from tests.editing import Edited
from tests.tarsplit import lines, pack

RULE = "TSP-005"


def changed(change) -> Edited:
    store = Edited()
    entries = lines(store.data(SPLIT))
    change(entries)
    return store.write(SPLIT, pack(entries))


def header_byte(entries, offset=0) -> None:
    at = next(i for i, entry in enumerate(entries) if entry.get("name") == "etc/passwd") - 1
    raw = bytearray(base64.b64decode(entries[at]["payload"]))
    raw[-512 + offset] ^= 1
    entries[at]["payload"] = base64.b64encode(bytes(raw)).decode()


def sample() -> tuple[Edited, str]:
    return changed(header_byte), BASE


def test_a_header_whose_checksum_fails():
    findings = told(changed(header_byte))
    assert set(findings) == {RULE}
    assert "checksum" in findings[RULE][0].facts["seen"]


def test_a_name_that_is_not_the_headers():
    def rename(entries):
        next(entry for entry in entries if entry.get("name") == "etc/passwd")["name"] = "etc/shadow"

    [finding] = told(changed(rename))[RULE]
    assert "etc/passwd" in finding.facts["expected"]
    assert "etc/shadow" in finding.facts["seen"]


def test_a_size_that_is_not_the_headers():
    def resize(entries):
        next(entry for entry in entries if entry.get("name") == "etc/passwd")["size"] = 73

    [finding] = told(changed(resize))[RULE]
    assert finding.subject.id == BASE
