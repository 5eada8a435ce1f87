"""Directories of several nodes in one bundle are captured each in its own way."""

from __future__ import annotations

import subprocess

import pytest

import analyzer
from analyzer.capture.nodes import nodes, on_one_node
from analyzer.snapshot.overlay import DriverHome
from analyzer.snapshot.store import GRAPH_ROOT, Store
from tests.captures.stores import laid_out, usable

USER = ".local/share/containers/storage"


def store(root: str) -> Store:
    return Store(root, "overlay", DriverHome(f"{root}/overlay"), role=GRAPH_ROOT)


@pytest.mark.parametrize(
    ("roots", "expected"),
    [
        (["a/var/lib/containers/storage", "b/var/lib/containers/storage"], ["a", "b"]),
        (["x/a/storage", "x/b/storage"], ["x/a", "x/b"]),
        ([f"first/home/u/{USER}", f"second/home/u/{USER}"], ["first", "second"]),
        ([f"home/u/{USER}", f"home/v/{USER}", "var/lib/containers/storage"], []),
        (["var/lib/containers/storage", "var/lib/containers/storage"], []),
    ],
)
def test_nodes_are_told_by_equal_places(roots, expected):
    stores = [store(root) for root in roots]
    assert nodes(stores) == expected
    first = on_one_node(stores, roots[0])
    assert first == ([stores[0]] if expected else stores)


@pytest.mark.skipif(bool(usable()), reason=usable())
@pytest.mark.parametrize("removed", [True, False])
def test_a_poor_copy_beside_a_node_hides_no_damage_and_makes_none(tmp_path, removed):
    (tmp_path / "poor").mkdir()
    subprocess.run(["cp", "-a", laid_out("sample"), tmp_path / "whole"], check=True)
    subprocess.run(["cp", "-r", laid_out("sample") / "storage", tmp_path / "poor"], check=True)
    lower = sorted(tmp_path.glob("whole/storage/overlay/*/lower"))
    for path in lower if removed else ():
        path.unlink()
    report = analyzer.analyze(tmp_path)
    found = {each.rule for each in report.findings if each.severity != "info"}
    assert found == ({"OVL-007"} if removed else set())
