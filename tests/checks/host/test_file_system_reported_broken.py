"""HST-005: what the kernel's lines in captured logs say of file systems."""

from __future__ import annotations

from tests.editing import Edited

RULE = "HST-005"
LOG = "sos_commands/logs/journalctl_--no-pager_--boot"
LINE = "Nov 28 03:11:02 node1 kernel: XFS (vdb1): Metadata corruption detected at xfs_dir3_data_reada, block 0x1f0\n"
MOUNTS = "/dev/vda4 / xfs rw 0 0\n/dev/{} /srv xfs rw 0 0\n"


def sample() -> tuple[Edited, str]:
    """Return a store on the device that the kernel names."""
    return logged(LINE, "vdb1"), "srv/podman/storage"


def logged(text: str, device: str = "") -> Edited:
    store = Edited("podman-pod").write(LOG, text)
    return store.write("proc/mounts", MOUNTS.format(device)) if device else store


def test_the_line_is_quoted():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["count"]) == ("warning", 1)
    assert "Metadata corruption" in finding.evidence[0].observed


def test_without_a_mount_table_it_is_information():
    assert [finding.severity for finding in logged(LINE).findings(RULE)] == ["info"]


def test_another_device_says_nothing_of_this_store():
    assert logged(LINE, "vdc1").findings(RULE) == []


def test_removable_media_and_usual_lines_say_nothing():
    usual = "kernel: I/O error, dev sr0, sector 0\nkernel: XFS (vdb1): Mounting V5 Filesystem\ncrio: I/O error\n"
    assert logged(usual, "vdb1").findings(RULE) == []
