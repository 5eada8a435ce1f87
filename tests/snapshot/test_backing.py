"""The backing file system, from the mount table of the bundle."""

from __future__ import annotations

import pytest

from tests.editing import Edited

TABLE = """\
/dev/vda4 / ext4 rw,relatime 0 0
/dev/vdb1 /var/lib/containers xfs rw,seclabel,relatime,attr2,inode64,logbufs=8 0 0
overlay /var/lib/containers/storage/overlay/abc/merged overlay rw 0 0
tmpfs /run tmpfs rw 0 0
"""
MOUNT = """\
/dev/vda4 on / type ext4 (rw,relatime)
/dev/vdb1 on /var/lib/containers type xfs (rw,relatime)
"""


@pytest.mark.parametrize(("path", "text"), [("proc/mounts", TABLE), ("sos_commands/filesys/mount_-l", MOUNT)])
def test_the_deepest_mount_point_above_the_graph_root_counts(path, text):
    [store] = Edited().write(path, text).snapshot().stores
    assert store.backing_fs == "xfs"


def test_a_root_of_its_own_file_system():
    [store] = Edited().write("proc/mounts", "/dev/vda4 / btrfs rw 0 0\n").snapshot().stores
    assert store.backing_fs == "btrfs"


def test_without_a_table_it_is_not_known():
    [store] = Edited().snapshot().stores
    assert store.backing_fs == ""
