"""The JSON document: schema, exit status, and the same bytes whatever surrounds the program."""

from __future__ import annotations

import bz2
import copy
import gzip
import json
import lzma
import os
import shutil
import subprocess
import sys

import pytest
import zstandard
from click.testing import CliRunner
from jsonschema import Draft202012Validator

import analyzer
from analyzer.api import judge, read
from analyzer.cli.main import cli
from analyzer.report.encode.json import json_document
from analyzer.report.formats.json import render
from tests.archives import SMALL, report_of, spans, tar_of
from tests.conftest import SCHEMA
from tests.editing import BUNDLES, Edited

NAMES = sorted(path.name.removesuffix(".tar.zst") for path in BUNDLES.glob("*.tar.zst"))


def bundle(name: str) -> str:
    return str(BUNDLES / f"{name}.tar.zst")


def run(*args: str):
    """Run the command line in this process."""
    return CliRunner().invoke(cli, list(args))


def test_schema_is_one_and_refuses_nonsense():
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    good = report_of(Edited(SMALL)).to_dict()
    assert validator.is_valid(good)
    for key in good:
        assert not validator.is_valid({name: value for name, value in good.items() if name != key}), key
    for path, value in (("verdict", "fine"), ("schema_version", 2), ("stores", {}), ("findings", [{}])):
        assert not validator.is_valid({**good, path: value})


@pytest.mark.parametrize("depth", ["quick", "standard", "deep"])
@pytest.mark.parametrize("name", NAMES)
def test_every_bundle_gives_a_valid_document_at_every_depth(name, depth, valid):
    document = valid(json.loads(render(analyzer.analyze(bundle(name), depth=depth))))
    ids = [finding["id"] for finding in document["findings"]]
    assert ids == [f"F{number}" for number in range(1, len(ids) + 1)]
    assert not any("the rule failed" in item["because"] for item in document["coverage"]["checks"]["skipped"])
    for cause in document["causes"]:
        assert 0 < cause["probability"] < 1
        for finding_id in cause["explains"]:
            assert cause["rank"] in document["findings"][int(finding_id[1:]) - 1]["explained_by"]
        assert {item["finding"] for item in cause["because"]} - {None} == set(cause["explains"])
    for finding in document["findings"]:
        for rank in finding["explained_by"]:
            assert finding["id"] in document["causes"][rank - 1]["explains"]


def test_json_is_ascii_with_a_newline_at_the_end():
    text = render(report_of(Edited(SMALL)))
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text) == report_of(Edited(SMALL)).to_dict()


@pytest.mark.parametrize(
    ("name", "options", "code"),
    [
        ("healthy-overlay", [], 0),
        ("healthy-overlay", ["--fail-on", "info"], None),
        ("layer-dir-removed", [], 1),
        ("layer-dir-removed", ["--exit-zero"], 0),
        ("layer-dir-removed", ["--fail-on", "warning"], 1),
        ("inflight-pull", [], 0),
        ("inflight-pull", ["--fail-on", "warning"], 1),
        ("inflight-pull", ["--fail-on", "critical"], 0),
    ],
)
def test_exit_status_follows_the_causes(name, options, code):
    result = run("report", bundle(name), "--format", "json", *options)
    document = json.loads(result.stdout)
    if code is None:
        code = 1 if document["causes"] else 0
    assert result.exit_code == code
    levels = ["info", "warning", "error", "critical"]
    floor = levels.index(options[1]) if "--fail-on" in options else levels.index("error")
    reached = any(levels.index(cause["severity"]) >= floor for cause in document["causes"])
    assert reached == (code == 1) or "--exit-zero" in options


def test_exit_status_of_an_archive_that_was_not_read_whole(tmp_path):
    path = tmp_path / "cut.tar"
    path.write_bytes(tar_of("healthy-overlay")[:-200_000])
    result = run("report", str(path), "--format", "json")
    assert not json.loads(result.stdout)["coverage"]["complete"]
    assert result.exit_code == 4
    assert run("report", str(path), "--exit-zero").exit_code == 0
    damaged = tmp_path / "cut-and-damaged.tar"
    damaged.write_bytes(tar_of("combo-power-loss")[: spans("combo-power-loss")[-1][1] + 700])
    result = run("report", str(damaged), "--format", "json")
    assert not json.loads(result.stdout)["coverage"]["complete"]
    assert result.exit_code == 1


@pytest.mark.parametrize(
    "args",
    [
        ["report"],
        ["report", "x", "--format", "docx"],
        ["report", "x", "--depth", "bottomless"],
        ["report", "x", "--fail-on", "never"],
        ["report", "x", "-o", "json"],
        ["report", "x", "-o", "docx=y"],
        ["report", "x", "-o", "json="],
        ["report", "x", "--width", "wide"],
        ["report", "x", "y"],
        ["explain", "NO-999"],
        ["nonsense"],
        ["--nonsense"],
    ],
)
def test_exit_status_of_a_wrong_call(args):
    assert run(*args).exit_code == 2


@pytest.mark.parametrize("platform", ["linux", "linux/", "/arm64", "linux/arm64/v8/x", "lin ux/arm64"])
def test_a_platform_that_is_none_is_a_usage_error(platform):
    result = run("report", bundle(SMALL), "--platform", platform)
    assert result.exit_code == 2
    assert len(result.stderr.strip().splitlines()) == 1


