"""Members read many at once are the members that are read one by one, for any archive, sound or not."""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyzer.errors import UnreadableError
from analyzer.limits import DEFAULT, Limits
from analyzer.snapshot.collect import Collector
from analyzer.source import parallel
from analyzer.source.open import open_bundle
from analyzer.source.tar import hop, pieces, reader, scan
from tests.archives import tar_of
from tests.contents import HEALTHY
from tests.source.craft import BLOCK, END, base256, header, long_name, member, pax

LAYER = b"storage/overlay/" + b"ab" * 32 + b"/diff/"
OTHER = b"storage/overlay/" + b"cd" * 32 + b"/diff/"
COLUMNS = ("names", "kinds", "flags", "modes", "uids", "gids", "sizes", "mtimes", "crcs", "offsets", "extra")
SELINUX = (b"SCHILY.xattr.security.selinux", b"system_u:object_r:container_ro_file_t:s0\0")
MANY = 40


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    """Offer members of even short archives many at once."""
    offer_few(monkeypatch)


def offer_few(monkeypatch):
    monkeypatch.setattr(reader, "FIRST", 0)
    monkeypatch.setattr(scan, "LEAST", BLOCK)
    monkeypatch.setattr(scan, "FEWEST", 1)
    monkeypatch.setattr(scan, "PAUSE", 1)


ONE_BY_ONE, BY_OFFSET, IN_WINDOW = "one by one", "by offset", "in the window"


def collected(data: bytes, way: str, *, content: bool = True, limits: Limits = DEFAULT):
    """Return everything that a pass over an archive kept, and how many members came in batches."""
    taken = 0
    with tempfile.TemporaryDirectory() as work:
        path = Path(work, "bundle.tar")
        path.write_bytes(data)
        source = open_bundle(path, limits=limits, hash_input=way == IN_WINDOW)  # which is read in order
        collector = Collector(limits, read_content=content)
        take = collector._take_batch

        def counted(batch):
            nonlocal taken
            count = take(batch)
            taken += count
            return count

        collector._take_batch = counted
        if way == ONE_BY_ONE:
            source.offer = lambda _take, *, contents: None
        collector.take(source, None)
        source.close()
    result = collector.result
    tables = {
        table.path: (*(getattr(table, column) for column in COLUMNS), table.counted, table.bytes)
        for store in result.stores.values()
        for layer in store.home.layers.values()
        for table in layer.tables.values()
    }
    spots = [(spot.what, spot.where.replace(str(path), ""), spot.offset) for spot in (*source.losses, *source.notes)]
    return (tables, spots, source.members, result.xattrs, result.content_files, result.tops), taken


def same(data: bytes, **options) -> int:
    """Assert that an archive reads the same in all ways; return how many members came in batches, in either."""
    expected, none = collected(data, ONE_BY_ONE, **options)
    found, by_offset = collected(data, BY_OFFSET, **options)
    assert found == expected
    found, in_window = collected(data, IN_WINDOW, **options)
    assert found == expected
    assert none == 0
    return min(by_offset, in_window)


def recorded(path, data=b"", *, kind=b"0", digits=9, more=(), order=0, **fields):
    """Return a member as GNU tar writes it with `--xattrs`: path and times in pax records."""
    times = [(key, b"1700000%03d.%09d" % (len(path) % 1000, 123456789)[: 11 + digits]) for key in (b"mtime", b"atime")]
    records = [(b"path", path), *times, *more]
    records = records[order:] + records[:order]
    return pax(*records) + member(path[-100:], data, kind=kind, **fields)


def ordinary(count=MANY, base=LAYER, **options):
    return b"".join(recorded(base + b"dir/file%d" % n, b"x" * (n * 37 % 1500), **options) for n in range(count))


@pytest.mark.parametrize("content", [True, False])
def test_what_gnu_tar_writes_comes_in_batches(content):
    data = ordinary(more=[SELINUX]) + ordinary(base=OTHER) + END
    assert same(data, content=content) > MANY


