"""Progress on standard error: a line that renews itself on a terminal, nothing when piped."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analyzer.source.member_source import MemberSource

EVERY = 0.2
QUIET = 0.5


class Progress:
    """Call it with the source now and then; `done` wipes the line."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._next = self._started + QUIET
        self._shown = False
        self._on = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, source: MemberSource) -> None:
        """Show how far the reading is."""
        now = time.monotonic()
        if not self._on or now < self._next:
            return
        self._next = now + EVERY
        line = f"reading: {source.members} members, {source.bytes_out / 1e6:.0f} MB"
        if source.bytes_total:
            share = min(source.bytes_read / source.bytes_total, 1.0)
            line += f", {share:.0%}"
            if share > 0.02:
                line += f", {(now - self._started) * (1 - share) / share:.0f} s left"
        sys.stderr.write(f"\r{line:<70}")
        sys.stderr.flush()
        self._shown = True

    def done(self) -> None:
        """Wipe the line."""
        if self._shown:
            sys.stderr.write("\r" + " " * 70 + "\r")
            sys.stderr.flush()
