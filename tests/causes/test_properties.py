"""What holds of every diagnosis, whatever the damage. Faults are those of `tests/test_faults.py`."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analyzer.api import judge
from analyzer.causes.calibration import BESIDE, logit
from analyzer.source.member import Loss
from tests.causes.test_verdict import no_attributes, no_contents, no_locks
from tests.editing import Edited
from tests.test_faults import FAULTS

PROFILE = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)
FAULT = st.sampled_from(sorted(FAULTS))
LIKELY = 0.5
"""A cause that less evidence brings up must not look more likely than not."""
ROUNDED = 0.0005
INDEXES = ("layers", "images", "containers")


def damaged(*names: str) -> Edited:
    """Return the store with the faults in it, those left out that find nothing to damage any more."""
    store = Edited()
    for name in names:
        before = dict(store.entries)
        try:
            FAULTS[name](store)
        except (AssertionError, KeyError, IndexError, StopIteration, TypeError, ValueError):
            store.entries = before
    return store


def expit(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def claims(report) -> list[tuple[str, set[str], float]]:
    """Return (family, subjects, probability) of every cause above information."""
    return [
        (cause.id, {subject.key for subject in cause.hypothesis.subjects}, cause.probability)
        for cause in report.causes
        if cause.severity != "info"
    ]


@PROFILE
@given(st.lists(FAULT, min_size=1, max_size=3, unique=True))
def test_more_damage_never_makes_the_verdict_healthier(names):
    for count in range(1, len(names) + 1):
        assert judge(damaged(*names[:count]).snapshot()).verdict == "damaged"


def unreadable(store: Edited, share: float, seed: int) -> Edited:
    """Lose some members on the way, and know it."""
    dice = random.Random(seed)
    store.entries = {path: each for path, each in store.entries.items() if dice.random() < share}
    store.losses.append(Loss("members could not be read", store.path))
    return store


def cut(store: Edited, share: float) -> Edited:
    kept = list(store.entries)[: int(len(store.entries) * share)]
    store.entries = {path: store.entries[path] for path in kept}
    store.losses.append(Loss("the archive ends early", store.path))
    return store


SHARE = st.floats(0.5, 0.99)
POORER = st.one_of(
    st.sampled_from([no_contents, no_attributes, no_locks]),
    st.builds(lambda share: lambda store: cut(store, share), SHARE),
    st.builds(lambda share, seed: lambda store: unreadable(store, share, seed), SHARE, st.integers(0, 99)),
)


@PROFILE
@given(st.lists(FAULT, min_size=0, max_size=2, unique=True), POORER)
def test_less_evidence_never_makes_a_cause_surer_nor_damage_healthy_in_silence(names, poorer):
    full, less = judge(damaged(*names).snapshot()), judge(poorer(damaged(*names)).snapshot())
    told, left = claims(full), claims(less)
    alone = len(told) > 1 and len(left) == 1
    for family, subjects, probability in left:
        before = max((p for name, others, p in told if name == family and others & subjects), default=0.0)
        most = expit(logit(before) + BESIDE) if alone and before else before
        assert probability <= max(most + ROUNDED, LIKELY), (family, subjects)
    if less.snapshot.losses:
        assert less.verdict in {"damaged", "undetermined"}
    elif full.verdict == "damaged" and less.verdict != "damaged":
        seen = {finding.rule for finding in full.findings if finding.severity in ("error", "critical")}
        unseen = seen - {finding.rule for finding in less.findings}
        assert less.verdict == "undetermined" or unseen <= {rule for rule, _ in less.checked.skipped}


@PROFILE
@given(st.lists(FAULT, min_size=1, max_size=2, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_members_changes_nothing(names, order):
    store = damaged(*names)
    expected = json.dumps(judge(store.snapshot()).to_dict(), sort_keys=True)
    paths = list(store.entries)
    order.shuffle(paths)
    store.entries = {path: store.entries[path] for path in paths}
    assert json.dumps(judge(store.snapshot()).to_dict(), sort_keys=True) == expected


TWICE = {name for name in FAULTS if "twice" in name}
"""Of two records with one id the engines take the first: their order is part of the damage."""


@PROFILE
@given(st.lists(FAULT.filter(lambda name: name not in TWICE), min_size=1, max_size=2, unique=True), st.data())
def test_the_order_of_records_changes_no_cause(names, data):
    def outcome(store):
        return [
            (c.id, c.probability, c.hypothesis.affected, {s.key for s in c.hypothesis.subjects})
            for c in judge(store.snapshot()).causes
        ]

    store = damaged(*names)
    expected = outcome(store)
    for part in INDEXES:
        path = f"storage/overlay-{part}/{part}.json"
        try:
            rows = store.records(path)
        except (KeyError, ValueError):
            continue
        if isinstance(rows, list) and json.dumps(rows, separators=(",", ":")) == store.text(path).strip():
            store.write_records(path, data.draw(st.permutations(rows)))
    assert outcome(store) == expected


def graft(store: Edited, donor: Edited, image: dict) -> Edited:
    """Put an image of another healthy store with all its layers into this one."""
    layers = {row["id"]: row for row in donor.layers()}
    chain = donor.chain(image["layer"])
    assert not {row["id"] for row in store.layers()} & set(chain)
    store.write_layers([*store.layers(), *(layers[layer] for layer in reversed(chain))])
    store.write_images([*store.images(), image])
    links = [f"storage/overlay/l/{donor.text(f'storage/overlay/{layer}/link')}" for layer in chain]
    tops = [
        f"storage/overlay-images/{image['id']}",
        *(f"storage/overlay/{layer}" for layer in chain),
        *(path for path in donor.entries for layer in chain if path.startswith(f"storage/overlay-layers/{layer}.")),
        *links,
    ]
    for top in tops:
        store.entries.update({path: donor.entries[path] for path in donor.below(top)})
    store.changed_ns = max(store.changed_ns, donor.changed_ns)
    return store


def unrelated() -> tuple[Edited, dict]:
    donor = Edited("podman-list")
    return donor, next(image for image in donor.images() if image.get("layer"))


def test_the_unrelated_image_is_healthy():
    donor, image = unrelated()
    report = judge(graft(Edited(), donor, image).snapshot())
    assert report.verdict == "healthy", [finding.message for finding in report.findings]
    assert image["id"] in report.relations[0].images


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_an_unrelated_healthy_image_changes_no_cause(name):
    donor, image = unrelated()
    alone = judge(damaged(name).snapshot())
    store = graft(Edited(), donor, image)
    FAULTS[name](store)
    beside = judge(store.snapshot())
    new = {image["id"], *donor.chain(image["layer"])}

    def outcome(report):
        return [
            (
                c.id,
                c.hypothesis.subjects[0].key,
                set(c.hypothesis.affected.images) - new,
                c.hypothesis.affected.containers,
            )
            for c in report.causes
        ]

    assert outcome(beside) == outcome(alone)
    assert [c.probability for c in beside.causes] == pytest.approx([c.probability for c in alone.causes], abs=0.05)
