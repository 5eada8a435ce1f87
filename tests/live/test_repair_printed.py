"""What `analyzer plan` prints is pasted as it stands, with `sh KIT/repair.sh --only N` where it says so."""

import re
import shutil
import time

import pytest
from stores import populate
from stores.capture import capture
from stores.catalogue import HOST
from stores.node import Node
from stores.records import Store

from analyzer.api import judge, read
from analyzer.repair.kit import kit_files
from analyzer.report.formats.document import report_document
from analyzer.report.views.plan import as_text, plan_document, printed
from tests.live.test_repair import APART, KIT, state

pytestmark = pytest.mark.live

NAMES = ("base/os:9.4", "data/db:15", "shop/web:1.4")
COMMAND = re.compile(r"^ {6}[$] .*(?:\n {8}.*)*", re.MULTILINE)


def make(volume, registry, name, images):
    """Make a node; what the pulls and the container's layer are called differs from node to node."""
    node = Node.create(volume / name, registry)
    populate.fill(node, registry, images)
    populate.create_podman_container(node, "web1", "shop/web:1.4")
    time.sleep(APART)
    return node


@pytest.fixture(scope="module")
def node(volume, registry):
    return make(volume, registry, "printed", NAMES)


@pytest.fixture(scope="module")
def another(volume, registry):
    return make(volume, registry, "printed-another", NAMES)


def record_and_base_lost(store):
    """The directory of the base layer is removed, and the record of an image: a pull, and an index for the kit."""
    image = store.image_named(f"{HOST}/data/db:15")
    shutil.rmtree(store.layer_directory(store.chain(image["layer"])[-1]))
    time.sleep(APART)
    web = store.image_named(f"{HOST}/shop/web:1.4")["id"]
    text = store.images_json.read_text()
    store.images_json.write_text(text.replace(f'"id":"{web}"', '"id":""', 1))


def lower_and_link_emptied(store):
    """Texts that every node has others of, for layers that every node has."""
    chain = store.chain(store.image_named(f"{HOST}/data/db:15")["layer"])
    (store.layer_directory(chain[0]) / "lower").write_text("")
    (store.layer_directory(chain[-1]) / "link").write_text("")


def commands_for(node, volume):
    """Return the commands that the text of the plan shows, and put the kit on the node."""
    bundle = capture(node, volume / f"{node.home.name}.tar")
    report = judge(read(bundle), engines=("podman@4.3",))
    bundle.unlink()
    shown = report_document(report)
    text = as_text(shown, printed(plan_document(report, shown["causes"], whole=True)))
    found = [re.sub(r"(?m)^ {6}([$] |  )", "", each) for each in COMMAND.findall(text)]
    for path, data in kit_files(report.plan, "node.tar", "0").items():
        target = node.home / KIT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return [each.replace("KIT/", f"/{KIT}/") for each in found if not each.startswith("systemctl ")]


def paste(node, commands):
    return [node.ask("sh", "-c", f"yes | {{\n{each}\n}}", timeout=120).exit for each in commands]


@pytest.mark.parametrize("damage", [record_and_base_lost, lower_and_link_emptied])
def test_the_printed_lines_heal_and_may_be_pasted_twice(damage, node, volume):
    names = sorted(name for row in Store(node.root).images.values() for name in row["names"])
    healthy = node.copy(volume / f"printed-healthy-{damage.__name__}")
    trees = {each: healthy.mount_image(each).stdout for each in Store(node.root).images}
    copy = node.copy(volume / f"printed-{damage.__name__}")
    damage(Store(copy.root))
    commands = commands_for(copy, volume)
    for _ in range(2):
        assert set(paste(copy, commands)) == {0}
        kept = Store(copy.root).images
        assert sorted(name for row in kept.values() for name in row["names"]) == names
        assert {each: copy.mount_image(each).stdout for each in kept} == trees
        assert copy.ask("podman", "mount", "web1").exit == 0
    bundle = capture(copy, volume / "printed-again.tar")
    assert judge(read(bundle), engines=("podman@4.3",)).verdict == "healthy"
    bundle.unlink()
    shutil.rmtree(copy.home)


@pytest.mark.parametrize("damage", [record_and_base_lost, lower_and_link_emptied])
def test_the_printed_lines_change_nothing_on_another_node(damage, node, another, volume):
    copy, wrong = node.copy(volume / "printed-hurt"), another.copy(volume / f"printed-wrong-{damage.__name__}")
    damage(Store(copy.root))
    commands = commands_for(copy, volume)
    shutil.copytree(copy.home / KIT, wrong.home / KIT)
    wrong.run("podman", "ps", "-a")  # what any command of podman's writes is there already
    before = state(wrong)
    paste(wrong, commands)
    assert state(wrong) == before
    shutil.rmtree(copy.home)
    shutil.rmtree(wrong.home)
