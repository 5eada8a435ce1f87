"""The functions and objects behind `import analyzer`; the command line is built on the same ones."""

from __future__ import annotations

from analyzer.api.reading import analyze, judge, read
from analyzer.api.session import Snapshot, open  # noqa: A004  the public name is analyzer.open

__all__ = ["Snapshot", "analyze", "judge", "open", "read"]
