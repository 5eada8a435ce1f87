"""What captured logs tell of the node: file systems that broke, disks that failed or were full, unclean boots, kills.

Lines of kernel, journald and engines, by the words their sources print (fs/xfs/xfs_fsops.c, xfs_log_recover.c, block
layer, mm/oom_kill.c, CRI-O cmd/crio, SELinux audit). Each kind is told once with how often it was seen and where first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.snapshot.logs import stamp

if TYPE_CHECKING:
    from analyzer.snapshot.host import Host

CORRUPTION, SHUTDOWN, IO_ERROR, FULL = "corruption", "shutdown", "io-error", "full"
UNCLEAN, KILLED, DENIED, WIPED = "unclean", "killed", "denied", "wiped"
PATTERNS = {
    CORRUPTION: rb"XFS \([^)\n]{1,40}\): (?:Metadata |Internal |In-memory )?(?:[Cc]orruption|error)[^\n]{0,20}"
    rb"|Unmount and run xfs_repair|EXT4-fs error|BTRFS (?:error|critical)|Structure needs cleaning",
    SHUTDOWN: rb"Shutting down filesystem|Filesystem has been shut down|xfs_do_force_shutdown"
    rb"|Remounting filesystem read-only",
    IO_ERROR: rb"I/O error,? (?:on )?(?:dev(?:ice)?|in) (?!fd\d|sr\d|loop\d)\S{1,40}|critical medium error"
    rb"|Unrecovered read error|Buffer I/O error on dev(?:ice)? (?!fd\d|sr\d|loop\d)\S{1,40}",
    FULL: rb"[Nn]o space left on device|[Dd]isk quota exceeded",
    UNCLEAN: rb"because of unclean shutdown|XFS \([^)\n]{1,40}\): (?:Starting|Ending) recovery"
    rb"|EXT4-fs \([^)\n]{1,40}\): recovery complete|corrupted or uncleanly shut down|Kernel panic",
    KILLED: rb"Killed process \d+ \((?:crio|podman|buildah|skopeo)\b"
    rb"|oom-kill:[^\n]{0,300}task=(?:crio|podman|buildah|skopeo)\b"
    rb"|(?:crio|podman|buildah)[^\n]{0,80}code=killed",
    DENIED: rb"avc: +denied +\{[^}\n]{1,100}\}[^\n]{0,500}:container_t:",
    WIPED: rb"[Ww]iping (?:containers|images|storage)|Failed to wipe storage|crio-wipe",
}
ANY = re.compile(b"|".join(b"(?P<k%d>%s)" % (number, each) for number, each in enumerate(PATTERNS.values())))
DEVICE = re.compile(r"(?:XFS|EXT4-fs|BTRFS)[^(\n]{0,20}\((?:device )?([\w.-]{1,40})\)|dev(?:ice)? ([\w.-]{1,40})")
SHOWN = 200
MEMO = "log events"


class LogEvents(Struct, frozen=True):
    """All lines of one kind.

    Attributes:
        kind: one of the constants of this module.
        count: lines of all logs.
        path, line: member path and line number (in what was kept) of the first one.
        text: that line, cut to a bounded length; hostile text.
        ns: when it was logged, Unix nanoseconds, None where not told.
        devices: names of block devices that lines of this kind name, sorted.
    """

    kind: str
    count: int
    path: str
    line: int
    text: str
    ns: int | None
    devices: tuple[str, ...]


def log_events(host: Host, newest_ns: int) -> dict[str, LogEvents]:
    """Return what the captured logs tell, by kind.

    Args:
        host: captured files.
        newest_ns: latest time of the capture, which dates lines that state no year.
    """
    if (known := host.memo.get(MEMO)) is not None:
        return known  # type: ignore[no-any-return]
    kinds = tuple(PATTERNS)
    found: dict[str, LogEvents] = {}
    devices: dict[str, set[str]] = {}
    for path, file in sorted(host.logs.items()):
        data = file.data or b""
        last = -1
        for match in ANY.finditer(data):
            start = data.rfind(b"\n", 0, match.start()) + 1
            kind = kinds[int(match.lastgroup[1:])] if match.lastgroup else ""
            if start == last or not kind:
                continue
            last = start
            end = data.find(b"\n", match.end())
            text = data[start : end if end >= 0 else len(data)][:4096].decode("utf-8", "replace")
            seen = devices.setdefault(kind, set())
            if len(seen) < SHOWN:
                seen.update(filter(None, (name for pair in DEVICE.findall(text) for name in pair)))
            before = found.get(kind)
            if before is None:
                ns, _ = stamp(text, newest_ns)
                found[kind] = LogEvents(kind, 1, path, data.count(b"\n", 0, start) + 1, text[:SHOWN], ns, ())
            else:
                found[kind] = LogEvents(kind, before.count + 1, before.path, before.line, before.text, before.ns, ())
    told = {
        kind: LogEvents(kind, e.count, e.path, e.line, e.text, e.ns, tuple(sorted(devices[kind])))
        for kind, e in found.items()
    }
    host.memo[MEMO] = told
    return told
