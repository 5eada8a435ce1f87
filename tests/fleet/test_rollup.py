"""The roll-up of fleets made by hand: every number is one that can be counted on the page."""

from __future__ import annotations

import pytest

from analyzer.fleet.rollup import exit_code, rollup
from analyzer.fleet.statistics import fisher_greater
from analyzer.fleet.words import left_out
from tests.fleet.fleets import ByHand


def fleet_of(sick, others, **extra):
    """Return a roll-up of nodes that have a cause, and nodes that have none, given by their facts."""
    made = ByHand()
    for number, facts in enumerate(sick):
        made.add(f"s{number}", [{}], facts, **extra)
    for number, facts in enumerate(others):
        made.add(f"o{number}", [], facts)
    return rollup(made.db)


BAD, GOOD = ("kernel", "5.14-bad"), ("kernel", "5.14-good")


def test_verdicts_are_counted_once_and_failures_apart():
    made = ByHand()
    made.add("a", [{}]).add("b").add("c", verdict="advisory").add(
        "d", verdict="undetermined", thin="cut", complete=False
    )
    made.add("e", failed="timeout").add("f", failed="unreadable")
    nodes = rollup(made.db)["nodes"]
    assert nodes == {
        "total": 6, "healthy": 1, "advisory": 1, "damaged": 1, "undetermined": 1, "failed": 2, "thin": 1,
        "duplicates": 0, "compared": 3,
    }  # fmt: skip


def test_a_fact_that_sick_nodes_share_is_found_with_its_numbers():
    found = fleet_of([[BAD]] * 10, [[GOOD]] * 28 + [[BAD]] * 2)
    (cause,) = found["causes"]
    assert (cause["nodes"], cause["damaged"], cause["first_on"], cause["heals"]) == (10, 10, 10, 10)
    (row,) = cause["compared"]["shared"]
    assert (row["kind"], row["value"]) == BAD
    assert (row["sick_with"], row["sick"], row["others_with"], row["others"]) == (10, 10, 2, 30)
    assert row["lift"] == pytest.approx(1 / (12 / 40), abs=1e-3)
    assert found["comparisons"] == 2  # two kernels, one family
    p = fisher_greater(10, 10, 12, 40)
    assert row["p"] == pytest.approx(p)
    assert row["p_corrected"] == pytest.approx(2 * p)


def test_what_everybody_has_is_no_lead():
    assert fleet_of([[BAD]] * 10, [[BAD]] * 30)["causes"][0]["compared"]["shared"] == []


def test_chance_is_no_lead():
    """Half of either side has it."""
    found = fleet_of([[BAD], [GOOD]] * 10, [[BAD], [GOOD]] * 20)
    assert found["causes"][0]["compared"]["shared"] == []


@pytest.mark.parametrize(("sick", "others"), [(4, 40), (40, 4)])
def test_small_groups_are_not_compared(sick, others):
    found = fleet_of([[BAD]] * sick, [[GOOD]] * others)
    compared = found["causes"][0]["compared"]
    assert compared["small"]
    assert compared["shared"] == []
    assert found["comparisons"] == 0


def test_nodes_of_which_a_fact_is_not_known_take_no_part():
    """Ten nodes without a captured version are no nodes with another one."""
    found = fleet_of([[BAD]] * 8 + [[]] * 10, [[GOOD]] * 8 + [[]] * 20)
    (row,) = found["causes"][0]["compared"]["shared"]
    assert (row["sick_with"], row["sick"], row["others_with"], row["others"]) == (8, 8, 0, 8)
    unknown = fleet_of([[BAD]] * 8, [[]] * 30)
    assert unknown["causes"][0]["compared"]["shared"] == []


def test_controls_are_nodes_without_damage():
    """Nodes with another fault are on neither side, and the report says so."""
    made = ByHand()
    for number in range(10):
        made.add(f"s{number}", [{}], [BAD])
        made.add(f"b{number}", [{"cause": "media-corruption"}], [BAD])
        made.add(f"w{number}", [{"cause": "leaked-space", "severity": "warning"}], [GOOD])
    found = rollup(made.db)
    by_cause = {cause["cause"]: cause for cause in found["causes"]}
    compared = by_cause["unclean-shutdown"]["compared"]
    assert (compared["sick"], compared["others"], compared["left_out"]) == (10, 10, 10)
    (row,) = compared["shared"]
    assert (row["sick_with"], row["sick"], row["others_with"], row["others"]) == (10, 10, 0, 10)
    assert row["p"] == pytest.approx(fisher_greater(10, 10, 10, 20))
    assert by_cause["leaked-space"]["compared"]["others"] == 0  # its own nodes are no controls
    assert "10 nodes with another cause of damage" in left_out(by_cause["unclean-shutdown"], found["nodes"])


