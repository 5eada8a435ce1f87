"""Files of a rootless store belong to ids outside the user's range.

What it finds
    A rootless store in whose layers files belong to ids that are neither the user's own nor in the range that
    /etc/subuid (for groups /etc/subgid) gives this user.

Why it matters
    The range was changed after the images were pulled. In the user's name space those files belong to nobody:
    programs that need their owner fail, and podman cannot change or remove them
    (`lchown ...: operation not permitted`).

How sure
    High where every id that is not the user's own lies outside; medium where only some do.

Remedy
    Set the old range again in /etc/subuid and /etc/subgid and run `podman system migrate`. Where that cannot be done,
    remove the images with `podman unshare`d rights or as root, and pull them again.

Engine source
    containers/storage pkg/idtools; newuidmap(1), subuid(5); podman#23369.
"""

from __future__ import annotations

from typing import Any

from analyzer.checks.rule import ERROR, HIGH, MEDIUM, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.node.users import SubordinateIds, subordinate_ids
from analyzer.snapshot.store import GRAPH_ROOT

NOBODY = 65534
SHOWN = 4


@rule(
    "HST-001",
    severity=ERROR,
    needs=(Need.HOST, Need.CONTENT),
    says=(
        "{path} gives user `{user}` the {what} {ranges}, and {count} of {all:layer} have files of {number}: the "
        "range was changed after the store was made"
    ),
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the owners of layer files with the user's ranges."""
    store = view.store
    member = store.home.member
    if store.role != GRAPH_ROOT or member is None or member.uid == 0:
        return
    for kind, what, column, own in (("subuid", "ids", "uids", member.uid), ("subgid", "group ids", "gids", member.gid)):
        ranges = subordinate_ids(view.snapshot.host, kind, store.root, member.uid)
        if ranges is None:
            continue
        found = _judge(view, this, ranges, what, column, {own, 0, NOBODY})
        if found is not None:
            yield found
            return


def _judge(
    view: StoreView, this: Rule, ranges: SubordinateIds, what: str, column: str, own: set[int]
) -> Finding | None:
    outside: dict[str, int] = {}
    paths: dict[str, str] = {}
    inside = False
    tables = [(key, table) for key, layer in view.store.home.layers.items() for table in layer.tables.values()]
    for key, table in tables:
        numbers: Any = getattr(table, column)
        for number in sorted(set(numbers) - own):
            if ranges.holds(number):
                inside = True
            elif key not in outside:
                outside[key] = number
                paths[key] = f"{table.path}/{table.names[numbers.index(number)]}"
    if not outside:
        return None
    shown = ", ".join(f"{first} to {first + count - 1}" for first, count in ranges.ranges) or "no range"
    return this.found(
        view.file(ranges.path),
        [(Where(paths[key]), f"an id in {shown}", str(number)) for key, number in list(outside.items())[:SHOWN]],
        confidence=MEDIUM if inside else HIGH,
        path=ranges.path,
        line=ranges.line,
        user=ranges.user,
        what=what,
        ranges=shown,
        count=len(outside),
        all=len({key for key, _ in tables}),
        number=next(iter(outside.values())),
        layers=sorted(outside),
        everything=not inside,
    )
