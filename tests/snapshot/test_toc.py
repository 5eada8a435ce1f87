"""Tables of contents of partial pulls."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.limits import DEFAULT
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.toc import FORMAT_FILE, TOC_FILE, Toc
from analyzer.source.member import Member


def toc(data: bytes, layout: bytes | None = None) -> Toc:
    form = SmallFile(Member("f"), layout) if layout is not None else None
    return Toc(SmallFile(Member("t"), data), form, DEFAULT)


def table(*entries) -> bytes:
    return json.dumps({"version": 1, "entries": entries}).encode()


def test_names_are_those_of_the_engine():
    assert TOC_FILE == "=enN0ZC1jaHVua2VkLW1hbmlmZXN0"
    assert FORMAT_FILE == "=enN0ZC1jaHVua2VkLWxheWVyLWRhdGE="


def test_an_entry_of_an_old_engine_has_type_bits_in_its_mode():
    [entry] = toc(
        table({"type": "reg", "name": "./bin/su", "mode": 35309, "size": 5, "digest": "sha256:" + "a" * 64,
               "modtime": "2023-11-14T22:13:20Z"})
    ).entries()  # fmt: skip
    assert (entry.path, entry.kind, entry.mode, entry.size) == ("bin/su", "file", 0o4755, 5)
    assert (entry.mtime_ns, entry.digest) == (1_700_000_000 * 10**9, "sha256:" + "a" * 64)


def test_chunks_are_no_files_and_links_have_clean_targets():
    entries = list(
        toc(
            table(
                {"type": "dir", "name": "d/", "mode": 493},
                {"type": "reg", "name": "d/f", "size": 9},
                {"type": "chunk", "name": "d/f", "offset": 3},
                {"type": "hardlink", "name": "h", "linkName": "./d/f"},
                {"type": "symlink", "name": "s", "linkName": "../x"},
                {"type": "char", "name": "c", "devMajor": 1, "devMinor": 3},
            )
        ).entries()
    )
    assert [entry.path for entry in entries] == ["d", "d/f", "h", "s", "c"]
    assert [entries[2].link, entries[3].link, entries[4].rdev] == ["d/f", "../x", (1, 3)]


def test_attributes_are_base64():
    [entry] = toc(table({"type": "reg", "name": "f", "xattrs": {"user.k": "dg==", "user.bad": "é"}})).entries()
    assert entry.xattrs == {"user.k": b"v"}


def test_a_flat_layer_lists_contents():
    digest = "ab" + "c" * 62
    file = {"type": "reg", "name": "f", "size": 3, "digest": f"sha256:{digest}"}
    [entry] = toc(table(file, file | {"name": "g"}, file | {"size": 0}), b'{"format":1}').entries()
    assert (entry.path, entry.size) == (f"ab/{'c' * 62}", 3)


@pytest.mark.parametrize(
    ("data", "kind"), [(b"", "zero-length"), (bytes(9), "nul-bytes"), (b"{", "syntax"), (b'{"entries":3}', "syntax")]
)
def test_damage(data, kind):
    parsed = toc(data)
    assert list(parsed.entries()) == []
    assert [problem.kind for problem in parsed.problems] == [kind]


@given(st.binary(max_size=200))
def test_hostile_bytes_never_raise(data):
    list(toc(data, data).entries())


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(["version", "entries", "type", "name", "mode", "xattrs", "digest", "size"]),
                x,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_hostile_json_never_raises(value):
    list(toc(json.dumps(value).encode()).entries())
