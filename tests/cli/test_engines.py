"""`--engine` per version, and the seed case's proof on the command line."""

from __future__ import annotations

import json
import pathlib

import pytest

from tests.cli.digging import HEALTHY, data, error, run

ROOT = pathlib.Path(__file__).parents[2]
SEED = str(ROOT / "samples" / "seed-case.tar.zst")
TRUTH = {case["name"]: case for case in json.loads((ROOT / "samples" / "truth.json").read_text())["bundles"]}
BY_ID = TRUTH["seed-case"]["by_id"].removeprefix("Error parsing manifest for image: ")
"""What skopeo 1.9, which opens the record as CRI-O of its age does, said of the sample."""
QUOTED = BY_ID.replace("architecture arm64", 'architecture "arm64"').replace("OS linux", 'OS "linux"')
RECORD = TRUTH["seed-case"]["expected_top_subject"]


def listing(engine, bundle=SEED):
    said = data("report", bundle, "--engine", engine, "--exit-zero")
    return next(item for item in said["outlook"] if item["command"] == "crictl images")


@pytest.mark.parametrize("minor", range(20, 31))
def test_older_crio_prints_what_the_older_library_printed(minor):
    item = listing(f"cri-o@1.{minor}")
    assert (item["version"], item["works"], item["message"]) == (f"1.{minor}", False, BY_ID)


@pytest.mark.parametrize("minor", range(31, 38))
def test_newer_crio_quotes(minor):
    assert listing(f"cri-o@1.{minor}")["message"] == QUOTED


@pytest.mark.parametrize("engine", ["cri-o@1.25", "crio@1.25", "CRI-O@v1.25", " cri-o@1.25 "])
def test_spellings_of_an_engine(engine):
    assert listing(engine)["version"] == "1.25"


@pytest.mark.parametrize("engine", ["cri-o@1.25.3", "cri-o"])
def test_a_patch_version_and_none(engine):
    assert listing(engine)["message"] == (BY_ID if "@" in engine else QUOTED)


@pytest.mark.parametrize(
    "engine", ["docker@24.0", "cri-o@", "cri-o@x", "cri-o@1", "cri-o@1.25;x", "", "@1.2", "podman@\x1b[2J"]
)
@pytest.mark.parametrize("command", [("report",), ("why",)])
def test_what_is_no_engine_is_refused_in_one_line(engine, command):
    more = ["layer not known"] if command == ("why",) else []
    said = error(*command, SEED, *more, "--engine", engine)
    assert "expected cri-o or podman" in said
    assert len(said.splitlines()) == 1
    assert "\x1b" not in said


def test_podman_is_asked_for_its_own_version():
    said = data("report", HEALTHY, "--engine", "podman@4.3", "--engine", "cri-o@1.28", "--exit-zero")
    assert {(item["engine"], item["version"]) for item in said["outlook"]} == {("podman", "4.3"), ("cri-o", "1.28")}


def test_the_seed_case_from_end_to_end():
    said = data("report", SEED, "--engine", "cri-o@1.25", "--engine", "podman@4.3", "--exit-zero")
    first = said["causes"][0]
    assert first["subjects"][0]["id"] == RECORD
    assert first["subjects"][0]["names"] == TRUTH["seed-case"]["affected_images"]
    assert [image["id"] for image in first["affected"]["images"]] == [RECORD]
    assert first["affected"]["containers"] == first["affected"]["layers"] == []
    offers = [finding["message"] for finding in said["findings"] if finding["rule"] == "IMG-009"]
    assert "it offers linux/amd64" in offers[0]
    outlook = {item["command"]: item for item in said["outlook"]}
    assert outlook["crictl images"]["message"] == BY_ID
    assert outlook["podman images"]["works"]
    (removed,) = [step for step in first["plan"] if RECORD in step["command"]]
    assert removed["command"].endswith(f" && podman manifest rm {RECORD}")
    assert {step["risk"] for step in first["plan"]} == {"none"}


def test_the_check_s_lines_on_the_seed_case_are_refuted():
    layer = next(row["id"] for row in data("layers", SEED) if row["id"].startswith("6233936d089a"))
    line = "/usr/share/doc/ca-certificates(size:18921\uffeb0,mode:0644\uffeb0755,mtime:0x6553f100\uffeb0x6b05f16a)"
    text = f"layer {layer}:\n layer {layer}: {line}, layer content modified\n"
    (document,) = json.loads(run("grade", SEED, "-", "--format", "json", input=text))
    assert [each["reason"] for each in document["lines"]] == ["implied-directory"]
