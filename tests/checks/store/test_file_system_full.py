"""STO-018: room on the file system of the graph root."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-018"
DF = "sos_commands/filesys/df_-al_-x_autofs"
HEAD = "Filesystem     1K-blocks    Used Available Use% Mounted on\n"
INODES = "Filesystem     Type   Inodes  IUsed IFree IUse% Mounted on\n"


def with_df(*rows: str, head: str = HEAD) -> Edited:
    return Edited().write(DF, head + "\n".join(rows) + "\n")


def sample() -> tuple[Edited, str]:
    """Return a store on a full file system."""
    return with_df("/dev/sda1 100 50 50 50% /", "/dev/sdb1 100 100 0 100% /var/lib/containers"), "storage"


def test_takes_the_nearest_mount_above_the_graph_root():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["mount"], finding.facts["percent"]) == (
        "warning",
        "/var/lib/containers",
        100,
    )
    assert finding.evidence[0].where == (DF, "3", 0)


def test_inodes_are_told_from_blocks():
    [finding] = with_df("/dev/sda1 xfs 100 100 0 100% /", head=INODES).findings(RULE)
    assert finding.facts["what"] == "inodes"


def test_nearly_full_is_information():
    assert [f.severity for f in with_df("/dev/sda1 100 97 3 97% /").findings(RULE)] == ["info"]


@pytest.mark.parametrize(
    "rows",
    [
        ["/dev/sda1 100 50 50 50% /"],
        ["/dev/sda1 100 50 50 50% /", "/dev/sdb1 100 100 0 100% /var/lib/containersX"],
        ["/dev/sda1 100 50 50 50% /", "/dev/loop0 100 100 0 100% /snap/core"],
        ["garbage", "", "proc 0 0 0 - /proc"],
    ],
)
def test_other_file_systems_are_silent(rows):
    assert with_df(*rows).findings(RULE) == []


def test_the_graph_root_of_storage_conf_decides():
    store = with_df("/dev/sda1 100 100 0 100% /", "/dev/sdb1 100 1 99 1% /srv")
    store.write("etc/containers/storage.conf", '[storage]\ndriver = "overlay"\ngraphroot = "/srv/storage"\n')
    assert store.findings(RULE) == []
