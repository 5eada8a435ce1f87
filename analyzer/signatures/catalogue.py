"""The catalogue of known messages: which fault prints what, and which rules see that fault in a bundle.

The facts are in `faults.json` beside this file. Its patterns hold no repetition without a bound, so that no text makes
them slow.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec

FULL, PARTIAL, NONE = "full", "partial", "none"


class Signature(msgspec.Struct, frozen=True):
    """One message.

    Attributes:
        regex: pattern over text with plain quotes and single spaces.
        specific: whether only this fault prints it; others share a weak one.
        anchors: one of these literals is in every match.
        commands: engine commands, as the outlook has them, that bring it.
    """

    regex: str
    specific: bool
    anchors: tuple[str, ...]
    commands: tuple[str, ...] = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return the compiled pattern for one line."""
        return _compiled(self.regex)

    @property
    def loose(self) -> re.Pattern[str]:
        """Return the pattern for text whose line ends were taken out: any space may be missing."""
        return _compiled(self.regex.replace(" ?", " ").replace(" ", " ?"))


class Fault(msgspec.Struct, frozen=True):
    """One fault of the field.

    Attributes:
        id: upper-case name.
        title: what is wrong, in one line.
        means: how that comes about.
        do: what to do where the store at hand shows nothing.
        components: who prints its messages.
        visible: how much of it a bundle of the storage shows: `full`, `partial` or `none`.
        rules: ids of the rules that see it; empty where none does.
        signatures: its messages.
    """

    id: str
    title: str
    means: str
    do: str
    components: tuple[str, ...]
    visible: str
    rules: tuple[str, ...]
    signatures: tuple[Signature, ...]


class _Catalogue(msgspec.Struct, frozen=True):
    source: str
    faults: tuple[Fault, ...]


@cache
def known_faults() -> tuple[Fault, ...]:
    """Return every fault, the most frequent in the field first."""
    data = files("analyzer.signatures").joinpath("faults.json").read_bytes()
    return msgspec.json.decode(data, type=_Catalogue).faults


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
