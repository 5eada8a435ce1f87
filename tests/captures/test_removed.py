"""The mirror: what the captures leave out, really removed from a store; captured with times kept it is damage, dated.

The file system moves the time of the directory by itself. Removals are made on a copy of a healthy store that keeps all
times, like a node some time after its last pull.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from datetime import datetime

import pytest

import analyzer
from tests.captures.stores import laid_out, usable

REASON = usable()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)
STYLES = {
    "tar": "tar -cf $OUT storage",
    "tar-xattrs": "tar --xattrs --xattrs-include='*' --numeric-owner -cf $OUT storage",
    "tar-gnu": "tar --format=gnu -cf $OUT storage",
    "tar-ustar": "tar --format=ustar -cf $OUT storage || true",
    "cp-a": "mkdir $OUT; cp -a storage $OUT/",
    "busybox": "busybox tar -cf $OUT storage",
    "bsdtar": "bsdtar -cf $OUT storage",
    "rsync": "mkdir $OUT; rsync -aHAX storage $OUT/",
}
REMOVALS = {
    "usr": ("rm -rf storage/overlay/*/diff/usr", "TSP-006"),
    "logs": ("find storage/overlay/*/diff -name '*.log' -delete", "TSP-006"),
    "configuration": ("find storage/overlay/*/diff -name '*.cnf' -delete", "TSP-006"),
    "whiteouts": ("find storage/overlay/*/diff -type c -delete", "OVL-023"),
    "symlinks-of-layers": ("find storage/overlay/*/diff -type l -delete", "TSP-006"),
    "one-directory": ("rm -rf $(ls -d storage/overlay/*/diff/etc | head -1)", "TSP-006"),
    "lower": ("rm -f storage/overlay/*/lower", "OVL-007"),
    "link": ("rm -f storage/overlay/*/link", "OVL-001"),
    "empty": ("rm -rf storage/overlay/*/empty", "OVL-011"),
    "short-links": ("rm -f storage/overlay/l/*", "OVL-006"),
    "manifests": ("rm -f storage/overlay-images/*/manifest", "IMG-001"),
    "encoded-items": ("rm -f storage/overlay-images/*/=*", "IMG-001"),
    "image-data": ("rm -rf storage/overlay-images/????????*[0-9a-f]", "IMG-026"),
    "layers": ("rm -rf storage/overlay/*", "OVL-012"),
    "containers": ("rm -rf storage/overlay-containers", "STO-022"),
    "one-layer": ("rm -rf $(ls -d storage/overlay/[0-9a-f]* | head -1)", "OVL-012"),
    "one-short-link": ("rm -f $(ls -d storage/overlay/l/* | head -1)", "OVL-002"),
    "one-tar-split": ("rm -f $(ls storage/overlay-layers/*.tar-split.gz | head -1)", "TSP-001"),
    "one-image": ("rm -rf $(ls -d storage/overlay-images/[0-9a-f]*/ | head -1)", "IMG-001"),
}
HIDDEN = {("encoded-items", "tar-ustar"), ("whiteouts", "tar-ustar")}
"""What a style cannot show: ustar drops the long names anyway."""
PAIRS = [(what, style) for number, what in enumerate(REMOVALS) for style in list(STYLES)[number % 2 :: 2]]


@pytest.mark.parametrize(("what", "style"), PAIRS)
def test_what_was_removed_is_damage_and_dated(what, style, tmp_path):
    if style in ("busybox", "bsdtar", "rsync") and shutil.which(style) is None:
        pytest.skip(f"{style} is not installed")
    script, rule = REMOVALS[what]
    subprocess.run(["cp", "-a", f"{laid_out('sample')}/storage", tmp_path], check=True)
    before = int(time.time())  # a format may keep whole seconds
    for command in (script, STYLES[style]):
        facts = {"OUT": str(tmp_path / "bundle")}
        subprocess.run(["bash", "-c", command], cwd=tmp_path, env=os.environ | facts, check=True, capture_output=True)
    if (what, style) in HIDDEN:
        return
    report = analyzer.analyze(tmp_path / "bundle")
    found = [finding for finding in report.findings if finding.rule == rule]
    assert found, [finding.rule for finding in report.findings]
    assert {finding.severity for finding in found} & {"warning", "error", "critical"}
    assert report.verdict != "healthy"
    assert report.causes
    times = [finding.facts.get("removed_at") or finding.facts.get("last_change") for finding in found]
    newest = max(datetime.fromisoformat(each).timestamp() for each in times if each)
    assert before - 1 <= newest <= time.time() + 1
