"""Lines of logs by what they tell; each line is one that its source prints."""

from __future__ import annotations

import pytest

from analyzer.snapshot.host import Host
from analyzer.snapshot.node import log_events as logs
from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import FILE, Member

NEWEST = 1_795_000_000 * 10**9


def told(*lines: str):
    host = Host()
    text = "\n".join(lines).encode()
    host.logs["journal.txt"] = SmallFile(Member(path="journal.txt", kind=FILE, size=len(text)), text)
    return logs.log_events(host, NEWEST)


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (logs.CORRUPTION, "kernel: XFS (dm-3): Metadata corruption detected at xfs_agf_read_verify+0x52/0x60"),
        (
            logs.CORRUPTION,
            "kernel: EXT4-fs error (device sda2): ext4_lookup:1785: inode #131: comm crio",
        ),
        (logs.SHUTDOWN, "kernel: XFS (dm-3): Filesystem has been shut down due to log error (0x2)."),
        (logs.IO_ERROR, "kernel: blk_update_request: I/O error, dev sda, sector 1234 op 0x0:(READ)"),
        (logs.FULL, "crio[1]: mkdir /var/lib/containers/storage/overlay/x: no space left on device"),
        (logs.UNCLEAN, "kernel: XFS (sda4): Starting recovery (logdev: internal)"),
        (
            logs.UNCLEAN,
            'crio[1]: msg="Checking storage directory /s for errors because of unclean shutdown"',
        ),
        (logs.KILLED, "kernel: Out of memory: Killed process 4711 (podman) total-vm:1kB, anon-rss:1kB"),
        (logs.KILLED, "systemd[1]: crio.service: Main process exited, code=killed, status=9/KILL"),
        (
            logs.DENIED,
            "audit: avc:  denied  { read } for pid=1 scontext=system_u:system_r:container_t:s0:c1,c2 tclass=file",
        ),
        (logs.WIPED, 'crio[1]: level=info msg="Wiping images because version changed"'),
    ],
)
def test_one_line(kind, line):
    found = told("Nov 28 03:11:01 n systemd[1]: Started.", f"Nov 28 03:11:02 n {line}")
    assert set(found) == {kind}
    assert (found[kind].count, found[kind].line, found[kind].ns is not None) == (1, 2, True)


@pytest.mark.parametrize(
    "line",
    [
        "kernel: XFS (vdb1): Mounting V5 Filesystem",
        "kernel: Out of memory: Killed process 4711 (java) total-vm:1kB",
        "kernel: blk_update_request: I/O error, dev fd0, sector 0",
        'crio[1]: level=info msg="Image operating system mismatch"',
    ],
)
def test_lines_that_say_nothing(line):
    assert told(line) == {}


def test_lines_are_counted_and_devices_named():
    found = told(*["kernel: XFS (vdb1): Metadata corruption detected at x, block 0x1"] * 3)[logs.CORRUPTION]
    assert (found.count, found.devices, found.line) == (3, ("vdb1",), 1)


def test_a_long_line_costs_no_more_than_its_length():
    assert told("x" * 3_000_000 + "no space left on device")[logs.FULL].text == "x" * 200
