"""The capture script on a live node: a complete, healthy bundle, and a store that is as it was."""

import subprocess
import sys

import pytest
from stores.records import Store

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def script():
    command = [sys.executable, "-m", "analyzer", "capture"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def captured(node, script, bundle, *options):
    """Run the script inside the node, and hand back what it said."""
    with bundle.open("wb") as file:
        done = subprocess.run(
            node.command("sh", "-s", "--", *options), input=script, stdout=file, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 0, done.stderr
    return done.stderr.decode()


def stamps(root):
    """Return what reading must not change; the kernel renews the access time of a link that is read."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        facts = path.lstat()
        seen = 0 if path.is_symlink() else facts.st_atime_ns
        found[path] = (facts.st_mode, facts.st_uid, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, seen)
    return found


@pytest.mark.parametrize(("options", "content"), [((), "present"), (("--no-content",), "absent")])
def test_a_bundle_of_it_is_complete_and_healthy(healthy_node, analyze, script, tmp_path, volume, options, content):
    node = healthy_node.copy(volume / f"captured-{content}")
    before = stamps(node.root)
    captured(node, script, tmp_path / "bundle.tar", *options)
    assert stamps(node.root) == before
    report = analyze(tmp_path / "bundle.tar")
    coverage = report["coverage"]
    assert (report["verdict"], coverage["complete"]) == ("healthy", True)
    assert (coverage["content"], coverage["xattrs"], coverage["losses"]) == (content, "present", [])
    if not options:  # nothing that a standard analysis needs was left out
        assert [each["rule"] for each in coverage["checks"]["skipped"]] == ["TSP-008"]
    store = Store(node.root)
    [shown] = report["stores"]
    assert (shown["images"], shown["backing_fs"]) == (len(store.images), "xfs")
    assert report["platform"]["source"]
    answer = node.podman_images()
    assert answer.exit == 0
    assert len(answer.stdout.splitlines()) > len(store.images)


def test_what_is_not_on_the_disk_yet_is_written_out_first(healthy_node, script, tmp_path, volume):
    """GNU tar takes a file for one hole while ext4 says of it that it holds no block."""
    node = healthy_node.copy(volume / "captured-synced")
    (node.home / "run/bin").mkdir()
    program = node.home / "run/bin/sync"
    program.write_text('#!/bin/sh\necho "$@" >>/run/synced\n')
    program.chmod(0o755)
    captured(node, b"PATH=/run/bin:$PATH\n" + script, tmp_path / "bundle.tar")
    assert (node.home / "run/synced").read_text().splitlines() == ["-f /var/lib/containers/storage"]


def test_a_mounted_container_is_no_part_of_it(healthy_node, analyze, script, tmp_path, volume):
    node = healthy_node.copy(volume / "captured-mounted")
    bundle = tmp_path / "bundle.tar"
    (node.home / "run/capture.sh").write_bytes(script)
    node.run(
        "sh", "-c", 'set -e; at=$(podman mount web1); test -e "$at/etc/passwd"; sh /run/capture.sh >"$0"', str(bundle)
    )
    listed = subprocess.run(["tar", "-tf", bundle], capture_output=True, text=True, check=True).stdout.splitlines()
    assert not [name for name in listed if "/merged/" in name and not name.endswith("/merged/")]
    assert analyze(bundle)["verdict"] == "healthy"


def test_a_damaged_node_keeps_its_damage(healthy_node, analyze, script, tmp_path, volume):
    node = healthy_node.copy(volume / "captured-damaged")
    layer = next(iter(Store(node.root).layers))
    subprocess.run(["rm", "-r", node.root / "overlay" / layer], check=True)
    captured(node, script, tmp_path / "bundle.tar")
    report = analyze(tmp_path / "bundle.tar")
    assert report["causes"][0]["id"] == "layer-directory-removed"
    assert report["causes"][0]["subjects"][0]["id"] == layer
