"""Made-up findings on the real records of a healthy store: what a family makes of them, free of any rule."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from analyzer.causes.case import Case
from analyzer.causes.family import builtin_families
from analyzer.checks.finding import Evidence, Finding, Subject
from analyzer.graph.relations import relate
from analyzer.snapshot.provenance import Where
from tests.editing import Edited

FAMILIES = {family.id: family.propose for family in builtin_families()}
UNKNOWN, OTHER = "f" * 64, "e" * 64
"""Ids that no record has."""


@functools.cache
def healthy():
    """Return the snapshot and the relations of a healthy store with images and containers of podman and CRI-O."""
    snapshot = Edited().snapshot()
    return snapshot, relate(snapshot)[0]


@dataclass(frozen=True)
class Named:
    """Objects of the store: an image with a container, its layers from the top down, and two images without one."""

    image: str
    top: str
    base: str
    container: str
    writable: str
    spare: str
    spare_top: str


@functools.cache
def named() -> Named:
    _, rel = healthy()
    by_name = {name: image for image in rel.images.values() for name in image.names}
    image, spare = by_name["quay.example.test/shop/web:1.4"], by_name["quay.example.test/shop/worker:2.0"]
    [container] = [each for each in rel.containers.values() if each.image == image.id]
    base = list(rel.chain(image.layer))[-1]
    return Named(image.id, image.layer, base, container.id, container.layer, spare.id, spare.layer)


def found(rule: str, key: str = "", kind: str = "layer", /, *, severity: str = "error", at: str = "", **facts):
    """Return a finding of a rule about an object, or about a file where there is no id."""
    at = at or f"storage/overlay/{key or rule}"
    subject = Subject(kind if key else "file", key, at)
    return Finding(rule, "made-up", severity, "high", subject, (Evidence(Where(at), "a", "b"),), "text", facts)


def case_of(*findings: Finding, store: Edited | None = None) -> Case:
    """Return the case of a store, the healthy one unless another is given, with these findings about it."""
    if store is None:
        return Case(*healthy(), findings)
    snapshot = store.snapshot()
    return Case(snapshot, relate(snapshot)[0], findings)


def proposed(family: str, *findings: Finding, store: Edited | None = None):
    """Return what a family proposes for the findings."""
    return list(FAMILIES[family](case_of(*findings, store=store)))


def terms(hypothesis) -> tuple[float, list[float], list[float]]:
    """Return the prior, what each finding weighs in the order of the explanation, and what each further reason does."""
    return hypothesis.prior, list(hypothesis.explains.values()), [reason.weight for reason in hypothesis.reasons]


IT = named()


def layers(rule: str, count: int, /, **facts):
    """Return findings of one rule about as many layers."""
    return [found(rule, key, **facts) for key in (IT.top, IT.base, IT.spare_top, IT.writable)[:count]]


def of_images(rule: str, count: int, /, **facts):
    return [found(rule, key, "image", **facts) for key in (IT.image, IT.spare)[:count]]


def index(rule: str, part: str = "layers", /, **facts):
    at = f"storage/overlay-{part}/{part}.json"
    return found(rule, **{"at": at, "severity": "critical", "part": part, **facts})


FULL = {"full": True, "what": "space", "mount": "/", "severity": "warning"}
POD = {"infra": False, "name": "web1", "key": UNKNOWN, "severity": "warning"}
VALUE = {"part": "config", "kind": "volume", "name": "data", "key": "data"}
FLIP = {"found": "a", "right": "b", "part": "layers", "broken": (IT.top,)}
ROLLED = {"part": "layers", "name": "layers.json", "missing": 2, "written_ns": 10**18}
CLASH = {"read_only": True, "count": 2, "name": "a:1"}
LOCK = {"name": "a and b", "containers": (IT.container,)}
MOUNT = {"containers": (IT.container,)}
SWEEP = {"sweep": True, "facet": "mode", "count": 9, "pattern": "o+w"}
WRITES = {"count": 1, "files": ("bin/x",), "kinds": {"content": 1}, "unsynced": False}
