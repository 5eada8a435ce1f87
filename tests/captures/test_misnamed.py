"""A name one bit off, among few names and among very many."""

from __future__ import annotations

import hashlib

import pytest

from analyzer.capture.misnamed import misnamed
from tests.effort import steps

NAMES = {hashlib.sha256(b"%d" % number).hexdigest() for number in range(4000)}
NAME = hashlib.sha256(b"0").hexdigest()


def flipped(name: str, at: int, bit: int) -> str:
    return name[:at] + chr(ord(name[at]) ^ 1 << bit) + name[at + 1 :]


@pytest.mark.parametrize("others", [set(), NAMES], ids=["few", "many"])
@pytest.mark.parametrize(("at", "bit"), [(0, 0), (63, 7), (31, 3)])
def test_one_bit_of_any_letter_is_found(others, at, bit):
    near = flipped(NAME, at, bit)
    assert misnamed(NAME, {*others, near} - {NAME}) == near


@pytest.mark.parametrize("others", [set(), NAMES], ids=["few", "many"])
def test_two_bits_another_length_and_the_name_itself_are_none(others):
    twice = flipped(flipped(NAME, 3, 0), 3, 1)
    assert misnamed(NAME, {*others, NAME, twice, flipped(NAME, 3, 0) + "0", flipped(NAME, 3, 8)}) == ""


def test_many_names_cost_no_more_than_one_name_has_bits():
    few, many = (steps(misnamed, "f" * 64, set(sorted(NAMES)[:count])) for count in (1000, 4000))
    assert many == few
