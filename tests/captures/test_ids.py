"""Owners that a header cannot hold, by arithmetic."""

from __future__ import annotations

from analyzer.capture.ids import cut_to_fit, renumbered

NOBODY = (1 << 32) - 2


def test_a_number_that_does_not_fit_is_cut_where_no_other_is_as_large():
    assert cut_to_fit(NOBODY, NOBODY & ((1 << 21) - 1), 1000)
    assert not cut_to_fit(NOBODY, NOBODY & ((1 << 21) - 1), 1 << 24)
    assert not cut_to_fit(1000, 0, 1000)


def test_a_number_with_the_sign_bit_may_be_none():
    assert cut_to_fit(NOBODY, 0, 1000)
    assert not cut_to_fit(NOBODY, 0, NOBODY)
    assert not cut_to_fit((1 << 31) - 1, 0, 1 << 30)


def test_each_owner_with_a_number_of_its_own_was_copied_by_names():
    none: tuple[list[tuple[int, int]], set[int]] = ([], {0})
    assert renumbered(([(5, 4), (8, 12)], {0, 4, 12}), none)
    assert renumbered(([(5, 4)], {0, 4}), ([(8, 12)], {0, 12}))
    assert not renumbered(([(5, 105), (8, 108)], {0, 105, 108}), none)
    assert not renumbered(([(5, 4), (8, 4)], {0, 4}), none)
    assert not renumbered(([(5, 4), (5, 6)], {0, 4, 6}), none)
    assert not renumbered(([(5, 4), (8, 12)], {0, 4, 5, 12}), none)
    assert not renumbered(([(0, 4), (8, 13)], {4, 13}), none)
