"""A message of which only the beginning was pasted is known by it; other text is not."""

from __future__ import annotations

import pathlib
import re

import pytest

import analyzer
from analyzer.signatures.catalogue import behaviours
from analyzer.signatures.cut_short import LEAST, MOST, match_cut_short
from analyzer.signatures.match import match
from analyzer.signatures.text import prepare
from tests.effort import no_hang

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = [(behaviour, message) for behaviour in behaviours() for message in behaviour.messages]
NO_PART = re.compile(r"/(?!.*/(?:overlay|volumes)).*")
"""A path that names no part of a store begins any message."""
STRANGE = [
    "panic: runtime error: index out of range [3] with length 3",
    "the node was rebooted at midnight and then pods failed",
    "dial tcp 10.0.0.1:443: connect: connection refused",
    "kubelet: node worker-3 is not ready since this morning",
    "level=error msg=hello world, this is a line of some program",
    'failed to set up the network: unknown value "" in "/var/lib/containers/storage/some-setting"',
    "E1129 21:10:11.000 pod_workers.go:1300 Error syncing pod, skipping",
]


def beginnings():
    for number, (behaviour, message) in enumerate(EXAMPLES):
        whole = re.search(message.regex, message.example).group()
        for share in (0.5, 0.7, 0.9):
            text = whole[: int(len(whole) * share)].rsplit(" ", 1)[0].rstrip(" :.\"'`")
            if len(text) > LEAST and not NO_PART.fullmatch(text) and not match(prepare(text)):
                yield pytest.param(text, behaviour.id, id=f"{number}-{behaviour.id}-{share}")


@pytest.mark.parametrize("end", ["", "…", "..."])
@pytest.mark.parametrize(("text", "behaviour"), list(beginnings()))
def test_the_beginning_of_a_message_is_known(text, behaviour, end):
    assert behaviour in {each.behaviour.id for each in match_cut_short(prepare(f"Since Monday: {text}{end}"))}


@pytest.mark.parametrize("text", STRANGE)
def test_other_text_is_not_taken_for_a_message(text):
    assert match_cut_short(prepare(text)) == ()


def test_a_long_line_takes_no_time():
    with no_hang():
        match_cut_short(prepare("open /var/lib/containers/storage/" + "a" * (20 * MOST)))


def test_the_first_quotation_of_the_readme_is_answered_with_its_image():
    text = "no image found in manifest list"
    assert f"`{text}`" in (ROOT / "README.md").read_text()
    answer = analyzer.open(ROOT / "samples" / "seed-case.tar.zst").why(text).to_dict()
    assert answer["answered"]
    names = [name for cause in answer["causes"] for subject in cause["subjects"] for name in subject["names"]]
    assert names == ["quay.example.test/ci/tools:multi"]
