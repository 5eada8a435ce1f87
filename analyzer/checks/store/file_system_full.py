"""File system of the graph root is full.

What it finds
    A captured `df` (bytes or inodes) in which the file system that holds the graph root is full, or nearly.

Why it matters
    Pulls, builds and starts fail with `no space left on device`, and so does deleting: it writes the index first.
    Files written last are left empty or short, which explains other findings of this report.

How sure
    Medium: `df` was taken at another moment than the store, and the graph root's path on the node is taken from
    storage.conf or from the bundle's layout, `/var/lib/containers/storage` otherwise.

Remedy
    Make room elsewhere first (journal, logs), then `crictl rmi --prune` or `podman image prune`. Never delete below
    `overlay` by hand.

Engine source
    None; the kernel's ENOSPC reaches every write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from analyzer.checks.rule import INFO, MEDIUM, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.store import GRAPH_ROOT

DF = re.compile(r"(?:^|/)(?:sos_commands/filesys/)?df(?:[-_.][^/]*)?$")
FULL, NEARLY = 100, 95
UNITS = {"1K-blocks": 1024, "1024-blocks": 1024, "512-blocks": 512, "1M-blocks": 1 << 20, "1B-blocks": 1}


class FileSystemUsage(NamedTuple):
    """One line of df: where it is mounted, what it counts, per cent in use, line number from 1, bytes where it says."""

    mount: str
    what: str
    percent: int
    line: int
    bytes: int | None = None


@rule(
    "STO-018",
    severity=WARNING,
    needs=(Need.HOST,),
    says="the file system at {mount}, which holds {root}, has {percent}% of its {what} in use",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look the graph root up in every captured df."""
    if view.store.role != GRAPH_ROOT:
        return
    root = view.place
    for path, row in usage_at(view):
        if row.percent >= NEARLY:
            yield this.found(
                view.store_subject(),
                [(Where(path, str(row.line)), f"less than {NEARLY}% in use", f"{row.percent}% at {row.mount}")],
                severity=WARNING if row.percent >= FULL else INFO,
                confidence=MEDIUM,
                variant=row.what,
                mount=row.mount,
                root=root,
                percent=row.percent,
                what=row.what,
                full=row.percent >= FULL,
            )


def usage_at(view: StoreView) -> Iterator[tuple[str, FileSystemUsage]]:
    """Yield (member path, row) of the file system that holds the graph root, from every captured df."""
    root = view.place
    for path, text in view.snapshot.host.texts():
        if not DF.search(path):
            continue
        for what in ("blocks", "inodes"):
            rows = [row for row in parse_df(text) if row.what == what and _holds(row.mount, root)]
            if rows:
                yield path, max(rows, key=lambda each: (len(each.mount), each.line))


def parse_df(text: str) -> list[FileSystemUsage]:
    """Return the lines of a `df`, with or without the type column, that have a percentage."""
    rows = []
    what, column, unit = "", -1, 0
    for number, line in enumerate(text.splitlines(), 1):
        if "Mounted on" in line:
            heads = line.replace("Mounted on", "Mounted").split()
            column = next((index for index, head in enumerate(heads) if head.endswith("Use%")), -1)
            what = "inodes" if "IUse%" in heads else "blocks"
            unit = next((UNITS[head] for head in heads if head in UNITS), 0)
            continue
        cells = line.split(None, column + 1) if column > 0 else []
        if len(cells) == column + 2 and re.fullmatch(r"\d{1,3}%", cells[column]):
            blocks = cells[column - 3] if column >= 3 else ""
            size = int(blocks) * unit if unit and blocks.isdigit() else None
            rows.append(FileSystemUsage(cells[column + 1].strip(), what, int(cells[column][:-1]), number, size))
    return rows


def _holds(mount: str, root: str) -> bool:
    return mount in ("/", root) or root.startswith(mount.rstrip("/") + "/")
