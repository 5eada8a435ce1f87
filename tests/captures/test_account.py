"""What the one sentence about the capture says."""

from __future__ import annotations

import subprocess

import analyzer
from tests.captures.stores import ROOT


def test_directories_of_several_nodes_in_one_bundle_are_told(tmp_path):
    for node, sample in (("n1", "healthy"), ("n2", "modified-base")):
        (tmp_path / node).mkdir()
        command = ["tar", "--zstd", "-xf", ROOT / "samples" / f"{sample}.tar.zst", "--exclude=*/backingFsBlockDev"]
        subprocess.run([*command, "--exclude=*/diff/*", "-C", tmp_path / node], check=True)
    both = analyzer.analyze(tmp_path).to_dict()["coverage"]["capture"]
    assert "2 nodes in one bundle (n1, n2)" in both
    assert "nodes in one bundle" not in analyzer.analyze(tmp_path / "n1").to_dict()["coverage"]["capture"]
