"""Entries of a tar-split read many at once are the entries that are read one by one, for any file, sound or not."""

from __future__ import annotations

import base64
import gzip
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.limits import DEFAULT
from analyzer.snapshot import split_columns, tar_split
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.tar_entry import TarEntry
from analyzer.snapshot.tar_split import TarSplit
from analyzer.source.member import Member
from analyzer.source.tar.header import clean_path
from tests.contents import HEALTHY
from tests.editing import Edited
from tests.effort import no_hang
from tests.source.craft import END, header, long_name, member, pax
from tests.tarsplit import lines, pack, split


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    """Read even short files many entries at once."""
    monkeypatch.setattr(tar_split, "LONG", 0)
    monkeypatch.setattr(tar_split, "FEWEST", 1)
    monkeypatch.setattr(split_columns, "FEWEST", 1)


def read(data: bytes, *, at_once: bool):
    """Return entries, problems, length and paths, and how many entries came in columns."""
    parsed = TarSplit(SmallFile(Member("x.tar-split.gz", size=len(data)), data), DEFAULT)
    found, taken = [], 0
    for group in parsed.groups() if at_once else parsed.entries():
        if isinstance(group, TarEntry):
            found.append(group)
        else:
            taken += len(group.paths)
            found += group.each()
    found = [each if each.kind == "file" else each._replace(crc=None) for each in found]
    return (found, parsed.problems, parsed.total, parsed.paths, parsed.limit, parsed.known_total), taken


def tar(data: bytes, *, at_once: bool):
    """Return the raw pieces joined, with the path and size of each content, and the problems met."""
    parsed = TarSplit(SmallFile(Member("x.tar-split.gz", size=len(data)), data), DEFAULT)
    made, contents = b"", []
    for part in parsed.pieces() if at_once else parsed.lines():
        if not isinstance(part, tar_split.Line):
            for path, header_, size in zip(part.paths, part.headers(), part.sizes.tolist(), strict=True):
                made += header_
                contents.append((len(made), path, size))
        elif part.type == 1:
            name = part.name_raw.decode("utf-8", "surrogateescape") if part.name_raw else part.name
            contents.append((len(made), clean_path(name, DEFAULT.path)[0], part.size))
        else:
            made += part.payload or b""
    return made, contents, parsed.problems, parsed.limit


def same(data: bytes) -> int:
    assert tar(data, at_once=True) == tar(data, at_once=False)
    expected, _ = read(data, at_once=False)
    found, taken = read(data, at_once=True)
    assert found == expected
    return taken


@pytest.mark.parametrize("name", HEALTHY)
def test_real_files(name):
    store = Edited(name)
    splits = [path for path in store.entries if path.endswith(".tar-split.gz")]
    assert not splits or sum(same(store.data(path)) for path in splits) > 0


ODD = {
    "symlink": header(b"soft", b"2", link=b"../x"),
    "hard link": header(b"hard", b"1", link=b"d/f1"),
    "directory without slash": header(b"plain", b"5"),
    "file with slash": member(b"slash/", b""),
    "device": header(b"null", b"3", major=1, minor=3),
    "prefix": member(b"name", b"abc", prefix=b"a/b"),
    "pax": pax((b"path", b"p" * 150)) + member(b"p", b"abc"),
    "pax times": pax((b"mtime", b"1700000001.5"), (b"atime", b"1700000002.25")) + member(b"timed", b"abc"),
    "pax owners": pax((b"uid", b"3000000"), (b"gid", b"4000000")) + member(b"owned", b"abc"),
    "pax attribute": pax((b"SCHILY.xattr.security.capability", b"\1\0\n\2=\0")) + member(b"able", b"abc"),
    "pax name with =": pax((b"SCHILY.xattr.user.a%3Db", b"c")) + member(b"named", b"abc"),
    "pax link": pax((b"linkpath", b"l" * 150)) + header(b"long", b"2", link=b"l" * 100),
    "pax size": pax((b"size", b"3")) + member(b"sized", b"abc"),
    "other pax size": pax((b"size", b"3")) + header(b"sized", size=2) + b"abc".ljust(512, b"\0"),
    "sparse": pax((b"GNU.sparse.name", b"thin"), (b"GNU.sparse.size", b"3")) + member(b"thin", b"abc"),
    "long name": long_name(b"n" * 150) + member(b"n" * 99, b"abc"),
    "long link": long_name(b"l" * 150, b"K") + header(b"far", b"2", link=b"l" * 99),
    "hard link in pax": pax((b"linkpath", b"./d//f1")) + header(b"hard2", b"1"),
    "a record too many": pax((b"path", b"p"), (b"size", b"x")) + member(b"p", b"abc"),
    "dotted": member(b"./dotted", b"abc"),
    "root": header(b"./", b"5"),
    "dots": member(b"a/../b", b"abc"),
    "whiteout": member(b"d/.wh.gone"),
    "twice": member(b"d/f1", b"other"),
    "signed": member(b"s\xc3\xa9", b"abc", signed=True),
    "old": member(b"old", b"abc", kind=b"\0"),
    "full name": member(b"n" * 100, b"abc"),
    "big": member(b"big", b"abc", mtime=b"\x80" + bytes(7) + b"\1\0\0\0"),
}


