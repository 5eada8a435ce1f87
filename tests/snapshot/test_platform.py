"""The node's platform and where it was read."""

from __future__ import annotations

import json

import pytest

from analyzer.errors import UsageError
from analyzer.snapshot.manifests import PlatformSpec
from analyzer.snapshot.platform import parse_platform, platform_of
from tests.editing import Edited
from tests.imaging import API, change_image, digest, item_path, put

ARM = PlatformSpec("linux", "arm64", "v8")
AMD = PlatformSpec("linux", "amd64")


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("linux/amd64", AMD),
        ("linux/arm64", ARM),
        ("linux/aarch64", ARM),
        ("Linux/x86_64", AMD),
        ("linux/arm/v7", PlatformSpec("linux", "arm", "v7")),
    ],
)
def test_a_platform_as_given(text, spec):
    assert parse_platform(text) == spec


@pytest.mark.parametrize("text", ["", "linux", "arm64", "a/b/c/d", "linux/", "linux/ä"])
def test_another_form_is_a_usage_error(text):
    with pytest.raises(UsageError, match="expected os/architecture"):
        parse_platform(text)


def test_the_user_s_word_comes_first():
    found = platform_of(Edited().snapshot(), "linux/s390x")
    assert (found.spec, found.source, found.candidates) == (
        PlatformSpec("linux", "s390x"), "--platform", (PlatformSpec("linux", "s390x"),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "text", "spec"),
    [
        ("sos_commands/kernel/uname_-a", "Linux n 5.14.0-x.aarch64 #1 SMP x aarch64 aarch64 GNU/Linux\n", ARM),
        ("uname.txt", "x86_64\n", AMD),
        ("sos_commands/podman/podman_version", "Client:\nVersion: 5.4.0\nOS/Arch:      linux/arm64\n", ARM),
        ("podman-info.json", '{"host": {\n  "arch": "arm64",\n  "os": "linux"}}', ARM),
        ("podman-info.txt", "host:\n  arch: s390x\n", PlatformSpec("linux", "s390x")),
        ("crio-version.txt", "crio version 1.30\nPlatform: linux/ppc64le\n", PlatformSpec("linux", "ppc64le")),
    ],
)
def test_the_node_s_own_word(path, text, spec):
    found = platform_of(Edited().write(path, text).snapshot())
    assert (found.spec, found.source) == (spec, path)


def test_the_variant_of_a_32_bit_arm_node_comes_from_its_cpu():
    store = Edited().write("uname.txt", "armv7l").write("proc/cpuinfo", "processor\t: 0\nCPU architecture: 7\n")
    assert platform_of(store.snapshot()).spec == PlatformSpec("linux", "arm", "v7")


def test_words_that_say_nothing_are_passed_over():
    store = Edited().write("uname.txt", "Linux").write("crio-version.txt", "crio version 1.30.0\n")
    assert platform_of(store.snapshot()).source == "the pause image"


def test_the_images_of_the_recorded_bundles():
    assert platform_of(Edited("local-list-no-instance-arm64").snapshot()).spec == ARM
    assert platform_of(Edited("podman-list").snapshot()).spec == AMD
    assert platform_of(Edited("podman-list").snapshot()).source == "images of containers"


def test_a_tie_is_unknown_and_names_what_comes_into_question():
    found = platform_of(Edited("podman-list").write_containers([]).snapshot())
    assert (found.spec, found.os, found.architecture, found.source) == (None, "", "", "")
    assert set(found.candidates) == {AMD, ARM}


def test_no_image_at_all_leaves_the_usual_two():
    found = platform_of(Edited("podman-list").write_images([]).write_containers([]).snapshot())
    assert (found.spec, set(found.candidates)) == (None, {AMD, ARM})


def test_a_pause_image_does_not_outvote_all_that_ran():
    store = Edited()
    pause = store.image_named("quay.example.test/k8s/pause:3.9")["id"]
    manifest = json.loads(store.data(item_path(pause, "manifest")))
    config = store.data(item_path(pause, f"sha256:{pause}")).replace(b"amd64", b"arm64")
    manifest["config"]["digest"] = digest(config)
    put(store, pause, digest(config), config)
    put(store, pause, "manifest", json.dumps(manifest))
    assert platform_of(store.snapshot()).spec == AMD


def test_damaged_images_have_no_vote():
    store = Edited()
    for image in store.images():
        store.write(item_path(image["id"], "manifest"), bytes(10))
    assert platform_of(store.snapshot()).spec is None
    change_image(store, store.image_named(API)["id"], names=["pause:3"])
    assert platform_of(store.snapshot()).spec is None
