"""The catalogue of behaviours: what an engine, the kernel or a program does on a broken store, and what it prints then.

One file an area in `behaviours/`. A behaviour names the rules and the cause families that bring it about: a message is
matched to the behaviour that prints it, and the causes of the store at hand that bring that behaviour about answer it.
Patterns hold no repetition without a bound, so that no text makes them slow.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

import msgspec

from analyzer.signatures.anchors import every_literal, literals

FULL, PARTIAL, NONE = "full", "partial", "none"
OBJECT, STORE, PROGRAM = "object", "store", "program"
AREAS = ("images", "layers", "mounting", "containers", "libpod", "programs", "node", "check")
"""Files of the catalogue, in the order of the page."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One message.

    Attributes:
        regex: pattern over text with plain quotes and single spaces; its groups name what the message is about
            (`layer`, `image`, `ctr`, `name`, `path`, `file`, `arch`, …).
        example: a line as it is printed.
        shared: whether several behaviours print it.
        frame: whether it only says what failed, and the reason follows in the same line.
        commands: engine commands, as the outlook has them, that print it.
    """

    regex: str
    example: str
    shared: bool = False
    frame: bool = False
    commands: tuple[str, ...] = ()

    @property
    def specific(self) -> bool:
        """Tell whether only this behaviour prints it."""
        return not self.shared

    @property
    def anchors(self) -> tuple[str, ...]:
        """Return literals of which every match holds one."""
        return _anchors(self.regex)

    @property
    def words(self) -> tuple[str, ...]:
        """Return every literal of the pattern."""
        return _words(self.regex)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Return the compiled pattern for one line."""
        return _compiled(self.regex)

    @property
    def loose(self) -> re.Pattern[str]:
        """Return the pattern for text whose line ends were taken out: any space may be missing."""
        return _compiled(self.regex.replace(" ?", " ").replace(" ", " ?"))


class Behaviour(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One behaviour.

    Attributes:
        id: kebab-case name, the code that `analyzer why` prints and `analyzer explain` takes.
        title: what happens, in one line.
        means: how that comes about.
        do: what to do where the store at hand shows nothing.
        printed_by: who prints its messages.
        visible: how much of what brings it about a bundle shows: `full`, `partial` or `none`.
        scope: `object`: a message is about the layer, image or container that it names; `store`: about the store or
            the node as a whole, whatever it names; `program`: about a file inside an image.
        rules: rules whose findings bring it about.
        causes: cause families that bring it about, whatever they explain.
        parts: which of a store's `layers`, `images` and `containers` it is about, where a rule judges each of them
            as a whole; empty for any.
        inside: paths inside an image that its messages are about without naming them.
        messages: what it prints.
        area: file of the catalogue.
    """

    id: str
    title: str
    means: str
    do: str
    printed_by: tuple[str, ...]
    visible: str
    scope: str
    rules: tuple[str, ...]
    messages: tuple[Message, ...]
    causes: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    inside: tuple[str, ...] = ()
    area: str = ""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    behaviour: tuple[Behaviour, ...]


@cache
def behaviours() -> tuple[Behaviour, ...]:
    """Return every behaviour, by area."""
    home = files("analyzer.signatures").joinpath("behaviours")
    found: list[Behaviour] = []
    for area in AREAS:
        table = tomllib.loads(home.joinpath(f"{area}.toml").read_text("utf-8"))
        found += (msgspec.structs.replace(each, area=area) for each in msgspec.convert(table, _File).behaviour)
    return tuple(found)


def behaviour(name: str) -> Behaviour | None:
    """Return the behaviour of an id, None where there is none."""
    return next((each for each in behaviours() if each.id == name), None)


@cache
def _anchors(regex: str) -> tuple[str, ...]:
    return literals(regex)


@cache
def _words(regex: str) -> tuple[str, ...]:
    return every_literal(regex)


@cache
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex)