def test_long_gnu_names_and_plain_headers_come_in_batches():
    named = b"".join(long_name(LAYER + b"d/" * 20 + b"%d" % n) + member(b"short", b"abc") for n in range(MANY))
    plain = b"".join(member(LAYER + b"f%d" % n, b"abc") for n in range(9))
    assert same(named + plain + END) > MANY


def test_fractions_of_any_length_and_records_in_another_order():
    data = b"".join(recorded(LAYER + b"f%d" % n, b"abc", digits=n % 10, order=n % 3) for n in range(200)) + END
    assert same(data) > 100


def test_contents_that_end_with_nul_or_have_nothing_else():
    contents = [b"a" + bytes(5000), bytes(700), bytes(4096), b"", b"abc\0", b"x" * 4096 + bytes(4096)]
    data = ordinary() + b"".join(recorded(LAYER + b"z%d" % n, each) for n, each in enumerate(contents)) + END
    assert same(data) > MANY


def test_links_keep_their_targets():
    links = b"".join(
        recorded(LAYER + b"l%d" % n, kind=b"2", link=b"../to/%d" % n) + recorded(LAYER + b"d%d/" % n, kind=b"5")
        for n in range(MANY)
    )
    assert same(ordinary() + links + END) > 2 * MANY


ODD = {
    "hard link": recorded(LAYER + b"hard", kind=b"1", link=LAYER + b"dir/file1"),
    "long link": pax((b"path", LAYER + b"long"), (b"linkpath", b"t" * 200)) + header(b"l", b"2"),
    "device": header(LAYER + b"null", b"3", major=1, minor=3),
    "whiteout": header(LAYER + b"gone", b"3"),
    "file with a slash": recorded(LAYER + b"slash/", b"abc"),
    "plain file with a slash": member(LAYER + b"slash2/", b""),
    "dots": recorded(LAYER + b"a/../b", b"abc"),
    "double slash": recorded(LAYER + b"a//b", b"abc"),
    "hidden": recorded(LAYER + b".hidden/.file", b"abc"),
    "dot": recorded(LAYER + b"a/.", kind=b"5"),
    "leading dot": recorded(b"./" + LAYER + b"dotted", b"abc"),
    "leading slash": recorded(b"/" + LAYER + b"rooted", b"abc"),
    "NUL": recorded(LAYER + b"a\0b", b"abc"),
    "newline": recorded(LAYER + b"a\nb", b"abc"),
    "newline in a GNU name": long_name(LAYER + b"c\nd") + member(b"x", b"abc"),
    "no UTF-8": recorded(LAYER + b"\xff\xc3", b"abc"),
    "big owner": recorded(LAYER + b"owner", b"abc", raw={108: base256(1 << 40, 8)}),
    "owner in records": recorded(LAYER + b"owned", b"abc", more=[(b"uid", b"5000000")]),
    "late": pax((b"path", LAYER + b"late"), (b"mtime", b"9999999999.5")) + member(b"late", b"abc"),
    "early": pax((b"path", LAYER + b"early"), (b"mtime", b"-5.25")) + member(b"early", b"abc"),
    "size in records": pax((b"path", LAYER + b"sized"), (b"size", b"1100")) + member(b"s", b"y" * 1100, size=0),
    "capability": recorded(LAYER + b"ping", b"abc", more=[(b"SCHILY.xattr.security.capability", b"\1\0\0\2\n\0=x")]),
    "opaque": recorded(LAYER + b"opaque/", kind=b"5", more=[SELINUX, (b"SCHILY.xattr.trusted.overlay.opaque", b"y")]),
    "old type": member(LAYER + b"old", b"abc", kind=b"\0"),
    "unknown type": member(LAYER + b"unknown", b"abc", kind=b"Z"),
    "volume label": header(b"label", b"V"),
    "two headers": pax((b"path", LAYER + b"first")) + pax((b"path", LAYER + b"second")) + member(b"x", b"abc"),
    "two names": long_name(LAYER + b"one") + pax((b"path", LAYER + b"two")) + member(b"x", b"abc"),
    "long link name": long_name(b"t" * 120, b"K") + header(LAYER + b"link", b"2"),
    "prefix": member(b"name", b"abc", prefix=LAYER + b"pre"),
    "twice": recorded(LAYER + b"dir/file3", b"other"),
    "size of a directory": recorded(LAYER + b"big/", kind=b"5", size=5000),
    "a tar in a file": recorded(LAYER + b"inner.tar", ordinary(12)),
    "elsewhere": member(b"etc/containers/storage.conf", b"[storage]\n") + member(b"var/log/messages", b"line\n"),
    "another layer": recorded(OTHER + b"x", b"abc"),
    "lone zero block": bytes(BLOCK),
    "another archive": END + ordinary(3),
    "global header": pax((b"mtime", b"5"), kind=b"g"),
    "bad checksum": b"\1" + recorded(LAYER + b"bad", b"abc")[1:],
    "bad inner checksum": recorded(LAYER + b"bad", b"abc").replace(b"ustar", b"uSTar"),
    "bad record": pax(payload=b"12 path=abc\nrubbish") + member(LAYER + b"rubbish", b"abc"),
    "wrong length": pax(payload=b"99 path=" + LAYER + b"q\n") + member(LAYER + b"q", b"abc"),
    "orphan": pax((b"path", LAYER + b"orphan")) + END,
    "signed checksum": member(LAYER + b"s\xff", b"abc", signed=True),
    "octal without end": member(LAYER + b"full", b"abc", raw={100: b"00000644"}),
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("content", [True, False])
def test_odd_members_among_ordinary_ones(name, content):
    data = ordinary() + ODD[name] + ordinary(MANY, LAYER + b"more/") + END
    assert same(data, content=content) >= MANY - 4


def test_the_limit_of_members_ends_a_batch():
    data = ordinary() + END
    expected, _ = collected(data, BY_OFFSET, limits=Limits(members=25))
    assert expected[2] == 25
    same(data, limits=Limits(members=25))
    same(data, limits=Limits(path=90))


def mixture(dice: random.Random) -> bytes:
    """Return any members among ordinary ones, most with flipped bits, bytes put in or taken out, or an early end."""
    parts = [ODD[name] for name in dice.choices(sorted(ODD), k=dice.randrange(12))]
    parts += [ordinary(dice.randrange(12), LAYER + b"%d/" % n) for n in range(4)]
    dice.shuffle(parts)
    archive = bytearray(ordinary(5) + b"".join(parts) + END)
    for _ in range(dice.randrange(5)):
        at = dice.randrange(len(archive))
        archive[at] ^= 1 << dice.randrange(8)
    if dice.random() < 0.2:
        at = dice.randrange(len(archive))
        archive[at : at + dice.choice((0, 1, BLOCK))] = bytes(dice.choice((0, 1, BLOCK)))
    return bytes(archive[: len(archive) if dice.random() < 0.7 else dice.randrange(1024, len(archive))])


def main(seconds: float, seed: int) -> None:
    """Hold scanner and reader against each other for seconds of the processor, every tenth archive in two processes."""
    dice, archives, taken = random.Random(seed), 0, 0
    with pytest.MonkeyPatch.context() as patch:
        offer_few(patch)
        while sum(os.times()[:4]) < seconds:
            archive, content = mixture(dice), dice.random() < 0.5
            try:
                with pytest.MonkeyPatch.context() as shared:
                    if archives % 10 == 9:
                        share_little(shared)
                    taken += same(archive, content=content)
            except UnreadableError:
                continue
            archives += 1
    print(f"seed {seed}: {archives} archives, {taken} members in batches, all as one by one")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(sorted(ODD)), max_size=12), st.integers(0), st.data())
