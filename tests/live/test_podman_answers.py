"""What podman says of damaged stores, word for word: the listing, the containers, and every image on its own.

The tar is captured before podman sees the damage. Each question goes to its own copy of the node. Only what is new each
time is left open in a prediction, as `…`: the path of the graph root, new ids, the mount options, the JSON decoder's
own words.
"""

import json
import re
from types import SimpleNamespace

import pytest
from stores.capture import capture
from stores.damage import DAMAGES
from stores.records import Store

import analyzer
from tests.live import further_damage

pytestmark = pytest.mark.live

PATIENCE = 15
WAYS = {**DAMAGES, **further_damage.DAMAGES}
PULLED_ANEW = frozenset({"base-diff-removed", "base-file-removed"})
"""What a pull of a present name says here depends on whether the registry's layers are taken from the store."""
ONE_IMAGE = {
    "podman image inspect": ("podman", "image", "inspect", "--format", "{{.Id}}"),
    "podman image mount": ("podman", "image", "mount"),
    "podman create": ("podman", "create", "--network=none"),
    "podman run": ("podman", "run", "--rm", "--network=none"),
}
REACHED_THE_RUNTIME = re.compile(r"OCI |crun|runc|executable file")
"""What follows once storage has served the container; not every machine lets a runtime start one."""


@pytest.fixture(scope="module")
def version(machine, healthy_node):
    return re.search(r"\d+\.\d+", healthy_node.run("podman", "--version")).group()


@pytest.fixture(scope="module", params=sorted(WAYS))
def case(request, healthy_node, volume, analyze, version):
    """A node damaged in one way and what is foretold of it."""
    node = healthy_node.copy(volume / f"answers-{request.param}")
    damage = WAYS[request.param](Store(node.root))
    bundle = capture(node, volume / f"answers-{request.param}.tar")
    outlook = analyze(bundle, "--engine", f"podman@{version}")["outlook"]
    foretold = {item["command"]: item for item in outlook if item["engine"] == "podman"}
    copies = {
        question: node.copy(volume / f"answers-{request.param}-{number}") for number, question in enumerate(WORDS)
    }
    return SimpleNamespace(
        name=request.param, node=node, damage=damage, bundle=bundle, foretold=foretold, copies=copies, said={}
    )


WORDS = ("podman images", "podman ps -a", "podman start", "podman pull", *ONE_IMAGE)
WRITERS = {"podman pull": ("images", "layers"), "podman create": ("containers",)}
INDEXES = {part: f"overlay-{part}/{part}.json" for part in ("layers", "images", "containers")}
STILL, FROM_THEN_ON = (
    "exit 0, and mounting the image still fails: ",
    "exit 0, and mounting the image fails from then on: ",
)


def said(answer) -> str:
    """Return what podman says when it fails, without log lines; `""` when it works."""
    if answer.hung:
        return "never returns"
    if answer.exit == 0 or REACHED_THE_RUNTIME.search(answer.stderr):
        return ""
    found = re.search(r"^Error: (.*)|^(panic: .*?)$", answer.stderr, re.DOTALL | re.MULTILINE)
    assert found, answer.stderr
    return " ".join((found.group(1) or found.group(2).split("\n")[0]).split())


def assert_said(foretold: str, answer) -> None:
    """Hold a prediction against an answer: word for word but for what `…` leaves open."""
    real = said(answer)
    if foretold.startswith("never returns"):
        assert real == "never returns"
    else:
        words = [re.escape(" ".join(part.split())) for part in foretold.split("…")]
        assert re.fullmatch(".*?".join(words), real, re.DOTALL), f"foretold {foretold!r}, said {real!r}"


def test_there_are_enough_ways_of_damage():
    assert len(WAYS) >= 70
    assert not DAMAGES.keys() & further_damage.DAMAGES.keys()


@pytest.mark.parametrize("command", ["podman images", "podman ps -a"])
def test_the_listings(case, command):
    item = case.foretold[command]
    answer = case.copies[command].ask(*command.split(), timeout=PATIENCE)
    assert_said("" if item["works"] else item["message"], answer)
    case.said[said(answer)] = answer.stderr
    if item["works"] and command == "podman images":
        rows = {line.split()[2] for line in answer.stdout.splitlines()[1:]}
        left_out = {image["id"][:12] for image in item["images"]}
        assert not rows & left_out


@pytest.mark.parametrize("command", ONE_IMAGE)
def test_every_image_on_its_own(case, command):
    if not case.foretold["podman ps -a"]["works"]:
        pytest.skip("no command works: the listings say so")
    item = case.foretold.get(command)
    failing = {image["id"]: image["message"] for image in item["images"]} if item else {}
    for image in _readable_images(case.node):
        answer = case.copies[command].ask(*ONE_IMAGE[command], image, timeout=2 * PATIENCE)
        if "creating read-write layer" in answer.stderr:  # what was made of it stays in the store
            home = case.copies[command].home
            case.copies[command] = case.node.copy(home.with_name(f"{home.name}-{image[:12]}"))
        if not item:
            assert said(answer) == "", "it fails and nothing was foretold"
        case.said[said(answer)] = answer.stderr
        assert_said(failing.get(image, ""), answer)
    assert item is None or item["works"] == (not failing)


