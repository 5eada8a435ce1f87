"""Repair kits on recorded bundles: unpacked as a store, mended by podman, held against the healthy bundle beside them.

The registry has what the healthy bundle's images need: their blobs as the engine packs them again, their manifests byte
for byte as recorded.
"""

import json
import shutil
import subprocess
import time
import urllib.request

import pytest
from stores.capture import capture
from stores.node import Node
from stores.records import Store
from stores.registry import loopback_registry

from analyzer.api import judge, read
from analyzer.checks.finding import RANK
from analyzer.repair.simulation import simulate_plan
from tests.live.test_repair import kit_for, repair
from tests.live.test_repair import told as told_of
from tests.truth import cases

pytestmark = pytest.mark.live

HEALTHY = {"samples": "healthy", "bundles": "healthy-overlay"}
OTHER_STORES = {
    "image-store", "local-list-no-instance-arm64", "newest-chunked", "podman-list", "seed-case",
    "local-list-member-missing",
}  # fmt: skip
"""Damaged or odd stores whose images the healthy bundle has not."""
WRITTEN_AWAY = {"container-layer-missing"}
"""What a container wrote is gone with its layer's directory: the container stays, with an empty layer."""
BUNDLES = {(where, case["name"]): path for where, case, path in cases()}
DAMAGED = [
    (where, case["name"]) for where, case, _ in cases() if case.get("faults") and case["name"] not in OTHER_STORES
]
APART = 2.2


def unpacked(bundle, home, address):
    """Return a node with the store of a bundle."""
    node = Node.create(home, address)
    node.root.rmdir()
    command = ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpaf", bundle, "-C", node.root.parent]
    subprocess.run(command, check=True, capture_output=True)
    return node


def put(address, repository, reference, body):
    value = json.loads(body)
    kind = value.get("mediaType") or "application/vnd.oci.image.manifest.v1+json"
    url = f"http://{address}/v2/{repository}/manifests/{reference}"
    request = urllib.request.Request(url, data=body, method="PUT", headers={"Content-Type": kind})
    urllib.request.urlopen(request, timeout=20).close()


def fill(node, address):
    """Push every image that has a name; then its manifests, members before their list."""
    store = Store(node.root)
    for image, row in store.images.items():
        keys = [key for key in row["big-data-names"] if key.startswith("manifest-")]
        bodies = {key.removeprefix("manifest-"): store.big_data(image, key).read_bytes() for key in keys}
        for name in row.get("names", ()):
            repository, tag = name.partition("/")[2].rsplit(":", 1)
            pushed = ("podman", "push", "-q", "--tls-verify=false", image, f"docker://{address}/{repository}:{tag}")
            if node.ask(*pushed).exit:
                continue
            for digest, body in sorted(bodies.items(), key=lambda each: b'"manifests"' in each[1]):
                for reference in (digest, tag):
                    try:
                        put(address, repository, reference, body)
                    except OSError:
                        break  # a blob came out otherwise, or a member of the list is for another platform


@pytest.fixture(scope="module", params=HEALTHY)
def recorded(request, volume, machine):
    """The healthy store of a set of bundles, a registry with its images, and what podman makes of it."""
    with loopback_registry() as address:
        node = unpacked(BUNDLES[request.param, HEALTHY[request.param]], volume / f"recorded-{request.param}", address)
        fill(node.copy(volume / f"recorded-{request.param}-push"), address)
        yield request.param, address, seen(node)


def seen(node):
    """Return names and tree of every image, and the tree of every container."""
    store = Store(node.root)
    images = {each: (sorted(row.get("names", ())), node.mount_image(each).stdout) for each, row in store.images.items()}
    return images, {each: node.mount_container(each).stdout for each in store.containers}


def weighty(findings):
    return {(each.rule, each.subject.key) for each in findings if RANK[each.severity] >= RANK["warning"]}


def recorded_containers(node, every):
    """Return the containers that a damaged store still records; all where its records are lost."""
    try:
        return set(Store(node.root).containers) or set(every)
    except ValueError:
        return set(every)


@pytest.mark.parametrize("case", DAMAGED, ids="-".join)
def test_a_recorded_store_is_whole_again(case, recorded, volume):
    where, address, (images, containers) = recorded
    if where != case[0]:
        pytest.skip("of the other set")
    node = unpacked(BUNDLES[case], volume / f"recorded-{case[1]}", address)
    told = {each.name for each in (node.root / "overlay-images").iterdir()} | recorded_containers(node, containers)
    time.sleep(APART)
    foretold = simulate_plan(*kit_for(node, volume, case[1]), engines=("podman@4.3",))
    done = repair(node, "--yes")
    assert done.exit == 0, done.stdout + done.stderr
    found, kept = seen(node)
    containers = {each: tree for each, tree in containers.items() if each in told}
    assert found == {image: each for image, each in images.items() if image in told}
    assert kept.keys() == containers.keys()
    differ = [each for each, tree in containers.items() if kept[each] != tree]
    assert len(differ) == (case[1] in WRITTEN_AWAY), differ
    bundle = capture(node, volume / "recorded.tar")
    again = judge(read(bundle), engines=("podman@4.3",))
    bundle.unlink()
    assert told_of(again.snapshot) == told_of(foretold.snapshot)
    assert weighty(again.findings) == weighty(foretold.findings)
    assert again.verdict in ("healthy", "advisory")
    shutil.rmtree(node.home)