def test_any_mixture_with_damage(names, seed, data):
    dice = random.Random(seed)
    parts = [ODD[name] for name in names] + [ordinary(dice.randrange(12), LAYER + b"%d/" % n) for n in range(4)]
    dice.shuffle(parts)
    archive = bytearray(ordinary(5) + b"".join(parts) + END)
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(archive) - 1))
        archive[at] ^= 1 << data.draw(st.integers(0, 7))
    cut = data.draw(st.one_of(st.just(len(archive)), st.integers(1024, len(archive))))
    try:
        same(bytes(archive[:cut]), content=data.draw(st.booleans()))
    except UnreadableError:  # what is left looks like no tar
        assume(cut < len(archive))


@pytest.mark.parametrize("name", HEALTHY)
def test_real_bundles(name):
    assert same(tar_of(name)) >= 0


def test_hostile_headers_do_not_cost_a_scan_each(monkeypatch):
    monkeypatch.undo()
    looks = []
    for owner, name in ((scan.Scanner, "_look"), (pieces.Pieces, "look")):
        look = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *args, look=look: looks.append(1) or look(*args))
    odd = b"".join(member(LAYER + b"z%d" % n, kind=b"Z") + member(LAYER + b"y%d" % n) for n in range(4_000))
    archive = member(LAYER + b"first") + odd + END
    for content in (True, False):
        looks.clear()
        assert same(archive, content=content) == 0
        assert 0 < len(looks) <= 2 * 8_000 // scan.PAUSE


