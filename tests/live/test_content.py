"""Every file of every layer that a real engine pulled is verified; then each kind of change is found, and only it.

The images come from a registry by podman onto XFS. A change is made in a copy of the node by the system calls that
people and accidents use. What must be found is known from the change alone.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from stores.capture import capture
from stores.catalogue import HOST
from stores.records import Store

import analyzer
from analyzer.checks.store_view import StoreView
from analyzer.graph.relations import relate
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.open import open_bundle
from tests.contents import CONTENT_RULES

pytestmark = pytest.mark.live

CAPABILITY = "security.capability"
OPAQUE = "trusted.overlay.opaque"
LAYERS = {
    "base": ("base/os:9.4", -1),
    "packages": ("base/os:9.4", 0),
    "runtime": ("shop/api:2.0", 1),
    "api": ("shop/api:2.0", 0),
}


def flip(path: Path, at: int, mask: int) -> None:
    """Change bits of one byte and leave no trace in the file's times but ctime."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ mask]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def overwrite(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()


def zeros(path: Path) -> None:
    before = path.stat()
    overwrite(path, bytes(before.st_size))


def lost_in_power_cut(path: Path) -> None:
    before = path.stat()
    overwrite(path, b"")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace_by_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("elsewhere")


def retarget(path: Path) -> None:
    owner = path.lstat()
    path.unlink()
    path.symlink_to("/tmp/evil")
    os.lchown(path, owner.st_uid, owner.st_gid)


def sweep(path: Path) -> None:
    for each in path.rglob("*"):
        if not each.is_symlink():
            each.chmod(stat.S_IMODE(each.stat().st_mode) | 0o022)


def break_hard_link(path: Path) -> None:
    """Give one name of a file a file of its own with other content."""
    data = path.read_bytes()
    mode = path.stat().st_mode
    path.unlink()
    path.write_bytes(data[:-1] + b"!")
    path.chmod(stat.S_IMODE(mode))


