"""The arithmetic of causes, on made-up hypotheses."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyzer.causes.family import Family
from analyzer.causes.infer import cover, infer, posterior, score
from analyzer.causes.model import Affected, Hypothesis, Reason
from analyzer.causes.rank import impact
from analyzer.checks.finding import SEVERITIES, Evidence, Finding, Subject
from analyzer.snapshot.provenance import Where
from tests.effort import steps


def finding(number: int, severity: str = "error") -> Finding:
    subject = Subject("layer", f"{number:064x}", f"storage/overlay/{number}")
    return Finding(
        "LAY-999", "made-up", severity, "high", subject, (Evidence(Where("x"), "a", "b"),), f"finding {number}"
    )


F = [finding(number) for number in range(8)]


def cause(name: str, explains: dict[int, float], prior: float = -1.0, **more) -> Hypothesis:
    weights = {F[number]: weight for number, weight in explains.items()}
    return Hypothesis(name, more.pop("title", name), (F[min(explains)].subject,), weights, prior, **more)


def judged(*hypotheses: Hypothesis):
    """Return the causes of one made-up case."""
    family = Family("made-up", "", lambda _case: iter(hypotheses))
    return infer([None], [family])


def names(hypotheses) -> list[str]:
    return [hypothesis.family for hypothesis in hypotheses]


WEIGHTS = st.floats(0.1, 12.0)
HYPOTHESES = st.lists(
    st.builds(
        lambda name, explains, prior, reasons: cause(
            name,
            explains,
            prior,
            reasons=tuple(Reason("r", weight) for weight in reasons),
            title=f"{name} {sorted(explains)}",
        ),
        st.sampled_from("abcdefgh"),
        st.dictionaries(st.integers(0, 7), WEIGHTS, min_size=1, max_size=5),
        st.floats(-8, 2),
        st.lists(st.floats(-3, 3), max_size=3),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda h: h.title,
)


@settings(derandomize=True, deadline=None)
@given(HYPOTHESES)
def test_posterior_is_a_probability_and_never_certain(hypotheses):
    for hypothesis in hypotheses:
        assert 0 < posterior(hypothesis, hypotheses) < 1
    for found in judged(*hypotheses):
        assert 0 < found.probability < 1


@pytest.mark.parametrize("weight", [0.0, 1.0, 30.0, 1000.0, 1e9])
def test_posterior_of_extreme_evidence_is_still_a_probability(weight):
    only = cause("a", {0: weight}, prior=0.0)
    assert 0.5 <= posterior(only, [only]) < 1
    rival = cause("b", {0: weight + 5})
    assert 0 < posterior(only, [only, rival]) < posterior(rival, [only, rival]) < 1


def test_posterior_without_rivals_is_the_logistic_of_the_score():
    only = cause("a", {0: 2.0, 1: 1.0}, prior=-1.5, reasons=(Reason("r", -0.5),))
    assert score(only) == pytest.approx(1.0)
    assert posterior(only, [only]) == pytest.approx(1 / (1 + math.exp(-1.0)))


def test_posterior_is_the_share_among_rivals_for_the_main_finding():
    one, two, other = cause("a", {0: 3.0}, prior=0.0), cause("b", {0: 2.0, 1: 0.5}, prior=0.0), cause("c", {1: 9.0})
    assert posterior(one, [one, two, other]) == pytest.approx(math.e**3 / (1 + math.e**3 + math.e**2.5))


@settings(derandomize=True, deadline=None)
@given(HYPOTHESES, st.floats(0, 9), st.data())
def test_evidence_that_only_one_cause_explains_never_lowers_its_posterior(hypotheses, weight, data):
    hypothesis = data.draw(st.sampled_from(hypotheses))
    before = posterior(hypothesis, hypotheses)
    others = [other for other in hypotheses if other is not hypothesis]
    reason = Hypothesis(
        hypothesis.family, hypothesis.title, hypothesis.subjects, hypothesis.explains, hypothesis.prior,
        (*hypothesis.reasons, Reason("more", weight)),
    )  # fmt: skip
    assert posterior(reason, [*others, reason]) >= before - 1e-12
    further = Hypothesis(
        hypothesis.family, hypothesis.title, hypothesis.subjects, {**hypothesis.explains, finding(99): weight},
        hypothesis.prior, hypothesis.reasons,
    )  # fmt: skip
    assert posterior(further, [*others, further]) >= before - 1e-12
    against = Hypothesis(
        hypothesis.family, hypothesis.title, hypothesis.subjects, hypothesis.explains, hypothesis.prior,
        (*hypothesis.reasons, Reason("less", -weight)),
    )  # fmt: skip
    assert posterior(against, [*others, against]) <= before + 1e-12


@settings(derandomize=True, deadline=None)
@given(st.integers(2, 6), st.floats(0.5, 6), st.floats(0.1, 6), st.floats(-6, -0.1), st.floats(-6, -0.1))
def test_a_broad_cause_beats_narrow_ones_only_by_its_gain(count, narrow, broad, narrow_prior, broad_prior):
    small = [cause(f"n{number}", {number: narrow}, narrow_prior) for number in range(count)]
    wide = cause("wide", dict.fromkeys(range(count), broad), broad_prior)
    gain, best = broad_prior + count * broad, narrow_prior + narrow
    assume(abs(gain - best) > 1e-6)
    chosen = names(cover([*small, wide]))
    if gain > best and gain > 0:
        assert chosen == ["wide"]
    elif best > 0:
        assert chosen[0] == "n0"
    else:
        assert chosen == []


def test_what_is_explained_already_does_not_count_again():
    first, second = cause("a", {0: 5.0, 1: 5.0}), cause("b", {0: 4.0, 1: 4.0, 2: 0.5})
    assert names(cover([first, second])) == ["a"]
    assert names(cover([first, cause("b", {0: 4.0, 1: 4.0, 2: 1.5})])) == ["a", "b"]
    assert names(cover([first, cause("c", {0: 4.0})])) == ["a"]


@pytest.mark.parametrize("weight", [1.5, 2.0, 40.0])
def test_what_is_said_of_a_lone_cause_is_how_often_such_were_right(weight):
    """A cause that is chosen has a score above 0, so a share above a half; what is usual is 0.94."""
    [only] = judged(cause("a", {0: weight}, prior=-1.0))
    assert only.probability == pytest.approx(0.94)


def test_a_cause_that_was_chosen_is_said_to_be_possible():
    """What is usual is 0.94, ln(0.94 / 0.06) = 2.7515, and another cause stands beside it: 2.7515 - 0.3."""
    best, worse = judged(cause("a", {0: 40.0}, prior=0.0), cause("b", {0: 20.0, 1: 5.0}, prior=0.0))
    assert (best.probability, worse.probability) == (pytest.approx(1 / (1 + math.exp(-2.4515)), abs=1e-4), 0.0001)


def test_weak_causes_are_not_claimed():
    assert judged(cause("a", {0: 1.0}, prior=-1.0), cause("b", {1: 0.5}, prior=-3.0)) == ()


def slow_cover(hypotheses):
    """Choose the best gain again and again, in the plainest way."""
    left = sorted(hypotheses, key=lambda h: (h.family, h.title))
    seen, chosen = set(), []

    def gain(h):
        fresh = [w for f, w in h.explains.items() if f not in seen]
        return sum(map(Fraction, (h.prior, *fresh, *(r.weight for r in h.reasons)))) if fresh else -math.inf

    while left:
        best = max(left, key=gain)
        if gain(best) <= 0:
            break
        left.remove(best)
        chosen.append(best)
        seen |= set(best.explains)
    return chosen


@settings(derandomize=True, deadline=None, max_examples=300)
@given(HYPOTHESES)
def test_cover_is_the_greedy_one(hypotheses):
    assert cover(hypotheses) == slow_cover(hypotheses)


@settings(derandomize=True, deadline=None)
@given(HYPOTHESES, st.randoms(use_true_random=False))
def test_order_of_the_input_does_not_matter(hypotheses, order):
    shuffled = list(hypotheses)
    order.shuffle(shuffled)

    def outcome(causes):
        return [(c.rank, c.hypothesis.title, c.probability, c.impact) for c in causes]

    assert outcome(judged(*hypotheses)) == outcome(judged(*shuffled))


@settings(derandomize=True, deadline=None)
@given(HYPOTHESES)
def test_ranks_follow_probability_times_impact(hypotheses):
    causes = judged(*hypotheses)
    assert [c.rank for c in causes] == list(range(1, len(causes) + 1))
    products = [c.probability * c.impact for c in causes]
    assert products == sorted(products, reverse=True)


def test_impact_follows_severity_reach_and_failed_listings():
    def of(severity="error", images=0, containers=0, **more):
        hit = Affected((), tuple(f"i{n}" for n in range(images)), tuple(f"c{n}" for n in range(containers)))
        return impact(cause("a", {0: 1.0}, severity=severity, affected=hit, **more))

    assert [of(severity) for severity in SEVERITIES] == [1, 4, 16, 32]
    assert [of("info", images=images) for images in (0, 1, 3, 7)] == [1, 2, 3, 4]  # 1 + log2(1 + images)
    assert of(containers=1) == of(images=2)
    assert of(fails_listing=True) == pytest.approx(1.5 * of())
    assert of("warning", images=200) < of("error", images=20)


def test_severity_is_the_worst_explained_unless_said():
    weights = {finding(1, "info"): 5.0, finding(2, "warning"): 1.0}
    mixed = Hypothesis("a", "a", (F[0].subject,), weights, 0.0)
    assert judged(mixed)[0].severity == "warning"
    assert judged(cause("a", {0: 3.0}, severity="info"))[0].severity == "info"


def test_a_hypothesis_that_explains_nothing_is_dropped():
    assert judged(Hypothesis("a", "a", (F[0].subject,), {}, 5.0)) == ()


def apart(count):
    """Return as many hypotheses that share nothing."""
    return [Hypothesis("h", str(n), (f.subject,), {f: 3.0}, -1.0) for n, f in enumerate(map(finding, range(count)))]


def below_a_weak_broad_one(count):
    """Return narrow hypotheses that are all chosen before the broad one that explains the same, and a little more."""
    made = [finding(number) for number in range(count)]
    narrow = [Hypothesis("n", str(n), (f.subject,), {f: 60.0}, -1.0) for n, f in enumerate(made)]
    further = finding(count)
    return [*narrow, Hypothesis("wide", "wide", (further.subject,), {**dict.fromkeys(made, 0.01), further: 9.0}, -1.0)]


def about_one_main_finding(count):
    """Return hypotheses that all explain one finding best, and one more each."""
    shared = finding(count)
    return [
        Hypothesis("h", str(n), (shared.subject,), {shared: 9.0, f: 8.0}, -1.0)
        for n, f in enumerate(map(finding, range(count)))
    ]


@pytest.mark.parametrize("shape", [apart, below_a_weak_broad_one, about_one_main_finding])
def test_many_causes_take_work_in_proportion(shape):
    small, large = shape(150), shape(600)
    assert len(judged(*small)) >= 150
    assert len(judged(*large)) >= 600
    assert steps(judged, *large) < 5 * steps(judged, *small)
