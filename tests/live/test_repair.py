"""Repair kits are run: with real podman and a registry on loopback, on stores damaged at rest.

Every image and container of the healthy node must be there afterwards, mount, and have the healthy tree; a new capture
must be healthy; a second run does nothing; `--undo` gives the bytes back.
"""

import os
import shutil
import time

import pytest
from stores import populate
from stores.capture import capture
from stores.catalogue import HOST
from stores.damage import DAMAGES
from stores.node import Node
from stores.records import Store

from analyzer.api import judge, read
from analyzer.repair.kit import kit_files
from analyzer.repair.simulation import simulate_plan
from analyzer.snapshot.overlay import link_target, text_of
from tests.live import further_damage

pytestmark = pytest.mark.live

WAYS = {**DAMAGES, **further_damage.DAMAGES}
KIT = "run/kit"
FIRST = (
    "base-file-edited",
    "base-file-mode-changed",
    "config-removed",
    "container-layer-record-removed",
    "containers-json-removed",
    "image-directory-removed",
    "image-layer-of-another",
    "images-json-emptied",
    "incomplete-flag-set",
    "layer-directory-removed",
    "layers-json-cut",
    "layers-json-emptied",
    "link-emptied",
    "link-file-and-link-removed",
    "links-removed",
    "lower-wrong-chain",
    "manifest-zeroed",
    "opaque-mark-removed",
    "parent-cycle",
    "parent-record-removed",
    "tar-split-bit-flipped",
)
"""One of each way of mending; all others are run where ANALYZER_ALL_REPAIRS is set.

An index that is not in the bundle at all may have been left out of the capture: that is said, and gives no plan.
"""
STRANGE = (
    "capability-changed",
    "diff-is-a-file",
    "image-time-that-is-empty",
    "layer-directory-is-a-file",
    "layer-time-that-is-none",
    "link-directory-is-a-file",
    "link-is-a-copy",
    "owners-swept",
    "parent-of-a-wrong-type",
    "small-files-removed",
    "tar-splits-exchanged",
)
"""What stands in the way of a repair, or was never thought of; each is undone too."""
MORE = (
    "layers-directory-removed",
    "base-diff-removed", "config-edited", "config-emptied", "config-zeroed", "containers-json-cut",
    "containers-json-emptied",
    "diff-removed", "image-digest-that-is-none", "image-id-that-is-none", "image-layer-absent",
    "image-metadata-that-is-none", "images-json-cut", "images-json-zeroed",
    "instance-manifest-removed", "l-link-removed", "layer-digest-removed", "layer-is-its-own-parent",
    "layers-json-with-a-null", "layers-json-zeroed", "link-file-removed", "lower-emptied",
    "lower-names-unknown-link", "lower-removed", "manifest-ambiguous", "manifest-cut", "manifest-emptied",
    "manifest-is-text", "manifest-names-another-config", "manifest-removed", "middle-layer-record-removed",
    "tar-split-checksum-wrong", "tar-split-removed", "top-layer-directory-removed",
    "top-layer-directory-removed-link-kept", "top-layer-record-removed",
)  # fmt: skip
PAIRS = (
    ("layer-directory-removed", "link-emptied"),
    ("layers-json-cut", "manifest-removed"),
    ("parent-cycle", "config-removed"),
    ("images-json-emptied", "links-removed"),
    ("base-file-edited", "manifest-zeroed"),
    ("base-file-mode-changed", "links-removed"),
    ("containers-json-removed", "layers-json-cut"),
    ("image-layer-of-another", "lower-wrong-chain"),
    ("incomplete-flag-set", "link-emptied"),
    ("layer-directory-removed", "parent-record-removed"),
    ("opaque-mark-removed", "tar-split-bit-flipped"),
    ("container-layer-record-removed", "image-directory-removed"),
)
ALL = bool(os.environ.get("ANALYZER_ALL_REPAIRS"))
CASES = [*((name,) for name in (*FIRST, *STRANGE, *(MORE if ALL else ()))), *PAIRS]
NAMELESS = "images-json"
"""Without images.json the names of images that no container uses are told by nothing in the store."""

APART = 2.2
"""Seconds between what podman did last and the damage, so that times of directories tell them apart."""