CASES = {
    # name: (layer, path, change, the rule that must find it)
    "edited": ("base", "etc/passwd", lambda p: overwrite(p, b"X" + p.read_bytes()[1:]), "TSP-007"),
    "edited, time set back": ("base", "etc/passwd", lambda p: flip(p, 3, 0x15), "TSP-007"),
    "one bit": ("base", "lib/libc.so.6", lambda p: flip(p, 1234, 0x08), "TSP-007"),
    "grown": ("base", "etc/group", lambda p: overwrite(p, p.read_bytes() + b"evil:x:0:\n"), "TSP-006"),
    "truncated": ("packages", "var/lib/dpkg/status", lambda p: os.truncate(p, 2500), "TSP-006"),
    "emptied": ("packages", "var/lib/dpkg/status", lambda p: os.truncate(p, 0), "TSP-009"),
    "emptied by a power cut": ("runtime", "opt/py/lib/module3.py", lost_in_power_cut, "TSP-009"),
    "zero-filled": ("runtime", "opt/py/lib/module4.py", zeros, "TSP-009"),
    "filled where it was empty": ("base", "var/empty.log", lambda p: p.write_bytes(b"line\n"), "TSP-006"),
    "removed": ("runtime", "opt/py/bin/python3", Path.unlink, "TSP-006"),
    "removed whole": ("packages", "usr/share/zoneinfo", shutil.rmtree, "TSP-006"),
    "became a link": ("base", "etc/os-release", replace_by_link, "TSP-006"),
    "link leads elsewhere": ("packages", "etc/localtime", retarget, "TSP-006"),
    "link removed": ("base", "usr/lib/libc.so", Path.unlink, "TSP-006"),
    "mode": ("base", "etc/shadow", lambda p: p.chmod(0o644), "OVL-024"),
    "setuid lost": ("base", "usr/bin/passwd", lambda p: p.chmod(0o755), "OVL-024"),
    "setuid given": ("runtime", "opt/py/bin/python3", lambda p: p.chmod(0o4755), "OVL-024"),
    "sticky lost": ("base", "tmp", lambda p: p.chmod(0o777), "OVL-024"),
    "owner": ("base", "home/app/.profile", lambda p: os.chown(p, 0, 0), "OVL-024"),
    "group": ("base", "home/app", lambda p: os.chown(p, -1, 0), "OVL-024"),
    "modes swept": ("packages", "usr/share", sweep, "OVL-024"),
    "file planted": ("base", "usr/bin/backdoor", lambda p: p.write_bytes(b"#!/bin/sh\n"), "TSP-010"),
    "hidden file planted": ("runtime", "opt/py/lib/.cache", lambda p: p.write_bytes(b"x"), "TSP-010"),
    "directory planted": ("api", "srv/extra", Path.mkdir, "TSP-010"),
    "link planted": ("base", "lib/ld.so", lambda p: p.symlink_to("/tmp/ld.so"), "TSP-010"),
    "whiteout planted": ("packages", "usr/share/doc", lambda p: os.mknod(p, stat.S_IFCHR | 0o600, 0), "TSP-010"),
    "whiteout removed": ("api", "etc/shadow", Path.unlink, "OVL-023"),
    "capability changed": (
        "base",
        "usr/bin/ping",
        lambda p: os.setxattr(p, CAPABILITY, os.getxattr(p, CAPABILITY)[:5] + b"\x10" + os.getxattr(p, CAPABILITY)[6:]),
        "OVL-022",
    ),
    "capability given": (
        "runtime",
        "opt/py/bin/python3",
        lambda p: os.setxattr(p, CAPABILITY, bytes.fromhex("0100000280000000000000000000000000000000")),
        "OVL-022",
    ),
    "opaque mark lost": ("api", "opt/py/lib", lambda p: os.removexattr(p, OPAQUE), "OVL-022"),
    "opaque mark given": ("packages", "usr/share", lambda p: os.setxattr(p, OPAQUE, b"y"), "OVL-022"),
    "one name of a hard link edited": ("packages", "usr/share/zoneinfo/UTC", break_hard_link, "TSP-007"),
}
SILENT = {
    "time of a file": ("base", "etc/passwd", lambda p: os.utime(p, (1, 1))),
    "time of a directory": ("base", "etc", lambda p: os.utime(p, (1, 1))),
    "copied over itself": ("base", "etc/passwd", lambda p: p.write_bytes(p.read_bytes())),
    "read": ("base", "etc/passwd", Path.read_bytes),
}
HARMLESS = {"directory planted"}  # an empty directory serves nobody anything wrong
MANY = {"removed whole": "usr/share/zoneinfo", "modes swept": "usr/share/"}


def target(node, name, path):
    image, place = LAYERS[name]
    store = Store(node.root)
    layer = store.chain(store.image_named(f"{HOST}/{image}")["layer"])[place]
    return layer, store.layer_directory(layer) / "diff" / path


def content_findings(bundle, **options):
    report = analyzer.analyze(bundle, **options).to_dict()
    return [f for f in report["findings"] if f["rule"] in CONTENT_RULES and f["severity"] != "info"], report


@pytest.fixture(params=["standard", "deep"])
def views(request, healthy_node, tmp_path):
    snapshot = read_snapshot(open_bundle(capture(healthy_node, tmp_path / "bundle.tar")), depth=request.param)
    stores = [StoreView(snapshot, store, rel) for rel in relate(snapshot) for store in rel.stores]
    return SimpleNamespace(snapshot=snapshot, stores=stores, depth=request.param)


