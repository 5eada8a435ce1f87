"""Fill a node: push the catalogue to a loopback registry, pull it, build on it, and make containers."""

import json
import secrets
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stores import catalogue
from stores.catalogue import HOST
from stores.node import Node
from stores.oci import Image, write_layout
from stores.records import Store


@dataclass(frozen=True)
class Pod:
    """One CRI-O pod: its infra container and one application container."""

    name: str
    namespace: str
    uid: str
    container: str
    image: str


PODS = (
    Pod("api-7c9", "shop", "11111111-2222-3333-4444-555555555555", "api", "shop/api:2.0"),
    Pod("gateway-1", "edge", "33333333-2222-3333-4444-555555555555", "gateway", "shop/gateway:1.0"),
)
PAUSE = "k8s/pause:3.9"
_WRITE_TO_CONTAINER = """set -e
at=$(podman mount "$0")
echo changed >> "$at/etc/passwd"
rm "$at/etc/os-release"
rm -r "$at/usr/share/zoneinfo"
mkdir "$at/usr/share/zoneinfo"
echo new > "$at/usr/share/zoneinfo/only"
podman umount "$0"
"""


def push(node: Node, address: str, images: Mapping[str, Sequence[Image]]) -> None:
    """Push images (repository and tag to one image, or to the members of an index) to the registry at `address`."""
    with tempfile.TemporaryDirectory(prefix="oci-", dir=node.home / "var/lib") as work:
        for number, (name, members) in enumerate(images.items()):
            write_layout(Path(work, str(number)), members)
            source = f"oci:/var/lib/{Path(work).name}/{number}"
            node.run("skopeo", "copy", "--all", "--dest-tls-verify=false", source, f"docker://{address}/{name}")


def pull(node: Node, names: Sequence[str], platform: Sequence[str] = ()) -> None:
    """Pull images from the registry, for another platform (architecture, variant) where one is given."""
    flags = [f"--{flag}={value}" for flag, value in zip(("arch", "variant"), platform, strict=False)]
    for name in names:
        node.run("podman", "pull", "--quiet", *flags, f"{HOST}/{name}")


def fill(node: Node, address: str, names: Sequence[str] = ()) -> None:
    """Push images of the catalogue, all where none is named, and pull them."""
    images = {name: each for name, each in catalogue.images().items() if name in names or not names}
    push(node, address, images)
    pull(node, list(images))


def build_on(node: Node, base: str, name: str) -> None:
    """Commit an image with one more layer than `base`, made on the node by buildah."""
    source = node.home / "var/lib/debug.sh"
    source.write_text("#!/bin/sh\necho ready\n")
    node.run("buildah", "from", "--name", "building", f"{HOST}/{base}")
    node.run("buildah", "copy", "--chmod", "755", "building", "/var/lib/debug.sh", "/usr/bin/debug")
    node.run("buildah", "config", "--cmd", "/usr/bin/debug", "building")
    node.run("buildah", "commit", "--rm", "building", f"{HOST}/{name}")
    source.unlink()


def create_podman_container(node: Node, name: str, image: str) -> str:
    """Create a container by podman, change files in it, and hand back its id."""
    container = node.run("podman", "create", "--network=none", "--name", name, f"{HOST}/{image}")
    node.run("sh", "-c", _WRITE_TO_CONTAINER, container)
    return container


def create_pod(node: Node, pod: Pod) -> tuple[str, str]:
    """Record a pod's two containers as CRI-O does, and hand back their ids (infra, application)."""
    infra, application = secrets.token_hex(32), secrets.token_hex(32)
    suffix = f"{pod.name}_{pod.namespace}_{pod.uid}_0"
    common = {"pod-name": f"k8s_{suffix}", "pod-id": infra, "uid": pod.uid, "namespace": pod.namespace}
    of_infra = {"name": f"k8s_POD_{suffix}", "metadata-name": pod.name, "pod": True}
    of_application = {"name": f"k8s_{pod.container}_{suffix}", "metadata-name": pod.container}
    _create_crio_container(node, infra, PAUSE, common | of_infra)
    _create_crio_container(node, application, pod.image, common | of_application)
    return infra, application


def _create_crio_container(node: Node, container: str, image: str, metadata: dict[str, Any]) -> None:
    name = f"{HOST}/{image}"
    image_id = Store(node.root).image_named(name)["id"]
    metadata |= {"image-name": name, "image-id": image_id, "created-at": int(time.time())}
    text = json.dumps(metadata, separators=(",", ":"))
    options = ["--volatile", "--id", container, "--name", metadata["name"], "--metadata", text]
    node.run("containers-storage", "create-container", *options, image_id)


def make_list(node: Node, name: str, member: str, platform: Sequence[str]) -> str:
    """Make a manifest list on the node by buildah with one member, which stays in the registry; hand back its id."""
    architecture, *variant = platform
    flags = ["--arch", architecture, *(["--variant", *variant] if variant else [])]
    node.run("buildah", "manifest", "create", f"{HOST}/{name}")
    node.run("buildah", "manifest", "add", *flags, f"{HOST}/{name}", f"docker://{HOST}/{member}")
    return Store(node.root).image_named(f"{HOST}/{name}")["id"]


def whole_node(home: Path, address: str) -> Node:
    """Make a healthy amd64 node with everything: pulled and built images, podman's and CRI-O's containers."""
    node = Node.create(home, address)
    images = catalogue.images()
    push(node, address, images)
    pull(node, list(images))
    node.run("podman", "tag", f"{HOST}/shop/web:1.4", f"{HOST}/shop/web:stable")
    build_on(node, "base/os:9.4", "ops/debug:dev")
    create_podman_container(node, "web1", "shop/web:1.4")
    for pod in PODS:
        create_pod(node, pod)
    return node


def arm_node(home: Path, address: str) -> Node:
    """Make a healthy arm64 node of CRI-O's, whose api image ends in a layer without entries for its directories."""
    node = Node.create(home, address)
    images = catalogue.images("arm64", "v8")
    images["shop/api:2.0"] = [catalogue.with_certificates(image) for image in images["shop/api:2.0"]]
    push(node, address, images)
    pull(node, list(images), ("arm64", "v8"))
    for pod in PODS:
        create_pod(node, pod)
    return node
