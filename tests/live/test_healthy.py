"""A store that no engine finds fault with is healthy, however it was captured."""

import pytest
from stores.capture import STYLES, capture
from stores.records import Store

pytestmark = pytest.mark.live

CONTENT = {"metadata": "absent"}
XATTRS = {"no-xattrs": "absent"}


def assert_healthy(report):
    judged = [*report["findings"], *report["causes"]]
    assert [item for item in judged if item["severity"] != "info"] == []
    assert report["verdict"] == "healthy"


@pytest.mark.parametrize("question", ["mount_image", "inspect_by_id", "export_image"])
def test_the_engines_find_no_fault_with_any_image(healthy_node, tmp_path_factory, volume, question):
    node = healthy_node.copy(volume / f"healthy-{question}")
    answers = {image: getattr(node, question)(image) for image in Store(node.root).images}
    assert {image: answer.stderr for image, answer in answers.items() if answer.exit != 0} == {}


@pytest.mark.parametrize("style", STYLES)
def test_a_tar_of_it_is_healthy(healthy_node, analyze, tmp_path, style):
    report = analyze(capture(healthy_node, tmp_path / "bundle", style))
    assert_healthy(report)
    assert report["coverage"]["content"] == CONTENT.get(style, "present")
    assert report["coverage"]["xattrs"] in {XATTRS.get(style, "present"), "unknown"}


def test_the_directory_is_healthy_and_is_left_alone(healthy_node, analyze):
    before = _stamps(healthy_node.root)
    report = analyze(healthy_node.root)
    assert_healthy(report)
    assert _stamps(healthy_node.root) == before


def test_the_directory_and_its_tar_hold_the_same(healthy_node, analyze, tmp_path):
    of_tar = analyze(capture(healthy_node, tmp_path / "bundle"))
    of_directory = analyze(healthy_node.root)
    assert of_directory["stores"][0] | {"root": ""} == of_tar["stores"][0] | {"root": ""}
    assert _fingerprints(of_directory) == _fingerprints(of_tar)


def test_a_tar_with_a_mounted_container_is_healthy(healthy_node, analyze, tmp_path, volume):
    node = healthy_node.copy(volume / "healthy-mounted")
    bundle = tmp_path / "bundle.tar"
    script = (
        'set -e; at=$(podman mount web1); test -e "$at/etc/passwd"; '
        'tar --create --file "$0" --xattrs --xattrs-include="*" --numeric-owner -C /var/lib/containers storage'
    )
    node.run("sh", "-c", script, str(bundle))
    assert_healthy(analyze(bundle))


def test_the_records_are_counted(healthy_node, analyze, tmp_path):
    store = Store(healthy_node.root)
    (found,) = analyze(capture(healthy_node, tmp_path / "bundle"))["stores"]
    counts = {kind: len(getattr(store, kind)) for kind in ("layers", "images", "containers")}
    assert {kind: found[kind] for kind in counts} == counts
    assert found["driver"] == "overlay"


def _stamps(root):
    paths = [root, *sorted(root.rglob("*"))]
    return {path: (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for path in paths for stat in [path.lstat()]}


def _fingerprints(report):
    return sorted(finding["fingerprint"] for finding in report["findings"])
