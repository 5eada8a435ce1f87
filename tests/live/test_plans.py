"""Plans are run: what they tell to type exists, works on the damaged store, and loses no other image."""

import re
import shlex
import shutil
import subprocess
from functools import cache
from types import SimpleNamespace

import pytest
from stores import catalogue, populate
from stores.capture import capture
from stores.catalogue import HOST
from stores.damage import DAMAGES
from stores.node import Node
from stores.records import Store

from tests.live import further_damage

pytestmark = pytest.mark.live

WAYS = {**DAMAGES, **further_damage.DAMAGES}
ENGINES = ("podman", "buildah", "skopeo", "containers-storage")
TOOLS = ("tar", "mv", "ln", "systemctl", "rm", "cp")
BUILTIN = ("cd", "printf")
NOT_HERE = {"crictl rmp -f", "crictl rmi", "crictl images", "crio wipe"}
"""Commands of programs that are not packaged for every machine; these were run on a node with CRI-O 1.37."""
SINCE = {("podman system prune", "--external"): (4, 4)}
"""Options newer than some podman in use; the step says so."""
LOCAL = f"{HOST}/ops/debug:dev"
"""Built on the node: no registry has it."""

# What a plan cannot do with commands of podman's, since the store does not open or podman never returns. The records
# have to be edited or set aside by hand.
BY_HAND = {
    "image-digest-that-is-none",
    "image-id-that-is-none",
    "image-metadata-that-is-none",
    "layer-is-its-own-parent",
    "layers-json-with-a-null",
    "parent-cycle",
}
RUN = sorted(
    {
        "base-diff-removed",
        "base-file-edited",
        "base-file-mode-changed",
        "base-file-removed",
        "config-edited",
        "config-removed",
        "config-zeroed",
        "containers-json-cut",
        "containers-json-emptied",
        "containers-json-removed",
        "container-layer-record-removed",
        "container-layer-removed",
        "diff-removed",
        "image-directory-removed",
        "image-layer-absent",
        "image-layer-of-another",
        "images-json-cut",
        "images-json-emptied",
        "images-json-removed",
        "images-json-zeroed",
        "incomplete-flag-set",
        "instance-manifest-removed",
        "l-link-removed",
        "layer-digest-removed",
        "layer-directory-removed",
        "link-emptied",
        "link-file-and-link-removed",
        "link-file-removed",
        "links-removed",
        "list-that-is-empty",
        "list-with-entry-for-the-node",
        "list-with-entry-that-is-nowhere",
        "list-without-entry-for-the-node",
        "lower-emptied",
        "lower-names-unknown-link",
        "lower-removed",
        "lower-wrong-chain",
        "manifest-ambiguous",
        "manifest-cut",
        "manifest-emptied",
        "manifest-is-text",
        "manifest-names-another-config",
        "manifest-of-an-artifact",
        "manifest-of-no-version",
        "manifest-removed",
        "manifest-zeroed",
        "middle-layer-record-removed",
        "opaque-mark-removed",
        "parent-record-removed",
        "tar-split-bit-flipped",
        "tar-split-checksum-wrong",
        "tar-split-removed",
        "top-layer-directory-removed",
        "top-layer-directory-removed-link-kept",
        "top-layer-record-removed",
    }
)


@pytest.fixture(scope="module")
def podman_node(volume, registry):
    """A node of podman's alone, so that every step of a plan can be run on it."""
    node = Node.create(volume / "plans", registry)
    images = catalogue.images()
    populate.push(node, registry, images)
    populate.pull(node, list(images))
    node.run("podman", "tag", f"{HOST}/shop/web:1.4", f"{HOST}/shop/web:stable")
    populate.build_on(node, "base/os:9.4", LOCAL.removeprefix(f"{HOST}/"))
    populate.create_podman_container(node, "web1", "shop/web:1.4")
    return node


@pytest.fixture(scope="module")
def trees(podman_node, volume):
    node = podman_node.copy(volume / "plans-trees")
    return {image: node.mount_image(image).stdout for image in Store(node.root).images}


