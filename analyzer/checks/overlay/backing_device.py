"""`backingFsBlockDev` is not a block device node.

What it finds
    A `backingFsBlockDev` in the driver's home that is something else.

Why it matters
    Little: the driver's quota code makes the node again at each start. A file in its place says that the store was
    restored or copied by something that does not keep device nodes, and then whiteouts were lost too.

How sure
    High for the entry itself. The copy that made the bundle may be what changed it.

Remedy
    None for the node. Check the layers' whiteouts, and re-pull where they are gone.

Engine source
    containers/storage drivers/quota/projectquota_supported.go: makeBackingFsDev.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, Findings, Rule, StoreView, Where, rule
from analyzer.snapshot.overlay import BACKING_DEVICE
from analyzer.source.member import BLOCK


@rule("OVL-025", severity=INFO, says="{path} is a {seen}, where a block device node is expected")
def check(view: StoreView, this: Rule) -> Findings:
    """Look at the kind of the entry."""
    member = view.store.home.others.get(BACKING_DEVICE)
    if member is not None and member.kind != BLOCK:
        yield this.found(
            view.file(member.path),
            [(Where(member.path), "a block device", f"a {member.kind}")],
            path=member.path,
            seen=member.kind,
        )
