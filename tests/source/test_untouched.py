"""Reading evidence leaves its times of last access as they were."""

from __future__ import annotations

import os

import pytest

from tests.source.craft import END, member
from tests.source.reading import read

PAST = (1_000_000_000 * 10**9, 1_100_000_000 * 10**9)


@pytest.fixture
def tree(tmp_path):
    """Return a directory whose times of last access lie before those of its last change, which relatime would renew."""
    folder = tmp_path / "bundle"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "file").write_bytes(b"content")
    (folder / "bundle.tar").write_bytes(member(b"x", b"abc") + END)
    for path in (*folder.rglob("*"), folder):
        os.utime(path, ns=PAST)
    return folder


@pytest.mark.skipif(not hasattr(os, "O_NOATIME"), reason="needs O_NOATIME")
def test_a_directory_and_an_archive_keep_their_times(tree):
    assert read(tree).bodies["a/b/file"] == b"content"
    read(tree / "bundle.tar")
    paths = (tree, tree / "a", tree / "a" / "b", tree / "a" / "b" / "file", tree / "bundle.tar")
    assert {path.stat().st_atime_ns for path in paths} == {PAST[0]}