def test_a_pull_of_every_name_that_is_there(case):
    """Podman says that it pulled; whether the image can be mounted then is what is foretold."""
    item = case.foretold.get("podman pull")
    if item is None or case.name in PULLED_ANEW or not case.foretold["podman ps -a"]["works"]:
        pytest.skip("nothing is foretold")
    failing = {image["id"]: image["message"] for image in item["images"]}
    pulled = case.copies["podman pull"]
    for image in _readable_images(case.node):
        names = Store(case.node.root).images[image].get("names", ())
        if not names or "ops/" in names[0]:
            continue  # not in the registry
        node = pulled.copy(pulled.home.with_name(f"{pulled.home.name}-{image[:12]}"))
        answer = node.ask("podman", "pull", "--quiet", names[0], timeout=2 * PATIENCE)
        told = failing.get(image, "")
        if not told.startswith((STILL, FROM_THEN_ON)):
            assert_said(told, answer)
            continue
        assert answer.exit == 0
        mounted = said(node.ask("podman", "image", "mount", image, timeout=2 * PATIENCE))
        assert mounted, f"foretold {told!r}, and it mounts"
        if told.startswith(STILL):
            assert_said(told.removeprefix(STILL), node.ask("podman", "image", "mount", image, timeout=2 * PATIENCE))


@pytest.mark.parametrize("command", WRITERS)
def test_what_writing_an_index_drops(case, healthy_node, command):
    """An import writes images and layers as a pull does, and takes nothing that is there."""
    if not case.foretold["podman ps -a"]["works"]:
        pytest.skip("no command works: the listings say so")
    deletes = case.foretold.get(command, {}).get("deletes") or {}
    at_once = case.foretold["podman images"]["deletes"] or {}
    node = case.node.copy(case.node.home.with_name(f"{case.node.home.name}-{command[7:]}"))
    before = {part: _recorded(node, part) or _recorded(healthy_node, part) for part in WRITERS[command]}
    (node.home / "run/empty.tar").write_bytes(bytes(10240))
    image = Store(healthy_node.root).image_named(further_damage.DB)["id"]
    how = (
        ("import", "-q", "/run/empty.tar", "new:1") if command == "podman pull" else ("create", "--network=none", image)
    )
    written = node.ask("podman", *how, timeout=2 * PATIENCE).exit == 0
    for part, ids in before.items():
        if written and (deletes or _recorded(case.node, part)):
            assert len(ids - _recorded(node, part)) == deletes.get(part, 0) + at_once.get(part, 0), part


def test_a_container_that_is_removed_takes_its_layer_along_unless_foretold(case, healthy_node):
    if not case.foretold["podman ps -a"]["works"]:
        pytest.skip("no command works: the listings say so")
    left = {each["id"] for each in case.foretold.get("podman rm", {"containers": ()})["containers"]}
    records = Store(healthy_node.root).containers
    for container in _podmans_containers(healthy_node):
        node = case.node.copy(case.node.home.with_name(f"{case.node.home.name}-rm"))
        directory = Store(node.root).root / "overlay" / records[container]["layer"]
        there = directory.exists()
        assert said(node.ask("podman", "rm", "--force", container, timeout=2 * PATIENCE)) == ""
        if there and directory.exists() != (container in left):
            assert analyzer.analyze(case.bundle).verdict == "undetermined"  # removed, or not captured: nothing is said


def test_an_image_is_removed_unless_foretold(case):
    """Every image that is foretold to stay is tried, and one that is not; each in a copy of its own."""
    item = case.foretold.get("podman rmi")
    if item is None or not case.foretold["podman ps -a"]["works"]:
        pytest.skip("nothing is foretold")
    failing = {image["id"]: image["message"] for image in item["images"]}
    images = _readable_images(case.node)
    others = [image for image in images if image not in failing][:1]
    for image in [*(each for each in images if each in failing), *others]:
        node = case.node.copy(case.node.home.with_name(f"{case.node.home.name}-rmi-{image[:12]}"))
        assert_said(failing.get(image, ""), node.ask("podman", "rmi", "--force", image, timeout=2 * PATIENCE))


def test_every_container_on_its_own(case, healthy_node):
    """Podman's own containers: what is foretold of one is what podman says; of others nothing is claimed."""
    if not case.foretold["podman ps -a"]["works"]:
        pytest.skip("no command works: the listings say so")
    item = case.foretold.get("podman start")
    failing = {each["id"]: each["message"] for each in item["containers"]} if item else {}
    for container in _podmans_containers(healthy_node):
        answer = case.copies["podman start"].ask("podman", "start", container, timeout=2 * PATIENCE)
        case.said[said(answer)] = answer.stderr
        if container in failing:
            assert_said(failing[container], answer)


def test_what_it_said_is_answered(case, why):
    """`analyzer why` gets what podman printed, log lines included: it names a cause, the damaged thing where told."""
    for words, printed in case.said.items():
        if words and words != "never returns":
            causes = why(case.bundle, printed)["causes"]
            if not causes and analyzer.analyze(case.bundle).verdict == "undetermined":
                continue  # gone within two seconds of the engine's last write: removed or not captured
            assert causes, words
            first = causes[0]["subjects"][0]
            assert case.damage is None or {first["id"], first["path"]} & set(case.damage.subjects), words


def _podmans_containers(node) -> list[str]:
    """Return the containers that podman made, as the undamaged node has them."""
    containers = Store(node.root).containers
    return [key for key, record in containers.items() if "pod-name" not in record.get("metadata", "")]


def _recorded(node, part) -> set[str]:
    """Return the ids of an index, none where it is no list of records."""
    try:
        rows = json.loads((node.root / INDEXES[part]).read_bytes())
        return {row["id"] for row in rows if row.get("id")}
    except (OSError, ValueError, TypeError, AttributeError, KeyError):
        return set()


def _readable_images(node) -> list[str]:
    try:
        images = Store(node.root).images
    except (ValueError, TypeError, KeyError):
        return []
    return [image for image in images if re.fullmatch("[0-9a-f]{64}", image)]
