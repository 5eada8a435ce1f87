"""The types that callers see: mypy holds every `assert_type` here, the tests run the same lines."""

from __future__ import annotations

import pathlib
from typing import Any, assert_type

import pandas as pd

import analyzer

BUNDLE = pathlib.Path(__file__).resolve().parents[2] / "samples" / "modified-base.tar.zst"


def test_a_report_is_typed() -> None:
    report = assert_type(analyzer.analyze(BUNDLE, engines=("podman@4.3",)), analyzer.Report)
    document = assert_type(report.to_dict(), dict[str, Any])
    assert document["verdict"] == "damaged"
    assert assert_type(report.exit_code(), int) == 1
    for cause in report.causes:
        assert assert_type(cause, analyzer.Cause).rank >= 1
    for finding in report.findings:
        assert_type(finding, analyzer.Finding)
        assert assert_type(finding.message, str)


def test_a_snapshot_and_its_frames_are_typed() -> None:
    snapshot = assert_type(analyzer.open(str(BUNDLE), depth="quick", limits=analyzer.Limits()), analyzer.Snapshot)
    for frame in (snapshot.layers, snapshot.images, snapshot.containers, snapshot.findings, snapshot.causes):
        assert len(assert_type(frame, pd.DataFrame).columns)
    assert assert_type(snapshot.document, dict[str, Any])["schema_version"] == 1
    assert assert_type(snapshot.read(f"overlay/{snapshot.layers['id'][0]}/link"), bytes)


def test_many_bundles_are_typed() -> None:
    fleet = assert_type(analyzer.open_many(BUNDLE), analyzer.Fleet)
    assert assert_type(fleet.failed, dict[str, str]) == {}
