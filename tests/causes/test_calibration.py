"""What is said of a share among rivals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.causes.calibration import MEASURED, PSEUDO, USUAL, said
from analyzer.causes.family import builtin_families

SHARES = st.floats(1e-6, 1 - 1e-6)
FAMILIES = st.sampled_from([*(family.id for family in builtin_families()), "of-a-plugin"])


@given(FAMILIES, SHARES, SHARES)
def test_more_evidence_never_makes_a_cause_less_sure(family, one, other):
    low, high = sorted((one, other))
    assert 0 < said(family, low) <= said(family, high) < 1


def test_a_usual_share_of_an_unseen_family_says_what_is_usual():
    """A share of 0.88 has log-odds of 2, the middle."""
    assert said("of-a-plugin", 1 / (1 + math.exp(-2))) == pytest.approx(USUAL, abs=0.001)


@given(FAMILIES, SHARES)
def test_nothing_is_surer_than_what_was_measured_allows(family, share):
    right, kinds = MEASURED.get(family, (0, 0))
    assert said(family, share) <= max((right + PSEUDO) / (kinds + PSEUDO), USUAL) + 0.03
    assert said(family, share) < 0.99


def test_what_was_measured_is_about_families_that_are_there():
    known = {family.id for family in builtin_families()}
    assert MEASURED.keys() <= known
    assert all(0 <= right <= kinds for right, kinds in MEASURED.values())


def test_a_cause_with_a_better_rival_is_less_likely_than_not():
    assert all(said(family, 0.05) < 0.5 for family in MEASURED)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_nothing_or_of_all_has_an_answer(share):
    assert 0 < said("of-a-plugin", share) < 1