@pytest.fixture(scope="module")
def podman_node(volume, registry):
    node = Node.create(volume / "repair", registry)
    populate.fill(node, registry)
    node.run("podman", "tag", f"{HOST}/shop/web:1.4", f"{HOST}/shop/web:stable")
    populate.create_podman_container(node, "web1", "shop/web:1.4")
    time.sleep(APART)
    return node


@pytest.fixture(scope="module")
def healthy(podman_node, volume):
    """Names and trees of the healthy node's images, and of its container."""
    node = podman_node.copy(volume / "repair-healthy")
    store = Store(node.root)
    trees = {image: node.mount_image(image).stdout for image in store.images}
    names = {image: sorted(record["names"]) for image, record in store.images.items()}
    return names, trees


def kit_for(node, volume, name):
    """Capture the node, plan, and put the kit where the node sees it; return the report."""
    bundle = capture(node, volume / f"{name}.tar")
    report = judge(read(bundle), engines=("podman@4.3",))
    bundle.unlink()
    for path, data in kit_files(report.plan, "node.tar", "0").items():
        target = node.home / KIT / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return report.snapshot, report.plan


def repair(node, *options):
    return node.ask("sh", f"/{KIT}/repair.sh", *options, timeout=120)


def state(node):
    """Return every file, link and directory of the store, with modes, but what any command of podman's changes."""
    found = {}
    for path in sorted(node.root.rglob("*")):
        key, facts = str(path.relative_to(node.root)), path.lstat()
        if key.endswith((".lock", "/merged")) or key.startswith("libpod"):
            continue
        if path.is_symlink():
            found[key] = str(path.readlink())
        elif path.is_file():
            found[key] = (facts.st_mode, facts.st_uid, path.read_bytes())
        else:
            found[key] = (facts.st_mode, facts.st_uid, facts.st_rdev)
    return found


def told(snapshot):
    """Return what a capture tells of its stores: every record, link text, `lower`, short link and item of an image."""
    return [_told(store) for store in snapshot.stores]


def _told(store):
    rows = {
        (key, row.value["id"]): row.value for key, document in store.documents.items() for row in document.salvaged.rows
    }
    texts = {name: (layer.link_id, text_of(layer.lower)) for name, layer in store.home.layers.items()}
    links = {name: link_target(member) for name, member in store.home.links.items()}
    items = {image: set(files) for image, files in store.image_files.items()}
    return {"rows": rows, "texts": texts, "links": links, "items": items}


@pytest.mark.parametrize("ways", CASES, ids="+".join)
def test_the_kit_heals_and_loses_nothing(ways, podman_node, healthy, volume):
    names, trees = healthy
    node = podman_node.copy(volume / f"repair-{'-'.join(ways)}")
    for way in ways:
        WAYS[way](Store(node.root))
    before = state(node)
    foretold = simulate_plan(*kit_for(node, volume, "-".join(ways)))

    undone = node.copy(volume / f"undo-{'-'.join(ways)}")
    done = repair(node, "--yes")
    assert done.exit == 0, done.stdout + done.stderr

    kept = Store(node.root).images
    for image, tree in trees.items():
        assert image in kept, names[image]
        if not any(way.startswith(NAMELESS) for way in ways):
            assert sorted(kept[image]["names"]) == names[image]
        assert node.mount_image(image).stdout == tree, names[image]
    assert node.run("podman", "ps", "-a", "--format", "{{.Names}}") == "web1"
    assert node.ask("podman", "mount", "web1").exit == 0

    bundle = capture(node, volume / "again.tar")
    verdict = judge(read(bundle), engines=("podman@4.3",))
    bundle.unlink()
    assert verdict.verdict == "healthy", [finding.message for finding in verdict.findings[:3]]
    assert told(foretold.snapshot) == told(verdict.snapshot)
    again = repair(node, "--yes")
    assert (again.exit, again.stdout) == (0, "this kit has nothing to repair in the store")

    if len(ways) == 1:
        assert repair(undone, "--yes").exit == 0
        assert repair(undone, "--undo").exit == 0
        assert {key: value for key, value in state(undone).items() if key in before} == before
    shutil.rmtree(node.home, ignore_errors=True)
    shutil.rmtree(undone.home, ignore_errors=True)


