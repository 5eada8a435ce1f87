"""Foretell what engines would do on an edited store."""

from __future__ import annotations

from analyzer.checks.run import run_rules
from analyzer.graph.relations import relate
from analyzer.outlook.model import Outlook
from analyzer.outlook.predict import predict
from analyzer.snapshot.platform import platform_of
from tests.editing import Edited

ENGINES = ("cri-o@1.37", "podman@4.3")
START, UNCLEAN, LIST = "start", "start after unclean stop", "crictl images"
PODMAN_IMAGES, PODMAN_PS = "podman images", "podman ps -a"


def foretell(store: Edited, *, engines: tuple[str, ...] = ENGINES, platform: str | None = None) -> dict[str, Outlook]:
    """Return the predictions by command."""
    snapshot = store.snapshot()
    relations = relate(snapshot)
    node = platform_of(snapshot, platform)
    findings = run_rules(snapshot, relations, engines=engines, platform=node).findings
    return {item.command: item for item in predict(snapshot, relations, findings, node, engines)}


def removed(item: Outlook) -> tuple[int, int, int]:
    """Return numbers of layers, images and containers removed."""
    assert item.deletes is not None
    return item.deletes.layers, item.deletes.images, item.deletes.containers
