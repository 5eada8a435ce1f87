"""A log tells of a file system that broke.

What it finds
    Lines of the kernel in captured logs about corruption of a file system, about one that was shut down or made
    read-only, or about I/O errors of a disk.

Why it matters
    What lies on it may be damaged where no check of the store looks, and new damage comes. After a shutdown every
    access fails with `input/output error` until the file system is mounted again.

How sure
    A warning where a captured mount table shows that the device is the one below the graph root; information where
    the bundle does not tell which device that is. Logs may be older than the store.

Remedy
    Stop the engine, unmount, run `xfs_repair` or `fsck`, look at the disk (`smartctl -a`), and analyze a new capture.

Engine source
    fs/xfs/xfs_fsops.c, fs/xfs/xfs_error.c, block/blk-core.c.
"""

from __future__ import annotations

import re

from analyzer.checks.rule import INFO, MEDIUM, WARNING, Findings, Rule, StoreView, Where, rule
from analyzer.snapshot.node.log_events import CORRUPTION, IO_ERROR, SHUTDOWN, log_events
from analyzer.snapshot.node.placement import place_of
from analyzer.snapshot.store import GRAPH_ROOT

KINDS = {
    CORRUPTION: "corruption of a file system",
    SHUTDOWN: "a file system that was shut down",
    IO_ERROR: "I/O errors of a disk",
}
MOUNTS = re.compile(r"(?:^|/)(?:proc/(?:self/)?mounts|(?:sos_commands/filesys/)?(?:mount|mounts|df)(?:[-_.][^/]*)?)$")
DEVICE = re.compile(r"^/dev/(?:mapper/)?(\S+)", re.MULTILINE)


@rule(
    "HST-005",
    severity=WARNING,
    says="{path} reports {what} ({count:line}, the first at line {line}{devices})",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Report each kind of line once, for the graph root."""
    if view.store.role != GRAPH_ROOT:
        return
    events = log_events(view.snapshot.host, view.snapshot.newest_ns)
    below = _device_below(view)
    for kind, what in KINDS.items():
        if (event := events.get(kind)) is None:
            continue
        own = bool(below) and any(name in event.devices for name in below)
        if below and event.devices and not own:
            continue
        devices = f", of {', '.join(event.devices[:3])}" if event.devices else ""
        yield this.found(
            view.store_subject(),
            [(Where(event.path, str(event.line)), "no such line", event.text)],
            severity=WARNING if own else INFO,
            confidence=MEDIUM,
            variant=kind,
            path=event.path,
            what=what,
            count=event.count,
            line=event.line,
            devices=devices,
            own=own,
        )


def _device_below(view: StoreView) -> set[str]:
    """Return the names of the device that the graph root lies on, by the mount table or df; empty where not told."""
    place = place_of(view.store.root, view.snapshot.host, view.store.libpod)
    best, found = -1, set[str]()
    if not place.known and view.store.root.strip("/"):
        return found
    for path, text in view.snapshot.host.texts():
        if not MOUNTS.search(path):
            continue
        for line in text.splitlines():
            device = DEVICE.match(line)
            mounts = [word for word in line.split() if word.startswith("/")][1:]
            for mount in mounts[:1]:
                inside = place.path == mount or place.path.startswith(mount.rstrip("/") + "/")
                if device and inside and len(mount) > best:
                    best, found = len(mount), {device.group(1), device.group(1).rstrip("0123456789")}
    return found
