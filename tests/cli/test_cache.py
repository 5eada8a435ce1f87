"""The cache: the second command does not read the bundle, and nothing about a cache can change an answer."""

from __future__ import annotations

import pathlib
import stat
import time

import pytest

from analyzer.api import judge
from analyzer.cli import cache as caching
from analyzer.snapshot.index_codec import StoredError, pack, unpack
from analyzer.snapshot.snapshot import gather, understand
from analyzer.source.open import open_bundle
from tests.cli.digging import API, data, hostile, run, saved
from tests.editing import BUNDLES, Edited

NAMES = sorted(path.name.removesuffix(".tar.zst") for path in BUNDLES.glob("*.tar.zst"))


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Use a cache of its own, in which small bundles are kept too."""
    place = tmp_path / "cache"
    monkeypatch.setenv(caching.DIRECTORY, str(place))
    monkeypatch.delenv("ANALYZER_NO_CACHE", raising=False)
    monkeypatch.setattr(caching, "WORTH_IT", 0)
    return place


@pytest.fixture
def bundle(tmp_path):
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    path = saved(Edited(), evidence / "b.tar")
    time.sleep(0.05)
    return path


@pytest.fixture
def unread(monkeypatch):
    """Return a function after which opening a bundle fails."""

    def forbid():
        def refuse(*args, **options):
            raise AssertionError("the bundle was read")

        monkeypatch.setattr("analyzer.source.open.open_bundle", refuse)

    return forbid


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_back_is_what_was_gathered(name):
    source = open_bundle(BUNDLES / f"{name}.tar.zst")
    again = source.again
    gathered = gather(source)
    report = judge(understand(gathered, again=again)).to_dict()
    assert judge(understand(unpack(pack(gathered)))).to_dict() == report
    assert pack(unpack(pack(gathered))) == pack(gathered)


def test_hostile_text_and_hard_links_come_back(tmp_path):
    store = Edited()
    path = f"storage/overlay-images/{store.images()[0]['id']}/manifest"
    store.entries[path][0].kind = "hardlink"
    store.entries[path][0].link = path + ".was"
    store.write(path + ".was", store.data(path))
    store.entries[path] = (store.entries[path][0], b"")
    store.write("storage/overlay-layers/\udcff\udc80\x1b", b"x")
    gathered = gather(store)
    report = judge(understand(gathered)).to_dict()
    assert judge(understand(unpack(pack(gathered)))).to_dict() == report


@pytest.mark.parametrize(
    "command",
    [
        ("images",), ("layers",), ("containers",), ("show", API), ("who-uses", API), ("ls", API, "etc"), ("du",),
        ("drift", "log1"), ("plan",), ("graph", "--format", "dot"),
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_the_second_command_does_not_read_and_says_the_same(home, bundle, unread, command):
    name, *rest = command
    first = run(name, bundle, *rest)
    assert list(home.glob("*.index"))
    unread()
    assert run(name, bundle, *rest) == first


def test_a_report_leaves_an_index_for_the_next_command(home, bundle, unread):
    text = run("report", bundle)
    unread()
    assert run("report", bundle) == text
    assert run("images", bundle)
    assert run("cat", bundle, "--help")


def test_no_cache_keeps_nothing(home, bundle, monkeypatch):
    run("images", bundle, "--no-cache")
    monkeypatch.setenv("ANALYZER_NO_CACHE", "1")
    run("report", bundle)
    assert not home.exists()


def test_files_are_the_users_own(home, bundle):
    run("show", bundle, API)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o777, 0o750, 0o701])
def test_a_directory_others_can_enter_is_not_used(home, bundle, mode):
    home.mkdir()
    home.chmod(mode)
    run("images", bundle)
    assert list(home.iterdir()) == []


def test_a_link_in_its_place_is_not_followed(home, bundle, tmp_path):
    target = tmp_path / "elsewhere"
    target.mkdir(mode=0o700)
    home.symlink_to(target)
    run("images", bundle)
    assert list(target.iterdir()) == []


def test_never_beside_the_evidence(bundle, monkeypatch):
    place = pathlib.Path(bundle).parent
    place.chmod(0o700)
    monkeypatch.setenv(caching.DIRECTORY, str(place))
    monkeypatch.delenv("ANALYZER_NO_CACHE", raising=False)
    monkeypatch.setattr(caching, "WORTH_IT", 0)
    run("images", bundle)
    assert [path.name for path in place.iterdir()] == ["b.tar"]


def test_a_changed_bundle_is_read_again(home, bundle, tmp_path):
    assert len(data("images", bundle)) == 10
    store = Edited()
    saved(store.write_images(store.images()[:3]), bundle)
    assert {row["id"] for row in data("images", bundle)} == {row["id"] for row in store.images()[:3]}


def test_a_file_that_just_changed_is_not_kept(home, bundle, monkeypatch):
    monkeypatch.setattr(caching, "SETTLED_NS", 10**12)
    run("images", bundle)
    assert list(home.iterdir()) == []


def damaged(data: bytes):
    """Yield damaged forms of an entry."""
    yield b""
    yield data[:-1]
    yield data[: len(data) // 2]
    for place in (0, 10, 20, 40, 60, len(data) // 2, len(data) - 1):
        yield data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
    yield bytes(len(data))


def test_damaged_entries_are_ignored(home, bundle):
    text = run("show", bundle, API)
    for path in list(home.iterdir()):
        whole = path.read_bytes()
        for wrong in damaged(whole):
            path.write_bytes(wrong)
            assert run("show", bundle, API) == text
            path.write_bytes(whole)


def test_every_damage_of_an_index_is_noticed():
    whole = pack(gather(open_bundle(BUNDLES / "podman-list.tar.zst")))
    for wrong in damaged(whole):
        with pytest.raises(StoredError):
            unpack(wrong)


def test_an_entry_that_is_signed_but_means_nothing_is_refused():
    import hashlib

    import msgspec
    import zstandard

    from analyzer.snapshot.index_codec import DIGEST, MAGIC

    for value in (None, 5, [], [0], [99], [10, 1], [5, 1, 2], [8, "x"], {"a": 1}, [7] * 5, [6, None]):
        packed = zstandard.compress(msgspec.msgpack.encode(value))
        body = len(packed).to_bytes(8, "little") + packed
        with pytest.raises(StoredError):
            unpack(MAGIC + hashlib.blake2b(body, digest_size=DIGEST).digest() + body)


def test_the_oldest_entries_go_first(home, tmp_path, monkeypatch):
    sizes = []
    for number in range(4):
        path = saved(Edited(), tmp_path / f"{number}.tar")
        time.sleep(0.05)
        run("images", path)
        sizes.append(sum(entry.stat().st_size for entry in home.iterdir()))
    one = sizes[0]
    monkeypatch.setenv(caching.BOUND, str(one * 2 + one // 2))
    before = set(home.iterdir())
    path = saved(Edited(), tmp_path / "5.tar")
    time.sleep(0.05)
    run("images", path)
    left = set(home.iterdir())
    assert len(left) == 2
    assert len(left - before) == 1
    assert sum(entry.stat().st_size for entry in left) <= one * 2 + one // 2


def test_another_version_has_other_entries(home, bundle, monkeypatch):
    run("images", bundle)
    first = {path.name for path in home.iterdir()}
    monkeypatch.setattr(caching, "__version__", "9.9")
    run("images", bundle)
    assert {path.name for path in home.iterdir()} > first


def test_hostile_names_survive_the_cache(home, tmp_path):
    bundle = hostile(tmp_path / "h.tar")
    time.sleep(0.05)
    assert run("images", bundle) == run("images", bundle)
