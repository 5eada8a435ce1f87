"""What the words of a command line mean."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading

import pytest

import analyzer
from analyzer.errors import UsageError
from analyzer.fleet.checkpoint import Known, stands
from analyzer.fleet.task import DONE, Task
from analyzer.source.locations.bundles import find_bundles
from analyzer.source.locations.identity import digest, identity
from analyzer.source.locations.urls import BrokenOffError, is_url, open_url
from analyzer.source.locations.within import bundles_within
from tests.editing import BUNDLES


@pytest.fixture
def place(tmp_path):
    """Return a tree with archives, a directory with a store, and things that are neither."""
    for name in ("a/n1.tar", "a/deep/n2.tar.zst", "a/n3.tgz", "a/notes.txt", "a/.hidden.tar", "b/n4.tar.gz", "x.bin"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "b" / "node5" / "var" / "lib" / "containers" / "storage").mkdir(parents=True)
    (tmp_path / "b" / "node6" / "overlay-layers").mkdir(parents=True)
    (tmp_path / "b" / "node6" / "inside.tar").write_text("x")
    return tmp_path


def found(place, *words):
    return [path.removeprefix(f"{place}/") for path in find_bundles(words)]


def test_a_directory_is_a_bundle_or_is_searched(place):
    assert found(place, f"{place}/a") == ["a/deep/n2.tar.zst", "a/n1.tar", "a/n3.tgz"]
    assert found(place, f"{place}/b") == ["b/n4.tar.gz", "b/node5", "b/node6"]
    assert found(place, f"{place}/b/node6") == ["b/node6"]
    (place / "empty").mkdir()
    assert found(place, f"{place}/empty") == ["empty"]


@pytest.fixture
def web(tmp_path):
    """Return the address of a web server for a directory; what it says of a file is set by `Tagged.tag`."""

    class Tagged(http.server.SimpleHTTPRequestHandler):
        tag = ""

        def log_message(self, *_):
            pass

        def end_headers(self):
            if self.tag:
                self.send_header("ETag", self.tag)
            super().end_headers()

    handler = functools.partial(Tagged, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Tagged, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_web_server_without_an_etag_tells_nothing_of_the_content(web, tmp_path):
    """Size and time are those of other bytes too: the bundle is read again, and known by its digest."""
    pytest.importorskip("aiohttp")
    tagged, address = web
    (tmp_path / "n.tar").write_bytes(b"x" * 4096)
    assert identity(f"{address}/n.tar") == ("", 4096)
    tagged.tag = 'W/"weak"'
    assert identity(f"{address}/n.tar") == ("", 4096)
    tagged.tag = '"strong"'
    text, size = identity(f"{address}/n.tar")
    assert "strong" in text
    assert size == 4096


def test_only_a_sure_identity_stands():
    known = Known(1, DONE, "", "v", "", 0.0, 0, "")
    assert not stands(known, "v", ("", 4096), Task("k", "n", "u"), retry=False)
    assert stands(known._replace(identity="url 1 ETag=x"), "v", ("url 1 ETag=x", 1), Task("k", "n", "u"), retry=False)


def test_links_to_directories_are_not_followed_in_a_search(place):
    (place / "a" / "loop").symlink_to(place)
    (place / "a" / "link.tar").symlink_to(place / "b" / "n4.tar.gz")
    assert found(place, f"{place}/a") == ["a/deep/n2.tar.zst", "a/link.tar", "a/n1.tar", "a/n3.tgz"]


def test_patterns_and_plain_words(place):
    assert found(place, f"{place}/*/n[134].t*") == ["a/n1.tar", "a/n3.tgz", "b/n4.tar.gz"]
    assert found(place, f"{place}/**/n2*") == ["a/deep/n2.tar.zst"]
    assert found(place, f"{place}/x.bin", f"{place}/not-there.tar") == ["x.bin", "not-there.tar"]
    (place / "n[1].tar").write_text("x")
    assert found(place, f"{place}/n[1].tar") == ["n[1].tar"]
    with pytest.raises(UsageError, match="fits no file"):
        find_bundles([f"{place}/*.zip"])


def test_each_place_counts_once(place, monkeypatch):
    monkeypatch.chdir(place)
    assert found(place, "a/n1.tar", f"{place}/a/n1.tar", "./a/../a/n1.tar", "a") == [
        "a/n1.tar", "a/deep/n2.tar.zst", "a/n3.tgz",
    ]  # fmt: skip


def test_lists(place):
    (place / "list").write_bytes(f"# nodes\n\n{place}/a/n1.tar\r\n  {place}/b  \n@literal\n".encode() + b"\xff.tar\n")
    names = found(place, f"@{place}/list")
    assert names == ["a/n1.tar", "b/n4.tar.gz", "b/node5", "b/node6", "@literal", "\udcff.tar"]
    code = "import sys; from analyzer.source.locations.bundles import find_bundles; print(find_bundles(['@-']))"
    done = subprocess.run([sys.executable, "-c", code], input="one.tar\n", capture_output=True, text=True, check=True)
    assert done.stdout == "['one.tar']\n"
    with pytest.raises(UsageError, match="this list cannot be read"):
        find_bundles(["@/no/such/list"])


def test_what_is_a_url():
    assert all(map(is_url, ("s3://b/k", "http://h/x.tar", "simplecache::s3://b/k", "gs://b/*", "memory://x")))
    assert not any(map(is_url, ("/a/b", "a.tar", "C:\\x.tar", "s3:/b", "-", "@list", "dir/http://x")))


def test_identity_changes_with_the_bundle(place):
    file = place / "a" / "n1.tar"
    before = identity(str(file))
    assert before[1] == 1
    assert identity(str(file)) == before
    file.write_text("y")
    os.utime(file, ns=(file.stat().st_atime_ns, int(before[0].split()[2])))
    assert identity(str(file)) != before  # same size, same mtime, but the inode was changed
    directory = str(place / "b")
    seen = identity(directory)
    assert identity(directory) == seen
    (place / "b" / "node6" / "inside.tar").write_text("z")
    assert identity(directory) != seen
    assert identity("/no/such/thing") is None
    assert digest(str(file)) == "a1fce4363854ff888cff4b8e7875d600c2682390412a8cf79b37d0b11148b0fa"


fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def memory():
    """Return fsspec's file system in memory with a capture and something else in it."""
    system = fsspec.filesystem("memory")
    system.pipe("/bucket/a.tar.zst", (BUNDLES / "healthy-overlay.tar.zst").read_bytes())
    system.pipe("/bucket/deep/b.tar.zst", (BUNDLES / "layer-dir-removed.tar.zst").read_bytes())
    system.pipe("/bucket/notes.txt", b"notes")
    yield system
    system.rm("/bucket", recursive=True)


