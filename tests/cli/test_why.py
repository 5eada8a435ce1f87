"""`analyzer why`: answers, plain no, hostile text, and where the text comes from."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys

import pytest

from analyzer.signatures.catalogue import behaviours
from tests.cli.digging import HEALTHY, HOSTILE, data, error, run, saved
from tests.editing import BUNDLES, Edited

ROOT = pathlib.Path(__file__).parents[2]
SEED = str(ROOT / "samples" / "seed-case.tar.zst")
OLD = 'choosing image instance: no image found in manifest list for architecture arm64, variant "v8", OS linux'
NEW = 'choosing image instance: no image found in image index for architecture "arm64", variant "v8", OS "linux"'
RECORD = "1143f297514039bcba740b2fb63b0e186e1d7276d9b0d2ac776dd84a7f71110f"


@pytest.mark.parametrize("text", [OLD, NEW, json.dumps(NEW), OLD.replace(", ", ",\n   ")])
def test_the_seed_case(text):
    said = run("why", SEED, text)
    assert "ANSWER" in said
    assert "quay.example.test/ci/tools:multi is a manifest list made on this node" in said
    assert RECORD in said
    assert "linux/amd64" in said


def test_the_seed_case_as_data():
    said = data("why", SEED, OLD)
    assert said["answered"] is True
    assert said["messages"][0]["behaviour"] == "list-without-platform"
    assert said["messages"][0]["names"] == {"arch": "arm64", "variant": "v8", "os": "linux"}
    (cause,) = said["causes"]
    assert cause["subjects"][0]["id"] == RECORD
    assert cause["answers_because"]
    assert [item["command"] for item in said["outlook"]] == ["crictl images"]
    assert said["outlook"][0]["message"] == NEW


@pytest.mark.parametrize(
    ("engine", "message"), [("cri-o@1.25", OLD.replace("manifest list", "image index")), ("cri-o@1.37", NEW)]
)
def test_the_prediction_is_for_the_version_asked_for(engine, message):
    said = data("why", SEED, OLD, "--engine", engine)
    assert said["outlook"][0]["version"] == engine.partition("@")[2]
    assert said["outlook"][0]["message"] == message


def test_no_reason_is_said_plainly_with_what_gives_the_message():
    said = run("why", HEALTHY, OLD)
    assert "NOT SHOWN" in said
    assert "ANSWER" not in said
    assert "possible causes of that message" in said
    assert "podman manifest rm" in said
    assert data("why", HEALTHY, OLD)["answered"] is False


def test_what_no_bundle_can_show_is_said():
    said = run("why", HEALTHY, "invalid capacity 0 on image filesystem")
    assert "A bundle cannot show it" in said


def test_rules_that_could_not_look_are_named():
    said = data("why", str(BUNDLES / "healthy-metadata-only.tar.zst"), "layer content incorrect digest")
    assert {"TSP-007", "TSP-009"} <= {each["rule"] for each in said["skipped"]}


def test_text_that_is_no_known_message():
    said = run("why", HEALTHY, "my pod does not start")
    assert "NOT KNOWN" in said


def test_the_text_on_standard_input():
    piped = run("why", SEED, "-", input=f"Nov 24 19:53:00 n1 crio[7]: {OLD}\n")
    assert "ANSWER" in piped
    assert "cannot both be standard input" in error("why", "-", "-")


@pytest.mark.parametrize("text", ["", "  \n ", "\x1b[0m"])
def test_an_empty_text_is_refused(text):
    assert "the text is empty" in error("why", HEALTHY, text)


def test_the_message_tells_the_platform_where_the_bundle_does_not(tmp_path):
    store = Edited("local-list-no-instance-arm64")
    lists = [image for image in store.images() if not image.get("layer")]
    store.write("storage/overlay-images/images.json", json.dumps(lists))
    bundle = saved(store, tmp_path / "lists.tar")
    assert data("why", bundle, "layer not known")["platform"]["architecture"] is None
    text = 'no image found in image index for architecture "riscv64", variant "", OS "linux"'
    said = data("why", bundle, text)
    assert (said["platform"]["architecture"], said["platform"]["source"]) == ("riscv64", "the message")
    assert said["platform_in_message"] is None
    assert said["platform_of_bundle_not_believed"] is None
    assert [cause["subjects"][0]["id"] for cause in said["causes"]] == [lists[0]["id"]]


@pytest.mark.parametrize("form", ["text", "json"])
def test_hostile_text_is_inert(form):
    text = f'{HOSTILE} no image found in image index for architecture "x\x1b]0;y\x07", OS "linux" {HOSTILE} [/bold]'
    said = run("why", SEED, text, "--format", form)
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_a_big_log_is_read_to_its_end():
    log = "Nov 24 19:53:00 n1 crio[7]: nothing of note happened here\n" * 8000 + f"Nov 24 19:54:00 n1 crio[7]: {OLD}\n"
    said = json.loads(run("why", SEED, "-", "--format", "json", input=log))
    assert said["lines"] == 8001
    assert [message["line"] for message in said["messages"]] == [8001]


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_lines_keep_to_the_width(columns):
    said = run("why", HEALTHY, NEW, "--width", columns)
    assert max(map(len, said.splitlines())) <= columns


def test_as_a_program(tmp_path):
    copy = tmp_path / "b.tar.zst"
    shutil.copy(SEED, copy)
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "why", str(copy), "-", "--no-cache"],
        input=OLD.encode() + b"\xff\xfe\n",
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    assert b"ANSWER" in done.stdout
    assert done.stderr == b""
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar.zst"]


def test_the_message_is_believed_before_what_the_images_suggest():
    text = 'no image found in image index for architecture "s390x", variant "", OS "linux"'
    said = data("why", SEED, text)
    assert said["platform"] == {"os": "linux", "architecture": "s390x", "variant": None, "source": "the message"}
    assert said["platform_of_bundle_not_believed"].startswith("linux/arm64/v8")
    assert [cause["id"] for cause in said["causes"]] == ["local-manifest-list"]
    assert "check that both are the same node" in " ".join(run("why", SEED, text).split())
    given = data("why", SEED, text, "--platform", "linux/arm64/v8")
    assert given["answered"] is False
    assert given["platform_in_message"] == "linux/s390x"


def test_a_platform_that_the_list_offers_is_no_answer():
    said = data("why", SEED, 'no image found in image index for architecture "amd64", variant "", OS "linux"')
    assert said["answered"] is False
    assert said["platform"]["architecture"] == "arm64"


@pytest.mark.parametrize("name", ["a b", "\x1b[0m", "../..", "x" * 70, "é"])
def test_an_odd_platform_in_a_message_is_no_error(name):
    run("why", SEED, f'no image found in image index for architecture "{name}", variant "", OS "linux"')


def test_a_log_is_read_from_a_file_or_recognised_on_standard_input(tmp_path):
    log = tmp_path / "journal.txt"
    log.write_text("".join(f"Nov 24 19:{n // 60:02}:{n % 60:02} n1 crio[7]: {OLD}\n" for n in range(3000)))
    for said in (
        data("why", SEED, "--log", str(log)),
        json.loads(run("why", SEED, "-", "--format", "json", input=log.read_text())),
    ):
        assert said["lines"] == 3000
        [message] = said["messages"]
        assert (message["count"], message["answered"]) == (3000, True)
        assert message["first"].endswith("T19:00:00Z")
        assert message["last"].endswith("T19:49:59Z")
    assert "3,000 x" in run("why", SEED, "--log", str(log))


def test_what_is_asked_must_be_one_thing(tmp_path):
    assert "--log FILE" in error("why", SEED)
    assert "--log FILE" in error("why", SEED, OLD, "--log", str(tmp_path / "x"))
    assert "cannot be read" in error("why", SEED, "--log", str(tmp_path / "none"))


def test_every_code_that_is_printed_is_listed_and_explained():
    listed = run("why", "--list")
    for behaviour in behaviours():
        assert behaviour.id in listed
        assert behaviour.title in run("explain", behaviour.id)
