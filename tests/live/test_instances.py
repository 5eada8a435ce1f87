"""Which entry of a list is taken, against skopeo: every list with every platform, the message included."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess

import pytest

from analyzer.snapshot.instances import choose_instance, none_found
from analyzer.snapshot.manifests import DOCKER_LIST, OCI_INDEX, PlatformSpec, read_manifest
from analyzer.snapshot.provenance import Where

pytestmark = pytest.mark.live

NONE = None
ANNOTATION = "io.github.containers.compression.zstd"
ZSTD = {ANNOTATION: "true"}
LISTS = {
    "amd64 only": [("amd64", "")],
    "amd64 and arm64": [("amd64", ""), ("arm64", "")],
    "arm64 with a variant": [("amd64", ""), ("arm64", "v8")],
    "arm64 of both kinds": [("arm64", ""), ("arm64", "v8")],
    "arm64 of both kinds, turned": [("arm64", "v8"), ("arm64", "")],
    "newer arm64": [("arm64", "v9"), ("arm64", "v8")],
    "all arms, newest first": [("arm", "v8"), ("arm", "v7"), ("arm", "v6"), ("arm", "v5"), ("arm", "")],
    "all arms, oldest first": [("arm", ""), ("arm", "v5"), ("arm", "v6"), ("arm", "v7"), ("arm", "v8")],
    "one old arm": [("arm", "v5")],
    "levels of amd64": [("amd64", "v3"), ("amd64", "v2")],
    "levels of amd64 and none": [("amd64", "v3"), ("amd64", "")],
    "twice the same": [("amd64", ""), ("amd64", "")],
    "others": [("s390x", ""), ("ppc64le", ""), ("riscv64", "")],
    "other systems": [("amd64", "", "windows"), ("amd64", "", "freebsd"), ("arm64", "v8", "windows")],
    "empty": [],
    "no platform": [NONE],
    "no platform before a fitting one": [NONE, ("amd64", "")],
    "no platform after a fitting one": [("amd64", ""), NONE],
    "two without platform": [NONE, NONE],
    "zstd after gzip": [("amd64", ""), ("amd64", "", "linux", ZSTD)],
    "zstd before gzip": [("amd64", "", "linux", ZSTD), ("amd64", "")],
    "two of zstd": [("amd64", "", "linux", ZSTD), ("amd64", "", "linux", ZSTD), ("amd64", "")],
    "zstd for the worse variant": [
        ("arm", "v7"),
        ("arm", "v6", "linux", ZSTD),
        ("arm64", "v8"),
        ("arm64", "", "linux", ZSTD),
    ],
    "zstd for the better variant": [
        ("arm", "v6"),
        ("arm", "v7", "linux", ZSTD),
        ("arm64", ""),
        ("arm64", "v8", "linux", ZSTD),
    ],
    "zstd said to be false": [("amd64", ""), ("amd64", "", "linux", {ANNOTATION: "false"})],
    "zstd without platform": [NONE, (None, "", "linux", ZSTD), ("s390x", "")],
}
NODES = [
    PlatformSpec("linux", "amd64"),
    PlatformSpec("linux", "amd64", "v2"),
    PlatformSpec("linux", "amd64", "v3"),
    PlatformSpec("linux", "arm64"),
    PlatformSpec("linux", "arm64", "v8"),
    PlatformSpec("linux", "arm64", "v9"),
    PlatformSpec("linux", "arm"),
    PlatformSpec("linux", "arm", "v6"),
    PlatformSpec("linux", "arm", "v7"),
    PlatformSpec("linux", "arm", "v8"),
    PlatformSpec("linux", "s390x"),
    PlatformSpec("windows", "amd64"),
]
CASES = [
    (name, kind)
    for name, entries in LISTS.items()
    for kind in (OCI_INDEX, DOCKER_LIST)
    if kind == OCI_INDEX or (NONE not in entries and not any(len(entry) > 3 for entry in entries))
]


def blob(folder, data: bytes, suffix: str = "") -> dict[str, object]:
    digest = hashlib.sha256(data).hexdigest()
    (folder / f"{digest}{suffix}").write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def directory(folder, entries, kind) -> bytes:
    """Write a list with one image an entry, whose config says which entry it is; return the list."""
    (folder / "version").write_text("Directory Transport Version: 1.1\n")
    docker = kind == DOCKER_LIST
    family = "application/vnd.docker.distribution" if docker else "application/vnd.oci.image"
    config_type = "application/vnd.docker.container.image.v1+json" if docker else f"{family}.config.v1+json"
    manifest_type = f"{family}.manifest.v2+json" if docker else f"{family}.manifest.v1+json"
    found = []
    for number, entry in enumerate(entries):
        labels = {"config": {"Labels": {"entry": str(number)}}}
        config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}, **labels}
        about = {"mediaType": config_type, **blob(folder, json.dumps(config).encode())}
        manifest = {"schemaVersion": 2, "mediaType": manifest_type, "config": about, "layers": []}
        item = {"mediaType": manifest_type, **blob(folder, json.dumps(manifest).encode(), "")}
        (folder / item["digest"][7:]).rename(folder / f"{item['digest'][7:]}.manifest.json")
        if entry is not None:
            architecture, variant, system, annotations = (*entry, *("linux", None)[len(entry) - 2 :])
            if architecture:
                variants = {"variant": variant} if variant else {}
                item["platform"] = {"architecture": architecture, "os": system, **variants}
            if annotations:
                item["annotations"] = annotations
        found.append(item)
    data = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": found}).encode()
    (folder / "manifest.json").write_bytes(data)
    return data


def skopeo(folder, node) -> tuple[str | None, str]:
    """Return the number of the entry that skopeo takes, or what it says."""
    override = ["--override-os", node.os, "--override-arch", node.architecture]
    override += ["--override-variant", node.variant] if node.variant else []
    done = subprocess.run(
        ["skopeo", "--insecure-policy", *override, "inspect", "--config", f"dir:{folder}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return json.loads(done.stdout)["config"]["Labels"]["entry"], ""
    return None, done.stderr.replace('\\"', '"')


@pytest.fixture(scope="module")
def version():
    if shutil.which("skopeo") is None:
        pytest.skip("needs skopeo")
    text = subprocess.run(["skopeo", "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(r"(\d+)\.(\d+)", text).groups()))


def test_the_table_is_long_enough():
    assert len(CASES) * len(NODES) >= 60
    assert sum(name.startswith(("zstd", "two of zstd")) for name, _ in CASES) == 7


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_the_entry_that_skopeo_takes_is_chosen(name, kind, version, tmp_path):
    manifest = read_manifest(directory(tmp_path, LISTS[name], kind), Where("manifest"))
    digests = [entry.digest for entry in manifest.instances]
    for node in NODES:
        taken, said = skopeo(tmp_path, node)
        chosen = choose_instance(manifest, node, prefer_zstd=version >= (1, 12))
        if taken is None:
            assert chosen is None, (node, said)
            assert none_found(manifest, node, quoted=version >= (1, 16)) in said
        else:
            assert chosen is not None, node
            # two entries may hold the same manifest
            assert digests[int(taken)] == chosen.digest, node