def test_missing_and_useless_input_is_status_3(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    for path in (str(tmp_path / "absent.tar"), str(empty)):
        result = run("report", path)
        assert result.exit_code == 3
        assert result.stdout == ""
        assert len(result.stderr.strip().splitlines()) == 1
        assert path in result.stderr
        assert run("report", path, "--exit-zero").exit_code == 3


SURROUNDINGS = [
    {"PYTHONHASHSEED": "1", "TZ": "Asia/Kolkata", "LANG": "C", "LC_ALL": "C", "COLUMNS": "20", "NO_COLOR": "1"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "COLUMNS": "300", "FORCE_COLOR": "1"},
]


@pytest.mark.parametrize("name", ["combo-power-loss", "healthy-additional-store"])
def test_surroundings_do_not_change_a_byte(name, tmp_path):
    outputs = []
    for number, extra in enumerate(SURROUNDINGS):
        environment = {"PATH": os.environ["PATH"], **extra}
        text = tmp_path / f"{number}.txt"
        done = subprocess.run(
            [sys.executable, *(["-O"] if number else []), "-m", "analyzer", "report", bundle(name), "--format", "json",
             "-o", f"text={text}"],
            capture_output=True, env=environment, cwd=BUNDLES.parent.parent, check=False,
        )  # fmt: skip
        assert done.stderr == b""
        outputs.append((done.returncode, done.stdout, text.read_bytes()))
    assert outputs[0] == outputs[1]
    document = json.loads(outputs[0][1])
    assert document["verdict"] in {"healthy", "damaged"}


POSITIONS = {"offset"}


def plain(document, *, offsets: bool = True):
    """Return a document without what may differ between forms of one archive."""
    found = copy.deepcopy(document)
    for key in ("path", "format", "bytes", "members"):
        del found["bundle"][key]
    if not offsets:
        for finding in found["findings"]:
            for place in finding["evidence"]:
                del place["offset"]
    found["coverage"].pop("notes", None)
    found["coverage"].pop("capture")  # it names the form
    return found


def forms(name: str, folder):
    """Yield (path, standard input) of one archive in every form it may come in."""
    data = tar_of(name)
    for suffix, content in {
        "tar": data,
        "tar.gz": gzip.compress(data, 1),
        "tar.zst": zstandard.ZstdCompressor(3).compress(data),
        "tar.xz": lzma.compress(data, preset=0),
        "tar.bz2": bz2.compress(data, 1),
    }.items():
        path = folder / f"bundle.{suffix}"
        path.write_bytes(content)
        yield str(path), None
        if suffix in {"tar", "tar.gz"}:
            yield "-", content


@pytest.mark.parametrize("name", ["layer-dir-removed", "healthy-zstd-chunked", "combo-power-loss"])
def test_every_form_of_an_archive_gives_the_same_document(name, tmp_path):
    wanted = plain(analyzer.analyze(bundle(name)).to_dict())
    for path, standard_input in forms(name, tmp_path):
        result = CliRunner().invoke(cli, ["report", path, "--format", "json"], input=standard_input)
        document = json.loads(result.stdout)
        assert plain(document) == wanted, path
        assert document["bundle"]["members"] == analyzer.analyze(bundle(name)).snapshot.bundle.members


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("tar"), reason="needs root and GNU tar to restore owners")
@pytest.mark.parametrize("name", ["layer-dir-removed", "combo-power-loss", "link-file-empty"])
def test_a_directory_gives_the_same_document_as_its_archive(name, tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    done = subprocess.run(
        ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf", "-", "-C", str(folder)],
        input=tar_of(name), capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"tar cannot restore the bundle here: {done.stderr.decode(errors='replace')[:200]}")
    document = analyzer.analyze(folder).to_dict()
    wanted = analyzer.analyze(bundle(name)).to_dict()
    if document["coverage"]["xattrs"] != wanted["coverage"]["xattrs"]:
        pytest.skip("the file system of the temporary directory keeps no trusted attributes")
    assert plain(document, offsets=False) == plain(wanted, offsets=False)
    assert document["bundle"]["format"] == "directory"


@pytest.mark.parametrize("name", ["healthy-overlay", "tar-split-corrupt"])
def test_hash_is_that_of_the_file(name):
    import hashlib

    digest = hashlib.sha256((BUNDLES / f"{name}.tar.zst").read_bytes()).hexdigest()
    result = run("report", bundle(name), "--format", "json", "--hash")
    assert json.loads(result.stdout)["bundle"]["sha256"] == digest
    assert json.loads(run("report", bundle(name), "--format", "json").stdout)["bundle"]["sha256"] is None


def test_reading_twice_and_judging_twice_gives_the_same():
    reading = read(bundle("combo-power-loss"))
    assert (
        judge(reading).to_dict() == judge(reading).to_dict() == analyzer.analyze(bundle("combo-power-loss")).to_dict()
    )


@pytest.mark.parametrize(
    "value", [{}, [], {"a": {}, "b": [1, 2.5, None, True]}, "\u2028 \ud800", {"\u00e9": 10**40, "x": 1e-7}]
)
def test_a_document_is_what_the_library_indents(value):
    assert json_document(value) == json.dumps(value, ensure_ascii=True, indent=2) + "\n"
