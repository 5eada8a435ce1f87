"""Zip and cpio archives, parts and archives in archives give the members that a tar of the same files gives."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tracemalloc
import zipfile

import pytest

import analyzer
from analyzer.errors import NoStoreError, UnreadableError
from analyzer.limits import Limits
from analyzer.source.locations.within import bundles_within
from analyzer.source.open import open_bundle
from analyzer.source.stream.as_tar import WHOLE
from tests.editing import BUNDLES
from tests.fuzz.more_targets import cpio_entry

BUNDLE = BUNDLES / "podman-pod.tar.zst"


def members(path):
    """Return (kind, mode, size, link, content) by path of what a bundle holds, the root and device nodes left out."""
    source = open_bundle(path)
    try:
        found = {
            member.path: (member.kind, member.mode, member.size, member.link, b"".join(map(bytes, body.chunks())))
            for member, body in source
        }
    finally:
        source.close()
    assert source.losses == []
    return {path: facts for path, facts in found.items() if path and facts[0] not in ("block", "char")}


@pytest.fixture
def tree(tmp_path):
    """A tree with what archives differ in: links, an empty file, a name that is no ASCII, odd modes."""
    root = tmp_path / "tree"
    (root / "a/b").mkdir(parents=True)
    (root / "a/file").write_bytes(b"content" * 1000)
    (root / "a/file").chmod(0o640)
    (root / "a/empty").write_bytes(b"")
    (root / "a/na\u00efve").write_bytes(b"x")
    (root / "a/link").symlink_to("file")
    os.link(root / "a/file", root / "a/again")
    return root


def packed(tree, how, target):
    if shutil.which(how[0]) is None:
        pytest.skip(f"no {how[0]}")
    names = "\n".join(sorted(str(path.relative_to(tree)) for path in tree.rglob("*")))
    with target.open("wb") as file:
        subprocess.run(how, cwd=tree, input=names.encode(), stdout=file, stderr=subprocess.DEVNULL, check=True)
    return target


def of_the_file_system(tree):
    """Return the same facts from the file system itself; a second name of a file counts as a file here."""
    return {
        str(path.relative_to(tree)): (path.is_symlink(), path.is_dir(), b"" if path.is_dir() else path.read_bytes())
        for path in tree.rglob("*")
    }


@pytest.mark.parametrize("form", ["newc", "odc", "crc"])
def test_a_cpio_archive(tree, tmp_path, form):
    found = members(packed(tree, ["cpio", "-o", "-H", form, "--quiet"], tmp_path / "x.cpio"))
    expected = of_the_file_system(tree)
    assert set(found) == set(expected)
    assert found["a/link"][0::3] == ("symlink", "file")
    assert found["a/empty"][2] == 0
    contents = {facts[4] for path, facts in found.items() if path in ("a/file", "a/again")}
    assert contents <= {b"content" * 1000, b""}
    assert b"content" * 1000 in contents
    assert found["a/file"][1] == 0o640


def test_a_zip_archive(tree, tmp_path):
    target = tmp_path / "x.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(tree.rglob("*")):
            info = zipfile.ZipInfo.from_file(path, path.relative_to(tree)) if not path.is_symlink() else None
            if info is None:
                info = zipfile.ZipInfo(str(path.relative_to(tree)))
                info.create_system, info.external_attr = 3, 0o120777 << 16
                archive.writestr(info, str(path.readlink()))
            else:
                archive.writestr(info, b"" if path.is_dir() else path.read_bytes())
    found = members(target)
    assert set(found) == set(of_the_file_system(tree))
    assert found["a/link"][0::3] == ("symlink", "file")
    assert found["a/file"][1:3] == (0o640, 7000)
    assert found["a/na\u00efve"][4] == b"x"


def test_backslashes_separate_in_a_zip_without_a_slash(tmp_path):
    for names, expected in (
        ((r"storage\overlay", "storage\\overlay\\", r"storage\..\..\x"), {"storage/overlay", "x"}),
        ((r"a\b", "c/d"), {r"a\b", "c/d"}),
    ):
        target = tmp_path / f"{len(names)}.zip"
        with zipfile.ZipFile(target, "w") as archive:
            for name in names:
                archive.writestr(zipfile.ZipInfo(name), b"")
        assert set(members(target)) == expected


def test_a_damaged_entry_of_a_zip_costs_itself(tree, tmp_path):
    target = tmp_path / "x.zip"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("one", b"1" * 100)
        archive.writestr("two", b"2" * 100)
    raw = bytearray(target.read_bytes())
    raw[raw.index(b"1" * 100) + 5] ^= 1
    target.write_bytes(bytes(raw))
    source = open_bundle(target)
    assert [member.path for member, _ in source] == ["two"]
    assert [loss.where for loss in source.losses] == ["one"]
    source.close()


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(100), b"PK\x03\x04"])
def test_a_zip_that_is_none_is_refused_in_words(tmp_path, content):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UnreadableError, match="zip archive that cannot be read"):
        open_bundle(tmp_path / "x.zip")


def seven_zip(target, *words, cwd):
    pytest.importorskip("py7zr")
    if shutil.which("7zz") is None:
        pytest.skip("no 7zz")
    subprocess.run(
        ["7zz", "a", "-bd", "-snl", *words[:-1], target, words[-1]], cwd=cwd, check=True, capture_output=True
    )
    return target


def refusal(path, **limits):
    with pytest.raises(UnreadableError) as caught:
        open_bundle(path, limits=Limits(**limits))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_7_zip_archive(tree, tmp_path):
    (tree / os.fsdecode(b"a/odd\xff")).write_bytes(b"y")
    os.mkfifo(tree / "a/fifo")
    found = members(seven_zip(tmp_path / "x.7z", "a", cwd=tree))
    (tree / "a/fifo").unlink()
    assert found.pop("a/fifo")[0] == "fifo"
    assert {path: facts[4] for path, facts in found.items() if facts[0] == "file"} == {
        path: data for path, (link, folder, data) in of_the_file_system(tree).items() if not (link or folder)
    }
    assert found["a/link"][0::3] == ("symlink", "file")
    assert found["a/file"][1:3] == (0o640, 7000)
    assert found["a/b"][:2] == ("dir", 0o755)


def test_a_7_zip_archive_of_one_archive_or_of_several(tmp_path):
    shutil.copy(BUNDLE, tmp_path / "node.tar.zst")
    outer = seven_zip(tmp_path / "x.7z", "node.tar.zst", cwd=tmp_path)
    assert members(outer) == members(BUNDLE)
    shutil.copy(BUNDLE, tmp_path / "other.tar.zst")
    outer = seven_zip(outer, "other.tar.zst", cwd=tmp_path)
    assert bundles_within(str(outer)) == [f"{outer}!/node.tar.zst", f"{outer}!/other.tar.zst"]


def test_large_files_of_a_7_zip_archive_pass_through(tree, tmp_path):
    with (tree / "large").open("wb") as file:
        file.truncate(WHOLE + 1)
    assert members(seven_zip(tmp_path / "x.7z", ".", cwd=tree))["large"][4] == bytes(WHOLE + 1)


@pytest.mark.parametrize("how", ["-mhe=off", "-mhe=on"])
def test_an_encrypted_7_zip_archive_is_refused_in_words(tree, tmp_path, how):
    assert "encrypted 7-Zip archive" in refusal(seven_zip(tmp_path / "x.7z", "-psecret", how, "a", cwd=tree))


def test_a_damaged_7_zip_archive_tells_where_it_ends(tree, tmp_path):
    target = seven_zip(tmp_path / "x.7z", "-mx=0", "a", cwd=tree)
    raw = bytearray(target.read_bytes())
    raw[raw.index(b"content") + 5] ^= 1
    target.write_bytes(bytes(raw))
    source = open_bundle(target)
    assert "a/file" not in [member.path for member, _ in source]
    assert any("7-Zip archive cannot be read from here on" in loss.what for loss in source.losses)
    source.close()
    target.write_bytes(bytes(raw[:-20]))
    assert "7-Zip archive that cannot be read" in refusal(target)


@pytest.mark.parametrize("form", ["7z", "zip"])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, form):
    (tmp_path / "zeros").write_bytes(bytes(10 << 20))
    target = tmp_path / f"x.{form}"
    if form == "7z":
        seven_zip(target, "zeros", cwd=tmp_path)
    else:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(tmp_path / "zeros", "zeros")
    said = refusal(target, expansion_floor=1 << 20, expansion_ratio=100)
    assert "unpacks to 10,485,760" in said
    assert "--max-expansion-ratio" in said
    assert members(target)["zeros"][2] == 10 << 20


def test_without_the_extra_a_7_zip_archive_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "x.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(100))
    monkeypatch.setitem(sys.modules, "py7zr", None)
    said = refusal(tmp_path / "x.7z")
    assert "containers-storage-analyzer[7z]" in said
    assert "7zz x" in said


@pytest.mark.parametrize("marks", [("001", "002", "003"), ("aa", "ab", "ac"), ("00", "01", "02")])
def test_parts_are_read_together(tmp_path, marks):
    raw = BUNDLE.read_bytes()
    third = len(raw) // 3 + 1
    for number, mark in enumerate(marks):
        (tmp_path / f"x.{mark}").write_bytes(raw[number * third : (number + 1) * third])
    assert members(tmp_path / f"x.{marks[0]}") == members(BUNDLE)


def test_a_part_that_is_missing_is_a_cut(tmp_path):
    raw = BUNDLE.read_bytes()
    for number in (0, 1, 3):
        (tmp_path / f"x.00{number + 1}").write_bytes(raw[number * 3000 : (number + 1) * 3000])
    source = open_bundle(tmp_path / "x.001")
    list(source)
    assert source.losses
    source.close()


def test_an_archive_in_an_archive(tmp_path):
    shutil.copy(BUNDLE, tmp_path / "node.tar.zst")
    subprocess.run(["tar", "-cf", tmp_path / "outer.tar", "-C", tmp_path, "node.tar.zst"], check=True)
    outer = tmp_path / "outer.tar"
    assert members(f"{outer}!/node.tar.zst") == members(BUNDLE)
    report = analyzer.analyze(outer).to_dict()
    assert (report["verdict"], report["bundle"]["path"]) == ("healthy", f"{outer}!/node.tar.zst")


def test_several_archives_in_one_are_named(tmp_path):
    for name in ("one", "two"):
        shutil.copy(BUNDLE, tmp_path / f"{name}.tar.zst")
    subprocess.run(["tar", "-cf", tmp_path / "outer.tar", "-C", tmp_path, "one.tar.zst", "two.tar.zst"], check=True)
    with pytest.raises(NoStoreError, match=r"one\.tar\.zst, two\.tar\.zst"):
        analyzer.analyze(tmp_path / "outer.tar")
    assert analyzer.analyze(f"{tmp_path}/outer.tar!/two.tar.zst").to_dict()["verdict"] == "healthy"


def test_no_such_member_is_said(tmp_path):
    shutil.copy(BUNDLE, tmp_path / "node.tar.zst")
    with pytest.raises(UnreadableError, match="no such member"):
        open_bundle(f"{tmp_path}/node.tar.zst!/other.tar")


def test_a_symlink_is_all_there_is(tmp_path):
    (tmp_path / "storage").symlink_to("/srv/containers-storage")
    subprocess.run(["tar", "-cf", tmp_path / "x.tar", "-C", tmp_path, "storage"], check=True)
    with pytest.raises(NoStoreError, match="storage is a symlink to /srv/containers-storage"):
        analyzer.analyze(tmp_path / "x.tar")


def test_a_zip_keeps_a_mode_of_zero(tmp_path):
    path = tmp_path / "shadow.zip"
    info = zipfile.ZipInfo("etc/shadow")
    info.create_system, info.external_attr = 3, stat.S_IFREG << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"root:*\n")
        archive.writestr("etc/motd", b"hello\n")
    assert members(path)["etc/shadow"][1] == 0


def with_losses(path):
    """Return the members of a bundle with their contents, and what its losses say."""
    source = open_bundle(path)
    try:
        found = [(member.path, b"".join(map(bytes, body.chunks()))) for member, body in source]
    finally:
        source.close()
    return found, [loss.what for loss in source.losses]


METHODS = {"bzip2": zipfile.ZIP_BZIP2, "LZMA": zipfile.ZIP_LZMA, "deflate": zipfile.ZIP_DEFLATED}


@pytest.mark.parametrize("method", METHODS)
def test_each_way_of_packing_a_zip(tmp_path, method):
    content = bytes(range(256)) * 5_000
    with zipfile.ZipFile(tmp_path / "x.zip", "w", METHODS[method]) as archive:
        archive.writestr("one", content)
        archive.writestr("empty", b"")
    found = members(tmp_path / "x.zip")
    assert (found["one"][4], found["empty"][4]) == (content, b"")


@pytest.mark.parametrize("method", METHODS)
def test_damage_in_a_packed_entry_costs_that_entry(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "x.zip", "w", METHODS[method]) as archive:
        archive.writestr("one", bytes(range(256)) * 40)
        archive.writestr("two", b"2" * 100)
    raw = bytearray((tmp_path / "x.zip").read_bytes())
    raw[60:64] = b"\xff\x00\xff\x00"
    (tmp_path / "x.zip").write_bytes(bytes(raw))
    found, losses = with_losses(tmp_path / "x.zip")
    assert found == [("two", b"2" * 100)]
    assert len(losses) == 1


def test_a_name_that_only_its_own_header_spoils(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("\u00e9", b"1")
        archive.writestr("two", b"2")
    raw = (tmp_path / "x.zip").read_bytes().replace("\u00e9".encode(), b"\xff\xfe", 1)
    (tmp_path / "x.zip").write_bytes(raw)
    found, losses = with_losses(tmp_path / "x.zip")
    assert (found, len(losses)) == ([("two", b"2")], 1)


def test_an_entry_without_a_name_is_survived(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x", b"1")
        archive.writestr("two", b"2")
    raw = bytearray((tmp_path / "x.zip").read_bytes())
    for mark, place in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
        raw[raw.index(mark) + place] = 0
    (tmp_path / "x.zip").write_bytes(bytes(raw))
    assert ("two", b"2") in with_losses(tmp_path / "x.zip")[0]


@pytest.mark.parametrize("claimed", [0, 1])
def test_memory_of_a_bomb_in_a_zip_is_bounded(tmp_path, claimed):
    size = 96 << 20
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_BZIP2) as archive:
        with archive.open("one", "w") as entry:
            for _ in range(size >> 20):
                entry.write(bytes(1 << 20))
        archive.writestr("two", b"")
    if not claimed:
        raw = (tmp_path / "x.zip").read_bytes().replace(size.to_bytes(4, "little"), (1 << 20).to_bytes(4, "little"))
        (tmp_path / "x.zip").write_bytes(raw)
    tracemalloc.start()
    source = open_bundle(tmp_path / "x.zip")
    whole = sum(len(piece) for _, body in source for piece in body.chunks())
    source.close()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 48 << 20
    assert whole == (size if claimed else 0)
    assert bool(source.losses) is not bool(claimed)


CHAR = 0o020644


@pytest.mark.parametrize(
    "spoil",
    [
        lambda: cpio_entry(b"d", mode=CHAR, new=False).replace(b"000000", b"-00001"),
        lambda: cpio_entry(b"d", mode=CHAR).replace(b"00000000", b"ffffffff"),
        lambda: cpio_entry(b"d").replace(b"00000000", b"-0000001"),
        lambda: cpio_entry(b"d").replace(b"00000000", b"   +1_0 "),
    ],
)
def test_a_cpio_header_that_no_file_has_is_damage(tmp_path, spoil):
    first = spoil()
    new = first.startswith(b"070701")
    good = cpio_entry(b"good", b"x", new=new)
    (tmp_path / "x.cpio").write_bytes(good + first + cpio_entry(b"TRAILER!!!", new=new))
    found, losses = with_losses(tmp_path / "x.cpio")
    assert found == [("good", b"x")]
    assert losses == ["a damaged cpio header"]


def test_two_files_of_one_name_in_a_7_zip_archive(tmp_path):
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(tmp_path / "x.7z", "w") as archive:
        archive.writestr(b"first", "storage/f")
        archive.writestr(b"2" * 2000, "storage/f")
        archive.writestr(b"last", "storage/g")
    found, losses = with_losses(tmp_path / "x.7z")
    assert found == [("storage/f", b"first"), ("storage/g", b"last")]
    assert losses == ["a second file of this name is not read"]
