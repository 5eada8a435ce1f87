"""Podman's database, written by podman itself, damaged in each way: what podman says is what is foretold."""

import re
import struct
import subprocess

import pytest

from tests.live.test_podman_answers import assert_said

pytestmark = pytest.mark.live

PAGE = 4096
DATABASE = "libpod/bolt_state.db"
GOOD_VERDICTS = {"healthy", "undetermined"}


def metas(data):
    """Return (root page, page of the free list) of the meta page in force; bbolt db.go: type meta."""
    fields = [struct.unpack_from("<6Q", data, number * PAGE + 32) for number in (0, 1)]
    root, _, free, *_ = max(fields, key=lambda each: each[4])
    return root, free


def zeroed(data, *pages):
    found = bytearray(data)
    for page in pages:
        found[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    return bytes(found)


def swapped(old, new):
    """Put text in the place of every occurrence of text of the same length."""
    assert len(old) == len(new)

    def change(data):
        assert old in data
        return data.replace(old, new)

    return change


DAMAGES = {
    "NUL": lambda data: bytes(len(data)),
    "no bytes": lambda data: b"",
    "one page": lambda data: data[:PAGE],
    "a page and a bit": lambda data: data[: PAGE + 900],
    "text": lambda data: b"not a database\n" * 1000,
    "first page lost": lambda data: zeroed(data, 0),
    "both first pages lost": lambda data: zeroed(data, 0, 1),
    "free list lost": lambda data: zeroed(data, metas(data)[1]),
    "driver changed": swapped(b"overlay", b"overlax"),
    "states are no JSON": swapped(b'{"state":', b'X"state":'),
    "configurations are no JSON": swapped(b'{"spec":', b'X"spec":'),
}


@pytest.fixture(scope="module", params=sorted(DAMAGES))
def case(request, healthy_node, volume, analyze):
    """Yield a node with a damaged database and the report on it, made before podman sees it."""
    name = request.param.replace(" ", "-")
    node = healthy_node.copy(volume / f"libpod-{name}")
    path = node.root / DATABASE
    path.write_bytes(DAMAGES[request.param](path.read_bytes()))
    bundle = volume / f"libpod-{name}.tar"
    command = ["tar", "--xattrs", "--xattrs-include=*", "-cf", bundle, "-C", node.home, "etc", "var/lib/containers"]
    subprocess.run(command, check=True)
    version = re.search(r"\d+\.\d+", healthy_node.run("podman", "--version")).group()
    yield node, analyze(bundle, "--engine", f"podman@{version}")
    bundle.unlink()


@pytest.mark.parametrize("command", ["podman images", "podman ps -a"])
def test_the_listings(case, command, volume):
    node, report = case
    answer = node.copy(volume / f"{node.home.name}-{command.replace(' ', '-')}").ask(*command.split())
    foretold = next(each for each in report["outlook"] if each["command"] == command and each["engine"] == "podman")
    assert foretold["works"] == (answer.exit == 0), answer.stderr
    assert_said(foretold["message"], answer)


def test_a_command_that_fails_is_no_silence(case, volume):
    node, report = case
    asked = [
        node.copy(volume / f"{node.home.name}-{number}").ask(*command.split())
        for number, command in enumerate(("podman ps -a", "podman inspect web1", "podman mount web1"))
    ]
    listed = "web1" in asked[0].stdout
    if any(answer.exit for answer in asked) or not listed:
        assert report["verdict"] not in GOOD_VERDICTS
        assert any(finding["rule"].startswith("LPD-") for finding in report["findings"])
