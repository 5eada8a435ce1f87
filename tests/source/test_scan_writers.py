"""What every writer writes comes many members at once, and is what one by one gives."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile

import pytest

from tests.source.craft import BLOCK, END, base256, header, member
from tests.source.test_differential import BSD, FORMATS, GNU
from tests.source.test_scan import LAYER, eager, same

__all__ = ["eager"]  # the fixture reads short archives many members at once
BUSYBOX = shutil.which("busybox")
FILES = 60
KINDS = 5
"""Directories, symlinks, hard links and FIFOs are as many as files."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return a directory with a layer in it: files, links, FIFOs, long names, attributes, times with and without."""
    root = tmp_path_factory.mktemp("tree")
    diff = root / LAYER.decode()
    diff.mkdir(parents=True)
    for number in range(FILES):
        folder = diff / f"dir{number % 7}" / ("long" * (number % 30)) / f"d{number}"
        folder.mkdir(parents=True)
        file = folder / f"file{number}"
        file.write_bytes(b"x" * (number * 41 % 1800) + bytes(number % 3))
        stamp = 1_700_000_000_000_000_000 + (123_456_789 if number % 3 else 0)
        os.utime(file, ns=(stamp, stamp))
        (folder / "soft").symlink_to("t" * (number * 3 + 1))
        os.link(file, folder / "hard")
        os.mkfifo(folder / ".fifo")
        if number % 4 == 0:
            try:
                os.setxattr(file, "user.note", b"a=b\n\0%d" % number)
            except OSError:
                continue
    return root


def written(command, tree, **options) -> bytes:
    return subprocess.run(command, cwd=tree, capture_output=True, check=True, **options).stdout


@pytest.mark.skipif(GNU is None, reason="no GNU tar")
@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu"],
        ["--format=oldgnu"],
        ["--format=pax"],
        ["--format=pax", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--sparse"],
        ["--format=pax", "--owner=a:3000000", "--group=b:4000000"],
        ["--format=gnu", "--owner=a:3000000", "--group=b:4000000"],
    ],
    ids=" ".join,
)
def test_gnu_tar(options, tree):
    assert same(written([GNU, "-cf", "-", *options, "storage"], tree)) > FILES * KINDS * 0.9


@pytest.mark.skipif(GNU is None, reason="no GNU tar")
def test_gnu_tar_ustar(tree):
    """Names that this form cannot hold are left out."""
    command = [GNU, "-cf", "-", "--format=ustar", "storage"]
    data = subprocess.run(command, cwd=tree, capture_output=True, check=False).stdout
    assert same(data) > FILES


@pytest.mark.skipif(BSD is None, reason="no bsdtar")
@pytest.mark.parametrize("form", ["pax", "gnutar"])
def test_bsdtar(form, tree):
    assert same(written([BSD, "-cf", "-", "--format", form, "storage"], tree)) > FILES * KINDS * 0.9


@pytest.mark.skipif(BUSYBOX is None, reason="no busybox")
def test_busybox(tree):
    assert same(written([BUSYBOX, "tar", "-cf", "-", "storage"], tree)) > FILES * KINDS * 0.9


@pytest.mark.parametrize("form", FORMATS)
def test_the_standard_library(form, tree):
    """Its ustar and pax forms split a name in two fields, as Go's archive/tar does."""
    out = io.BytesIO()

    def kept(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
        try:
            info.tobuf(FORMATS[form], "utf-8", "surrogateescape")
        except ValueError:
            return None  # this form cannot say it
        return info

    with tarfile.open(fileobj=out, mode="w", format=FORMATS[form]) as archive:
        archive.add(tree / "storage", "storage", filter=kept)
    assert same(out.getvalue()) > FILES


def test_device_nodes_come_many_at_once():
    nodes = b"".join(
        header(LAYER + b"c%d" % n, b"3", major=n % 3, minor=n) + header(LAYER + b"b%d" % n, b"4", major=8, minor=n)
        for n in range(FILES)
    )
    assert same(member(LAYER + b"first") + nodes + END) > FILES * 2 - 4


def test_owners_in_base_256_come_many_at_once():
    rows = b"".join(
        member(LAYER + b"f%d" % n, b"abc", raw={108: base256(3_000_000 + n, 8), 116: base256(1 << 40, 8)})
        for n in range(FILES)
    )
    assert same(member(LAYER + b"first") + rows + END) > FILES - 4


def test_fields_that_end_with_a_blank_come_many_at_once():
    """As bsdtar's ustar writes mode and owners: six digits, a blank, a NUL."""
    fields = {100: b"000644 \0", 108: b"000000 \0", 116: b"000012 \0", 124: b"00000000003 ", 136: b"14524500000 "}
    rows = b"".join(member(LAYER + b"f%d" % n, b"abc", raw=fields) for n in range(FILES))
    assert len(rows) == FILES * 2 * BLOCK
    assert same(member(LAYER + b"first") + rows + END) > FILES - 4
