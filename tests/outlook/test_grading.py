"""What a real check said of healthy stores is refuted, what it said of damaged ones confirmed, and nothing else is."""

from __future__ import annotations

import functools
import gzip
import json
import pathlib
import re

import pytest

from analyzer.api import judge, read
from analyzer.outlook.grading.consequences import consequences
from analyzer.outlook.grading.evidence import GradingEvidence
from analyzer.outlook.grading.grade import grade_output
from analyzer.outlook.grading.lines import read_output
from analyzer.outlook.grading.modified import parse_change
from tests.editing import BUNDLES, Edited
from tests.effort import no_hang

SAMPLES = pathlib.Path(__file__).parents[2] / "samples"
CASES = {case["name"]: case for case in json.loads((BUNDLES / "truth.json").read_text())["bundles"]}
PRINTED = pathlib.Path(__file__).parent / "checks"
SAID = {path.name.removesuffix(".txt.gz"): gzip.decompress(path.read_bytes()).decode() for path in PRINTED.glob("*.gz")}
SOUND = {name for name, case in CASES.items() if not case.get("faults")} | {"healthy"}
# The seed case and its sister have nothing that a check finds: their damage is a manifest list.
HEALTHY = sorted(name for name in SAID if name in SOUND or name in {"seed-case", "local-list-member-missing"})
DAMAGED = sorted(name for name in SAID if name not in HEALTHY and read_output(SAID[name]).claims)
REASONS = {
    "healthy": {"hard-link"},  # its tars give a hard link another mode than its target
    "healthy-additional-store": {"parent-in-additional-store"},
    "healthy-zstd-chunked": {"partial-pull"},
    "implied-parents": {"implied-directory"},
    "local-list-member-missing": {"hard-link", "implied-directory"},
    "newest-chunked": {"directory-time"},
    "seed-case": {"hard-link", "implied-directory"},
    "userns-mapped": {"mapped-owners", "implied-directory"},
}
ALARMS = {
    "dangling-link": {"hard-link"},
    # what the check calls unreferenced is what stands on the layer it has deleted itself
    "incomplete-layer": {"in-use"},
}
LAYER = "a" * 64


def bundle(name):
    folder = BUNDLES if name in CASES else SAMPLES
    return folder / f"{name}.tar.zst"


def evidence_of(snapshot):
    report = judge(snapshot)
    return GradingEvidence(snapshot, report.relations[0], report.findings, report.platform)


@functools.cache
def evidence(path):
    return evidence_of(read(path))


def grade(store, text):
    found = evidence_of(store.snapshot()) if isinstance(store, Edited) else evidence(store)
    return grade_output(found, read_output(text))


def grades(store, text):
    return [each.verdict.grade for each in grade(store, text)]


def one(store, text):
    (graded,) = grade(store, text)
    return graded.verdict


def under(layer_id, *texts, kind="layer"):
    """Return the output for one record, as containers-storage prints it."""
    return "\n".join([f"{kind} {layer_id}:", *(f" {kind} {layer_id}: {text}" for text in texts)]) + "\n"


@pytest.mark.parametrize("name", HEALTHY)
def test_what_the_check_says_of_a_healthy_store_is_refuted_with_the_reason(name):
    graded = grade(bundle(name), SAID[name])
    assert graded
    assert {each.verdict.grade for each in graded} == {"refuted"}
    assert {each.verdict.reason for each in graded} == REASONS[name]


def test_hard_links_are_told_by_two_names():
    told = [each.verdict.because for each in grade(bundle("healthy"), SAID["healthy"])]
    linked = [re.match(r"(\S+) and (\S+) are one file, .* sets those of the last entry, (\S+)$", each) for each in told]
    assert any(linked)
    for names in filter(None, linked):
        assert names[1] != names[2]
        assert names[3] in names.groups()[:2]


@pytest.mark.parametrize("name", DAMAGED)
def test_what_the_check_says_of_a_damaged_store_is_confirmed(name):
    graded = grade(bundle(name), SAID[name])
    alarms = [each for each in graded if each.verdict.grade != "confirmed"]
    assert {each.verdict.reason for each in alarms} == ALARMS.get(name, set())
    assert len(alarms) < len(graded)
    assert all(each.verdict.because for each in graded)


