"""File system of the graph root does not keep directory entry types.

What it finds
    A captured `xfs_info` that says `ftype=0` of the file system which holds the graph root.

Why it matters
    Overlay needs file types (d_type) to hide deleted files. Engines refuse such a graph root or warn, and deleted files
    show up again as device nodes. It cannot be switched on later.

How sure
    Medium: of all captured `xfs_info` the one whose mount point is the longest beginning of the graph root's path is
    taken; a file system in between that is not XFS, or was not captured, is not seen.

Remedy
    Make a new file system with `mkfs.xfs -n ftype=1` for the graph root, and pull the images again.

Engine source
    containers/storage drivers/overlay/overlay.go: supportsOverlay (d_type test); kernel fs/overlayfs.
"""

from __future__ import annotations

import re

from analyzer.checks.rule import MEDIUM, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.store import GRAPH_ROOT

XFS_INFO = re.compile(r"(?:^|/)sos_commands/xfs/xfs_(?:info|growfs_-n)_([^/]*)$")
FTYPE = re.compile(r"\bftype=([01])\b")


@rule(
    "STO-019",
    severity=WARNING,
    needs=(Need.HOST,),
    says="the file system at {mount}, which holds {root}, was made without file types (ftype=0)",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look the graph root up in every captured xfs_info."""
    if view.store.role != GRAPH_ROOT:
        return
    root = view.place
    said = []
    for path, text in view.snapshot.host.texts():
        name = XFS_INFO.search(path)
        answer = FTYPE.search(text)
        if name is None or answer is None:
            continue
        mount = "/" + name.group(1).strip(".").replace(".", "/")
        if mount in ("/", root) or root.startswith(mount + "/"):
            said.append((len(mount), mount, path, answer.group(1)))
    if not said:
        return
    _, mount, path, answer_text = max(said)
    if answer_text == "0":
        yield this.found(
            view.store_subject(),
            [(Where(path), "ftype=1", "ftype=0")],
            confidence=MEDIUM,
            mount=mount,
            root=root,
        )
