"""What is refused at open time, in which words, and what is not."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import random
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from analyzer.errors import UnreadableError
from analyzer.source.open import open_bundle
from tests.source.craft import END, header, member
from tests.source.reading import drain, read

TAR = member(b"a", b"1") + member(b"b", b"2" * 5000) + END


def zipped(data):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in ("a", "b"):
            archive.writestr(name, data)
    return stream.getvalue()


def refused(path, **options):
    with pytest.raises(UnreadableError) as caught:
        open_bundle(path, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert text.startswith(f"{path}: ")
    assert "expected a tar" in text or "directory cannot be read" in text
    assert caught.value.exit_code == 3
    return text


KNOWN = {
    "empty file": b"",
    "10240 zero bytes and no members": bytes(10240),
    "text": b"just some words\n" * 40,
    "JSON text": b'{"schemaVersion": 2}\n',
    "an ELF program": b"\x7fELF\x02\x01\x01" + bytes(600),
    "a zip archive": b"PK\x03\x04" + bytes(600),
    "a 7-Zip archive": b"7z\xbc\xaf\x27\x1c" + bytes(600),
    "a RAR archive": b"Rar!\x1a\x07\x01\x00" + bytes(600),
    "an RPM package": b"\xed\xab\xee\xdb" + bytes(600),
    "an SQLite database": b"SQLite format 3\0" + bytes(600),
    "a SquashFS image": b"hsqs" + bytes(600),
    "an XFS filesystem image": b"XFSB" + bytes(600),
    "an ext2, ext3 or ext4 filesystem image": bytes(1080) + b"\x53\xef" + bytes(600),
    "a cpio archive": b"070701" + b"0" * 600,
    "LZ4 data": b"\x04\x22\x4d\x18" + bytes(600),
    "a PGP message": b"-----BEGIN PGP MESSAGE-----\n" + bytes(600),
    "starts with hex 1f 9e": b"\x1f\x9e" + random.Random(1).randbytes(4094),
}


@pytest.mark.parametrize("what", KNOWN)
def test_refusal_says_what_it_is(what, tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(KNOWN[what])
    assert what in refused(path)
    if KNOWN[what]:
        path.write_bytes(gzip.compress(KNOWN[what]))
        text = refused(path)
        assert what in text
        assert "gzip data with " in text


def test_refusal_of_empty_compressed_data(tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(gzip.compress(b""))
    assert "gzip data with nothing in it" in refused(path)
    path.write_bytes(gzip.compress(TAR)[:12])
    assert "gzip: cut" in refused(path)


def test_missing_and_unusable_names(tmp_path):
    assert "No such file" in refused(tmp_path / "none")
    assert "Not a directory" in refused(__file__ + "/x")
    assert "null" in refused("a\0b")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert "symbolic links" in refused(loop)


def open_files():
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


def test_input_is_closed_after_a_refusal(tmp_path):
    path = tmp_path / "text"
    path.write_text("words")
    before = open_files()
    for _ in range(5):
        refused(path)
    assert open_files() == before


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits")
def test_unreadable_file_and_directory(tmp_path):
    (tmp_path / "file").write_bytes(TAR)
    (tmp_path / "dir").mkdir()
    for name in ("file", "dir"):
        (tmp_path / name).chmod(0)
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        parent.chmod(0o755)
    script = (
        "import os, sys; from analyzer.source.open import open_bundle\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "for path in sys.argv[1:]:\n"
        "    try: open_bundle(path)\n"
        "    except Exception as error: print(type(error).__name__, error)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "file"), str(tmp_path / "dir")]
    try:
        result = subprocess.run(
            command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "."}
        )
    finally:
        for name in ("file", "dir"):
            (tmp_path / name).chmod(0o755)
    lines = result.stdout.splitlines()
    assert [line.startswith("UnreadableError ") and "Permission denied" in line for line in lines] == [True, True]


@pytest.mark.parametrize(
    "first", [header(b"x", checksum=b"0000000\0"), b"\xfe" * 700 + bytes(324)], ids=["header", "garbage"]
)
def test_damaged_beginning_is_salvaged(first):
    got = read(first + TAR)
    assert got.paths == ["a", "b"]
    assert len(got.losses) == 1


def test_lone_damaged_header_is_salvage_too():
    got = read(header(b"x", checksum=b"0000000\0") + END)
    assert got.members == []
    assert len(got.losses) == 1


def test_counts(tmp_path):
    path = tmp_path / "bundle.tar"
    path.write_bytes(TAR)
    source = open_bundle(path)
    assert (source.path, source.format, source.members, source.bytes_total) == (str(path), "tar", 0, len(TAR))
    got = drain(source)
    assert (source.members, source.bytes_read, source.bytes_out) == (2, len(TAR), len(TAR))
    assert got.notes == []
    piped = read(TAR).source
    assert (piped.path, piped.bytes_total, piped.bytes_read, piped.bytes_out) == ("-", None, len(TAR), len(TAR))


def test_name_does_not_matter(tmp_path):
    path = tmp_path / "bundle.tar.xz"
    path.write_bytes(gzip.compress(TAR))
    assert read(path).source.format == "tar+gzip"


def test_symlink_as_argument(tmp_path):
    (tmp_path / "real").write_bytes(TAR)
    (tmp_path / "link").symlink_to("real")
    assert read(tmp_path / "link").paths == ["a", "b"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs")
def test_named_pipe(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=lambda: path.write_bytes(TAR))
    writer.start()
    got = read(path)
    writer.join()
    assert (got.paths, got.source.bytes_total) == (["a", "b"], None)


def test_standard_input_is_a_file_at_an_offset(tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(b"skipped" + gzip.compress(TAR))
    with path.open("rb") as handle:
        handle.seek(7)
        got = drain(open_bundle("-", stdin=handle, hash_input=True))
    assert got.paths == ["a", "b"]
    assert got.source.bytes_total == path.stat().st_size - 7


def test_input_is_never_written(tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(TAR)
    path.chmod(0o444)
    before = path.stat()
    read(path)
    after = path.stat()
    assert (before.st_mtime_ns, before.st_ctime_ns) == (after.st_mtime_ns, after.st_ctime_ns)
    assert list(tmp_path.iterdir()) == [path]


def test_error_crosses_a_process_boundary(tmp_path):
    with pytest.raises(UnreadableError) as caught:
        open_bundle(tmp_path / "none")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_pipe_of_nothing():
    with pytest.raises(UnreadableError, match="-: empty file"):
        open_bundle("-", stdin=io.BytesIO(b""))


def grown(path):
    with path.open("ab") as file:
        file.write(bytes(512))


def rewritten(path):
    data = path.read_bytes()
    path.write_bytes(data)
    os.utime(path, ns=(0, 1_700_000_000_123_456_789))


def replaced(path):
    path.with_suffix(".new").write_bytes(TAR)
    path.with_suffix(".new").replace(path)


CHANGES = {
    grown: "grew from",
    lambda path: os.truncate(path, path.stat().st_size - 1): "shrank from",
    rewritten: "was written while it was read",
    replaced: "removed or replaced while it was read",
    Path.unlink: "removed or replaced while it was read",
}


@pytest.mark.parametrize(("change", "words"), CHANGES.items(), ids=CHANGES.values())
@pytest.mark.parametrize("pack", [bytes, gzip.compress, zipped])
def test_a_file_that_changes_while_it_is_read_is_a_loss(change, words, pack, tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(pack(TAR))
    source = open_bundle(path)
    members = iter(source)
    next(members)
    change(path)
    for _ in members:
        pass
    source.close()
    assert words in source.losses[-1].what
    assert source.losses[-1].where == str(path)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zipped])
def test_a_file_that_is_left_alone_or_only_read_is_not(pack, tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(pack(TAR))
    path.with_name("link").symlink_to(path)
    source = open_bundle(path.with_name("link"))
    members = iter(source)
    next(members)
    path.read_bytes()
    path.chmod(0o400)
    os.link(path, path.with_name("hard"))
    for _ in members:
        pass
    source.close()
    assert source.losses == []


def test_a_redirected_file_that_grows_is_a_loss(tmp_path):
    path = tmp_path / "bundle"
    path.write_bytes(TAR)
    with path.open("rb") as stream:
        source = open_bundle("-", stdin=stream)
        members = iter(source)
        next(members)
        grown(path)
        for _ in members:
            pass
    assert "grew from" in source.losses[-1].what
