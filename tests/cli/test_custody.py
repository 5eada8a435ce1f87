"""A report that carries what ties it to its evidence, and the command that holds the two together."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib

import pytest
from click.testing import CliRunner

from analyzer.cli.main import cli
from analyzer.errors import UnreadableError
from analyzer.limits import NAMES
from analyzer.source.evidence_digest import evidence_digest
from analyzer.version import __version__
from tests.cli.digging import HEALTHY
from tests.editing import Edited


def invoke(*args: str, **more):
    result = CliRunner().invoke(cli, [*args], **more)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def tree(tmp_path):
    """Return a small store unpacked."""
    folder = tmp_path / "tree"
    for path, (member, data) in Edited("podman-list").entries.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if member.kind == "dir":
            target.mkdir(exist_ok=True)
        elif member.kind == "symlink":
            target.symlink_to(member.link)
        elif member.kind == "file":
            target.write_bytes(data)
    return folder


def report(bundle, target: pathlib.Path, *options: str) -> dict:
    invoke("report", str(bundle), "--custody", "-o", f"json={target}", *options)
    return json.loads(target.read_text())


def test_a_report_carries_digest_version_options_and_limits(tmp_path):
    custody = report(HEALTHY, tmp_path / "r.json", "--depth", "quick", "--max-path", "9999")["custody"]
    data = pathlib.Path(HEALTHY).read_bytes()
    assert custody["input"] == {"kind": "file", "sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    assert custody["tool"] == {"name": "analyzer", "version": __version__}
    assert custody["options"]["depth"] == "quick"
    assert set(custody["limits"]) == set(NAMES)
    assert custody["limits"]["path"] == 9999


def test_the_document_is_valid_and_the_text_names_the_digest(tmp_path, valid):
    assert valid(report(HEALTHY, tmp_path / "r.json"))["custody"]
    assert hashlib.sha256(pathlib.Path(HEALTHY).read_bytes()).hexdigest() in "".join(
        invoke("report", HEALTHY, "--custody").stdout.split()
    )
    assert "custody" not in json.loads(invoke("report", HEALTHY, "--format", "json").stdout)


def test_report_and_bundle_belong_together_until_a_byte_changes(tmp_path):
    bundle = tmp_path / "bundle.tar.zst"
    bundle.write_bytes(pathlib.Path(HEALTHY).read_bytes())
    target = tmp_path / "r.json"
    report(bundle, target)
    assert invoke("verify", str(target), str(bundle)).exit_code == 0
    data = bytearray(bundle.read_bytes())
    data[-1] ^= 1
    bundle.write_bytes(data)
    result = invoke("verify", str(target), str(bundle))
    assert result.exit_code == 1
    assert "NOT" in result.stdout


def test_a_directory_has_a_digest_of_all_it_holds(tree, tmp_path):
    target = tmp_path / "r.json"
    assert report(tree, target)["custody"]["input"]["kind"] == "directory"
    assert invoke("verify", str(target), str(tree)).exit_code == 0
    before = evidence_digest(tree)
    index = tree / "storage/overlay-layers/layers.json"
    times = index.stat()
    index.write_bytes(index.read_bytes() + b"\n")
    os.utime(index, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert evidence_digest(tree) != before
    assert invoke("verify", str(target), str(tree)).exit_code == 1


def test_names_of_any_bytes_have_a_digest(tmp_path):
    (tmp_path / "a").mkdir()
    pathlib.Path(os.fsdecode(os.fsencode(tmp_path / "a") + b"/\xff\n")).write_bytes(b"x")
    kind, first = evidence_digest(tmp_path / "a")
    assert (kind, len(first)) == ("directory", 64)
    assert evidence_digest(tmp_path / "a")[1] == first


def test_standard_input_is_digested_as_it_passes(tmp_path):
    data = pathlib.Path(HEALTHY).read_bytes()
    target = tmp_path / "r.json"
    invoke("report", "-", "--custody", "-o", f"json={target}", input=data)
    assert json.loads(target.read_text())["custody"]["input"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert invoke("verify", str(target), HEALTHY).exit_code == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"custody": 5}', '{"custody": {"input": {"sha256": "x"}}}'])
def test_what_is_no_report_with_a_digest_is_a_usage_error(text, tmp_path):
    target = tmp_path / "r.json"
    target.write_text(text)
    result = invoke("verify", str(target), HEALTHY)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_evidence_that_cannot_be_read_is_told(tmp_path):
    report(HEALTHY, tmp_path / "r.json")
    assert invoke("verify", str(tmp_path / "r.json"), str(tmp_path / "gone")).exit_code == 3
    with pytest.raises(UnreadableError):
        evidence_digest(tmp_path / "gone")


def test_pseudonyms_keep_the_digest_and_name_nothing(tmp_path):
    document = report(HEALTHY, tmp_path / "r.json", "--redact")
    assert document["custody"]["input"]["sha256"]
    assert "shop/web" not in json.dumps(document)
