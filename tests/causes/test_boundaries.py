"""The numbers that decide between causes, each on both sides of its edge."""

from __future__ import annotations

import math
import re

import pytest

from analyzer.api import judge
from analyzer.causes.case import Case
from analyzer.causes.infer import posterior
from analyzer.causes.model import Hypothesis
from analyzer.causes.times import listed_before
from analyzer.checks.finding import Evidence, Finding, Subject
from analyzer.snapshot.provenance import Where
from analyzer.source.member import FILE
from tests.causes.made_up import IT, found, proposed
from tests.editing import Edited

API = "quay.example.test/shop/api:2.0"
DF = "Filesystem 1K-blocks Used Available Use% Mounted on\n/dev/vda4 100 100 0 100% /\n"
SECOND = 1_000_000_000


def reasons(store: Edited, family: str) -> str:
    """Return the reasons for and against the first cause of a family, in one text."""
    causes = judge(store.snapshot()).causes
    return "; ".join(each.text for cause in causes if cause.id == family for each in cause.hypothesis.reasons)


@pytest.mark.parametrize(("score", "behind"), [(20.0, 20.0), (30.0, 30.0), (45.0, 30.0)])
def test_something_else_never_falls_more_than_thirty_nats_behind(score, behind):
    subject = Subject("layer", "a" * 64, "x")
    finding = Finding("LAY-999", "made-up", "error", "high", subject, (Evidence(Where("x"), "a", "b"),), "text")
    left = 1 - posterior(alone := Hypothesis("made-up", "t", (subject,), {finding: score}, 0.0), [alone])
    assert left == pytest.approx(1 / (1 + math.exp(behind)), rel=0.01, abs=1e-15)


def test_a_listing_is_older_than_a_layer_only_by_more_than_the_clocks_two_seconds():
    store = Edited()
    layer = store.image_named(API)["layer"]

    def older(by_ns: int) -> bool:
        report = judge(store.change("storage/overlay", mtime_ns=made - by_ns).snapshot())
        return listed_before(Case(report.snapshot, report.relations[0], ()), layer)

    made = judge(store.snapshot()).relations[0].layers[layer].created_ns
    assert not older(2 * SECOND)
    assert older(2 * SECOND + 1)


def unsynced(*names: str) -> Edited:
    """Return a store in which files of one image and its layer were never written: one kind of file each."""
    store = Edited()
    image = store.image_named(API)
    layer = image["layer"]
    paths = {
        "link": f"storage/overlay/{layer}/link",
        "lower": f"storage/overlay/{layer}/lower",
        "manifest": f"storage/overlay-images/{image['id']}/manifest",
    }
    for name in names:
        store.write(paths[name], b"")
    return store


def test_three_kinds_of_unsynced_file_speak_for_a_power_loss_and_two_do_not():
    assert "3 different kinds of file" in reasons(unsynced("link", "lower", "manifest"), "unclean-shutdown")
    assert "different kinds of file" not in reasons(unsynced("link", "lower"), "unclean-shutdown")


def test_one_unsynced_file_speaks_against_a_power_loss_and_two_do_not():
    assert "only one is seen" in reasons(unsynced("link"), "unclean-shutdown")
    assert "only one is seen" not in reasons(unsynced("link", "lower"), "unclean-shutdown")


def test_an_index_that_was_never_renamed_into_place_speaks_for_a_full_disk():
    store = unsynced("manifest").write("sos_commands/filesys/df_-al", DF)
    assert "never renamed into place" not in reasons(store, "disk-full")
    store.write("storage/overlay-layers/.tmp-layers.json411", store.data("storage/overlay-layers/layers.json")[:4096])
    assert "never renamed into place" in reasons(store, "disk-full")


def swept(share: float) -> Edited:
    """Return a store in which the files of a share of the compared layers are open to everybody."""
    store = Edited()
    report = judge(store.snapshot())
    contents = Case(report.snapshot, report.relations[0], ()).view.contents
    compared = sorted(key for key, facts in contents.items() if facts.compared)
    changed = compared[: math.ceil(share * len(compared))]
    for layer in changed:
        for path in store.below(f"storage/overlay/{layer}/diff"):
            member = store.entries[path][0]
            if member.kind in (FILE, "dir"):
                member.mode |= 0o022
    return store


def test_half_of_the_layers_make_a_sweep_of_the_store():
    assert "layers are changed, most of each" in reasons(swept(0.5), "permissions-swept")
    [cause] = [cause for cause in judge(swept(0.5).snapshot()).causes if cause.id == "permissions-swept"]
    assert {each.weight for each in cause.hypothesis.reasons if "most of each" in each.text} == {1.5}
    assert "layers are changed, most of each" not in reasons(swept(0.3), "permissions-swept")


@pytest.mark.parametrize(("pause", "causes"), [(600, 1), (601, 2)])
def test_layers_written_within_ten_minutes_of_each_other_were_changed_together(pause, causes):
    store = Edited()
    last = max(member.mtime_ns for member, _ in store.entries.values()) + 3_600 * SECOND
    top, base = (chain := store.chain(store.image_named(API)["layer"]))[0], chain[-1]
    for number, layer in enumerate((top, base)):
        place = f"storage/overlay/{layer}/diff/"
        path = next(p for p, (m, d) in store.entries.items() if p.startswith(place) and m.kind == FILE and len(d) > 9)
        store.write(path, store.data(path) + b"more\n").change(path, mtime_ns=last + number * pause * SECOND)
    found = [each for each in judge(store.snapshot()).causes if each.id == "base-layer-modified"]
    assert len(found) == causes


def test_a_layer_with_a_digest_that_the_config_does_not_name_is_told_as_that_layer():
    store = Edited()
    image, layers = store.image_named(API), store.layers()
    next(each for each in layers if each["id"] == image["layer"])["diff-digest"] = f"sha256:{'0' * 64}"
    first = judge(store.write_layers(layers).snapshot()).causes[0]
    assert first.hypothesis.title.startswith(f"the digest of layer {image['layer'][:12]} ")


@pytest.mark.parametrize(("left", "advice"), [("", 1), (IT.top, 0)])
def test_a_wiped_store_is_started_afresh_only_where_no_layer_is_left(left, advice):
    store, diff = Edited(), re.compile(r"storage/overlay/(\w{64})/diff")
    for path in [path for path in store.entries if (under := diff.match(path)) and under[1] != left]:
        del store.entries[path]
    [wipe] = proposed("interrupted-wipe", found("STO-023"), store=store)
    assert len(wipe.plan) == advice
    assert ("while the layers were left" if left else "was wiped around its mounts") in wipe.title