def layer(extra: bytes = b"", count: int = 12) -> bytes:
    ordinary = [member(b"d/f%d" % n, b"y" * (n * 91 % 700)) for n in range(count)]
    return header(b"d/", b"5") + b"".join(ordinary[:6]) + extra + b"".join(ordinary[6:]) + END


IN_COLUMNS = {"symlink", "hard link", "device", "prefix", "pax", "pax times", "pax owners", "pax attribute", "pax link"}
IN_COLUMNS |= {"pax name with =", "pax size", "long name", "long link", "whiteout", "full name", "dotted", "old"}


@pytest.mark.parametrize("name", ODD)
def test_odd_entries_among_ordinary_ones(name):
    least = {"twice": 0, "a record too many": 7}.get(name, 10)
    assert same(split(layer(ODD[name]))) >= (14 if name in IN_COLUMNS else least)


BROKEN = {
    "position": lambda lines, at: lines[at].update(position=7_000),
    "type": lambda lines, at: lines[at].update(type=5),
    "negative": lambda lines, at: lines[at].update(size=-4),
    "huge": lambda lines, at: lines[at].update(size=1 << 63),
    "name": lambda lines, at: lines[at].update(name="other"),
    "raw name": lambda lines, at: lines[at].update(name_raw=base64.b64encode(b"raw").decode()),
    "size": lambda lines, at: lines[at].update(size=17),
    "no payload": lambda lines, at: lines[at].update(payload=None),
    "payload": lambda lines, at: lines[at].update(payload=base64.b64encode(b"xyz").decode()),
    "dropped": lambda lines, at: lines.pop(at),
    "repeated": lambda lines, at: lines.insert(at, dict(lines[at])),
    "flipped": lambda lines, at: lines[at].update(payload=_flipped(lines[at].get("payload"))),
}


