"""Archives to which a transfer in text mode added carriage returns: the line that says so comes first."""

from __future__ import annotations

import gzip
import subprocess

import pytest
import zstandard

import analyzer
from analyzer.errors import AnalyzerError
from tests.editing import BUNDLES

WORDS = "carriage return"
PACKED = (BUNDLES / "podman-pod.tar.zst").read_bytes()
PLAIN = zstandard.ZstdDecompressor().decompressobj().decompress(PACKED)


def as_text(data: bytes) -> bytes:
    """Return what FTP in ASCII mode makes of a file from Unix on Windows."""
    return data.replace(b"\n", b"\r\n")


def said(path) -> str:
    """Return the error, or the first loss where something of the store was read."""
    try:
        return analyzer.analyze(path).to_dict()["coverage"]["losses"][0]["what"]
    except AnalyzerError as error:
        return str(error)


@pytest.mark.parametrize("data", [PLAIN, gzip.compress(PLAIN), PACKED])
def test_it_is_named(data, tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(as_text(data))
    assert WORDS in said(path)


def test_a_whole_archive_with_text_of_windows_is_left_alone(tmp_path):
    path = tmp_path / "bundle.tar"
    path.write_bytes(PLAIN)
    (tmp_path / "notes.txt").write_bytes(b"a\r\n" * 5000)
    subprocess.run(["tar", "-rf", path, "-C", tmp_path, "notes.txt"], check=True)
    assert analyzer.analyze(path).to_dict()["coverage"]["losses"] == []
