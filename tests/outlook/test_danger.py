"""What a start of an engine would delete is said first, in every format, and never of a healthy store."""

from __future__ import annotations

import json

import pytest

from analyzer.api import judge, read
from analyzer.outlook.danger import dangers, deleted
from analyzer.outlook.model import Deletes, Outlook
from analyzer.report.formats.html.page import render as html
from analyzer.report.formats.junit import render as junit
from analyzer.report.formats.markdown import render as markdown
from analyzer.report.formats.sarif import render as sarif
from analyzer.report.formats.text import render as text
from tests.editing import BUNDLES, Edited

FIRST_SCREEN = 24
# What CRI-O 1.37 did on this bundle after an unclean stop (truth.json, engines_said).
WIPED = "layers-json-truncated"
SENTENCE = (
    "Do not start CRI-O after a crash or reset of this node: it would delete the whole graph root (33 layers, 9 images "
    "and 9 containers)."
)


@pytest.fixture(scope="module")
def report():
    return judge(read(BUNDLES / f"{WIPED}.tar.zst"))


def test_what_a_start_deletes_stands_before_the_causes_in_every_format(report):
    assert report.dangers == (SENTENCE,)
    screen = " ".join("\n".join(text(report).splitlines()[:FIRST_SCREEN]).split())
    assert f"DANGER: {SENTENCE}" in screen
    assert text(report).index("DANGER") < text(report).index("1. ")
    assert "\x1b[" in next(line for line in text(report, colour=True).splitlines() if "DANGER" in line)
    said = markdown(report)
    assert "**DANGER: Do not start" in said
    assert said.index("after a crash or reset of this node: it would delete") < said.index("### ")
    page = html(report)
    assert page.index(SENTENCE) < page.index('id="cause-1"')
    assert 'class="danger"' in page
    assert report.to_dict()["dangers"] == [SENTENCE]
    notes = json.loads(sarif(report))["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notes[0]["message"]["text"] == SENTENCE
    assert f'name="danger.1" value="{SENTENCE}"' in junit(report)


@pytest.mark.parametrize("path", sorted(BUNDLES.glob("healthy-*.tar.zst")), ids=lambda path: path.name)
def test_a_healthy_store_is_in_no_danger(path):
    assert judge(read(path)).dangers == ()


def outlook(command, deletes, because=(), engine="cri-o"):
    return Outlook(engine, "1.37", command, True, "", deletes, because)


def test_left_over_directories_are_no_danger():
    assert dangers([outlook("start", Deletes(3))]) == ()
    assert dangers([outlook("start", Deletes())]) == ()
    assert dangers([outlook("start", None)]) == ()


def test_a_sentence_an_engine_with_the_worst_it_would_do():
    bad = next(f for f in judge(read(BUNDLES / "parent-record-missing.tar.zst")).findings if f.severity == "error")
    some, all_of_it = Deletes(1, 0, 2), Deletes(1_200, 3, 2)
    items = [
        outlook("start", some, (bad,)),
        outlook("start after unclean stop", all_of_it, (bad,)),
        outlook("podman images", Deletes(1), (bad,), "podman"),
    ]
    crio, podman = dangers(items)
    assert crio == (
        "Do not start CRI-O: it would delete 1 layer and 2 containers. After a crash or reset of the node it would "
        "delete 1,200 layers, 3 images and 2 containers."
    )
    assert podman == "Do not run podman on this store: any command would delete 1 layer."


@pytest.mark.parametrize(
    ("deletes", "said"),
    [
        (None, ""),
        (Deletes(), ""),
        (Deletes(0, 1, 0), "1 image"),
        (Deletes(2, 1, 3), "2 layers, 1 image and 3 containers"),
        (Deletes(whole_root=True), "the whole graph root"),
        (Deletes(2, whole_root=True), "the whole graph root (2 layers)"),
    ],
)
def test_what_is_deleted_in_words(deletes, said):
    assert deleted(deletes) == said


def test_layers_whose_records_were_removed_are_in_danger():
    """CRI-O collects directories without a record at its start, and podman's listing fails: run on podman 4.3.1."""
    report = judge(Edited().remove("storage/overlay-layers").snapshot(), engines=("podman@4.3",))
    [sentence] = report.dangers
    assert sentence.startswith("Do not start CRI-O: it would delete")
    listing = next(item for item in report.outlook if item.command == "podman images")
    assert (listing.works, listing.message.endswith("layer not known")) == (False, True)


@pytest.mark.parametrize("place", [0, 2])
@pytest.mark.parametrize("part", ["images", "layers", "containers"])
def test_an_old_podman_writes_no_record_after_a_value_that_it_cannot_read(part, place):
    """Run on podman 4.3.1 (import and create): what comes after the row is gone from the index; the row is not."""
    store = Edited()
    path = f"storage/overlay-{part}/{part}.json"
    rows = store.records(path)
    rows[place]["created"] = ""
    report = judge(store.write(path, json.dumps(rows)).snapshot(), engines=("podman@4.3",))
    command = "podman create" if part == "containers" else "podman pull"
    [item] = [each for each in report.outlook if each.command == command]
    assert item.deletes == Deletes(**{part: len(rows) - place - 1})
    said = f"Do not run `{command}` on this store: it would rewrite the records without {deleted(item.deletes)}."
    assert said in report.dangers
    newer = judge(store.snapshot(), engines=("podman@5.0",))
    assert not any(each.deletes and each.deletes != Deletes() for each in newer.outlook if each.engine == "podman")
