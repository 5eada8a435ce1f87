"""The graph root lies on an XFS without file types (ftype=0): overlay cannot work on it.

What happened
    The file system was made by an old mkfs.xfs, or with `-n ftype=0`. Overlay needs the type of each directory entry to
    hide deleted files; the kernel refuses such a lower layer, or shows whiteouts as device nodes.

How it shows
    `ftype=0` in a captured xfs_info. Engines refuse the graph root or warn; deleted files show up again as devices 0:0.

What speaks against it
    Another file system that the store really lies on: xfs_info may be that of the root disk only.

What to do
    It cannot be switched on later. Make a new file system with `mkfs.xfs -n ftype=1`, mount it at the graph root, and
    pull the images again; move volumes over by hand.

Sources
    podman#545, buildah#310; kernel fs/overlayfs (d_type).
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.causes.case import Case, subjects_of
from analyzer.causes.family import family
from analyzer.causes.model import DATA_LOSS, Hypothesis, Step

PRIOR = 0.0
WEIGHT = 3.0


@family
def propose(case: Case) -> Iterator[Hypothesis]:
    """Propose the file system where a captured xfs_info says so."""
    found = case.of("STO-019", at_least="warning")
    if not found:
        return
    yield Hypothesis(
        family="no-file-types",
        title=f"the file system at {found[0].facts['mount']} was made without file types (ftype=0)",
        subjects=subjects_of(found),
        explains=dict.fromkeys(found, WEIGHT),
        prior=PRIOR,
        would_settle=("`xfs_info` of the mount point that holds the graph root",),
        plan=(
            Step(
                "",
                "Drain the node, save volumes, make a new file system (`mkfs.xfs -n ftype=1`) for the graph root, and "
                "pull the images again.",
                DATA_LOSS,
                "`xfs_info` says ftype=1",
            ),
        ),
    )