def _flipped(payload):
    data = bytearray(base64.b64decode(payload or ""))
    if data:
        data[len(data) // 2] ^= 1
    return base64.b64encode(bytes(data)).decode()


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("at", [0, 1, 2, 7, 8, 19, 20])
def test_broken_lines(how, at):
    described = lines(split(layer()))
    BROKEN[how](described, at)
    same(pack(described))


TEXTS = {
    "blanks": lambda text: text.replace(b'":', b'": '),
    "one blank": lambda text: text.replace(b',"position":9}', b', "position":9}'),
    "carriage returns": lambda text: text.replace(b"\n", b"\r\n"),
    "empty lines": lambda text: text.replace(b'"position":8}\n', b'"position":8}\n\n \n'),
    "an object in two lines": lambda text: text.replace(b',"position":9}', b',\n"position":9}'),
    "two objects in a line": lambda text: text.replace(b'"position":8}\n', b'"position":8}'),
    "no newline at the end": lambda text: text[:-1],
    "zero before a position": lambda text: text.replace(b'"position":9}', b'"position":09}'),
    "zero before a size": lambda text: text.replace(b'"size":91,', b'"size":091,'),
    "size with a point": lambda text: text.replace(b'"size":91,', b'"size":91.0,'),
    "other size": lambda text: text.replace(b'"size":91,', b'"size":92,'),
    "letter that is none": lambda text: text[:400] + b"!" + text[401:],
    "equals sign inside": lambda text: text[:400] + b"=" + text[401:],
    "letter of a checksum": lambda text: text.replace(b'"size":91,"payload":"', b'"size":91,"payload":"!')[:-1],
    "no equals sign": lambda text: text.replace(b'=","position":2}', b'A","position":2}'),
    "escaped name": lambda text: text.replace(b'"d/f3"', b'"d\\u002ff3"'),
    "quote in a name": lambda text: text.replace(b'"d/f3"', b'"d"f3"'),
    "tab in a name": lambda text: text.replace(b'"d/f3"', b'"d\tf3"'),
    "name that is no UTF-8": lambda text: text.replace(b'"d/f3"', b'"d/\xff3"'),
    "another field": lambda text: text.replace(b'"d/f3"', b'"d/f3","more":1'),
    "other order": lambda text: text.replace(b'{"type":1,"name":"d/f3"', b'{"name":"d/f3","type":1'),
    "no brace": lambda text: text.replace(b'"position":9}', b'"position":9'),
    "cut line": lambda text: text[: len(text) // 2],
}


@pytest.mark.parametrize("how", TEXTS)
def test_lines_in_other_forms(how):
    text = gzip.decompress(split(layer()))
    assert TEXTS[how](text) != text
    same(gzip.compress(TEXTS[how](text)))


def test_a_name_in_another_place_than_its_header():
    """What the line says of a name counts as much as the header, in columns as line by line."""
    text = gzip.decompress(split(layer()))
    same(gzip.compress(text.replace(b'"d/f3"', b'"d/f9"')))


@pytest.mark.parametrize("raw", [b'a"b', b"a\\b", b"a\tb", b"s\xc3\xa9", b"\xff\xfe", b"a<b>&c"])
def test_names_that_json_writes_in_another_way(raw):
    same(split(layer(member(raw, b"abc"))))


@pytest.mark.parametrize("size", [99_999_999, 100_000_000, 1 << 33])
def test_sizes_of_many_digits(size):
    described = lines(split(layer(member(b"big", b"abc"))))
    (at,) = (at for at, line in enumerate(described) if line.get("name") == "big")
    header_at = at - 1
    raw = base64.b64decode(described[header_at]["payload"])
    large = header(b"big", b"0", size=size)
    described[header_at]["payload"] = base64.b64encode(raw[:-512] + large).decode()
    described[at]["size"] = size
    same(pack(described))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(ODD)), max_size=6),
    st.lists(st.sampled_from(sorted(BROKEN)), max_size=2),
    st.integers(0),
)
def test_any_mixture(odd, broken, seed):
    dice = random.Random(seed)
    parts = [ODD[name] for name in odd]
    dice.shuffle(parts)
    try:
        described = lines(split(layer(b"".join(parts), dice.randrange(20))))
    except Exception:  # noqa: BLE001  what the standard library does not read is no layer
        return
    for how in broken:
        BROKEN[how](described, dice.randrange(len(described)))
    same(pack(described))


@settings(max_examples=150, deadline=None)
@given(st.integers(0), st.integers(0, 255), st.lists(st.sampled_from(sorted(TEXTS)), max_size=2))
def test_any_byte_changed(place, byte, forms):
    text = gzip.decompress(split(layer()))
    for form in forms:
        text = TEXTS[form](text)
    place %= len(text)
    same(gzip.compress(text[:place] + bytes([byte]) + text[place + 1 :]))


LETTERS = base64.b64encode(bytes(300))
FLOODS = {
    "newlines": (4, b"\n"),
    "objects": (4, b"{}\n"),
    "segments of nothing": (4, b'{"type":2}\n'),
    "segments of null": (4, b'{"type":2,"payload":null,"position":0}\n'),
    "segments": (32, b'{"type":2,"payload":"' + LETTERS + b'","position":0}\n'),
    "files": (4, b'{"type":1,"name":"a","payload":null,"position":1}\n'),
    "short pairs": (
        4,
        b'{"type":2,"payload":"QUJD","position":0}\n{"type":1,"name":"a","payload":null,"position":1}\n',
    ),
}


@pytest.mark.parametrize("how", ["entries", "groups", "pieces"])
@pytest.mark.parametrize("flood", FLOODS)
def test_no_flood_of_lines_takes_more_than_its_share(flood, how):
    mebibytes, line = FLOODS[flood]
    data = gzip.compress(line * ((mebibytes << 20) // len(line)), 1)
    parsed = TarSplit(SmallFile(Member("x.tar-split.gz", size=len(data)), data), DEFAULT)
    with no_hang():
        found = sum(1 for _ in getattr(parsed, how)())
    assert how == "pieces" or not found


@pytest.mark.parametrize("at_once", [False, True])
def test_a_file_behind_more_headers_than_there_can_be(at_once):
    segment = b'{"type":2,"payload":"' + base64.b64encode(bytes(1 << 20)) + b'","position":%d}\n'
    text = b"".join(segment % number for number in range(20))
    data = gzip.compress(text + b'{"type":1,"name":"a","payload":null,"position":20}\n', 1)
    (found, problems, total, *_), _ = read(data, at_once=at_once)
    assert (found, total) == ([], 20 << 20)
    assert [(problem.kind, problem.observed) for problem in problems] == [
        ("header", "more than 16777216 bytes (file 'a')")
    ]
