"""What logs, errors of engines, times and shortened names add to a cause, in nats, and from where on."""

from __future__ import annotations

import re

import pytest

from analyzer.causes.logged import with_errors, with_logs
from analyzer.causes.model import Affected, Hypothesis
from analyzer.causes.times import image_file_moved
from analyzer.snapshot.node.log_events import LogEvents
from tests.causes.made_up import IT, UNKNOWN, case_of, found, healthy, index, layers, proposed, terms
from tests.editing import Edited

SECOND = 10**9
LOGGED = [
    ("unclean-shutdown", {"unclean": 1.0, "shutdown": 0.7, "corruption": 0.5}),
    ("media-corruption", {"io-error": 1.5, "corruption": 1.0}),
    ("disk-full", {"full": 1.5}),
    ("container-fills-disk", {"full": 0.5}),
    ("interrupted-pull", {"killed": 0.7, "full": 0.7, "unclean": 0.5}),
    ("interrupted-removal", {"killed": 0.7, "full": 0.5, "unclean": 0.5}),
    ("interrupted-wipe", {"wiped": 1.5}),
    ("selinux-labels-wrong", {"denied": 1.5}),
    ("libpod-database-damaged", {"unclean": 0.7, "full": 0.7, "io-error": 0.7}),
    ("two-writers", {}),
]
KINDS = ("corruption", "shutdown", "io-error", "full", "unclean", "killed", "denied", "wiped")


def cause(family: str = "two-writers", **more) -> Hypothesis:
    finding = found("STO-013", IT.top)
    return Hypothesis(family, "a", (finding.subject,), {finding: 3.0}, 0.0, **more)


def events(count: int = 1) -> dict[str, LogEvents]:
    return {kind: LogEvents(kind, count, "var/log/messages", 7, "text", None, ()) for kind in KINDS}


@pytest.mark.parametrize(("family", "weights"), LOGGED)
def test_lines_of_logs_weigh_as_written(family, weights):
    told = with_logs(cause(family), events())
    assert {reason.text.partition(":")[0]: reason.weight for reason in told.reasons} == {
        with_logs(cause(family), {kind: events()[kind]}).reasons[0].text.partition(":")[0]: weight
        for kind, weight in weights.items()
    }
    assert sorted(reason.weight for reason in told.reasons) == sorted(weights.values())


@pytest.mark.parametrize(("count", "times"), [(1, "once"), (2, "2 such lines")])
def test_lines_of_logs_are_told_with_their_place_and_number(count, times):
    [reason] = with_logs(cause("disk-full"), events(count)).reasons
    assert reason.text == f"a write failed for want of space: var/log/messages line 7 ({times})"


@pytest.mark.parametrize(
    ("facts", "more", "weight"),
    [
        ({"ids": (IT.top,), "behaviours": ()}, {}, 2.0),
        ({"ids": (IT.image,), "behaviours": ()}, {"affected": Affected(images=(IT.image,))}, 2.0),
        ({"ids": (), "behaviours": ("two-writers",)}, {}, 2.0),
        ({"ids": (), "behaviours": ("layer-not-known",)}, {}, 1.0),
        ({"ids": (), "behaviours": ()}, {"fails_listing": True}, 1.0),
        ({"ids": (UNKNOWN,), "behaviours": ()}, {"fails_listing": True}, None),
        ({"ids": (), "behaviours": ()}, {}, None),
    ],
)
def test_an_error_of_an_engine_weighs_by_what_it_names(facts, more, weight):
    error = found("HST-006", **facts)
    assert with_errors(cause(**more), [error]).explains.get(error) == weight


def test_what_a_family_weighed_itself_is_left():
    error = found("HST-006", ids=(IT.top,), behaviours=())
    alone = Hypothesis("engine-said", "a", (error.subject,), {error: 1.6}, 0.0)
    assert with_errors(alone, [error]) is alone


def lacking(count: int, named=("b", "c"), recorded=("a", "b", "c")):
    """Return findings about as many `lower` files."""
    keys = sorted(healthy()[1].layers)[:count]
    return [found("OVL-009", key, renewed="", named=named, recorded=recorded) for key in keys]


def shortened(*findings):
    told = proposed("records-disagree", *findings)
    return [each for each in told if "lacks the" in each.title or "is how a layer" in each.title]


@pytest.mark.parametrize(
    ("findings", "title"),
    [
        (lacking(3), "`lower` of 3 layers lacks the first name that it should have"),
        (lacking(3, named=("a", "b")), "`lower` of 3 layers lacks the last name that it should have"),
        ([*lacking(2), found("OVL-007", IT.top, unsynced=True, lower_should_be="l/A")], "`lower` of 3 layers lacks"),
    ],
)
def test_three_lower_files_one_name_short_are_one_command(findings, title):
    [one] = shortened(*findings)
    assert one.title.startswith(title)
    assert terms(one) == (-0.6, [3.0, 3.0, 3.0], [])


