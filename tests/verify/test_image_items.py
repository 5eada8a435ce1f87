"""What a write that never reached the disk looks like."""

from __future__ import annotations

import pytest

from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import Member
from analyzer.verify.image_items import unsynced


@pytest.mark.parametrize(
    ("data", "told"),
    [(b"", True), (b"{}", False), (b"{}" + bytes(1), False), (b"{}" + bytes(15), False), (b"{}" + bytes(16), True)],
)
def test_a_tail_of_sixteen_nul_bytes_is_the_mark(data, told):
    assert unsynced(SmallFile(Member("manifest", size=len(data)), data)) is told


def test_a_file_that_was_not_kept_says_nothing():
    assert unsynced(None) is False
    assert unsynced(SmallFile(Member("manifest", size=9), None)) is False
