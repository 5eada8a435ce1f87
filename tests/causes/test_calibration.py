"""What is said of a share among rivals."""

from __future__ import annotations

import math
import pathlib

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


@given(FAMILIES, SHARES)
def test_one_of_several_causes_is_less_sure_than_one_alone(family, share):
    assert said(family, share, beside=True) < said(family, share)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9999])
def test_a_family_that_was_never_seen_says_what_is_usual(share):
    assert said("of-a-plugin", share) == pytest.approx(USUAL)


@given(FAMILIES, SHARES)
def test_nothing_is_surer_than_what_was_measured_allows(family, share):
    right, kinds = MEASURED.get(family, (0, 0))
    assert said(family, share) <= max((right + PSEUDO) / (kinds + PSEUDO), USUAL) + 0.03
    assert said(family, share) <= 0.99


def test_what_was_measured_is_about_families_that_are_there():
    known = {family.id for family in builtin_families()}
    assert MEASURED.keys() <= known
    assert all(0 <= right <= kinds for right, kinds in MEASURED.values())


def test_a_cause_with_a_better_rival_is_less_likely_than_not():
    assert all(said(family, 0.05) < 0.5 for family in MEASURED)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_share_of_nothing_or_of_all_has_an_answer(share):
    assert 0 < said("of-a-plugin", share) < 1


def logistic(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


@pytest.mark.parametrize(
    ("family", "odds", "expected"),
    [
        # log-odds of 0.94 are ln(0.94 / 0.06) = 2.7515; a share above a half says nothing more
        ("of-a-plugin", 2.0, 2.7515),
        ("of-a-plugin", 0.0, 2.7515),
        ("of-a-plugin", 9.0, 2.7515),
        ("of-a-plugin", -1.0, 2.7515 - 2.0),
        # "unexplained" is said with 0.6: ln(0.6 / 0.4) = 0.4055
        ("unexplained", 2.0, 0.4055),
        # two kinds told rightly of two, and forty of the usual 0.94: 39.6 / 42, ln(39.6 / 2.4) = 2.8034
        ("interrupted-removal", 2.0, 2.8034),
        # 145 kinds of 146, and forty of the usual 0.94: 182.6 / 186, ln(182.6 / 3.4) = 3.9835
        ("records-disagree", 2.0, 3.9835),
        ("records-disagree", -1.0, 3.9835 - 2.0),
    ],
)
def test_what_is_said_is_what_the_formula_gives(family, odds, expected):
    assert said(family, logistic(odds)) == pytest.approx(logistic(expected), abs=2e-5)


def test_what_is_said_beside_other_causes_is_less_by_three_tenths():
    assert said("of-a-plugin", logistic(2.0), beside=True) == pytest.approx(logistic(2.7515 - 0.3), abs=2e-5)


def test_a_family_that_was_always_right_is_no_surer_than_the_most(monkeypatch):
    """937.6 of 940 would be 0.9974."""
    monkeypatch.setitem(MEASURED, "of-a-plugin", (900.0, 900))
    assert said("of-a-plugin", 0.9999) == pytest.approx(0.99)


def test_the_counts_are_those_that_the_docs_publish():
    page = (pathlib.Path(__file__).parents[2] / "docs" / "accuracy.md").read_text(encoding="utf-8")
    table = page.partition("| family | told rightly | kinds seen |\n")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]
    assert {family: (float(right), int(kinds)) for family, right, kinds in rows} == MEASURED
