"""Names of big-data files: the engine's rule, and the names in real stores."""

from __future__ import annotations

import base64
import hashlib
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from analyzer.snapshot.bigdata import file_name, key_of
from analyzer.snapshot.locks import read_lock
from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import Member
from tests.editing import BUNDLES, Edited

NAMES = sorted(path.name.removesuffix(".tar.zst") for path in BUNDLES.glob("*.tar.zst"))


def go_name(key: str) -> str:
    """Walk the key rune by rune as the engine does: what is left after the first odd rune decides."""
    runes = list(key)
    while runes:
        rune = runes.pop(0)
        if not (rune == "." or "0" <= rune <= "9" or "a" <= rune <= "z"):
            break
    if not runes:
        return key
    return "=" + base64.b64encode(key.encode("utf-8", "surrogateescape")).decode()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("manifest", "manifest"),
        ("signatures", "signatures"),
        ("instances.json", "instances.json"),
        ("abcX", "abcX"),
        ("Xabc", "=WGFiYw=="),
        ("abc-", "abc-"),
        ("a-b", "=YS1i"),
        ("sha256:ab", "=c2hhMjU2OmFi"),
        ("é", "é"),
        ("éa", "=w6lh"),
        ("", ""),
        ("=", "="),
        ("/", "/"),
    ],
)
def test_rule_and_its_quirk(key, name):
    assert file_name(key) == name
    assert key_of(name) == key


def test_prefixes_by_which_files_are_told_apart():
    digest = "sha256:" + "0" * 64
    assert file_name("manifest-" + digest).startswith("=bWFuaWZlc3Qtc2hhMjU2O")
    assert file_name(digest).startswith("=c2hhMjU2O")
    assert file_name("signature-" + "0" * 64).startswith("=c2lnbmF0dXJlL")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text(alphabet="az09.:-=/X", max_size=6))
@example("\udcff")
@example("a\udcffb")
def test_names_are_the_engines_and_lead_back_to_the_key(key):
    assert file_name(key) == go_name(key)
    assert key_of(file_name(key)) == key


@pytest.mark.parametrize("name", ["=", "=x", "=YWJj", "=YS1iCg", "=WGFiYw", "=WGFiYx==", "A-b", "=YS1i\n", "==", "=é"])
def test_names_no_key_encodes_to(name):
    key = key_of(name)
    assert key is None or go_name(key) == name
    assert (key is None) == (name != "=")


@pytest.mark.parametrize("bundle", NAMES)
def test_every_file_of_an_image_belongs_to_a_key_of_its_record(bundle):
    seen = 0
    for store in Edited(bundle).snapshot().stores:
        for image in store.images:
            for name, file in store.image_files.get(image.id, {}).items():
                key = key_of(name)
                assert key in image.big_data_names
                assert file.member.size == image.big_data_sizes[key]
                if file.data is not None and not key.startswith("manifest"):
                    assert image.big_data_digests[key] == "sha256:" + hashlib.sha256(file.data).hexdigest()
                seen += 1
    assert seen


@pytest.mark.parametrize("bundle", NAMES)
def test_locks_of_real_stores_were_written_about_when_their_files_were(bundle):
    store = Edited(bundle)
    locks = [lock for each in store.snapshot().stores for lock in each.locks.values()]
    assert locks
    for lock in locks:
        data = store.data(lock.file.path)
        assert len(data) in {0, 64}
        if len(data) == 64:
            written, pid = struct.unpack_from("<Q", data)[0], struct.unpack_from("<I", data, 16)[0]
            assert (lock.written_ns, lock.pid) == (written, pid)
            assert 0 < pid < 1 << 22
            assert abs(written - lock.file.member.mtime_ns) < 10**9
        else:
            assert (lock.written_ns, lock.pid) == (None, None)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (struct.pack("<QQI", 1_700_000_000 * 10**9, 1, 4242) + bytes(44), (1_700_000_000 * 10**9, 4242)),
        (b"0123456789abcdef" * 4, (None, None)),
        (bytes(64), (None, None)),
        (b"\xff" * 64, (None, None)),
        (b"", (None, None)),
        (bytes(63), (None, None)),
        (struct.pack("<QQI", 1_700_000_000 * 10**9, 1, 4242) + bytes(45), (None, None)),
        (None, (None, None)),
    ],
)
def test_lock_layouts(data, expected):
    lock = read_lock(SmallFile(Member("x.lock", size=len(data or b"")), data))
    assert (lock.written_ns, lock.pid) == expected
