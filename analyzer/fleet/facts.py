"""What a node is, as (kind, value) pairs that nodes can share: engines, kernel, platform, file system, images, bases.

A kind with no value on a node is not known there: nothing may be concluded from its absence. Images and base layers are
listed whole, so that absence means something where the bundle was read whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.api.report import Report
from analyzer.snapshot.engines import CRIO, PODMAN, engine_version
from analyzer.snapshot.host import Host
from analyzer.snapshot.platform import MACHINES

KINDS = {
    "crio": "CRI-O",
    "podman": "Podman",
    "kernel": "kernel",
    "os": "operating system",
    "platform": "platform",
    "backing_fs": "file system",
    "driver": "driver",
    "image": "image",
    "base": "base layer",
}
LISTED = frozenset({"image", "base"})
"""Kinds of which a node has many, and of which absence is known."""

UNAME = re.compile(r"Linux (?:version )?(?:\S+ )?(\d+\.\d+\.\S*)")
UNAME_FILE = re.compile(r"(?:^|/)(?:proc/version|uname[^/]*|sos_commands/kernel/uname[^/]*)$")
MACHINE = re.compile(rf"\.(?:{'|'.join(MACHINES)})$")
"""End of a kernel's release that names the machine, which is a fact of its own."""
PRETTY = re.compile(r'(?m)^PRETTY_NAME="?([^"\n]*)"?$')
RELEASE_FILE = re.compile(r"(?:^|/)etc/os-release$")


def facts(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the facts of a node, each once, in a fixed order."""
    yield from dict.fromkeys(pair for pair in _all(report) if pair[1])


def first_value(known: Iterable[tuple[str, str]], kind: str) -> str:
    """Return the first value of a kind, `""` for none."""
    return next((value for each, value in known if each == kind), "")


def _all(report: Report) -> Iterator[tuple[str, str]]:
    snapshot, platform = report.snapshot, report.platform
    for kind, engine in (("crio", CRIO), ("podman", PODMAN)):
        version = engine_version(engine, snapshot.host)
        yield kind, version.text if version.source else ""
    yield "kernel", MACHINE.sub("", _found(snapshot.host, UNAME_FILE, UNAME))
    yield "os", _found(snapshot.host, RELEASE_FILE, PRETTY)
    if platform.architecture:
        yield "platform", platform.name
    root = snapshot.stores[0]
    yield "backing_fs", root.backing_fs
    yield "driver", root.driver
    for relations in report.relations:
        for image in relations.images.values():
            yield "image", image.names[0] if image.names else image.id
        for layer_id, layer in relations.layers.items():
            if not layer.parent and relations.images_on.get(layer_id):
                yield "base", layer.diff_digest or layer_id


def _found(host: Host, files: re.Pattern[str], wanted: re.Pattern[str]) -> str:
    for path, text in host.texts():
        if files.search(path) and (match := wanted.search(text)):
            return match[1].strip()
    return ""
