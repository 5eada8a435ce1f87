"""STO-019: file types of the file system under the graph root."""

from __future__ import annotations

import pytest

from tests.editing import Edited

RULE = "STO-019"
PLACE = "sos_commands/xfs/xfs_info_"
INFO = (
    "meta-data=/dev/sdb1              isize=512    agcount=4, agsize=1310016 blks\n"
    "naming   =version 2              bsize=4096   ascii-ci=0, ftype={}\n"
)


def with_info(**ftypes: int) -> Edited:
    """Return a store with the xfs_info of mount points, written as sosreport names its files."""
    store = Edited()
    for name, ftype in ftypes.items():
        store.write(PLACE + name.replace("_", "."), INFO.format(ftype))
    return store


def sample() -> tuple[Edited, str]:
    """Return a store on a file system without file types."""
    return with_info(_=1, _var_lib_containers=0), "storage"


def test_takes_the_nearest_mount_above_the_graph_root():
    [finding] = sample()[0].findings(RULE)
    assert (finding.severity, finding.facts["mount"]) == ("warning", "/var/lib/containers")


@pytest.mark.parametrize("ftypes", [{"_": 1}, {"_": 0, "_var": 1}, {"_": 1, "_home": 0, "_var_lib_container": 0}])
def test_other_file_systems_and_good_ones_stay_silent(ftypes):
    assert with_info(**ftypes).findings(RULE) == []


def test_text_that_does_not_tell_stays_silent():
    assert Edited().write(PLACE + ".", "xfs_info: /: not found\n").findings(RULE) == []
