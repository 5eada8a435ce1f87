"""Which of two things in a store happened first: times of files, directories and records as evidence."""

from __future__ import annotations

from analyzer.capture.clock import LISTING
from analyzer.causes.case import Case
from analyzer.checks.finding import Finding
from analyzer.snapshot.times import DAY, SECOND, format_time

SLACK_NS = 120 * SECOND
CLOCK_NS = 2 * SECOND
NO_TIME_NS = DAY
"""Times of the first day of 1970 are what archives write when they keep none."""


def when(ns: int) -> str:
    """Return a time for a sentence."""
    return f"at {format_time(ns)}"


def listed_before(case: Case, layer_id: str) -> bool:
    """Tell whether the driver's home was last changed before a layer was made, so that its listing is older.

    Not where an engine wrote hours after that: no capture lasts so long, the home is an older copy.
    """
    store = case.rel.layer_store.get(layer_id)
    record = case.rel.layers.get(layer_id)
    if (
        store is None
        or store.driver != "overlay"
        or record is None
        or record.created_ns is None
        or store.home.member is None
    ):
        return False
    changed = store.home.member.mtime_ns
    written = case.view.capture.store_clock(store).last_write_ns
    return NO_TIME_NS < changed < record.created_ns - CLOCK_NS and written <= record.created_ns + LISTING


def image_file_moved(case: Case, finding: Finding) -> bool:
    """Tell whether a file of an image was written well after the other files of that image."""
    files = case.store.image_files.get(finding.subject.id, {})
    paths = {each.where.path for each in finding.evidence}
    own = [file.member.mtime_ns for file in files.values() if file.path in paths]
    others = [file.member.mtime_ns for file in files.values() if file.path not in paths]
    return bool(own and others) and max(own) > max(others) + SLACK_NS
