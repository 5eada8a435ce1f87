"""Make the healthy stores and the accidents, capture them, and keep the captures with their truth in a directory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[2] / "samples"))

from stores.registry import loopback_registry
from stores.volume import missing_requirements, xfs_volume

from benchmarks.accuracy.accidents import ACCIDENTS
from benchmarks.accuracy.shapes import SERIES, SHAPES
from benchmarks.accuracy.variety import VARIETY

if TYPE_CHECKING:
    from stores.node import Node


def capture(node: Node, places: tuple[str, ...], bundle: Path) -> None:
    """Write what a bundle of a node holds by GNU tar, paths as from the root of the node."""
    present = [place for place in places if (node.home / place).exists()]
    subprocess.run(
        ["tar", "--create", "--file", bundle, "--xattrs", "--xattrs-include=*", "--numeric-owner", "--sort=name",
         "-C", node.home, *present],
        check=True, capture_output=True,
    )  # fmt: skip


def make(stock: Path) -> None:
    """Fill an empty directory with `<series>-<shape>.tar` and `accidents.json`."""
    lacks = missing_requirements()
    if lacks:
        sys.exit(f"stores can't be made here: this machine lacks {', '.join(lacks)}")
    stock.mkdir(parents=True, exist_ok=True)
    truths = []
    with xfs_volume(4 << 30) as volume, loopback_registry() as address:
        for series in SERIES:
            made = {}
            for shape, build in {**SHAPES, **VARIETY}.items():
                made[shape] = build(volume / f"{series}-{shape}", address, series)
                capture(made[shape].node, made[shape].captured, stock / f"{series}-{shape}.tar")
            for name, cause in ACCIDENTS.items():
                for shape in SHAPES:
                    healthy = made[shape]
                    happened = cause(healthy, volume / f"{series}-{shape}-{name}", address)
                    if happened is None:
                        continue
                    file = f"{series}-{shape}-{name}.tar"
                    capture(happened.node, healthy.captured, stock / file)
                    truths.append({"series": series, "shape": shape, "kind": name, "bundle": file, **happened.truth})
    (stock / "accidents.json").write_text(json.dumps(truths, indent=1) + "\n")
