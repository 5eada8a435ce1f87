"""Find the file that a path of a layer tar stands for, among the rows of one diff table."""

from __future__ import annotations

from analyzer.snapshot.content import KIND_CODE, NOTHING, DiffTable

SYMLINK_CODE, HARDLINK_CODE = KIND_CODE["symlink"], KIND_CODE["hardlink"]
HOPS = 40
DEEP = 200
"""Parts of a path that are looked up for symlinks; the kernel's own limit of 4096 bytes gives about as many."""


def place(table: DiffTable, path: str) -> str:
    """Return where a path leads inside the diff directory when symlinks among its parents are followed.

    An engine unpacks a file below a symlink where that leads (inside the layer's root, absolute ones too).
    """
    index, extra, kinds = table.index, table.extra, table.kinds
    done: list[str] = []
    todo = path.split("/")[::-1]
    hops = 0
    while todo:
        part = todo.pop()
        if part == "..":
            done = done[:-1]
        elif part not in ("", "."):
            done.append(part)
            row = index.get("/".join(done), -1) if todo and len(done) < DEEP else -1
            if row >= 0 and kinds[row] == SYMLINK_CODE:
                hops += 1
                if hops > HOPS:
                    return path
                link = extra.get(row, NOTHING)[0]
                done = [] if link.startswith("/") else done[:-1]
                todo.extend(link.split("/")[::-1])
    return "/".join(done)


def resolve_row(table: DiffTable, row: int) -> int:
    """Return the row that has the content of `row`: hard links of the capture followed, -1 where they lead outside."""
    index, extra, kinds = table.index, table.extra, table.kinds
    for _ in range(HOPS):
        if row < 0 or kinds[row] != HARDLINK_CODE:
            return row
        row = index.get(extra.get(row, NOTHING)[0], -1)
    return -1
