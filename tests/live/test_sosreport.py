"""A report that sos made of a live podman node: what podman printed in it is judged, though sos takes no graph root.

Debian's sos has no policy for podman; in the node's own name space it finds the mark of a distribution that has one.
"""

import json
import shutil

import pytest
from stores.records import Store

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("sos") is None, reason="sos is not installed"),
]
REPORT = r"""set -e
mkdir /run/over; mount -t tmpfs tmpfs /run/over; mkdir /run/over/etc /run/over/work; cp -a /etc/containers /run/over/
printf 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\n' >/run/over/etc/lsb-release
mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/over/etc,workdir=/run/over/work /etc
mount --bind /run/over/containers /etc/containers
mkdir /run/sos
sos report --batch --tmp-dir /run/sos --only-plugins podman,containers_common,filesys,host --name node >&2
ls /run/sos/*.tar.xz
"""


def reported(node, analyze):
    """Run sos in the node and judge what it made."""
    answer = node.ask("sh", "-c", REPORT, timeout=300)
    assert answer.exit == 0, answer.stderr
    return analyze(node.home / answer.stdout.splitlines()[-1].lstrip("/"))


def test_a_healthy_node_is_left_open(healthy_node, analyze, volume):
    report = reported(healthy_node.copy(volume / "sos-healthy"), analyze)
    assert (report["verdict"], report["findings"]) == ("undetermined", [])
    assert report["platform"]["source"].endswith("podman_info")


def test_what_podman_said_of_a_damaged_node_is_found(healthy_node, analyze, volume):
    node = healthy_node.copy(volume / "sos-damaged")
    image = next(iter(Store(node.root).images))
    index = node.root / "overlay-layers/layers.json"
    top = json.loads((node.root / "overlay-images/images.json").read_text())[0]["layer"]
    index.write_text(json.dumps([row for row in json.loads(index.read_text()) if row["id"] != top]))
    report = reported(node, analyze)
    cause = report["causes"][0]
    assert (report["verdict"], cause["id"]) == ("damaged", "engine-said")
    assert image in json.dumps(report["findings"])
