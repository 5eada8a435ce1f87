"""Make all samples and their truth anew: real stores on XFS, damaged in one way each.

Run as root, with podman, buildah, skopeo, containers-storage, docker-registry, mkfs.xfs, GNU tar and zstd at hand:

    python samples/make.py [DIRECTORY]
"""

import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stores import catalogue, populate
from stores.capture import capture
from stores.damage import DAMAGES, Damage
from stores.node import Answer, Node
from stores.records import Store
from stores.registry import loopback_registry
from stores.volume import missing_requirements, xfs_volume

ARM = ("arm64", "v8")
DAMAGED = {
    "dangling-link": "layer-directory-removed",
    "missing-parent": "parent-record-removed",
    "modified-base": "base-file-edited",
    "cut-layers-json": "layers-json-cut",
}
LISTS = {"seed-case": ("amd64",), "local-list-member-missing": ARM}
HEALTHY = {
    "faults": [],
    "root_cause": "none: images pulled from a registry, one built on the node, podman's and CRI-O's containers",
    "expected_verdict": "healthy",
    "expected_top_subject": None,
    "affected_images": [],
    "affected_containers": [],
}


@dataclass(frozen=True)
class Sample:
    """A node to capture, its platform (architecture, variant), and the truth about it."""

    name: str
    node: Node
    platform: tuple[str, ...]
    truth: dict[str, Any]

    def copy(self, purpose: str) -> Node:
        """Clone the node, so that what an engine changes in it stays apart."""
        return self.node.copy(self.node.home.with_name(f"{self.name}-{purpose}"))


def main(directory: Path) -> None:
    """Make every sample and the truth file in a directory."""
    lacks = missing_requirements()
    if lacks:
        sys.exit(f"samples can't be made here: this machine lacks {', '.join(lacks)}")
    with xfs_volume() as volume, loopback_registry() as address:
        bundles = [_finish(directory, sample) for sample in _samples(volume, address)]
    (directory / "truth.json").write_text(json.dumps({"bundles": bundles}, indent=1) + "\n")


def _samples(volume: Path, address: str) -> Iterator[Sample]:
    whole = populate.whole_node(volume / "amd64", address)
    yield Sample("healthy", whole, ("amd64",), HEALTHY)
    for name, damage in DAMAGED.items():
        node = whole.copy(volume / name)
        yield Sample(name, node, ("amd64",), DAMAGES[damage](Store(node.root)).truth())
    arm = populate.arm_node(volume / "arm64", address)
    for name, platform in LISTS.items():
        node = arm.copy(volume / name)
        populate.push(node, address, {f"ci/tools:{platform[0]}": catalogue.ci_tools(*platform)})
        made = populate.make_list(node, "ci/tools:multi", f"ci/tools:{platform[0]}", platform)
        yield Sample(name, node, ARM, _list_truth(made, node.copy(volume / f"{name}-oracle").inspect_by_id(made, ARM)))


def _list_truth(made: str, answer: Answer) -> dict[str, Any]:
    damage = Damage(
        "manifest-list-made-on-the-node",
        (made,),
        "ci/tools:multi is a manifest list that buildah made on this node. CRI-O opens every image record by its id "
        "when it lists images, meets the list, and the whole listing fails.",
        images=(f"{catalogue.HOST}/ci/tools:multi",),
    )
    return {**damage.truth(), "by_id": _message(answer)}


def _finish(directory: Path, sample: Sample) -> dict[str, Any]:
    """Capture a sample, and only then ask the engines about copies of it: opening a store changes it."""
    bundle = capture(sample.node, directory / f"{sample.name}.tar.zst", "zstd")
    images = list(Store(sample.node.root).images)
    facts = {"driver": "overlay", "backing_fs": "xfs", "node_arch": sample.platform[0], "tar_style": "plain"}
    opened, rebuilt = sample.copy("opened"), sample.copy("rebuilt")
    said = {
        "podman_images": _said(sample.copy("listed").podman_images()),
        "skopeo_by_id": _each(images, lambda image: opened.inspect_by_id(image, sample.platform)),
        "skopeo_copy": _each(images, rebuilt.export_image),
        "podman_image_mount": _each(images, sample.copy("mounted").mount_image),
    }
    return {"name": sample.name, "bundle": bundle.name, **facts, **sample.truth, "engines_said": said}


def _each(images: list[str], ask: Callable[[str], Answer]) -> dict[str, Any]:
    """Ask about every image and keep what was said of those that fail."""
    answers = {image: ask(image) for image in images}
    failed = {image: _said(answer) for image, answer in answers.items() if answer.exit != 0}
    return {"asked": len(answers), "failed": failed}


def _said(answer: Answer) -> dict[str, Any]:
    return {"exit": answer.exit, "stderr": re.sub(r'time="[^"]*" ', "", answer.stderr)}


def _message(answer: Answer) -> str:
    """Take the message out of a log line of skopeo's."""
    return re.search(r'msg="((?:[^"\\]|\\.)*)"', answer.stderr)[1].replace('\\"', '"')


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent)
