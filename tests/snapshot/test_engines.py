"""Versions of engines, and the words that go with them."""

from __future__ import annotations

import pytest

from analyzer.snapshot.engines import CRIO, PODMAN, Version, crio_wording, engine_version
from tests.editing import Edited


@pytest.mark.parametrize(
    ("engine", "path", "text", "version"),
    [
        (CRIO, "run/crio/version", '"1.30.2-abcdef"', "1.30.2"),
        (CRIO, "var/lib/crio/version", '"1.25.4-dirty"\n', "1.25.4"),
        (CRIO, "sos_commands/crio/crio_version", "crio version 1.28.1\nVersion: 1.28.1\n", "1.28.1"),
        (CRIO, "version.txt", "Version:        1.31.0\nGitCommit: x\n", "1.31.0"),
        (PODMAN, "podman-version.txt", "podman version 4.3.1\n", "4.3.1"),
        (PODMAN, "sos_commands/podman/podman_info", "version:\n  APIVersion: 5.4.0\n  Version: 5.4.0\n", "5.4.0"),
    ],
)
def test_what_the_bundle_shows(engine, path, text, version):
    found = engine_version(engine, Edited().write(path, text).snapshot().host)
    assert (found.text, found.source) == (version, path)


def test_the_user_s_word_comes_first():
    host = Edited().write("run/crio/version", '"1.30.2"').snapshot().host
    assert engine_version(CRIO, host, ("podman@4.3", "cri-o@1.25")) == Version(CRIO, "1.25", "--engine")
    assert engine_version(CRIO, host, ("cri-o",)).text == "1.30.2"


def test_without_any_the_newest_is_assumed():
    found = engine_version(CRIO, Edited().snapshot().host)
    assert (found.text, found.source) == ("1.37", "")


@pytest.mark.parametrize(("text", "minor"), [("1.25.4", (1, 25)), ("2", (2, 0)), ("", (0, 0))])
def test_minor(text, minor):
    assert Version(CRIO, text).minor == minor


def test_the_words_of_versions():
    old, seed, new = (crio_wording(Version(CRIO, text)) for text in ("1.24", "1.25", "1.31"))
    assert (old.fetching, old.quoted, old.artifacts) == (False, False, False)
    assert (seed.fetching, seed.quoted, seed.prefer_zstd) == (True, False, False)
    assert (new.fetching, new.quoted, new.prefer_zstd) == (True, True, True)


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("fetching", 25), ("advice", 25), ("artifacts", 25), ("prefer_zstd", 27), ("typed", 29),
        ("metadata", 30), ("quoted", 31), ("checked", 31), ("own_type", 32),
    ],
)  # fmt: skip
def test_each_wording_came_with_one_version(word, first):
    before, since = (crio_wording(Version(CRIO, f"1.{minor}")) for minor in (first - 1, first))
    assert (getattr(before, word), getattr(since, word)) == (False, True)
