"""What can be said of something that is not in the bundle."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from analyzer.snapshot.times import format_time


class Removed(Struct, frozen=True):
    """It is gone from the store.

    Attributes:
        when_ns: when its directory was last changed, in Unix nanoseconds; None where nothing dates it.
        evidence: the fact that says so, in words.
    """

    when_ns: int | None
    evidence: str

    @property
    def dated(self) -> str:
        """Return when, as a half sentence: ` (its directory was changed at …)`, or `""`."""
        return f" (its directory was changed at {format_time(self.when_ns)})" if self.when_ns is not None else ""


class NotCaptured(Struct, frozen=True):
    """The capture left it out; `why` names the fact that shows it."""

    why: str


class Unknown(Struct, frozen=True):
    """Removed, or left out of the capture: nothing in the bundle tells; `why` says what is lacking."""

    why: str


Answer = Removed | NotCaptured | Unknown


def together(answers: Iterable[Answer]) -> Answer:
    """Return what holds for things of one kind that are absent everywhere.

    A capture that left the kind out somewhere left it out everywhere, so one proof of that decides for all. Without
    one, they were removed where every directory that tells anything says so.
    """
    kept = list(answers)
    for kind in (NotCaptured, Removed, Unknown):
        found = next((each for each in kept if isinstance(each, kind)), None)
        if found is not None:
            return found
    return Unknown("nothing tells")