def test_every_file_of_every_pulled_layer_is_verified(views, healthy_node):
    records = Store(healthy_node.root).layers
    described = {key for key, record in records.items() if record.get("diff-digest")}
    facts = {key: each for view in views.stores for key, each in view.contents.items()}
    assert facts.keys() == described
    for key, each in facts.items():
        assert not each.unjudged
        assert each.counts.total() == 0
        assert each.compared == each.recorded > 0
        diff = Store(healthy_node.root).layer_directory(key) / "diff"
        files = {path.stat().st_ino: path.stat().st_size for path in diff.rglob("*") if _regular(path)}
        assert each.verified >= sum(files.values()) > 0 or not files
        assert each.total == records[key]["diff-size"]
    if views.depth == "deep":
        made = {facts_.description.path: records[key]["diff-digest"] for key, facts_ in facts.items()}
        assert {path: each.digest for path, each in views.snapshot.rebuilt.items()} == made


@pytest.mark.parametrize("depth", ["standard", "deep"])
@pytest.mark.parametrize("compression", ["plain", "zstd"])
def test_the_untouched_node_has_no_finding(healthy_node, tmp_path, depth, compression):
    bundle = capture(healthy_node, tmp_path / "bundle", compression)
    findings, report = content_findings(bundle, depth=depth)
    assert findings == []
    assert [skip for skip in report["coverage"]["checks"]["skipped"] if skip["rule"].startswith("TSP-00")] == [] or (
        depth == "standard"
    )


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_found_and_nothing_else(name, healthy_node, volume, tmp_path):
    where, path, change, rule = CASES[name]
    node = healthy_node.copy(volume / "changed")
    try:
        layer, file = target(node, where, path)
        before = _listing(file)
        change(file)
        after = _listing(file)
        findings, report = content_findings(capture(node, tmp_path / "bundle.tar"))
    finally:
        shutil.rmtree(node.home)
    assert [(f["rule"], f["subject"]["id"]) for f in findings] == [(rule, layer)]
    told = {evidence["path"].partition("/diff/")[2] for evidence in findings[0]["evidence"]} - {""}
    if name in MANY:
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        assert told == {f"{path}/{key}".rstrip("/") for key in changed} or len(changed) > 20
    else:
        assert told == {path}
    assert report["verdict"] == ("advisory" if name in HARMLESS else "damaged")
    assert report["causes"][0]["subjects"][0]["id"] == layer
    _affects_all_above(node, report, layer, healthy_node)


@pytest.mark.parametrize("name", SILENT)
def test_what_changes_no_content_is_no_finding(name, healthy_node, volume, tmp_path):
    where, path, change = SILENT[name]
    node = healthy_node.copy(volume / "unchanged")
    try:
        change(target(node, where, path)[1])
        findings, report = content_findings(capture(node, tmp_path / "bundle.tar"))
    finally:
        shutil.rmtree(node.home)
    assert findings == []
    assert report["verdict"] == "healthy"


def test_a_bit_is_told_from_an_edit(healthy_node, volume, tmp_path):
    node = healthy_node.copy(volume / "bit")
    try:
        _, file = target(node, "base", "lib/libc.so.6")
        flip(file, 1234, 0x08)
        [finding], _ = content_findings(capture(node, tmp_path / "bundle.tar"))
    finally:
        shutil.rmtree(node.home)
    assert any("as if one bit flipped" in evidence["observed"] for evidence in finding["evidence"])


def test_several_changes_in_several_layers_are_one_finding_a_layer_and_rule(healthy_node, volume, tmp_path):
    node = healthy_node.copy(volume / "several")
    try:
        base, passwd = target(node, "base", "etc/passwd")
        flip(passwd, 3, 0x15)
        flip(target(node, "base", "lib/libc.so.6")[1], 9, 0xFF)
        target(node, "base", "etc/shadow")[1].chmod(0o600)
        runtime, module = target(node, "runtime", "opt/py/lib/module3.py")
        zeros(module)
        findings, _ = content_findings(capture(node, tmp_path / "bundle.tar"))
    finally:
        shutil.rmtree(node.home)
    expected = {("TSP-007", base), ("OVL-024", base), ("TSP-009", runtime)}
    assert {(f["rule"], f["subject"]["id"]) for f in findings} == expected
    assert len(findings) == len(expected)


