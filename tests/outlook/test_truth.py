"""Predictions against what CRI-O 1.37 and podman 4.3.1 did on the recorded bundles."""

from __future__ import annotations

import functools
import json

import pytest

from tests.editing import BUNDLES, Edited
from tests.outlook.foretelling import LIST, PODMAN_IMAGES, START, UNCLEAN, foretell, removed

CASES = {case["name"]: case for case in json.loads((BUNDLES / "truth.json").read_text())["bundles"]}
CRIO = [name for name, case in CASES.items() if "cri-o_1.37" in case.get("engines_said", {})]
PODMAN = [name for name, case in CASES.items() if "podman_4.3.1_images" in case.get("engines_said", {})]

# The truth counts records; a directory without a record that a start deletes is one more here (cri-o-observed.md).
WITHOUT_RECORD = {"orphan-layer-dir": 2, "parent-record-missing": 1}

# The engine was run on a copy of the store with the captured contents of `merged` in it. On the node that directory is
# the mount point of a running container, and empty after a stop.
MADE_BY_THE_COPY = {"healthy-live-mounted"}

# The record count after a cut is what a counting script could parse, not what goes with the graph root.
UNCOUNTED = {"layers-json-truncated"}


@functools.cache
def predicted(name):
    return foretell(Edited(name))


def said(name):
    return CASES[name]["engines_said"]["cri-o_1.37"]


def counted(name, after):
    """Return how many layers, images and containers the engine removed."""
    before = said(name)["counts_before_after_start"][0]
    layers, images, containers = (before[key] - after[key] for key in ("layers", "images", "containers"))
    return layers + WITHOUT_RECORD.get(name, 0), images, containers


def test_every_damage_has_an_answer_of_the_engines():
    assert len(CRIO) >= 20
    assert len(PODMAN) >= 20


@pytest.mark.parametrize("name", CRIO)
def test_start(name):
    item = predicted(name)[START]
    assert item.works == said(name)["starts"]
    assert removed(item) == counted(name, said(name)["counts_before_after_start"][1])
    assert not item.deletes.whole_root


@pytest.mark.parametrize("name", CRIO)
def test_start_after_an_unclean_stop(name):
    item, truth = predicted(name)[UNCLEAN], said(name)["after_unclean_stop_with_internal_repair"]
    assert item.works == truth["starts"]
    if name in MADE_BY_THE_COPY:
        assert truth["wiped"]
        assert not item.deletes.whole_root
        return
    assert item.deletes.whole_root == truth["wiped"]
    if name not in UNCOUNTED:
        extra = 0 if item.works else WITHOUT_RECORD.get(name, 0)
        layers, images, containers = counted(name, truth["counts_after"])
        assert removed(item) == (layers - extra, images, containers)


@pytest.mark.parametrize("name", CRIO)
def test_crictl_images(name):
    item, truth = predicted(name)[LIST], said(name)
    assert item.works == (truth["crictl_images_exit"] == 0)
    assert item.deletes is None
    message = truth["message"] or ""
    if "DeadlineExceeded" in message:
        assert item.message.startswith("never returns")
    elif item.message.endswith("…"):
        start, _, rest = item.message.removesuffix("…").partition("…")
        assert start
        assert start in message
        assert rest in message
    else:
        assert message.replace("\\\\", "\\").endswith(item.message)
        assert bool(item.message) == (not item.works)


@pytest.mark.parametrize("name", CRIO)
def test_a_failure_names_what_decides_it(name):
    item = predicted(name)[LIST]
    assert bool(item.because) == (not item.works)


@pytest.mark.parametrize("name", PODMAN)
def test_podman_images(name):
    item, truth = predicted(name)[PODMAN_IMAGES], CASES[name]["engines_said"]["podman_4.3.1_images"]
    assert item.works == (truth["exit"] == 0)
    if not item.works and truth["exit"] != "timeout" and name not in UNCOUNTED:
        shown = truth["stderr"].partition("Error: ")[2]
        assert item.message.startswith(shown[:250])
