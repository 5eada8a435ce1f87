"""What a source could not read and what it found odd, bounded so that damage everywhere stays cheap."""

from __future__ import annotations

from analyzer.source.member import Loss

LISTED = 10_000
"""Entries kept of each kind; one more says that the rest is not listed."""


class ReadingLog:
    """Collects losses and notes of one bundle.

    Attributes:
        name: the bundle, used where no member path is known.
        losses: what could not be read, in stream order.
        notes: harmless oddities.
        last: path of the last member, as far as the reader has come.
    """

    __slots__ = ("last", "losses", "name", "notes")

    def __init__(self, name: str) -> None:
        self.name = name
        self.losses: list[Loss] = []
        self.notes: list[Loss] = []
        self.last = ""

    def loss(self, what: str, offset: int, where: str = "", after: str = "") -> None:
        """Add a loss."""
        self._add(self.losses, what, offset, where, after)

    def note(self, what: str, offset: int, where: str = "", after: str = "") -> None:
        """Add a note."""
        self._add(self.notes, what, offset, where, after)

    def _add(self, kept: list[Loss], what: str, offset: int, where: str, after: str = "") -> None:
        if len(kept) < LISTED:
            kept.append(Loss(what, where or self.name, offset, after))
        elif len(kept) == LISTED:
            kept.append(Loss(f"more than {LISTED} of these: the rest is not listed", self.name, offset))
