"""Commands and `analyzer.open` take the URL of a tar as they take its path."""

from __future__ import annotations

import functools
import http.server
import pathlib
import threading

import fsspec
import pytest
from click.testing import CliRunner

import analyzer
from analyzer.cli.main import cli

SAMPLES = pathlib.Path(__file__).parent.parent.parent / "samples"
NAME = "modified-base.tar.zst"
COMMANDS = (
    ("report",),
    ("images",),
    ("layers", "--format", "json"),
    ("cat", "storage/overlay-layers/layers.json"),
    ("cat", "shop/api:2.0", "etc/passwd"),
    ("ls", "shop/api:2.0", "etc"),
    ("du",),
    ("plan",),
    ("why", "exec format error"),
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves without a word on standard error."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SAMPLES)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def run(command, bundle):
    name, *more = command
    return CliRunner().invoke(cli, [name, bundle, *more])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_says_the_same_of_a_url(site, command):
    here, there = run(command, str(SAMPLES / NAME)), run(command, f"{site}/{NAME}")
    assert there.exit_code == here.exit_code
    assert there.stdout.replace(f"{site}/{NAME}", "BUNDLE").split() == here.stdout.replace(
        str(SAMPLES / NAME), "BUNDLE"
    ).split()  # fmt: skip


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        ("{site}/none.tar", 3, "{site}/none.tar: is not there"),
        ("{site}/README.md", 3, "text"),
        ("nosuch://bucket/node.tar", 2, "Protocol not known: nosuch"),
    ],
)
def test_what_a_url_does_not_lead_to(site, url, status, says):
    found = run(("report",), url.format(site=site))
    assert (found.exit_code, found.stdout) == (status, "")
    assert says.format(site=site) in found.stderr
    assert found.stderr.count("\n") == 1


def test_the_api_opens_a_url(site):
    snapshot = analyzer.open(f"{site}/{NAME}")
    assert snapshot.cause(1).id == "base-layer-modified"
    assert snapshot.image("shop/api:2.0").read("etc/passwd").startswith(b"root:")


def test_a_connection_that_breaks_off_is_one_line(monkeypatch):

    memory = fsspec.filesystem("memory")
    memory.pipe("/cut/node.tar.zst", (SAMPLES / NAME).read_bytes())
    kind = type(memory.open("/cut/node.tar.zst"))
    whole = kind.read

    def read(self, size=-1):
        if self.tell() > 20_000:
            raise RuntimeError("connection reset\nby peer")
        return whole(self, min(size, 10_000))

    monkeypatch.setattr(kind, "read", read)
    found = run(("report", "--format", "json"), "memory://cut/node.tar.zst")
    assert (found.exit_code, found.stdout) == (3, "")
    assert found.stderr == "analyzer: memory://cut/node.tar.zst: reading broke off (connection reset)\n"
