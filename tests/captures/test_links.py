"""Targets of symlinks that an archive cut."""

from __future__ import annotations

from analyzer.capture.links import cut_target

FIELD = 100
"""Bytes that a ustar header has for a target (POSIX)."""


def test_a_target_that_ends_where_the_header_does_was_cut():
    target = "../" * 30 + "e" * 60
    assert cut_target(target, target[:FIELD])
    assert not cut_target(target, target[: FIELD - 1])
    assert not cut_target(target[:FIELD], target[:FIELD])
    assert not cut_target(target, "x" * FIELD)
