"""What a mass change of modes or owners was, in a line."""

from __future__ import annotations

from collections import Counter

import pytest

from analyzer.verify.change_pattern import pattern
from analyzer.verify.facts import MODE, LayerFacts


def facts(*changes: tuple[str, str]) -> LayerFacts:
    found = LayerFacts(None, "d", "tar-split", None)
    found.patterns = Counter((MODE, *change) for change in changes)
    return found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([], ""),
        ([("mode 0644", "mode 0755")], ""),
        ([("mode 0644", "mode 0755")] * 2, "each from mode 0644 to mode 0755"),
        ([("mode 0644", "mode 0755"), ("mode 0600", "mode 0755")], "all to mode 0755"),
        ([("mode 0644", "mode 0755"), ("mode 0600", "mode 0711")], "bits 0111 set"),
        ([("mode 4755", "mode 0755"), ("mode 2711", "mode 0711")], "bits 6000 cleared"),
    ],
)
def test_one_line_tells_what_changes_have_in_common(changes, said):
    assert pattern(facts(*changes), MODE) == said


def test_a_change_of_another_facet_does_not_count():
    assert pattern(facts(*[("mode 0644", "mode 0755")] * 2), "owner") == ""
