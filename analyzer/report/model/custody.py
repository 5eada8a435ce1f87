"""What ties a report to its evidence: the input's digest, the program, its options and limits."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from analyzer.version import __version__


class Custody(Struct, frozen=True):
    """Chain of custody of one report.

    Attributes:
        kind: `file`, `directory` or `stream` (standard input).
        sha256: of the input, in hex, as `analyzer.source.evidence_digest` defines it.
        bytes: size of the input; of a directory, what was read.
        options: options that the result depends on, by long name.
        limits: every limit in force, by name.
    """

    kind: str
    sha256: str
    bytes: int
    options: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the block `custody` of the JSON report."""
        return {
            "input": {"kind": self.kind, "sha256": self.sha256, "bytes": self.bytes},
            "tool": {"name": "analyzer", "version": __version__},
            "options": self.options,
            "limits": self.limits,
        }
