"""Podman's database does not open.

What it finds
    A `libpod/bolt_state.db` or `db.sql` that the library refuses to open (NUL bytes, cut, a damaged meta page or free
    list), or in which pages are damaged.

Why it matters
    Podman opens its database before it does anything else: every command fails, `podman images` and `podman ps`
    included, or ends in a panic, although all images and layers are sound. Buildah, Skopeo and CRI-O work on.

How sure
    High where the file does not open: the library's own checks were made on its bytes. Medium where single pages are
    damaged: podman may have been writing while the file was copied.

Remedy
    Keep the file, move it aside and let podman make a new one. Images, volumes' data and the containers' layers
    stay. Containers show under `podman ps -a --external` until they are removed and made again.

Engine source
    bbolt db.go: Open, freelist.go: read; libpod boltdb_state.go: getDBCon; sqlite_state.go: NewSqliteState. Each
    damage was put into a database of podman 4.3.1 (BoltDB) or 6.0.0-dev (SQLite) and podman asked.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, MEDIUM, Findings, Rule, StoreView, Where, rule
from analyzer.snapshot.libpod.state import SQLITE

SHOWN = 5


@rule(
    "LPD-001",
    severity=CRITICAL,
    says="podman's database {path} does not open: {error}; every podman command fails, the images may be sound",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge what reading each database of this graph root gave."""
    for state in view.store.libpod:
        if state.unread or state.empty:
            continue
        places = [*state.damage[:SHOWN]]
        if state.error:
            yield this.found(
                view.file(state.path),
                places or [(Where(state.path), f"a {state.kind} database", state.error)],
                path=state.path,
                error=state.error,
                kind=state.kind,
                opens=False,
                lost=list(state.adrift),
            )
        elif state.damage:
            yield this.found(
                view.file(state.path),
                places,
                severity=ERROR,
                confidence=MEDIUM,
                says="podman's database {path} is damaged inside ({observed}); podman fails where it reads that"
                if state.kind == SQLITE
                else "podman's database {path} is damaged inside ({count} places, the first at byte {offset}: "
                "{observed}); podman fails or panics where it reads them",
                path=state.path,
                kind=state.kind,
                count=len(state.damage),
                offset=state.damage[0][0].offset,
                observed=state.damage[0][2],
                opens=True,
                items=list(state.broken),
                lost=list(state.adrift),
            )
