"""Many pax payloads at once say what each says by itself, or are left to the reader of single ones.

    python -m tests.source.test_pax_columns 200000

reads as many payloads as it is told both ways.
"""

from __future__ import annotations

import random
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.limits import DEFAULT, Limits
from analyzer.source.tar.pax import Extras, PaxReader
from analyzer.source.tar.pax_columns import Attributes, read_payloads
from tests.source.craft import record

EDGE = bytes(16)
KEYS = [
    b"path",
    b"linkpath",
    b"mtime",
    b"atime",
    b"ctime",
    b"size",
    b"uid",
    b"gid",
    b"uname",
    b"gname",
    b"comment",
    b"SCHILY.xattr.security.selinux",
    b"SCHILY.xattr.user.a%3Db",
    b"SCHILY.xattr.trusted.overlay.opaque",
    b"SCHILY.dev",
    b"LIBARCHIVE.xattr.user.a%3Db",
    b"LIBARCHIVE.creationtime",
    b"GNU.sparse.major",
    b"GNU.sparse.map",
    b"RHT.security.selinux",
    b"hdrcharset",
    b"pat",
    b"paths",
    b"mtim",
    b"m",
    b"linkpat",
    b"x" * 40,
]
VALUES = [
    b"",
    b"0",
    b"7",
    b"1700000000",
    b"1700000000.5",
    b"1700000000.123456789",
    b"1700000000.1234567891",
    b"-1.5",
    b"99999999999",
    b"9999999999.9",
    b"12345678",
    b"123456789012",
    b"12345678901234567",
    b"1" * 21,
    b"a/b",
    b"./a/b/",
    b"a=b",
    b"a\nb",
    b"\0",
    b"system_u:object_r:container_file_t:s0\0",
    b"eQ",
    b"eQ==",
    b"e",
    b"y",
    b"p" * 120,
    b"\xff\xfe",
    b"00017",
    b" 5",
    b"5 ",
    b"5.",
    b".5",
    b"1e3",
]


def facts(extras: Extras):
    return (
        extras.path,
        extras.link,
        extras.mtime_ns,
        extras.size,
        extras.uid,
        extras.gid,
        dict(extras.xattrs or {}),
    )


def compare(payloads, *, engine=False, limits=DEFAULT) -> int:
    """Assert that payloads read in columns are read right; return how many were."""
    memory = b"".join((EDGE, *payloads, EDGE))
    ends = np.cumsum([len(payload) for payload in payloads]) + len(EDGE)
    starts = np.concatenate(([len(EDGE)], ends[:-1]))
    attributes = Attributes(engine=engine)
    said = read_payloads(np.frombuffer(memory, np.uint8), starts, ends, attributes, limits.pax_records)
    reader, read = PaxReader(limits, engine=engine), 0

    def text(start, end):
        return None if start < 0 else memory[start:end]

    def number(value):
        return None if value < 0 else int(value)

    for item, payload in enumerate(payloads):
        if not said.good[item]:
            continue
        read += 1
        extras = Extras()
        reader.read(payload, extras)
        assert not extras.faults, payload
        assert not extras.sparse, payload
        assert facts(extras) == (
            text(said.path[item], said.path_end[item]),
            text(said.link[item], said.link_end[item]),
            number(said.mtime_ns[item]),
            number(said.size[item]),
            number(said.uid[item]),
            number(said.gid[item]),
            dict(attributes.sets[said.marks[item]]),
        ), payload
    return read


USUAL = {
    "GNU tar": [(b"atime", b"1700000000.123456789"), (b"ctime", b"1700000001"), (b"path", b"p" * 130)],
    "GNU tar, attributes": [(b"mtime", b"1700000000.5"), (b"SCHILY.xattr.user.x", b"a=b\nc\0"), (b"atime", b"1")],
    "GNU tar, label": [(b"RHT.security.selinux", b"system_u:object_r:usr_t:s0"), (b"mtime", b"1700000000.25")],
    "bsdtar": [
        (b"path", b"a" * 120),
        (b"LIBARCHIVE.creationtime", b"1700000000.5"),
        (b"ctime", b"1700000000.5"),
        (b"LIBARCHIVE.xattr.user.x", b"eQ"),
        (b"SCHILY.xattr.user.x", b"y"),
        (b"SCHILY.dev", b"2049"),
        (b"SCHILY.ino", b"17"),
    ],
    "Go": [(b"atime", b"1700000000"), (b"path", b"\xc3\xbc" * 30), (b"uid", b"3000000"), (b"uname", b"x")],
    "long link": [(b"linkpath", b"t" * 200), (b"gid", b"2097152")],
    "no records": [],
}


@pytest.mark.parametrize("name", USUAL)
def test_what_writers_write_is_read_at_once(name):
    payload = b"".join(record(key, value) for key, value in USUAL[name])
    assert compare([payload] * 3, engine=name == "Go") == 3


def test_both_forms_of_one_attribute_are_one():
    payload = record(b"LIBARCHIVE.xattr.user.a%3Db%25", b"eQ") + record(b"SCHILY.xattr.user.a%3Db%25", b"y")
    extras = Extras()
    PaxReader(DEFAULT).read(payload, extras)
    assert extras.xattrs == {"user.a=b%": b"y"}
    extras = Extras()
    PaxReader(DEFAULT, engine=True).read(payload, extras)
    assert extras.xattrs == {"user.a%3Db%25": b"y"}
    assert compare([payload]) == compare([payload], engine=True) == 1


def test_more_records_than_the_limit_are_left():
    payload = record(b"atime", b"1") * 5
    assert compare([payload, payload[: len(payload) * 3 // 5]], limits=Limits(pax_records=3)) == 1


records = st.tuples(st.sampled_from(KEYS), st.one_of(st.sampled_from(VALUES), st.binary(max_size=30)))
payloads = st.lists(records, max_size=8).map(lambda found: b"".join(record(key, value) for key, value in found))


@settings(max_examples=300, deadline=None)
@given(st.lists(payloads, min_size=1, max_size=20), st.booleans(), st.data())
def test_any_records_in_any_order(found, engine, data):
    compare(found, engine=engine)
    broken = bytearray(b"".join(found))
    for _ in range(min(data.draw(st.integers(0, 3)), len(broken))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))
    compare([bytes(broken[:cut]), bytes(broken[cut:]), bytes(broken)], engine=engine)


def draw(dice: random.Random) -> bytes:
    """Return a payload: of records as they are written, in half of the cases with something changed."""
    count = dice.randrange(7)
    payload = bytearray(b"".join(record(dice.choice(KEYS), dice.choice(VALUES)) for _ in range(count)))
    if payload and dice.random() < 0.5:
        for _ in range(dice.randrange(1, 4)):
            place = dice.randrange(len(payload))
            how = dice.random()
            if how < 0.6:
                payload[place] = dice.choice(b"0123456789 =\n./\0apx")
            elif how < 0.8:
                del payload[place : place + dice.randrange(1, 4)]
                payload = payload or bytearray(b"x")
            else:
                payload[place:place] = dice.choice((b"\n", b" ", b"9", b"=", b"17 path=\n"))
    return bytes(payload)


def main(count: int) -> None:
    dice, done, read = random.Random(14), 0, 0
    while done < count:
        found = [draw(dice) for _ in range(2_000)]
        read += compare(found, engine=dice.random() < 0.3)
        done += len(found)
    print(f"{done} payloads, {read} of them read in columns, all as by themselves")


if __name__ == "__main__":
    main(int(sys.argv[1]))