@pytest.fixture(scope="module")
def version(podman_node):
    found = re.search(r"(\d+)\.(\d+)", podman_node.run("podman", "--version"))
    return int(found[1]), int(found[2])


def planned(node, name, volume, analyze, version):
    """Damage a copy of the node; return it with its causes."""
    node = node.copy(volume / f"{node.home.name}-planned-{name}")
    WAYS[name](Store(node.root))
    bundle = capture(node, volume / f"{node.home.name}.tar")
    report = analyze(bundle, "--engine", f"podman@{version[0]}.{version[1]}")
    bundle.unlink()
    return SimpleNamespace(node=node, causes=report["causes"])


def simple_commands(line):
    """Yield the words of every simple command of a shell line, redirections left out."""
    words = []
    for word in [*shlex.shlex(line, posix=True, punctuation_chars=True), ";"]:
        if set(word) <= set("&|;"):
            if words:
                yield words
            words = []
        else:
            words.append(word)


@cache
def help_of(*words):

    done = subprocess.run([*words, "--help"], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def assert_exists(words, version):
    """Hold one command against the help of its program."""
    program, rest = words[0], words[1:]
    if program in BUILTIN:
        return
    if shutil.which(program) is None:
        assert any(" ".join(words).startswith(known) for known in NOT_HERE), words
        return
    assert program in (*ENGINES, *TOOLS), words
    verbs = []
    if program in ENGINES:
        for word in rest:
            if not re.fullmatch("[a-z]+", word):
                break
            verbs.append(word)
    text = help_of(program, *verbs)
    if verbs:
        assert re.search(rf"^\s*{program} {' '.join(verbs)}\b", text, re.MULTILINE), words
    for option in (word.partition("=")[0] for word in rest if re.match("--?[a-z]", word)):
        since = SINCE.get((" ".join([program, *verbs]), option))
        if since is None or version >= since:
            letters = [option] if option.startswith("--") else [f"-{letter}" for letter in option[1:]]
            assert all(re.search(rf"(?<![\w-]){letter}\b", text) for letter in letters), (words, option)


@pytest.mark.parametrize("name", sorted(WAYS))
def test_every_command_of_every_plan_exists(name, healthy_node, volume, analyze, version):
    for cause in planned(healthy_node, name, volume, analyze, version).causes:
        for step in cause["plan"]:
            for words in simple_commands(step["command"]):
                assert_exists(words, version)
                if since := next((SINCE[key] for key in SINCE if key[1] in words), None):
                    assert f"since {since[0]}.{since[1]}" in step["effect"]


@pytest.mark.parametrize("name", RUN)
def test_the_plan_heals_the_store_and_loses_nothing_else(name, podman_node, trees, volume, analyze, version):
    case = planned(podman_node, name, volume, analyze, version)
    names = {image: record["names"] for image, record in Store(podman_node.root).images.items()}
    told = {image["id"] for cause in case.causes[:1] for image in cause["affected"]["images"]}
    plan = case.causes[0]["plan"]
    for step in plan:
        if step["command"] and not step["command"].startswith("systemctl"):
            answer = case.node.ask("sh", "-c", step["command"], timeout=120)
            assert answer.exit == 0 or LOCAL in step["command"], (step["command"], answer.stderr)
    assert case.node.podman_images().exit == 0
    kept = Store(case.node.root).images
    nameless = set()
    for image, tree in trees.items():
        if names[image] == [LOCAL] and image in told:
            continue
        if image not in kept and name.startswith("images-json"):
            nameless.add(image)
            continue
        assert image in kept, (image, names[image])
        assert case.node.mount_image(image).stdout == tree, (image, names[image])
    if name.startswith("images-json"):
        [said] = [step["effect"] for step in plan if "cannot be pulled by a name" in step["effect"]]
        lost = told - kept.keys()
        assert nameless <= lost
        assert said.startswith(f"{len(lost)} image")


def test_what_is_left_to_the_hand_is_known():
    assert set(RUN) | BY_HAND <= set(WAYS)
    assert not set(RUN) & BY_HAND
