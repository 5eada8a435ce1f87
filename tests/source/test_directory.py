"""Directories: the same facts as a tar of them, and nothing outside is ever touched."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from analyzer.limits import Limits
from analyzer.source import directory
from analyzer.source.open import open_bundle
from tests.source.reading import read

FDS = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX directories")


@pytest.fixture(params=["openat", "by path"])
def way(request, monkeypatch):
    """Read through descriptors of directories, and the way of platforms that have none."""
    if request.param == "by path":
        monkeypatch.setattr(directory, "RELATIVE", False)
        monkeypatch.setattr(directory, "PROC", False)
    return request.param


def test_entries_in_order_with_facts(tmp_path, way):
    (tmp_path / "b").mkdir(mode=0o750)
    (tmp_path / "b" / "file").write_bytes(b"content")
    (tmp_path / "b" / "file").chmod(0o4640)
    os.utime(tmp_path / "b" / "file", ns=(1, 1_700_000_000_123_456_789))
    (tmp_path / "a.txt").write_bytes(b"")
    (tmp_path / "c").symlink_to("b/../../away")
    os.mkfifo(tmp_path / "d")
    got = read(tmp_path)
    assert got.paths == ["a.txt", "b", "b/file", "c", "d"]
    assert [entry.kind for entry in got.members] == ["file", "dir", "file", "symlink", "fifo"]
    entry = got.members[2]
    assert (entry.size, entry.mode, entry.mtime_ns) == (7, 0o4640, 1_700_000_000_123_456_789)
    assert (entry.uid, entry.gid) == (os.getuid(), (tmp_path / "b" / "file").stat().st_gid)
    assert got.members[3].link == "b/../../away"
    assert got.bodies["b/file"] == b"content"
    assert all(got.complete.values())
    assert (got.losses, got.notes) == ([], [])
    assert (got.source.format, got.source.bytes_total, got.source.bytes_read) == ("directory", None, 7)


def test_children_directly_after_their_directory(tmp_path):
    for name in ("a/x", "a-b", "a/y/z", "a.c"):
        (tmp_path / name).mkdir(parents=True)
    assert read(tmp_path).paths == ["a", "a/x", "a/y", "a/y/z", "a-b", "a.c"]


def test_hard_links(tmp_path, way):
    (tmp_path / "one").write_bytes(b"x")
    (tmp_path / "sub").mkdir()
    for name in ("two", "sub/three"):
        os.link(tmp_path / "one", tmp_path / name)
    got = read(tmp_path)
    assert [(entry.path, entry.kind, entry.link, entry.size) for entry in got.members if entry.kind != "dir"] == [
        ("one", "file", "", 1),
        ("sub/three", "hardlink", "one", 0),
        ("two", "hardlink", "one", 0),
    ]


def test_links_are_never_followed(tmp_path, way):
    outside = tmp_path / "outside"
    (outside / "deep").mkdir(parents=True)
    (outside / "canary").write_bytes(b"secret")
    inside = tmp_path / "inside"
    inside.mkdir()
    for index, target in enumerate(
        [outside, outside / "canary", "../outside/canary", "/proc/self/environ", ".", "self"]
    ):
        (inside / f"link{index}").symlink_to(target)
    (inside / "self").symlink_to("self")
    got = read(inside)
    assert {entry.kind for entry in got.members} == {"symlink"}
    assert set(got.bodies.values()) == {b""}
    assert got.losses == []


def test_link_put_in_place_of_a_listed_entry(tmp_path, way):
    """Between listing and opening a name may come to mean something else."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "canary").write_bytes(b"secret")
    inside = tmp_path / "inside"
    for name in ("dir", "file"):
        (inside / name).mkdir(parents=True)
    (inside / "file").rmdir()
    (inside / "file").write_bytes(b"plain!")
    seen = {}
    source = open_bundle(inside)
    for entry, body in source:
        if entry.path == "dir":
            (inside / "dir").rename(tmp_path / "moved")
            (inside / "dir").symlink_to(outside)
        elif entry.path == "file":
            (inside / "file").unlink()
            (inside / "file").symlink_to(outside / "canary")
            seen[entry.path] = (body.read(100), body.complete)
        else:
            seen[entry.path] = body.read(100)
    assert seen == {"file": (b"", False)}
    assert [loss.where for loss in source.losses] == ["dir", "file"]


def test_argument_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("real")
    assert read(tmp_path / "link").bodies == {"file": b"x"}


def test_special_files_are_recorded_and_never_opened(tmp_path, way):
    os.mkfifo(tmp_path / "layers.json")
    (tmp_path / "s").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(tmp_path / "s")
        try:
            server.bind("sock")
        finally:
            os.chdir(here)
        got = []
        reader = threading.Thread(target=lambda: got.append(read(tmp_path)))
        reader.start()
        reader.join(20)
    assert got, "an open of the FIFO blocks"
    assert [(entry.path, entry.kind) for entry in got[0].members] == [
        ("layers.json", "fifo"),
        ("s", "dir"),
        ("s/sock", "socket"),
    ]
    assert got[0].bodies == {"layers.json": b"", "s": b"", "s/sock": b""}


