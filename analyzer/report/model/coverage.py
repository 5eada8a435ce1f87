"""What was and was not looked at, so that "no findings" never looks like "healthy" when little was read."""

from __future__ import annotations

import shlex
from typing import Any

from analyzer.capture.account import account, hides
from analyzer.capture.model import capture_of
from analyzer.report.model.analysis import UNDETERMINED, Analysis
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.source.member import Loss
from analyzer.words import and_more

EMPTY_TAR = 1536


def coverage(report: Analysis) -> dict[str, Any]:
    """Return the coverage block of the contract."""
    snapshot = report.snapshot
    return {
        "complete": report.complete,
        "depth": snapshot.depth,
        "content": content(snapshot),
        "xattrs": xattrs(snapshot),
        "capture": how_captured(report),
        "losses": [{"what": loss.what, "where": loss.where, "offset": loss.offset} for loss in report.losses],
        "notes": [{"what": note.what, "where": note.where, "offset": note.offset} for note in snapshot.notes],
        "checks": {
            "run": list(report.checked.run),
            "skipped": [{"rule": rule, "because": reason} for rule, reason in report.checked.skipped],
            "faulty": [{"name": name, "because": reason} for name, reason in report.checked.faulty],
        },
    }


def how_captured(report: Analysis) -> str:
    """Return in one sentence how the bundle was captured and what that hides; without names in a redacted report."""
    return account(capture_of(report.snapshot, report.relations[0]), names=not report.redacted)


def capture_hides(report: Analysis) -> bool:
    """Tell whether the way of the capture hides something of the store."""
    return hides(capture_of(report.snapshot, report.relations[0]))


def settling(report: Analysis) -> str:
    """Return the command that writes the script which captures what an undetermined report lacks, else `""`."""
    if report.verdict != UNDETERMINED:
        return ""
    path = report.snapshot.bundle.path
    known = path not in ("", "-") and path.isprintable() and not report.redacted
    return f"analyzer capture{f' --for {shlex.quote(path)}' if known else ''} > more.sh"


def content(snapshot: BundleSnapshot) -> str:
    """Return `present`, `absent` (no file below any diff) or `partial` (some layers that have files lack them)."""
    if not snapshot.content_files:
        return "absent"
    for store in snapshot.stores:
        for layer in store.layers:
            directory = store.home.layers.get(layer.id)
            if directory and directory.entries and not directory.tables and (layer.diff_size or 0) > EMPTY_TAR:
                return "partial"
    return "present"


def xattrs(snapshot: BundleSnapshot) -> str:
    """Return `present`, `absent` (contents, but no attribute anywhere) or `unknown` (no contents)."""
    if snapshot.xattrs_seen:
        return "present"
    return "absent" if snapshot.content_files else "unknown"


def not_read_whole(losses: list[Loss], *, open_end: bool = False) -> str:
    """Return one line that says what of a bundle was not read, `""` when all was; every way to read one tells it so."""
    if losses:
        more = and_more(len(losses))
        what = f"{losses[0].where}: {losses[0].what}{more}"
        return f"not read whole ({what}): what is not shown here may still be in the store"
    if open_end:
        return "the archive has no end mark and may be cut: what is not shown here may still be in the store"
    return ""