@pytest.mark.parametrize("name", DAMAGED)
def test_what_the_check_says_of_a_damaged_store_is_not_confirmed_on_a_healthy_one(name):
    for each in grade(BUNDLES / "healthy-overlay.tar.zst", SAID[name]):
        missing = each.claim.says.endswith("layer is missing") and each.verdict.because.endswith(
            "no record in this bundle"
        )
        assert each.verdict.grade != "confirmed" or missing


def test_the_enough_cases_are_there():
    assert sorted(REASONS) == HEALTHY
    assert len(DAMAGED) >= 14
    assert sum(len(read_output(text).claims) for text in SAID.values()) >= 1000


SEED_LAYER = "6233936d089a"
CERTIFICATES = "/usr/share/doc/ca-certificates(size:18921\uffeb0,mode:0644\uffeb0755,mtime:0x6553f100\uffeb0x6b05f16a)"


def test_the_lines_of_the_seed_case_are_a_real_check_s():
    lines = SAID["seed-case"].splitlines()
    assert f" layer {seed_layer()}: {CERTIFICATES}, layer content modified" in lines


def seed_layer():
    found = evidence(SAMPLES / "seed-case.tar.zst")
    return next(each for each in found.rel.layers if each.startswith(SEED_LAYER))


@pytest.mark.parametrize("arrow", ["\uffeb", "\u2192", "->", "?"])
def test_the_ca_certificates_lines_of_the_seed_case_are_refuted(arrow):
    text = under(seed_layer(), CERTIFICATES.replace("\uffeb", arrow) + ", layer content modified")
    verdict = one(SAMPLES / "seed-case.tar.zst", text)
    assert (verdict.grade, verdict.reason) == ("refuted", "implied-directory")
    assert "no entry for /usr/share/doc/ca-certificates" in verdict.because
    assert "/usr/share/doc/ca-certificates/copyright" in verdict.because


@pytest.mark.parametrize("change", [("18921", "5"), ("0644", "0700"), ("0x6553f100", "0x1")])
def test_an_implied_directory_is_not_refuted_where_the_check_expected_something_else(change):
    text = under(seed_layer(), CERTIFICATES.replace(*change, 1) + ", layer content modified")
    assert one(SAMPLES / "seed-case.tar.zst", text).grade == "open"


def test_the_same_lines_on_the_layers_above_are_refuted_too():
    found = evidence(SAMPLES / "seed-case.tar.zst")
    above = sorted(found.rel.descendants([seed_layer()]) - {seed_layer()})
    assert above
    for layer_id in above:
        assert grades(SAMPLES / "seed-case.tar.zst", under(layer_id, CERTIFICATES + ", layer content modified")) == [
            "refuted"
        ]


IMPLIED = "0dfa213714c0c93ef95c3b4f3adbbe3ea4d0008d0bd9b8975e95ec8c9b4ec516"
ETC_D = "/etc/d(size:5\uffeb0,mode:0644\uffeb0755,mtime:0x6553f100\uffeb0x6b05e944), layer content modified"


def test_an_implied_directory_with_a_mode_no_engine_gives_is_left_open():
    store = Edited("implied-parents")
    path = next(p for p in store.entries if p.endswith("/diff/etc/d") and IMPLIED in p)
    store.entries[path][0].mode = 0o700
    verdict = one(store, under(IMPLIED, ETC_D))
    assert verdict.grade == "open"
    assert "0700" in verdict.because


def test_an_implied_directory_is_proven_from_the_tar_split_where_contents_were_left_out():
    store = Edited("implied-parents")
    for path in [p for p in store.entries if "/diff/" in p]:
        del store.entries[path]
    assert one(store, under(IMPLIED, ETC_D)).grade == "refuted"
    assert one(store, under(IMPLIED, ETC_D.replace("0755", "0700"))).grade == "open"