@pytest.mark.parametrize("content", [True, False])
def test_progress_is_told_while_members_come_many_at_once(tmp_path, content):
    path = tmp_path / "bundle.tar"
    path.write_bytes(b"".join(ordinary(base=LAYER[:16] + b"%064d/diff/" % n) for n in range(9)) + END)
    source, told = open_bundle(path), []
    Collector(DEFAULT, read_content=content).take(source, lambda source: told.append(source.bytes_read))
    source.close()
    assert len(told) >= 9
    assert told == sorted(told)
    assert told[-1] <= path.stat().st_size


@pytest.mark.parametrize("size", [b"16".ljust(12, b"\0"), base256(14, 12)])
def test_a_pax_size_in_another_form_and_records_that_claim_more_than_there_is(size):
    odd = header(b"pax", b"x", size) + b"99999 path=xxxx\n".ljust(BLOCK, b"\0")
    assert same(ordinary() + (odd + member(LAYER + b"odd")) * 9 + END) > 0


def test_members_larger_than_what_is_read_at_once():
    big = recorded(LAYER + b"big", bytes(range(256)) * 400)
    assert same(ordinary() + big + ordinary(base=OTHER) + big + ordinary(5, LAYER + b"z/") + END) > MANY


@pytest.fixture
def far(monkeypatch):
    """Gather what lies ahead in two processes, in small pieces."""
    share_little(monkeypatch)


def share_little(monkeypatch):
    for name, value in (("WORTH", 0), ("LEAST", 16 << 10), ("LARGEST", 16 << 10)):
        monkeypatch.setattr(pieces, name, value)
    monkeypatch.setattr(hop, "STRETCH", 4096)
    monkeypatch.setattr(parallel, "processors", lambda: 2)


def ahead(data: bytes, *, content: bool = False) -> int:
    """Assert that an archive reads the same with and without processes; return how many members came in batches."""
    found, taken = collected(data, BY_OFFSET, content=content)
    assert found == collected(data, ONE_BY_ONE, content=content)[0]
    return taken


def inheriting() -> bytes:
    """Return members behind global headers, with and without times and owners of their own."""
    plain = b"".join(member(LAYER + b"plain%d" % n, b"abc", uid=n) for n in range(MANY))
    owned = b"".join(pax((b"gid", b"%d" % n)) + member(LAYER + b"owned%d" % n) for n in range(MANY))
    first = pax((b"mtime", b"1700000000.25"), (b"gid", b"77"), (b"comment", b"of git archive"), kind=b"g")
    return ordinary() + first + plain + owned + ordinary(base=OTHER) + pax((b"uid", b"88"), kind=b"g") + plain + owned


def test_members_behind_a_global_header_come_in_batches():
    assert same(inheriting() + END) > 5 * MANY
    assert same(ordinary() + pax((b"uid", b"9" * 20), kind=b"g") + ordinary(base=OTHER) + END) < 2 * MANY


@pytest.mark.usefixtures("far")
def test_members_behind_a_global_header_are_read_ahead():
    assert ahead(inheriting() + END, content=True) > 5 * MANY


