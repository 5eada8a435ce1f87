"""The functions and objects behind `import analyzer`; the command line is built on the same ones."""

from __future__ import annotations

from analyzer.api.fleet import Fleet, open_many
from analyzer.api.reading import analyze, judge, read
from analyzer.api.session import Snapshot, open  # noqa: A004  the public name is analyzer.open

__all__ = ["Fleet", "Snapshot", "analyze", "judge", "open", "open_many", "read"]
