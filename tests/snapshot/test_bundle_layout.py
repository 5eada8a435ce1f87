"""What a readable bundle without a store holds instead, in one line."""

from __future__ import annotations

import pytest

from analyzer.snapshot.bundle_layout import describe_input
from analyzer.snapshot.collected import Collected, RawStore
from analyzer.snapshot.overlay import DriverHome

DOCKER = {("var/lib/docker", "overlay2"): RawStore("var/lib/docker", "overlay2", DriverHome("var/lib/docker/overlay2"))}


def tops(*names: str) -> Collected:
    return Collected(tops=dict.fromkeys(names, 1))


@pytest.mark.parametrize(
    ("collected", "members", "beginning"),
    [
        (tops("oci-layout", "manifest.json", "blobs"), 3, "an OCI image layout"),
        (tops("manifest.json", "repositories"), 2, "a docker-archive"),
        (tops("manifest.json", "0123.json", "layer"), 3, "a docker-archive"),
        (tops("repositories", "layer"), 2, "no store among 2 members (top: layer, repositories)"),
        (tops("0123.json"), 1, "no store among 1 members (top: 0123.json)"),
        (Collected(stores=DOCKER), 9, "a Docker root"),
        (Collected(foreign={"containerd": "var/lib/containerd/x"}), 5, "the data of containerd"),
        (
            Collected(archives=["a.tar", "b.tar"]),
            2,
            "no store, but archives in it: a.tar, b.tar; give one as BUNDLE!/a",
        ),
        (Collected(links={"var/lib/containers/storage": "/mnt"}), 7, "var/lib/containers/storage is a symlink to /mnt"),
        (Collected(links={"etc/mtab": "/proc/mounts"}), 1, "etc/mtab is a symlink to /proc/mounts"),
        (Collected(links={"etc/mtab": "/proc/mounts"}, tops={"etc": 1}), 7, "no store among 7 members (top: etc)"),
        (Collected(), 0, "no members"),
    ],
)
def test_what_it_is_taken_for(collected, members, beginning):
    assert describe_input(collected, members).startswith(beginning)


@pytest.mark.parametrize(("count", "end"), [(5, "4.tar;"), (6, "4.tar …;")])
def test_five_archives_are_named(count, end):
    text = describe_input(Collected(archives=[f"{number}.tar" for number in range(count)]), count)
    assert f", {end} give one as BUNDLE!/0.tar" in text