def test_a_dry_run_changes_nothing_and_a_changed_store_is_refused(podman_node, volume):
    node = podman_node.copy(volume / "repair-dry")
    WAYS["link-emptied"](Store(node.root))
    before = state(node)
    kit_for(node, volume, "dry")
    shown = repair(node, "--dry-run")
    assert shown.exit == 0
    assert "write /var/lib/containers/storage/overlay/" in shown.stdout
    assert state(node) == before
    WAYS["top-layer-record-removed"](Store(node.root))
    refused = repair(node, "--yes")
    assert refused.exit == 2
    assert "is not the file of the bundle" in refused.stderr


def test_a_store_that_an_engine_opened_since_is_asked_about(podman_node, volume):
    node = podman_node.copy(volume / "repair-opened")
    WAYS["link-emptied"](Store(node.root))
    before = state(node)
    kit_for(node, volume, "opened")
    (node.root / "overlay-layers/layers.lock").write_bytes(b"another writer's token")
    refused = repair(node)
    assert refused.exit == 2
    assert "the store was written since the capture" in refused.stderr
    assert state(node) == before
    done = repair(node, "--yes")
    assert done.exit == 0
    assert "an engine has written the store since the capture" in done.stdout


def test_each_kit_undoes_its_own_changes(podman_node, volume):
    node = podman_node.copy(volume / "repair-twice")
    states = []
    for number, way in enumerate(("link-emptied", "manifest-zeroed")):
        WAYS[way](Store(node.root))
        states.append(state(node))
        kit_for(node, volume, "twice")
        (node.home / KIT).rename(node.home / f"run/kit-{number}")
        done = node.ask("sh", f"/run/kit-{number}/repair.sh", "--yes", timeout=120)
        assert done.exit == 0, done.stdout + done.stderr
    for number, part in ((1, "overlay-images"), (0, "overlay/")):
        assert node.ask("sh", f"/run/kit-{number}/repair.sh", "--undo").exit == 0
        before = {key: value for key, value in states[number].items() if key.startswith(part)}
        assert {key: value for key, value in state(node).items() if key in before} == before


def test_a_failed_pull_leaves_the_old_state(podman_node, volume):
    node = podman_node.copy(volume / "repair-offline")
    WAYS["base-file-edited"](Store(node.root))
    before = state(node)
    kit_for(node, volume, "offline")
    (node.home / "etc/containers/registries.conf").write_text("unqualified-search-registries = []\n")
    done = repair(node, "--yes")
    assert done.exit == 1
    assert "stays as it is" in done.stderr
    changed = state(node)
    assert {key: changed.get(key) for key in before if "/diff/" in key} == {
        key: value for key, value in before.items() if "/diff/" in key
    }


def test_what_an_unknown_container_wrote_is_given_a_record(podman_node, volume):
    node = podman_node.copy(volume / "repair-unknown")
    made = node.run("podman", "ps", "-a", "--no-trunc", "--format", "{{.ID}}")
    (layer,) = (row["layer"] for row in Store(node.root).containers.values() if row["id"] == made)
    (node.root / f"overlay/{layer}/diff/written").write_text("kept")
    time.sleep(APART)
    shutil.rmtree(node.root / f"overlay-containers/{made}")
    index = node.root / "overlay-containers/containers.json"
    index.write_text("[]")
    later = time.time() + 3_600  # long after the last write that the lock knows of
    os.utime(index, (later, later))
    (node.root / "libpod/bolt_state.db").unlink()
    kit_for(node, volume, "unknown")
    done = repair(node, "--yes")
    assert done.exit == 0, done.stdout + done.stderr
    name = f"kept-{layer[:12]}"
    assert node.run("podman", "ps", "-a", "--external", "--format", "{{.Names}}") == name
    mounted = node.ask("sh", "-c", f"cat $(podman mount {name})/written")
    assert mounted.stdout == "kept", mounted.stderr
    bundle = capture(node, volume / "again.tar")
    verdict = judge(read(bundle), engines=("podman@4.3",))
    bundle.unlink()
    assert verdict.verdict == "healthy", [finding.message for finding in verdict.findings[:3]]
    shutil.rmtree(node.home, ignore_errors=True)
