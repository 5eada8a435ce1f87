"""Choosing from a list; expectations from containers/image platform_matcher.go and its documented order."""

from __future__ import annotations

import json

import pytest

from analyzer.snapshot.instances import choose_instance, none_found, offered, wanted_platforms
from analyzer.snapshot.manifests import DOCKER_LIST, OCI_INDEX, PlatformSpec, read_manifest
from analyzer.snapshot.provenance import Where

AMD64 = PlatformSpec("linux", "amd64")
ARM64 = PlatformSpec("linux", "arm64", "v8")


def listed(*entries: tuple[str, ...] | None, media_type: str = OCI_INDEX, zstd: tuple[int, ...] = ()):
    """Return a list with entries (architecture, variant, os); None has no platform; digests are positions."""
    manifests = []
    for number, item in enumerate(entries):
        found = {"digest": str(number)}
        if item is not None:
            architecture, variant, system = (*item, *("", "", "linux")[len(item) :])
            found["platform"] = {"architecture": architecture, "variant": variant, "os": system}
        if number in zstd:
            found["annotations"] = {"io.github.containers.compression.zstd": "true"}
        manifests.append(found)
    data = json.dumps({"schemaVersion": 2, "mediaType": media_type, "manifests": manifests}).encode()
    return read_manifest(data, Where("manifest"))


def chosen(manifest, node, **options) -> str | None:
    entry = choose_instance(manifest, node, **options)
    return entry.digest if entry else None


@pytest.mark.parametrize(
    ("node", "variants"),
    [
        (AMD64, [""]),
        (ARM64, ["v8", ""]),
        (PlatformSpec("linux", "arm64"), ["", "v8"]),
        (PlatformSpec("linux", "arm64", "v9"), ["v9", ""]),
        (PlatformSpec("linux", "arm", "v7"), ["v7", "v6", "v5", ""]),
        (PlatformSpec("linux", "arm"), ["", "v8", "v7", "v6", "v5"]),
        (PlatformSpec("linux", "amd64", "v3"), ["v3", ""]),
    ],
)
def test_what_a_node_accepts(node, variants):
    assert [each.variant for each in wanted_platforms(node)] == variants


@pytest.mark.parametrize("media_type", [OCI_INDEX, DOCKER_LIST])
@pytest.mark.parametrize(
    ("entries", "node", "position"),
    [
        ([("amd64",), ("arm64", "v8")], ARM64, "1"),
        ([("arm64",), ("arm64", "v8")], ARM64, "1"),
        ([("arm64", "v8"), ("arm64",)], PlatformSpec("linux", "arm64"), "1"),
        ([("arm64",)], ARM64, "0"),
        ([("amd64", "v2"), ("amd64", "v3")], AMD64, None),
        ([("arm64", "v9")], ARM64, None),
        ([("amd64", "", "windows"), ("amd64",)], AMD64, "1"),
        ([("unknown", "", "unknown")], AMD64, None),
        ([("amd64",), ("amd64",)], AMD64, "0"),
        ([], AMD64, None),
    ],
)
def test_the_entry_taken(entries, node, position, media_type):
    assert chosen(listed(*entries, media_type=media_type), node) == position


def test_an_entry_without_platform_is_the_last_resort_of_an_index_only():
    assert chosen(listed(None, ("amd64",)), AMD64) == "1"
    assert chosen(listed(None, ("arm64",)), AMD64) == "0"
    assert chosen(listed(None, media_type=DOCKER_LIST), AMD64) is None


def test_zstd_wins_in_an_index_of_newer_versions():
    index = listed(("amd64",), ("amd64",), zstd=(1,))
    assert chosen(index, AMD64) == "1"
    assert chosen(index, AMD64, prefer_zstd=False) == "0"
    assert chosen(listed(("amd64",), ("amd64",), media_type=DOCKER_LIST, zstd=(1,)), AMD64) == "0"
    assert chosen(listed(("arm64", "v8"), ("arm64",), zstd=(1,)), ARM64) == "0"


def test_the_messages_of_both_kinds_and_ages():
    index, docker = listed(), listed(media_type=DOCKER_LIST)
    assert none_found(index, ARM64) == (
        'choosing image instance: no image found in image index for architecture "arm64", variant "v8", OS "linux"'
    )
    assert none_found(docker, ARM64, quoted=False) == (
        'choosing image instance: no image found in manifest list for architecture arm64, variant "v8", OS linux'
    )


def test_what_is_offered():
    assert offered(listed(("arm64", "v8"), None)) == ("linux/arm64/v8", "no platform")
