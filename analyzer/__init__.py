"""Offline forensic analyzer for containers/storage snapshots.

    import analyzer
    s = analyzer.open("bundle.tar.zst")
    s.causes            # ranked causes as a DataFrame
    s.report()          # the whole report; .to_dict() is the JSON of the contract

Names are loaded when they are first used, so that importing the package stays cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.version import __version__

if TYPE_CHECKING:
    from analyzer.api import Fleet, Snapshot, analyze, open, open_many
    from analyzer.api.report import Report
    from analyzer.causes.model import Cause
    from analyzer.checks.finding import Finding
    from analyzer.errors import IncompleteBundleWarning
    from analyzer.fleet.results import Results, analyze_many
    from analyzer.limits import Limits

__all__ = [
    "Cause",
    "Finding",
    "Fleet",
    "IncompleteBundleWarning",
    "Limits",
    "Report",
    "Results",
    "Snapshot",
    "__version__",
    "analyze",
    "analyze_many",
    "open",
    "open_many",
]

_HOMES = {
    "open": "analyzer.api",
    "open_many": "analyzer.api",
    "analyze": "analyzer.api",
    "analyze_many": "analyzer.fleet.results",
    "Fleet": "analyzer.api",
    "Results": "analyzer.fleet.results",
    "Snapshot": "analyzer.api",
    "Report": "analyzer.api.report",
    "IncompleteBundleWarning": "analyzer.errors",
    "Limits": "analyzer.limits",
    "Finding": "analyzer.checks.finding",
    "Cause": "analyzer.causes.model",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'analyzer' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
