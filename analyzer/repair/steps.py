"""A step of a plan, and how many objects are told in one line."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from analyzer.causes.model import NONE
from analyzer.repair.edits import Edit
from analyzer.words import and_more

SHOWN = 5


class PlanStep(Struct, frozen=True):
    """One step.

    Attributes:
        commands: shell lines in order, none for something to do by hand.
        effect: what it does and why it comes here.
        risk: `none`, `image-repull`, `container-loss` or `data-loss`.
        after: what should be seen when it worked.
        about: ids and member paths of the objects it is for; empty for steps that serve all.
        edits: the same as data, with the number of the store.
        kind: `pull`, `stop`, `keep`, `owners`, `edit`, `take`, `start`, `fetch`, `setting`, `look` or `hand`.
        done: a shell test that tells whether a setting is right already, `""` where none can.
        back: a shell line that undoes a setting, `""` where it stays.
        needs: a shell test without which none of the commands may run: the backup, made only of the right store.
    """

    commands: tuple[str, ...]
    effect: str
    risk: str = NONE
    after: str = ""
    about: tuple[str, ...] = ()
    edits: tuple[tuple[int, Edit], ...] = ()
    kind: str = "edit"
    done: str = ""
    back: str = ""
    needs: str = ""

    @property
    def command(self) -> str:
        """Return the step as one line."""
        line = " && ".join(self.commands)
        return f"{self.needs} && {{ {line}; }}" if self.needs and line else line

    @property
    def lines(self) -> tuple[str, ...]:
        """Return the commands, each to be run by itself."""
        return tuple(f"{self.needs} && {{ {line}; }}" if self.needs else line for line in self.commands)


def listed(words: Iterable[str]) -> str:
    """Return words in one line, each once with how often it came, and how many were left out."""
    counts: dict[str, int] = {}
    for each in words:
        counts[each] = counts.get(each, 0) + 1
    shown = [f"{word} ({count} times)" if count > 1 else word for word, count in counts.items()]
    return ", ".join(shown[:SHOWN]) + and_more(len(shown), SHOWN)
