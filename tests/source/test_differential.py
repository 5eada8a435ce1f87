"""The same archives through our reader, the standard library, GNU tar and bsdtar."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.source.reading import read

FORMATS = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT, "ustar": tarfile.USTAR_FORMAT}
TYPES = {
    tarfile.REGTYPE: "file",
    tarfile.DIRTYPE: "dir",
    tarfile.SYMTYPE: "symlink",
    tarfile.LNKTYPE: "hardlink",
    tarfile.CHRTYPE: "char",
    tarfile.BLKTYPE: "block",
    tarfile.FIFOTYPE: "fifo",
}

segment = st.binary(min_size=1, max_size=30).map(lambda raw: raw.replace(b"/", b"_").replace(b"\0", b"_"))
plain_segment = segment.filter(lambda raw: raw not in {b".", b".."})
path = st.lists(plain_segment, min_size=1, max_size=12).map(b"/".join)
long_path = st.lists(st.sampled_from([b"a" * 60, b"b" * 99, b"c", b"d" * 101]), min_size=1, max_size=6).map(b"/".join)
entry = st.fixed_dictionaries(
    {
        "name": st.one_of(path, long_path),
        "type": st.sampled_from(sorted(TYPES)),
        "data": st.binary(max_size=1500),
        "mode": st.integers(0, 0o7777),
        "uid": st.one_of(st.integers(0, 0o7777777), st.integers(0, 1 << 40)),
        "gid": st.integers(0, 0o7777777),
        "mtime": st.integers(0, 1 << 33),
        "link": st.one_of(path, long_path),
        "device": st.tuples(st.integers(0, 4095), st.integers(0, 4095)),
    }
)


def text(raw):
    return raw.decode("utf-8", "surrogateescape")


def build(entries, form):
    out = io.BytesIO()
    kept = []
    with tarfile.open(fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape") as archive:
        for fields in entries:
            info = tarfile.TarInfo(text(fields["name"]))
            info.type = fields["type"]
            info.mode, info.uid, info.gid, info.mtime = (fields[key] for key in ("mode", "uid", "gid", "mtime"))
            if info.issym() or info.islnk():
                info.linkname = text(fields["link"])
            if info.type in {tarfile.CHRTYPE, tarfile.BLKTYPE}:
                info.devmajor, info.devminor = fields["device"]
            info.size = len(fields["data"]) if info.isreg() else 0
            try:
                info.tobuf(form, "utf-8", "surrogateescape")
            except (ValueError, UnicodeError):
                continue  # this format cannot say it
            archive.addfile(info, io.BytesIO(fields["data"]) if info.isreg() else None)
            kept.append(fields)
    return out.getvalue(), kept


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=150, deadline=None)
@given(entries=st.lists(entry, min_size=1, max_size=8))
def test_whatever_the_standard_library_writes(form, entries):
    data, kept = build(entries, FORMATS[form])
    assume(kept)
    got = read(data)
    assert got.losses == []
    assert len(got.members) == len(kept)
    with tarfile.open(fileobj=io.BytesIO(data), encoding="utf-8", errors="surrogateescape") as archive:
        infos = archive.getmembers()
    assert len(infos) == len(kept)
    for ours, theirs, fields in zip(got.members, infos, kept, strict=True):
        assert ours.kind == TYPES[theirs.type] == TYPES[fields["type"]]
        assert ours.path == text(fields["name"]) or ours.raw_path or fields["name"][:1] == b"."
        assert ours.size == theirs.size
        assert (ours.mode, ours.uid, ours.gid) == (theirs.mode, theirs.uid, theirs.gid)
        assert ours.mtime_ns == int(theirs.mtime) * 1_000_000_000
        assert ours.offset == theirs.offset
        assert ours.data_offset == theirs.offset_data
        if theirs.issym():
            assert ours.link == text(fields["link"])
        if theirs.islnk():
            assert ours.link == text(fields["link"]).removeprefix("./").rstrip("/")
        if theirs.ischr() or theirs.isblk():
            assert ours.rdev == fields["device"]


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=60, deadline=None)
@given(entries=st.lists(entry, min_size=1, max_size=6))
def test_content_offsets_and_bytes(form, entries):
    data, kept = build(entries, FORMATS[form])
    assume(kept)
    got = read(data)
    for ours, fields in zip(got.members, kept, strict=True):
        if ours.kind == "file":
            assert data[ours.data_offset : ours.data_offset + ours.size] == fields["data"]
    last = {
        member.path: fields["data"] for member, fields in zip(got.members, kept, strict=True) if member.kind == "file"
    }
    for name, content in last.items():
        if [member.path for member in got.members].count(name) == 1:
            assert got.bodies[name] == content


def tool(*names):
    return next((found for name in names if (found := shutil.which(name))), None)


GNU = tool("gtar", "tar")
if GNU and b"GNU tar" not in subprocess.run([GNU, "--version"], capture_output=True, check=False).stdout:
    GNU = None
BSD = tool("bsdtar")
NAMES = [
    "plain",
    "dir/with space",
    "dir/\u00fcml\u00e4ut",
    "dir/" + "n" * 120,
    "x" * 90 + "/" + "y" * 90,
    "dir/\udcff\udcfe",
    "new\nline",
    "tab\there",
]


@pytest.fixture
def tree(tmp_path):
    """Return a directory with all kinds of entries that need no right to make."""
    root = tmp_path / "tree"
    root.mkdir()
    for index, name in enumerate(NAMES):
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"%d" % index * 700 * index)
        os.utime(target, ns=(0, 1_600_000_000_000_000_000 + index * 123_456_789))
    os.link(root / "plain", root / "second")
    (root / "link").symlink_to("dir/" + "t" * 150)
    os.mkfifo(root / "fifo")
    with (root / "holes").open("wb") as handle:
        for offset in range(0, 40 << 16, 1 << 17):
            handle.seek(offset)
            handle.write(b"data at %d" % offset)
        handle.truncate(3 << 20)
    # ext4 says 0 blocks of a file for the moment in which it is written back, and GNU tar -S then reads it as one hole
    for name in [*NAMES, "holes"]:
        with (root / name).open("rb") as handle:
            os.fsync(handle.fileno())
    return root


def described(root):
    found = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            full = Path(folder, name)
            info = full.lstat()
            kind = next(
                kind
                for bits, kind in ((0o100000, "file"), (0o040000, "dir"), (0o120000, "symlink"), (0o010000, "fifo"))
                if info.st_mode & 0o170000 == bits
            )
            found[str(full.relative_to(root))] = (
                kind,
                info.st_mode & 0o7777,
                info.st_uid,
                info.st_gid,
                info.st_mtime_ns,
            )
    return found


def compare(data, root, *, nanoseconds, sparse=True):
    got = read(data)
    assert got.losses == []
    expected = described(root)
    ours = {}
    for member in got.members:
        kind = "file" if member.kind == "hardlink" else member.kind
        if member.path:
            ours[member.path] = (kind, member.mode, member.uid, member.gid, member.mtime_ns)
    if not nanoseconds:
        expected = {name: (*facts[:4], facts[4] // 10**9 * 10**9) for name, facts in expected.items()}
    assert ours == expected
    links = [member for member in got.members if member.kind == "hardlink"]
    assert [{member.path, member.link} for member in links] == [{"plain", "second"}]
    for member in got.members:
        if member.kind == "file":
            assert got.bodies[member.path] == (root / member.path).read_bytes(), member.path
            assert got.complete[member.path]
        if member.kind == "symlink":
            assert member.link == "dir/" + "t" * 150
    if sparse:
        assert len(data) < (root / "holes").stat().st_size


@pytest.mark.skipif(GNU is None, reason="no GNU tar")
@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu"],
        ["--format=oldgnu"],
        ["--format=pax"],
        ["--format=pax", "--sparse-version=0.0"],
        ["--format=pax", "--sparse-version=0.1"],
    ],
    ids="-".join,
)
def test_what_gnu_tar_writes(options, tree):
    data = subprocess.run([GNU, "-cSf", "-", *options, "-C", tree, "."], capture_output=True, check=True).stdout
    compare(data, tree, nanoseconds="--format=pax" in options)


@pytest.mark.skipif(GNU is None, reason="no GNU tar")
def test_gnu_incremental_label_and_attributes(tree, tmp_path):
    command = [GNU, "-cf", "-", "--format=gnu", "-g", tmp_path / "snar", "-V", "volume", "-C", tree, "."]
    got = read(subprocess.run(command, capture_output=True, check=True).stdout)
    assert got.losses == []
    assert set(described(tree)) <= set(got.paths)
    assert {"volume label passed over", "content of a GNU dump directory passed over"} == {
        what for what, _, _ in got.notes
    }


@pytest.mark.skipif(not hasattr(os, "setxattr") or GNU is None, reason="no extended attributes or GNU tar here")
def test_gnu_tar_attributes(tree):
    try:
        os.setxattr(tree / "plain", "user.test", b"a\nb\0c=\xff")
    except OSError as error:
        pytest.skip(f"no user attributes here: {error}")
    data = subprocess.run([GNU, "-cf", "-", "--xattrs", "-C", tree, "plain"], capture_output=True, check=True).stdout
    assert read(data).members[0].xattrs["user.test"] == b"a\nb\0c=\xff"


@pytest.mark.skipif(BSD is None, reason="no bsdtar")
@pytest.mark.parametrize("form", ["pax", "gnutar", "ustar"])
def test_what_bsdtar_writes(form, tree):
    if form == "ustar":
        for name in ("dir/\udcff\udcfe", "dir/" + "n" * 120, "link"):
            (tree / name).unlink()
    data = subprocess.run([BSD, "-cf", "-", "--format", form, "-C", tree, "."], capture_output=True, check=True).stdout
    compare(data, tree, nanoseconds=form == "pax", sparse=form == "pax")