def test_a_directory_whose_time_changed_with_what_is_in_it_is_confirmed():
    store = Edited("newest-chunked")
    layer = read_output(SAID["newest-chunked"]).claims[0].id
    path = next(p for p in store.entries if p.startswith(f"storage/overlay/{layer}/diff/bin/"))
    name = path.rpartition("/")[2]
    store.remove(path)
    verdict = one(store, under(layer, "/bin(mtime:0x6553f100\uffeb0x6b05ea0f), layer content modified"))
    assert verdict.grade == "confirmed"
    assert name in verdict.because


def test_without_contents_the_time_of_a_recorded_directory_is_left_open():
    store = Edited("newest-chunked")
    layer = read_output(SAID["newest-chunked"]).claims[0].id
    for path in [p for p in store.entries if "/diff/" in p]:
        del store.entries[path]
    assert one(store, under(layer, "/bin(mtime:0x6553f100\uffeb0x6b05ea0f), layer content modified")).grade == "open"


def test_a_parent_in_no_store_is_confirmed_and_one_in_a_store_that_was_not_captured_left_open():
    path = BUNDLES / "parent-record-missing.tar.zst"
    assert grades(path, SAID["parent-record-missing"])[0] == "confirmed"
    store = Edited("parent-record-missing")
    store.write("etc/containers/storage.conf", '[storage]\n[storage.options]\nadditionalimagestores = ["/mnt/ro"]\n')
    assert grades(store, SAID["parent-record-missing"])[0] == "open"


def test_a_file_that_no_tar_names_is_left_open_with_what_is_not_known():
    store = Edited("healthy-overlay")
    layer = next(each["id"] for each in store.layers() if not each.get("parent"))
    text = under(layer, "/nosuch(size:5\uffeb6), layer content modified")
    assert one(store, text).because == "no tar of the chain names /nosuch"
    store.remove(f"storage/overlay-layers/{layer}.tar-split.gz")
    assert one(store, text).because.startswith(f"layer {layer[:12]} has no readable tar-split")


def test_a_used_layer_is_not_unreferenced():
    found = evidence(BUNDLES / "healthy-overlay.tar.zst")
    layer = next(iter(found.rel.images_on))
    text = under(layer, "layer not referenced by any images or containers")
    verdict = one(BUNDLES / "healthy-overlay.tar.zst", text)
    assert (verdict.grade, verdict.reason) == ("refuted", "in-use")


def test_a_left_over_feature_test_is_no_layer():
    text = under("metacopy-check3141592", "layer in lower level storage driver not accounted for")
    verdict = one(BUNDLES / "healthy-overlay.tar.zst", text)
    assert (verdict.grade, verdict.reason) == ("refuted", "not-a-layer")
    strange = under(LAYER, "layer in lower level storage driver not accounted for")
    assert one(BUNDLES / "healthy-overlay.tar.zst", strange).grade == "open"


def test_an_error_that_no_check_prints_is_left_open():
    layer = next(iter(evidence(BUNDLES / "healthy-overlay.tar.zst").rel.layers))
    assert one(BUNDLES / "healthy-overlay.tar.zst", under(layer, "the moon is full")).grade == "open"


# the three programs


def forms(kind, record, text):
    yield f"{kind} {record}:\n {text}\n"
    yield f"Damaged {kind} {record}:\n1 error occurred:\n\t* {text}\n\n"
    yield f'time="2026-11-24T19:00:00Z" level=debug msg="{kind}: {record}: {text}"\n'
    yield f"DEBU[0001] {kind}: {record}: {text}\n"


@pytest.mark.parametrize("kind", ["layer", "read-only layer", "image", "read-only image", "container"])
def test_the_three_programs_say_one_thing(kind):
    said = f"layer {'b' * 64}: layer content incorrect digest"
    for text in forms(kind, LAYER, said):
        (claim,) = read_output(text).claims
        assert (claim.kind, claim.id) == (kind.removeprefix("read-only "), LAYER)
        assert (claim.about_kind, claim.about) == ("layer", "b" * 64)
        assert claim.says == "layer content incorrect digest"
        assert claim.foreign == kind.startswith("read-only")
        assert read_output(text).other == ()


