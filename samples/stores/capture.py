"""Capture a node's storage in a tar, in the ways that people do."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from stores.node import GRAPH_ROOT, Node

_XATTRS = ("--xattrs", "--xattrs-include=*")
_STYLES: dict[str, Callable[[Node], list[object]]] = {
    "plain": lambda node: [*_XATTRS, "-C", node.root.parent, "storage"],
    "metadata": lambda node: [*_XATTRS, "--exclude=storage/overlay/*/diff/*", "-C", node.root.parent, "storage"],
    "no-xattrs": lambda node: ["-C", node.root.parent, "storage"],
    "gzip": lambda node: [*_XATTRS, "--gzip", "-C", node.root.parent, "storage"],
    "zstd": lambda node: [*_XATTRS, "--use-compress-program=zstd -19", "-C", node.root.parent, "storage"],
    "inside-root": lambda node: [*_XATTRS, "-C", node.root, "."],
    "host-root": lambda node: [*_XATTRS, "-C", node.home, GRAPH_ROOT[1:]],
}
STYLES = tuple(_STYLES)


def capture(node: Node, bundle: Path, style: str = "plain") -> Path:
    """Write the bundle by GNU tar and hand back its path. `style` is one of `STYLES`."""
    command = ["tar", "--create", "--file", bundle, "--numeric-owner", "--sort=name", *_STYLES[style](node)]
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
    return bundle