def test_every_kind_of_fact_has_its_share_of_the_list():
    """Thirty images of the rack do not push the kernel that all sick nodes share out of the list."""
    images = [[("image", f"rack/{each}") for each in range(30) if each != place] for place in range(30)]
    kernels = [[GOOD]] * 27 + [[BAD]] * 3
    found = fleet_of([[*own, BAD] for own in images], kernels)["causes"][0]["compared"]
    kinds = [row["kind"] for row in found["shared"]]
    assert "kernel" in kinds
    assert (len(kinds), found["more"]) == (12, 31 - 12)


def test_two_facts_that_only_together_go_with_a_cause():
    """Base B and kernel K: half of the well nodes have the one, half the other, none both."""
    base, other = ("base", "sha256:b"), ("base", "sha256:c")
    found = fleet_of([[BAD, base]] * 20, [[BAD, other]] * 20 + [[GOOD, base]] * 20)
    (row,) = found["causes"][0]["compared"]["pairs"]
    assert {(each["kind"], each["value"]) for each in row["facts"]} == {BAD, base}
    assert (row["sick_with"], row["sick"], row["others_with"], row["others"]) == (20, 20, 0, 40)
    assert row["p"] == pytest.approx(fisher_greater(20, 20, 20, 40))
    assert row["p_corrected"] == pytest.approx(4 * row["p"])  # two kernels, two bases
    assert row["lift"] == pytest.approx(3.0)


def test_a_second_fact_that_adds_nothing_makes_no_pair():
    base = ("base", "sha256:b")
    found = fleet_of([[BAD, base]] * 20, [[GOOD, base]] * 20 + [[GOOD]] * 20)["causes"][0]["compared"]
    assert found["shared"][0]["kind"] == "kernel"
    assert found["pairs"] == []


def test_kinds_that_are_not_compared_are_named():
    found = fleet_of([[BAD, ("driver", "overlay"), ("crio", "1.30")]] * 8, [[GOOD, ("driver", "overlay")]] * 30)
    compared = found["causes"][0]["compared"]
    assert compared["same"] == ["driver"]
    assert "crio" in compared["unknown"]
    assert "kernel" not in compared["unknown"]
    said = left_out(found["causes"][0], found["nodes"])
    assert "too few captures tell: CRI-O" in said
    assert "The same on every node: driver." in said


def test_the_listing_has_every_node_the_damaged_first():
    made = ByHand()
    made.add("a").add("b", [{}], first_cause="unclean-shutdown", title="told").add("c", failed="timeout")
    made.add("d", verdict="advisory").add("e", verdict="undetermined", thin="cut")
    rows = rollup(made.db)["listing"]
    assert [(row["node"], row["verdict"]) for row in rows] == [
        ("b", "damaged"), ("c", "failed"), ("e", "undetermined"), ("d", "advisory"), ("a", "healthy"),
    ]  # fmt: skip
    assert (rows[0]["cause"], rows[0]["title"]) == ("unclean-shutdown", "told")


def test_an_absent_image_is_absent():
    image = ("image", "quay.example.test/a:1")
    (row,) = fleet_of([[image]] * 8, [[]] * 30)["causes"][0]["compared"]["shared"]
    assert (row["sick_with"], row["sick"], row["others_with"], row["others"]) == (8, 8, 0, 30)


def test_thin_captures_take_no_part():
    made = ByHand()
    for number in range(8):
        made.add(f"s{number}", [{}], [BAD])
        made.add(f"t{number}", [{}], [BAD], thin="the bundle was not read whole", complete=False)
        made.add(f"o{number}", [], [GOOD])
    found = rollup(made.db)
    assert found["causes"][0]["nodes"] == 16
    assert (found["causes"][0]["compared"]["sick"], found["causes"][0]["compared"]["others"]) == (8, 8)
    assert len(found["thin"]) == 8


def test_copies_count_as_nodes_and_are_compared_once():
    made = ByHand()
    for number in range(20):
        made.add(f"copy{number:02}", [{}], [BAD], sha256="0" * 64)
    for number in range(20):
        made.add(f"o{number:02}", [], [GOOD], sha256=f"{number + 1:064x}")
    found = rollup(made.db)
    assert (found["nodes"]["total"], found["nodes"]["damaged"], found["nodes"]["duplicates"]) == (40, 20, 19)
    assert found["causes"][0]["compared"]["small"]
    assert found["duplicates"][0] == {"node": "copy01", "of": "copy00"}


def test_facts_of_the_very_same_nodes_are_one_question():
    both = [("image", "a"), ("base", "sha256:b")]
    found = fleet_of([both] * 8, [[]] * 20)
    (row,) = found["causes"][0]["compared"]["shared"]
    assert found["comparisons"] == 1
    assert {(row["kind"], row["value"]), *((f["kind"], f["value"]) for f in row["alike"])} == set(both)