@pytest.mark.skipif(os.getuid() != 0, reason="device nodes need root")
def test_device_numbers(tmp_path):
    try:
        os.mknod(tmp_path / "wh", stat.S_IFCHR, os.makedev(0, 0))
        os.mknod(tmp_path / "null", stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("no right to make device nodes")
    got = read(tmp_path)
    assert [(entry.path, entry.kind, entry.rdev) for entry in got.members] == [
        ("null", "char", (1, 3)),
        ("wh", "char", (0, 0)),
    ]
    assert got.bodies == {"null": b"", "wh": b""}


@pytest.mark.skipif(not hasattr(os, "setxattr"), reason="no extended attributes here")
def test_extended_attributes(tmp_path, way):
    (tmp_path / "f").write_bytes(b"x")
    (tmp_path / "d").mkdir()
    try:
        for name in ("f", "d"):
            os.setxattr(tmp_path / name, "user.key", b"\0\xff")
    except OSError as error:
        pytest.skip(f"no user attributes here: {error}")
    (tmp_path / "l").symlink_to("f")
    got = read(tmp_path)
    assert [(entry.path, dict(entry.xattrs)) for entry in got.members] == [
        ("d", {"user.key": b"\0\xff"}),
        ("f", {"user.key": b"\0\xff"}),
        ("l", {}),
    ]


def test_name_that_is_no_text(tmp_path):
    try:
        (tmp_path / "\udcff\n\x1b").write_bytes(b"x")
    except OSError:
        pytest.skip("the file system takes text only")
    assert read(tmp_path).bodies == {"\udcff\n\x1b": b"x"}


def test_file_that_shrinks_grows_or_changes(tmp_path, way):
    for name in ("grows", "same", "shrinks"):
        (tmp_path / name).write_bytes(b"0123456789")
    source = open_bundle(tmp_path)
    contents = {}
    for entry, body in source:
        size = {"grows": 12, "same": 10, "shrinks": 4}[entry.path]
        (tmp_path / entry.path).write_bytes(b"x" * size)
        os.utime(tmp_path / entry.path, ns=(5, 5))
        contents[entry.path] = (body.read(100), body.complete)
    assert contents == {"grows": (b"x" * 10, True), "same": (b"x" * 10, True), "shrinks": (b"xxxx", False)}
    assert [(note.what, note.where) for note in source.notes] == [
        ("changed while being read", name) for name in contents
    ]
    assert [(loss.what, loss.where) for loss in source.losses] == [("cut: 6 of 10 bytes are missing", "shrinks")]


def test_entry_that_goes_away(tmp_path, way):
    for name in ("a", "b", "c"):
        (tmp_path / name).write_bytes(b"x")
    source = open_bundle(tmp_path)
    paths = []
    for entry, _ in source:
        paths.append(entry.path)
        (tmp_path / "b").unlink(missing_ok=True)
    assert paths == ["a", "c"]
    assert [loss.where for loss in source.losses] == ["b"]


def test_read_limit_and_long_content(tmp_path):
    (tmp_path / "f").write_bytes(b"ab" * 400_000)
    for entry, body in open_bundle(tmp_path):
        assert body.read(entry.size - 1) is None
    assert read(tmp_path).bodies["f"] == b"ab" * 400_000


def test_limits(tmp_path):
    deep = tmp_path
    for _ in range(8):
        deep = deep / "d"
    deep.mkdir(parents=True)
    got = read(tmp_path, Limits(directory_depth=4))
    assert len(got.members) == 5
    assert got.losses == [("limit directory_depth=4: not entered", "d/d/d/d/d", 0)]
    got = read(tmp_path, Limits(members=3))
    assert len(got.members) == 3
    assert "limit members=3" in got.losses[0][0]


def test_depth_beyond_any_path_length(tmp_path):
    """Directories nested deeper than a path can say are read by descriptor, without recursion."""
    if not directory.RELATIVE:
        pytest.skip("no openat here")
    count = 3_000
    fds = os.open(tmp_path, os.O_RDONLY)
    for _ in range(count):
        os.mkdir("dd", dir_fd=fds)
        child = os.open("dd", os.O_RDONLY, dir_fd=fds)
        os.close(fds)
        fds = child
    os.close(fds)
    try:
        got = read(tmp_path, Limits(directory_depth=500))
        assert len(got.members) == 501
        assert len(got.losses) == 1
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "dd")], check=True)


@pytest.fixture
def everybodys():
    """Give a directory that every user can reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


def test_unreadable_parts_are_losses(everybodys):
    (everybodys / "open").write_bytes(b"x")
    (everybodys / "shut").write_bytes(b"y")
    (everybodys / "shut.d").mkdir()
    for name in ("shut", "shut.d"):
        (everybodys / name).chmod(0)
    script = (
        "import os, sys; from analyzer.source.open import open_bundle\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "source = open_bundle(sys.argv[1])\n"
        "print([(entry.path, body.read(9), body.complete) for entry, body in source])\n"
        "print([(loss.what, loss.where) for loss in source.losses])\n"
    )
    environment = {**os.environ, "PYTHONPATH": "."}
    try:
        result = subprocess.run(
            [sys.executable, "-c", script, str(everybodys)], capture_output=True, text=True, check=True, env=environment
        )
    finally:
        for name in ("shut", "shut.d"):
            (everybodys / name).chmod(0o755)
    entries, losses = result.stdout.splitlines()
    assert entries == "[('open', b'x', True), ('shut', b'', False), ('shut.d', b'', True)]"
    assert losses == str([("cannot be read: Permission denied", name) for name in ("shut", "shut.d")])


def test_descriptors_are_closed(tmp_path):
    if not FDS.is_dir():
        pytest.skip("no /proc")
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    before = len(list(FDS.iterdir()))
    read(tmp_path)
    source = open_bundle(tmp_path)
    iterator = iter(source)
    for _ in range(3):
        next(iterator)
    source.close()
    assert len(list(FDS.iterdir())) == before
    del iterator