@pytest.mark.usefixtures("far")
def test_what_processes_gather_ahead_is_what_one_would_find():
    rooms = [LAYER[:16] + b"%064d/diff/" % n for n in range(6)]
    plain = b"".join(ordinary(base=room, more=[SELINUX]) for room in rooms) + END
    assert ahead(plain) > 4 * MANY
    assert ahead(plain, content=True) > 4 * MANY
    odd = b"".join(ordinary(9, base=rooms[0]) + ODD[name] for name in ODD) + END
    assert ahead(odd) > MANY
    inner = recorded(LAYER + b"inner.tar", ordinary(200, base=OTHER) + END + bytes(40_000))
    assert ahead(ordinary() + inner + ordinary(base=OTHER) + END) > MANY
    dice = random.Random(14)
    for _ in range(5):
        damaged = bytearray(odd)
        for _ in range(4):
            damaged[dice.randrange(len(odd))] ^= 1 << dice.randrange(8)
        ahead(bytes(damaged[: dice.randrange(len(odd) // 2, len(odd))]), content=True)


def test_who_searches_in_a_large_member_goes_on_behind_it(tmp_path):
    """Its content looks like members; a piece that starts inside it is searched only where nobody came upon it yet."""
    inner = recorded(LAYER + b"inner.tar", ordinary(200, base=OTHER) * 9 + bytes(1 << 20))
    data = ordinary() + inner + ordinary(5, LAYER + b"z/") + END
    path = tmp_path / "bundle.tar"
    path.write_bytes(data)
    inside, behind = len(ordinary()) + 4096, len(ordinary() + inner)
    with path.open("rb") as file:
        place, span = (file.fileno(), 0, len(data)), bytearray(hop.SPAN.size)
        first, second = (hop.Hopper(place, DEFAULT, contents=False, span=span) for _ in range(2))
        assert next(second.members(inside, len(data))).begins[0] < behind
        assert [scan.ends[-1] for scan in first.members(0, inside)] == [behind]
        assert next(second.members(inside, len(data))).begins[0] == behind
        assert list(second.members(inside, inside + 4096)) == []


@pytest.mark.usefixtures("far")
@pytest.mark.parametrize("how", ["killed", "error"])
def test_a_process_that_dies_costs_nothing_but_time(monkeypatch, how):
    data = b"".join(ordinary(base=LAYER + b"%d/" % n) for n in range(6)) + END
    members, parent = hop.Hopper.members, os.getpid()

    def dying(self, *args):
        if os.getpid() != parent:
            if how == "error":
                raise MemoryError
            os.kill(os.getpid(), signal.SIGKILL)
        return members(self, *args)

    monkeypatch.setattr(hop.Hopper, "members", dying)
    assert ahead(data) > MANY


@pytest.mark.usefixtures("far")
def test_a_reader_that_is_left_early_leaves_no_process(tmp_path, monkeypatch):
    forked, fork = [], os.fork
    monkeypatch.setattr(os, "fork", lambda: forked.append(fork()) or forked[-1])
    path = tmp_path / "bundle.tar"
    path.write_bytes(b"".join(ordinary(base=LAYER + b"%d/" % n) for n in range(60)) + END)
    source = open_bundle(path)
    source.offer(lambda batch: len(batch.kinds) and 0, contents=False)
    next(iter(source))
    source.close()
    assert len(forked) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(forked[0], 0)


def test_members_that_begin_nowhere_do_not_cost_a_look_each(monkeypatch, tmp_path):
    looks = []
    scanned = hop.Hopper.scan
    monkeypatch.setattr(hop.Hopper, "scan", lambda self, *args: looks.append(1) or scanned(self, *args))
    monkeypatch.setattr(scan, "PAUSE", 128)
    odd = b"".join(member(LAYER + b"z%d" % n, kind=b"Z") + member(LAYER + b"y%d" % n) for n in range(4_000))
    data = member(LAYER + b"first") + odd + END
    same(data)
    assert len(looks) <= 2 * (8_000 // scan.PAUSE)
    path = tmp_path / "bundle.tar"
    path.write_bytes(data)
    looks.clear()
    with path.open("rb") as file:
        list(hop.Hopper((file.fileno(), 0, len(data)), DEFAULT, contents=False).members(0, len(data)))
    assert len(looks) <= hop.CHAINS


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
