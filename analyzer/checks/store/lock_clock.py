"""Lock's last write and the index file's time disagree.

What it finds
    A `layers.lock`, `images.lock` or `containers.lock` whose last-writer time is more than a minute away from the
    modification time of the newest index file it guards.

Why it matters
    The engine writes the lock just before the index, so their times agree to a few seconds. A lock that is later than
    its index dates a write of which the index shows nothing: one that failed or was lost (disk full, power cut), or one
    that had nothing to change. An index that is later than its lock was edited by hand, restored or copied. Nothing
    fails because of it; it is a clock for the story.

How sure
    Medium for an index later than its lock: copying tools set new modification times, and a clock may have been set.
    Low for a lock later than its index: healthy stores that buildah opened show it too.

Remedy
    None; evidence only.

Engine source
    containers/storage pkg/lockfile: lastwrite.go, lockfile_unix.go (content since 1.42.0).
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, LOW, MEDIUM, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import INDEXES
from analyzer.snapshot.documents import Document
from analyzer.snapshot.times import DAY, SECOND, format_time

TOLERANCE = 60 * SECOND
LATER = "a later write changed nothing, failed or was lost"
EDITED = "edited, restored or copied since"
NO_TIME = DAY
"""Times of the first day of 1970 are what archives write when they keep none."""


@rule(
    "STO-007",
    severity=INFO,
    needs=(Need.LOCKS, Need.INDEX),
    says="{lock} records the last write at {locked}, but {path} was written at {written}: {story}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare each lock with the newest index file it guards."""
    for part in ("layers", "images", "containers"):
        lock = view.store.locks.get(f"{part}.lock")
        index = _newest(view, part)
        if lock is None or lock.written_ns is None or index is None:
            continue
        mtime = index.file.member.mtime_ns
        late = lock.written_ns - mtime
        if mtime < NO_TIME or abs(late) <= TOLERANCE:
            continue
        yield this.found(
            view.file(index.path),
            [
                (lock.file.where, f"within a minute of {format_time(mtime)}", format_time(lock.written_ns)),
                (index.file.where, f"within a minute of {format_time(lock.written_ns)}", format_time(mtime)),
            ],
            confidence=LOW if late > 0 else MEDIUM,
            variant="lost" if late > 0 else "edited",
            path=index.path,
            lock=lock.file.path,
            locked=format_time(lock.written_ns),
            written=format_time(mtime),
            pid=lock.pid,
            locked_ns=lock.written_ns,
            mtime_ns=mtime,
            story=LATER if late > 0 else EDITED,
        )


def _newest(view: StoreView, part: str) -> Document | None:
    found = [view.store.document(each, name) for each, name in INDEXES if each == part]
    return max((doc for doc in found if doc is not None), key=lambda doc: doc.file.member.mtime_ns, default=None)
