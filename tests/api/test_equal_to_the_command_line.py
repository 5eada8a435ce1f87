"""The command line and the API give the same numbers, over every bundle there is."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from click.testing import CliRunner

import analyzer
from analyzer.cli.main import cli
from tests.truth import cases

CASES = {f"{group}/{case['name']}": path for group, case, path in cases()}


def answer(*args):
    """Return what a command prints as JSON."""
    result = CliRunner().invoke(cli, [*map(str, args), "--format", "json"])
    assert result.exit_code in (0, 1), result.stderr
    return json.loads(result.stdout)


@pytest.fixture(params=CASES)
def bundle(request):
    return CASES[request.param]


def test_frames_equal_what_commands_print(bundle):
    s = analyzer.open(bundle)
    document = answer("report", bundle)
    assert s.document == document
    for column in ("id", "rule", "slug", "severity", "confidence", "message", "fingerprint"):
        assert s.findings[column].tolist() == [finding[column] for finding in document["findings"]]
    assert [list(ranks) for ranks in s.findings.explained_by] == [f["explained_by"] for f in document["findings"]]
    for column in ("rank", "title", "probability", "severity"):
        assert s.causes[column].tolist() == [cause[column] for cause in document["causes"]]
    assert s.causes.cause.tolist() == [cause["id"] for cause in document["causes"]]
    for rank, cause in enumerate(document["causes"], 1):
        hit = s.affected[s.affected["rank"] == rank]
        for kind, key in (("image", "images"), ("container", "containers")):
            assert hit.id[hit.kind == kind].tolist() == [each["id"] for each in cause["affected"][key]]
        assert hit.id[hit.kind == "layer"].tolist() == cause["affected"]["layers"]
    for part in ("layers", "images", "containers"):
        assert len(getattr(s, part)) == sum(store[part] for store in document["stores"])


def test_records_equal_what_commands_list(bundle):
    s = analyzer.open(bundle)
    layers = {row["id"]: row for row in answer("layers", bundle)}
    for row in s.layers.drop_duplicates("id").itertuples():
        size = None if row.diff_size is pd.NA else row.diff_size
        assert (layers[row.id]["parent"], layers[row.id]["size"]) == (row.parent, size)
    images = answer("images", bundle)
    assert {(row["id"], row["name"]) for row in images} == {
        (row.id, name) for row in s.images.itertuples() for name in (row.names or ("",))
    }
    containers = {row["id"]: row for row in answer("containers", bundle)}
    assert {row.id: (row.image, row.layer, row.name) for row in s.containers.itertuples()} == {
        key: (row["image_id"], row["layer"], row["name"]) for key, row in containers.items()
    }


def test_space_equals_what_du_prints(bundle):
    s = analyzer.open(bundle)
    printed = {image["id"]: image for group in answer("du", bundle) for image in group["images"]}
    assert set(s.space.id) == set(printed)
    for row in s.space.itertuples():
        image = printed[row.id]
        assert (row.shared, row.unique, row.big_data, row.frees) == tuple(
            image[key] for key in ("shared", "unique", "big_data", "frees")
        )


def test_a_simulation_frees_what_du_says(bundle):
    s = analyzer.open(bundle)
    for image in s.images.itertuples():
        assert s.simulate([image.id]).bytes == answer("du", bundle, image.id)["frees"], image.id


def test_a_plan_is_the_one_printed(bundle):
    s = analyzer.open(bundle)
    printed = answer("plan", bundle)
    assert s.plan().causes == [c for c in s.document["causes"] if c["rank"] in {p["rank"] for p in printed}]
    steps = {step["step"]: step for cause in printed for step in cause["plan"]}
    assert {number for cause in s.plan().causes for number in (step["step"] for step in cause["plan"])} == steps.keys()
    for step in (step for cause in s.plan().causes for step in cause["plan"]):
        full = steps[step["step"]]["command"]
        left_to_the_kit = (f"sh KIT/repair.sh --only {step['step']}", "") if len(full) > 440 else ()
        assert step["command"] in (full, *left_to_the_kit)


MESSAGES = (
    "layer not known",
    'no image found in manifest list for architecture arm64, variant "v8", OS linux',
    "readlink /var/lib/containers/storage/overlay/l/GVMTP7XLH4UQIATYSBOF2DBEMV: no such file or directory",
    "nothing that anybody prints",
)


@pytest.mark.parametrize("text", MESSAGES)
def test_an_answer_is_the_one_printed(text):
    for path in (path for name, path in CASES.items() if name.startswith("samples/")):
        assert analyzer.open(path).why(text).to_dict() == answer("why", path, text)


def test_an_object_is_the_one_shown(bundle):
    s = analyzer.open(bundle)
    for image in s.images.head(2).itertuples():
        assert s.image(image.id).facts == answer("show", bundle, image.id)
