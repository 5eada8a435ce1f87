"""tar-split files: real ones rebuilt to the recorded digest, and layer tars of the standard library split and read."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import random
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.limits import DEFAULT
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.tar_split import DAMAGE, TarSplit
from analyzer.source.member import Member
from tests.contents import HEALTHY
from tests.editing import Edited
from tests.tarsplit import crc64, lines, name_of, pack, rebuild, split


def read(data: bytes) -> tuple[list, TarSplit]:
    parsed = TarSplit(SmallFile(Member("x.tar-split.gz", size=len(data)), data), DEFAULT)
    return list(parsed.entries()), parsed


def test_the_checksum_is_the_one_of_upstreams_own_vectors():
    assert crc64(b"123456789") == 0xB90956C775A41001
    assert list(crc64(b"foo").to_bytes(8, "big")) == [60, 60, 48, 48, 0, 0, 0, 0]


@pytest.mark.parametrize("name", HEALTHY)
def test_every_real_tar_split_rebuilds_to_the_recorded_digest_and_reads_as_the_tar_it_makes(name):
    store = Edited(name)
    records = {
        layer["id"]: layer
        for path in store.entries
        if path.endswith("overlay-layers/layers.json")
        for layer in json.loads(store.data(path))
    }
    for path in [path for path in store.entries if path.endswith(".tar-split.gz")]:
        layer = records[path.rpartition("/")[2].partition(".")[0]]
        entries, parsed = read(store.data(path))
        assert (parsed.problems, parsed.total) == ([], layer["diff-size"])
        content = contents(store, layer["id"])
        if content is None:
            continue
        tar = rebuild(lines(store.data(path)), content)
        if not layer.get("uidmap"):
            assert f"sha256:{hashlib.sha256(tar).hexdigest()}" == layer["diff-digest"]
        agree(entries, tar, layer["id"])


def contents(store: Edited, layer: str):
    """Return a function from a path of the layer tar to its bytes, None where the bundle has no files of the layer."""
    roots = {path.partition("/diff")[0] for path in store.entries if f"/{layer}/diff" in path}
    if not roots or not any(path.startswith(f"{root}/diff/") for root in roots for path in store.entries):
        return None
    [root] = roots

    def content(name: str) -> bytes:
        path = f"{root}/diff/{name.removeprefix('./')}"
        path = path if path in store.entries else path.replace("/diff/", "/diff1/")
        while store.entries[path][0].kind == "hardlink":
            path = store.entries[path][0].link
        return store.data(path)

    return content


def agree(entries, tar: bytes, what) -> None:
    """Compare parsed entries with what tarfile says of the same headers."""
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        members = archive.getmembers()
    assert len(entries) == len(members), what
    for ours, theirs in zip(entries, members, strict=True):
        assert ours.path == clean(theirs.name), what
        assert (ours.mode, ours.uid, ours.gid) == (theirs.mode & 0o7777, theirs.uid, theirs.gid), ours.path
        assert ours.mtime_ns // 10**9 == int(theirs.mtime // 1), ours.path
        if theirs.isreg():
            start = theirs.offset_data
            assert (ours.kind, ours.size) == ("file", theirs.size)
            assert ours.crc == crc64(tar[start : start + theirs.size]) or theirs.size > 20_000
        elif theirs.issym() or theirs.islnk():
            assert ours.link == (theirs.linkname if theirs.issym() else clean(theirs.linkname))
        elif theirs.ischr() or theirs.isblk():
            assert ours.rdev == (theirs.devmajor, theirs.devminor)


def clean(name: str) -> str:
    import posixpath

    path = posixpath.normpath("/" + name).lstrip("/")
    return "" if path == "." else path


NAMES = st.one_of(
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="/"), min_size=1, max_size=140),
    st.sampled_from(
        ["a" * 100, "a" * 99, "d/" + "b" * 98, "p" * 90 + "/" + "q" * 90, ".hidden", "x/.y", "./z", "k//l"]
    ),
)


@st.composite
def tars(draw):
    out = io.BytesIO()
    form = draw(st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
    seen = set()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for _ in range(draw(st.integers(0, 6))):
            name = draw(NAMES)
            if clean(name) in seen or not clean(name):
                continue
            seen.add(clean(name))
            info = tarfile.TarInfo(name)
            info.type = draw(
                st.sampled_from(
                    [
                        tarfile.REGTYPE,
                        tarfile.DIRTYPE,
                        tarfile.SYMTYPE,
                        tarfile.LNKTYPE,
                        tarfile.CHRTYPE,
                        tarfile.FIFOTYPE,
                    ]
                )
            )
            info.mode = draw(st.integers(0, 0o7777))
            info.uid, info.gid = draw(st.integers(0, 1 << 32)), draw(st.integers(0, 5_000))
            info.mtime = draw(st.integers(0, 1 << 34))
            if info.type in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = draw(NAMES)
            if info.type == tarfile.CHRTYPE:
                info.devmajor, info.devminor = draw(st.integers(0, 4095)), draw(st.integers(0, 100_000))
            data = draw(st.binary(max_size=1_500)) if info.type == tarfile.REGTYPE else b""
            info.size = len(data)
            if form == tarfile.PAX_FORMAT and draw(st.booleans()):
                info.pax_headers = {"SCHILY.xattr.user.k": draw(st.text(st.characters(max_codepoint=127), max_size=20))}
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@settings(max_examples=150, deadline=None)
@given(tars())
def test_layer_tars_of_another_writer_read_the_same(tar):
    entries, parsed = read(split(tar))
    assert parsed.problems == []
    assert parsed.total == len(tar)
    agree(entries, tar, "")


def test_names_that_are_no_utf_8():
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding="utf-8", errors="surrogateescape"
    ) as archive:
        archive.addfile(tarfile.TarInfo("a\udcff"), io.BytesIO())
    packed = split(out.getvalue())
    assert [name_of(entry) for entry in lines(packed) if entry["type"] == 1] == ["a\udcff"]
    [entry], parsed = read(packed)
    assert (entry.path, parsed.problems) == ("a\udcff", [])


def test_a_global_header_names_no_file():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"comment": "hello"}) as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    entries, parsed = read(split(out.getvalue()))
    assert [entry.path for entry in entries] == ["a"] or parsed.problems


@settings(max_examples=200, deadline=None)
@given(st.integers(0), st.integers(0, 7))
def test_no_flipped_bit_of_a_file_raises_or_passes_as_other_entries(at, bit):
    data = bytearray(REAL)
    data[at % len(data)] ^= 1 << bit
    entries, parsed = read(bytes(data))
    assert parsed.kinds() & DAMAGE or entries == GOOD


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_hostile_text_never_raises(data, packed):
    read(gzip.compress(data) if packed else data)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["type", "name", "size", "payload", "position", "name_raw"]),
            st.one_of(st.none(), st.integers(-(1 << 70), 1 << 70), st.text(max_size=8)),
        ),
        max_size=6,
    )
)
def test_hostile_entries_never_raise(entries):
    read(gzip.compress(b"".join(json.dumps(entry).encode() + b"\n" for entry in entries)))


REAL = next(
    data for path, (_, data) in sorted(Edited().entries.items()) if path.endswith(".tar-split.gz") and len(data) > 800
)
GOOD = read(REAL)[0]


def test_lines_across_batches():
    rng = random.Random(1)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number in range(4_000):
            info = tarfile.TarInfo(f"usr/lib/{number}")
            info.size = rng.randrange(3)
            archive.addfile(info, io.BytesIO(bytes(info.size)))
    entries, parsed = read(split(out.getvalue()))
    assert (len(entries), parsed.problems, parsed.total) == (4_000, [], len(out.getvalue()))


@pytest.mark.parametrize("length", [1, 5, 8])
def test_an_empty_entry_has_no_checksum_of_any_length(length):
    entries = lines(REAL)
    empty = next(entry for entry in entries if entry["type"] == 1 and not entry.get("size"))
    empty["payload"] = base64.b64encode(bytes(range(1, length + 1))).decode()
    assert "checksum-surplus" in read(pack(entries))[1].kinds()