def test_many_questions_need_a_surer_answer():
    """The same table is a lead among few questions and none among very many."""
    sick = [[("image", "x")]] * 5 + [[]] * 5
    others = [[("image", "x")]] + [[]] * 29
    assert [r["value"] for r in fleet_of(sick, others)["causes"][0]["compared"]["shared"]] == ["x"]
    many = [
        [*facts, *(("image", f"i{n}") for n in range(400) if (n * 7919 + place * 104729) % 13 < 4)]
        for place, facts in enumerate(sick + others)
    ]
    compared = fleet_of(many[:10], many[10:])["causes"][0]["compared"]["shared"]
    assert "x" not in [r["value"] for r in compared]


def test_the_first_action_heals_most_nodes_not_most_causes():
    made = ByHand()
    other = {"cause": "leaked-space", "rank": 2}
    for number in range(6):
        made.add(f"both{number}", [{}, {"cause": "records-disagree", "rank": 2}])
    for number in range(4):
        made.add(f"one{number}", [{"cause": "layer-record-lost"}, {**other, "severity": "warning"}],
                 plan=[{"cause": "layer-record-lost", "command": f"mend {number}", "effect": "Mend."}])  # fmt: skip
    action = rollup(made.db)["action"]
    assert (action["cause"], action["heals"], action["helps"]) == ("layer-record-lost", 4, 0)
    assert action["plans"] == 4
    assert action["steps"] == [{"command": "mend 0", "effect": "Mend.", "risk": "none", "after": ""}]


def test_nothing_is_to_be_done_for_warnings():
    made = ByHand().add("a", [{"severity": "warning"}], verdict="advisory")
    found = rollup(made.db)
    assert found["action"] is None
    assert found["causes"][0]["damaged"] == 0


def test_the_same_object_on_several_nodes():
    made = ByHand()
    for number in range(3):
        made.add(f"n{number}", [{}])
    made.add("n3", [{"fingerprint": "2" * 16}])
    (group,) = rollup(made.db)["causes"][0]["objects"]
    assert (group["nodes"], group["example"]) == (3, "n0")


def test_the_order_of_events_is_that_of_times_over_nodes():
    made = ByHand()
    for name, second in (("late", 30), ("first", 10), ("mid", 20)):
        made.add(name, [{"first": second * 10**9 + 1_700_000_000 * 10**9}])
    made.add("undated", [{}])
    found = rollup(made.db)
    assert [row["node"] for row in found["order"]] == ["first", "mid", "late"]
    cause = found["causes"][0]
    assert (cause["earliest"]["node"], cause["latest"]["node"], cause["dated"]) == ("first", "late", 3)
    assert sum(found["strip"]["lanes"][0]["counts"]) == 3


def test_outliers_need_a_fleet_and_distance():
    made = ByHand()
    for number in range(24):
        made.add(f"n{number}", layers=100 + number % 5)
    made.add("huge", layers=5000)
    made.add("lone", [{"cause": "media-corruption"}], layers=100)
    found = {(row["node"], row["why"]) for row in rollup(made.db)["outliers"]}
    assert found == {("huge", "unusual number of layers"), ("lone", "only node with this cause")}
    few = ByHand().add("a", layers=1).add("b", layers=9999)
    assert rollup(few.db)["outliers"] == []


@pytest.mark.parametrize(
    ("nodes", "fail_on", "code"),
    [
        ([{}], "error", 0),
        ([{}, {"causes": [{}]}], "error", 1),
        ([{"causes": [{"severity": "warning"}]}], "error", 0),
        ([{"causes": [{"severity": "warning"}]}], "warning", 1),
        ([{"causes": [{"known": True}]}], "error", 0),
        ([{"causes": [{}]}, {"failed": "timeout"}], "error", 1),
        ([{}, {"failed": "timeout"}], "error", 4),
        ([{}, {"complete": False}], "error", 4),
        ([{"failed": "timeout"}], "error", 3),
    ],
)
def test_exit_codes(nodes, fail_on, code):
    made = ByHand()
    for number, node in enumerate(nodes):
        made.add(f"n{number}", **node)
    assert exit_code(made.db, fail_on) == code


def test_a_fleet_of_several_sizes_has_no_outliers():
    """Most nodes are alike to the layer, and many others are of a second size: none of them is unusual."""
    made = ByHand()
    for number in range(76):
        made.add(f"small-{number:02}", layers=40, images=9, containers=5)
    for number in range(22):
        made.add(f"large-{number:02}", layers=400 + number, images=90, containers=50)
    assert rollup(made.db)["outliers"] == []
    made.add("huge", layers=90_000, images=9, containers=5)
    assert {row["node"] for row in rollup(made.db)["outliers"]} <= {"huge"}