def _affects_all_above(node, report, layer, healthy_node) -> None:
    store = Store(healthy_node.root)
    names = {name for image in report["causes"][0]["affected"]["images"] for name in image["names"]}
    assert names == set(store.images_on([layer]))


def _regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _listing(path: Path) -> dict[str, tuple]:
    if not os.path.lexists(path):
        return {}
    paths = [path, *sorted(path.rglob("*"))] if path.is_dir() and not path.is_symlink() else [path]
    return {str(each.relative_to(path)).removeprefix("."): _facts(each) for each in paths}


def _facts(path: Path) -> tuple:
    info = path.lstat()
    return (info.st_mode, info.st_uid, info.st_gid, info.st_size)


VFS = "/var/lib/containers/vfs"


@pytest.fixture(scope="module")
def vfs_node(healthy_node, volume):
    """The node with the api image pulled once more, into a store of the driver vfs."""
    node = healthy_node.copy(volume / "content-vfs")
    options = ["--root", VFS, "--runroot", "/run/vfs", "--storage-driver", "vfs"]
    node.run("podman", *options, "pull", "--quiet", f"{HOST}/shop/api:2.0")
    return node


def vfs_bundle(node, path):
    command = ["tar", "--create", "--file", path, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-C"]
    subprocess.run([*command, str(node.home / VFS[1:]), "."], check=True, capture_output=True)
    return path


def vfs_chain(node):
    """Return the layers of the api image from the base up, with their directories."""
    records = {r["id"]: r for r in json.loads((node.home / VFS[1:] / "vfs-layers/layers.json").read_text())}
    [top] = records.keys() - {record.get("parent") for record in records.values()}
    chain = [top]
    while parent := records[chain[0]].get("parent"):
        chain.insert(0, parent)
    return [(layer, node.home / VFS[1:] / "vfs/dir" / layer) for layer in chain]


def test_files_that_vfs_layers_inherit_are_not_planted(vfs_node, tmp_path):
    bundle = vfs_bundle(vfs_node, tmp_path / "vfs.tar")
    findings, report = content_findings(bundle, depth="deep")
    assert findings == []
    assert report["verdict"] == "healthy"
    snapshot = read_snapshot(open_bundle(bundle))
    facts = [
        each for rel in relate(snapshot) for s in rel.stores for each in StoreView(snapshot, s, rel).contents.values()
    ]
    assert len(facts) == len(vfs_chain(vfs_node)) == 4
    assert all(each.compared >= each.recorded and not each.unjudged for each in facts)  # and what it inherits


@pytest.mark.parametrize(("place", "path", "change", "rule"), [
    (0, "etc/passwd", lambda p: flip(p, 3, 0x15), "TSP-007"),
    (0, "usr/bin/backdoor", lambda p: p.write_bytes(b"x"), "TSP-010"),
    (2, "opt/py/bin/python3", Path.unlink, "TSP-006"),
    (3, "srv/planted", lambda p: p.write_bytes(b"x"), "TSP-010"),
])  # fmt: skip
def test_a_change_in_a_vfs_layer_is_found_there(place, path, change, rule, vfs_node, volume, tmp_path):
    node = vfs_node.copy(volume / "vfs-changed")
    try:
        layer, root = vfs_chain(node)[place]
        change(root / path)
        minute_later = (root / path).parent.stat().st_mtime_ns + 60 * 10**9  # within two seconds it could be the pull's
        os.utime((root / path).parent, ns=(minute_later, minute_later))
        findings, _ = content_findings(vfs_bundle(node, tmp_path / "vfs.tar"))
    finally:
        shutil.rmtree(node.home)
    assert [(f["rule"], f["subject"]["id"]) for f in findings] == [(rule, layer)]
