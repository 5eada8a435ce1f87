"""TSP-002: a tar-split that cannot be read."""

from __future__ import annotations

import gzip

import pytest

from tests.contents import BASE, SPLIT, told
from tests.editing import Edited

RULE = "TSP-002"


def damaged(data: bytes) -> Edited:
    return Edited().write(SPLIT, data)


def sample() -> tuple[Edited, str]:
    return damaged(b""), BASE


@pytest.mark.parametrize(
    ("harm", "kind", "unsynced"),
    [
        (lambda data: b"", "zero-length", True),
        (lambda data: bytes(len(data)), "nul-bytes", True),
        (lambda data: data[: len(data) // 2], "cut", False),
        (lambda data: data[:-1], "cut", False),
        (lambda data: b"\x1f\x8c" + data[2:], "not-gzip", False),
        (lambda data: data[:-8] + bytes(8), "damaged-gzip", False),
        (lambda data: data + bytes(100), "trailing-bytes", False),
        (lambda data: gzip.compress(gzip.decompress(data)[:-30]), "syntax", False),
        (lambda data: gzip.compress(b'{"type":1,"name":5}\n'), "syntax", False),
    ],
)
def test_damage_is_told_once_and_nothing_is_claimed_about_the_files(harm, kind, unsynced):
    store = Edited()
    store.write(SPLIT, harm(store.data(SPLIT))).write(SPLIT.replace(".tar-split.gz", ".unrelated"), b"")
    store.change(f"storage/overlay/{BASE}/diff/etc/passwd", mode=0o777)
    findings = told(store)
    assert set(findings) == {RULE}
    [finding] = findings[RULE]
    assert (finding.subject.id, finding.subject.path) == (BASE, SPLIT)
    assert (finding.facts["damage"], finding.facts["unsynced"]) == (kind, unsynced)


def test_a_flipped_bit_in_a_real_bundle():
    [finding] = Edited("tar-split-corrupt").findings(RULE)
    assert finding.subject.id == "b14b24cef85784a833654289c3fff8d27693bc5a8aefd43c48a5eae7bcd63314"


def test_several_gzip_members_after_one_another_are_one_stream():
    store = Edited()
    text = gzip.decompress(store.data(SPLIT))
    half = text.index(b"\n", len(text) // 2) + 1
    store.write(SPLIT, gzip.compress(text[:half]) + gzip.compress(text[half:]))
    assert told(store) == {}


def test_an_archive_cut_inside_the_file_is_not_damage_of_the_store():
    store = Edited()
    _member, data = store.entries[SPLIT]

    class CutBody:
        complete = False

        def pieces(self):
            return self.chunks()

        def chunks(self):
            yield memoryview(data[:50])

        def read(self, limit):
            return data[:50]

    class Cut(Edited):
        def __iter__(self):
            for member, body in super().__iter__():
                yield member, CutBody() if member.path == SPLIT else body

    assert told(Cut()) == {}
