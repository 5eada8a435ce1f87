"""Symlink targets that `tar --transform` rewrote on the way."""

from __future__ import annotations

import pytest

from analyzer.source.member import SYMLINK
from tests.editing import Edited


def rewritten(prefix: str) -> Edited:
    store = Edited()
    for member, _ in store.entries.values():
        if member.kind == SYMLINK:
            member.link = prefix + member.link
    return store


@pytest.mark.parametrize("prefix", ["./", "node-1/"])
def test_one_prefix_before_all_targets_is_the_captures(prefix):
    store = rewritten(prefix)
    checked = store.check()
    assert [f.message for f in checked.findings if f.severity != "info"] == []
    [note] = [note for note in store.snapshot().notes if "--transform" in note.what]
    assert note.where == "storage/overlay/l"


def test_a_single_link_of_another_form_is_not():
    store = Edited()
    link = next(path for path, (member, _) in store.entries.items() if member.kind == SYMLINK and "/l/" in path)
    store.change(link, link=f"./{store.entries[link][0].link}")
    assert [finding.subject.path for finding in store.findings("OVL-003")] == [link]
