"""Fisher's test against scipy and against arithmetic by hand; Holm's correction by hand."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.fleet.statistics import fisher_greater, holm, lift

stats = pytest.importorskip("scipy.stats")


@st.composite
def tables(draw, most=60):
    total = draw(st.integers(2, most))
    sick = draw(st.integers(1, total - 1))
    with_it = draw(st.integers(1, total - 1))
    sick_with = draw(st.integers(max(0, sick + with_it - total), min(sick, with_it)))
    return sick_with, sick, with_it, total


@given(tables())
def test_fisher_is_the_tail_of_the_hypergeometric_distribution(table):
    sick_with, sick, with_it, total = table
    ways = sum(comb(with_it, k) * comb(total - with_it, sick - k) for k in range(sick_with, min(sick, with_it) + 1))
    assert fisher_greater(*table) == pytest.approx(float(Fraction(ways, comb(total, sick))), rel=1e-10)


@given(tables(most=100_000))
def test_fisher_is_what_scipy_says(table):
    sick_with, sick, with_it, total = table
    others_with = with_it - sick_with
    square = [[sick_with, sick - sick_with], [others_with, total - sick - others_with]]
    assert fisher_greater(*table) == pytest.approx(stats.fisher_exact(square, "greater").pvalue, rel=1e-6, abs=1e-300)


def test_fisher_of_the_lady_tasting_tea():
    assert fisher_greater(4, 4, 4, 8) == pytest.approx(1 / 70)
    assert fisher_greater(3, 4, 4, 8) == pytest.approx(17 / 70)
    assert fisher_greater(0, 4, 4, 8) == 1


def test_lift_is_a_ratio_of_shares():
    assert lift(9, 10, 12, 40) == pytest.approx(0.9 / 0.3)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03], 3) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.01, 0.04, 0.03], 10) == pytest.approx([0.1, 0.32, 0.27])
    assert holm([], 5) == []
    assert holm([0.9], 100) == [1.0]