def test_urls_are_listed(memory):
    assert find_bundles(["memory://bucket/"]) == ["memory:///bucket/a.tar.zst", "memory:///bucket/deep/b.tar.zst"]
    assert find_bundles(["memory://bucket/*.zst"]) == ["memory:///bucket/a.tar.zst"]
    assert find_bundles(["memory://bucket/one"]) == ["memory://bucket/one"]
    with pytest.raises(UsageError, match="fits no file"):
        find_bundles(["memory://bucket/*.zip"])
    with pytest.raises(UsageError, match="nosuch"):
        find_bundles(["nosuch://bucket/*"])


@pytest.mark.parametrize("depth", ["quick", "standard", "deep"])
def test_a_remote_bundle_has_the_report_of_the_same_file(memory, depth):
    from analyzer.fleet.worker import analysed

    for url, name in (
        ("memory://bucket/a.tar.zst", "healthy-overlay"),
        ("memory://bucket/deep/b.tar.zst", "layer-dir-removed"),
    ):
        here = analysed(Task("k", "n", str(BUNDLES / f"{name}.tar.zst"), depth)).to_dict()
        there = analysed(Task("k", "n", url, depth)).to_dict()
        there["bundle"]["path"] = here["bundle"]["path"]
        there["bundle"]["bytes"] = here["bundle"]["bytes"]
        assert there == here


def test_a_network_that_breaks_off_is_never_taken_for_damage(memory, monkeypatch):
    from analyzer.fleet.worker import work

    kind = type(memory.open("/bucket/a.tar.zst"))
    data = kind.read

    def read(self, size=-1):
        if self.tell() > 20_000:
            raise RuntimeError("connection reset\nby peer")
        return data(self, min(size, 10_000))

    monkeypatch.setattr(kind, "read", read)
    outcome = work(Task("k", "n", "memory://bucket/a.tar.zst"))
    assert (outcome.kind, outcome.reason) == (
        "input", "memory://bucket/a.tar.zst: reading broke off (connection reset)",
    )  # fmt: skip


def test_what_is_not_behind_a_url(memory):
    with pytest.raises(BrokenOffError, match="is not there"):
        open_url("memory://bucket/none.tar")
    with pytest.raises(UsageError, match="nosuch"):
        open_url("nosuch://x")
    assert identity("memory://bucket/none.tar") is None


def test_an_archive_of_several_nodes_stands_for_them(tmp_path):
    for name in ("one", "two"):
        shutil.copy(BUNDLES / "healthy-overlay.tar.zst", tmp_path / f"{name}.tar.zst")
    (tmp_path / "SHA256SUMS").write_text("x\n")
    outer = tmp_path / "nodes.tar.gz"
    subprocess.run(["tar", "-czf", outer, "-C", tmp_path, "SHA256SUMS", "one.tar.zst", "two.tar.zst"], check=True)
    assert bundles_within(str(outer)) == [f"{outer}!/one.tar.zst", f"{outer}!/two.tar.zst"]
    fleet = analyzer.open_many(outer)
    assert [fleet["one"].report().verdict, fleet["two"].report().verdict] == ["healthy", "healthy"]
    assert identity(f"{outer}!/one.tar.zst") == (identity(str(outer))[0], 0)
    subprocess.run(["tar", "-cf", outer, "-C", tmp_path, "one.tar.zst"], check=True)
    assert bundles_within(str(outer)) == []


def test_the_layers_of_an_image_are_no_bundles(tmp_path):
    for name in ("a/layer.tar", "b/layer.tar", "manifest.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    subprocess.run(["tar", "-cf", tmp_path / "image.tar", "-C", tmp_path, "a", "b", "manifest.json"], check=True)
    assert bundles_within(str(tmp_path / "image.tar")) == []