@pytest.mark.parametrize(
    "findings",
    [
        lacking(2),
        lacking(3, named=("b",)),
        [*lacking(2), *lacking(3, named=("a", "b"))[2:]],
        [*lacking(2), found("OVL-007", IT.top, unsynced=True, lower_should_be="l/A:l/B")],
        [*lacking(2), found("OVL-007", IT.top, lower_should_be="l/A")],
    ],
)
def test_fewer_or_others_are_not(findings):
    assert shortened(*findings) == []


@pytest.mark.parametrize(("digits", "count"), [(11, 0), (12, 1), (63, 1), (64, 0)])
def test_the_beginning_of_an_id_is_one_from_twelve_digits_on(digits, count):
    told = shortened(found("IMG-016", (IT.top + "0")[:digits] if digits < 64 else UNKNOWN))
    assert [terms(each) for each in told] == [(-0.6, [6.0], [])] * count


@pytest.mark.parametrize(("late", "moved"), [(120, False), (121, True)])
def test_a_file_of_an_image_was_written_later_by_more_than_two_minutes(late, moved):
    store = Edited()
    image = store.image_named("quay.example.test/shop/web:1.4")["id"]
    place = f"storage/overlay-images/{image}"
    for path in store.below(place):
        store.change(path, mtime_ns=10**18)
    store.change(f"{place}/manifest", mtime_ns=10**18 + late * SECOND)
    finding = found("IMG-003", image, "image", at=f"{place}/manifest")
    assert image_file_moved(case_of(finding, store=store), finding) == moved


def additional(*findings):
    """Return the change of the additional store that the findings speak for."""
    return proposed("additional-store-changed", *findings, store=Edited("healthy-additional-store"))


def test_a_layer_that_the_additional_store_gave_weighs_as_written():
    [one] = additional(found("LAY-001", UNKNOWN), found("IMG-016", UNKNOWN), found("OVL-004", UNKNOWN))
    assert terms(one) == (-0.5, [4.5, 2.5, 1.0], [])
    assert one.title.startswith("layer ffffffffffff is no longer in the additional store ")


@pytest.mark.parametrize(
    "finding",
    [found("CTR-001", UNKNOWN), found("LAY-001", "no-id"), found("LAY-001", UNKNOWN, "image"),
     found("LAY-001", UNKNOWN, severity="info"), found("OVL-012", UNKNOWN)],
)  # fmt: skip
def test_what_the_additional_store_never_had_is_not_its_change(finding):
    assert additional(finding) == []


def test_no_additional_store_no_change_of_it():
    assert proposed("additional-store-changed", *layers("LAY-001", 1)) == []


def test_a_list_made_on_the_node_weighs_as_written():
    store = Edited("podman-list")
    image = next(row["id"] for row in store.images() if "instances.json" in row["big-data-names"])
    [one] = proposed("local-manifest-list", found("IMG-008", image, "image"), store=store)
    assert terms(one) == (0.0, [3.5], [2.0, 1.0])
    assert one.harmless
    assert [step.command for step in one.plan] == [""]


@pytest.mark.parametrize(("member", "advice"), [("secrets.json", "from a backup"), ("defaultNetworkBackend", "printf")])
def test_a_damaged_setting_of_podman_is_written_anew_or_put_back(member, advice):
    [one] = proposed("podman-setting-damaged", found("LPD-012", member=member, found="nothing"))
    assert advice in one.plan[0].effect


ROWS = {"layers": (IT.top, "layer"), "images": (IT.image, "image"), "containers": (IT.container, "container")}


@pytest.mark.parametrize("part", ROWS)
@pytest.mark.parametrize("about", ROWS)
def test_what_is_about_the_rows_of_an_exchanged_index_follows_from_it(part, about):
    exchanged = index("STO-020", part, kind="foreign", name=f"{part}.json", seen="holds other rows")
    one = proposed("records-disagree", exchanged, found("LPD-099", *ROWS[about]))[-1]
    assert terms(one) == (-0.6, [6.0, 2.5] if part == about else [6.0], [])
    assert set(one.affected.images) == (set() if part == "containers" else set(healthy()[1].images))


@pytest.mark.parametrize(("share", "weight"), [(0.39, 1.5), (0.4, 4.5)])
def test_one_layer_alone_is_no_sweep_of_the_store(share, weight):
    store, diff = Edited(), re.compile(r"storage/overlay/(\w{64})/diff/")
    for path in [path for path in store.entries if (under := diff.match(path)) and under[1] != IT.top]:
        del store.entries[path]
    changed = found("OVL-024", IT.top, layer=IT.top, share=share, sweep=True)
    case = case_of(changed, store=store)
    assert [key for key, facts in case.view.contents.items() if facts.compared] == [IT.top]
    [one] = proposed("permissions-swept", changed, store=store)
    assert list(one.explains.values()) == [weight]