def test_chatter_is_no_error_and_other_lines_are_kept():
    text = (
        'time="2026-11-24T19:00:00Z" level=info msg="Checking storage directory /var/lib/x for errors"\n'
        "Error: damage detected in local storage\n"
        "3 layer errors, 0 read-only layer errors, 1 image errors, 0 read-only image errors, 1 container errors\n"
        f"Deleted damaged layer: {LAYER}\n"
        "Segmentation fault\n"
    )
    output = read_output(text)
    assert output.claims == ()
    assert output.other == ((5, "Segmentation fault"),)


def test_line_numbers_are_those_of_the_file():
    text = f"\n\nlayer {LAYER}:\n\n layer {LAYER}: layer content incorrect digest\n" + "\n" * 9 + f" layer {LAYER}: x\n"
    assert [claim.line for claim in read_output(text).claims] == [5, 15]


@pytest.mark.parametrize(
    ("text", "sign", "path", "deltas"),
    [
        ("/a/b(mode:0644\uffeb0755), layer content modified", "", "a/b", {"mode": ("0644", "0755")}),
        ("+/a b/c, layer content modified", "+", "a b/c", {}),
        ("-/usr/, layer content modified", "-", "usr", {}),
        ("/x (1)(size:5->0), layer content modified", "", "x (1)", {"size": ("5", "0")}),
        ("/a(uid:0\uffeb1000,gid:0\uffeb1000), l", "", "a", {"uid": ("0", "1000"), "gid": ("0", "1000")}),
    ],
)
def test_changes_as_printed(text, sign, path, deltas):
    assert parse_change(text) == (sign, path, deltas)


def test_a_big_output_is_read_in_bounded_time():
    line = f" layer {LAYER}: {CERTIFICATES}, layer content modified\n"
    for text in (f"layer {LAYER}:\n" + line * 30_000, "(size:" * 200_000, "layer " * 200_000, "\n" * 300_000):
        with no_hang():
            grade(BUNDLES / "healthy-overlay.tar.zst", text)


# what a repair would do


def test_a_repair_on_false_alarms_deletes_healthy_images():
    path = BUNDLES / "healthy-zstd-chunked.tar.zst"
    found = evidence(path)
    plain, forced = consequences(found, grade(path, SAID["healthy-zstd-chunked"]))
    assert set(forced.in_vain) == {*forced.layers, *forced.images, *forced.containers}
    bad = {claim.id for claim in read_output(SAID["healthy-zstd-chunked"]).claims if claim.kind == "layer"}
    assert set(forced.images) == set().union(*(found.rel.images_on.get(each, set()) for each in bad))
    assert plain.containers == ()


def test_a_repair_with_an_additional_store_fails_as_the_real_one_did():
    path = BUNDLES / "healthy-additional-store.tar.zst"
    truth = CASES["healthy-additional-store"]["engines_said"]["cri-o_1.37"]["after_unclean_stop_with_internal_repair"]
    assert truth["wiped"]
    assert not consequences(evidence(path), grade(path, SAID["healthy-additional-store"]))[1].works


def test_a_repair_of_an_image_in_use_needs_force():
    path = BUNDLES / "image-manifest-missing.tar.zst"
    plain, forced = consequences(evidence(path), grade(path, SAID["image-manifest-missing"]))
    image = CASES["image-manifest-missing"]["expected_top_subject"]
    assert (plain.works, plain.images, plain.in_vain) == (False, (), ())
    assert (forced.works, forced.images, forced.in_vain) == (True, (image,), ())


def test_orphans_alone_go():
    path = BUNDLES / "orphan-layer-dir.tar.zst"
    plain, _ = consequences(evidence(path), grade(path, SAID["orphan-layer-dir"]))
    assert set(plain.layers) == {claim.id for claim in read_output(SAID["orphan-layer-dir"]).claims}
    assert (plain.images, plain.containers) == ((), ())
