"""Answer an error message from one store; three answers that are never mixed.

`SHOWN`: the store shows what makes an engine print it: causes, or records that answer it without any damage. `ABSENT`:
the message is known, and nothing that brings it about is seen in this store. `STRANGE`: the text is not known; the
store's causes are told then, worst first, without a claim that they print it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from analyzer.causes.model import Cause
from analyzer.checks.finding import INFO
from analyzer.checks.run import Checked
from analyzer.outlook.model import Outlook
from analyzer.outlook.why.folding import fold
from analyzer.outlook.why.holders import Holder, holders
from analyzer.outlook.why.inside import STORE as STORE_PATH
from analyzer.outlook.why.inside import files_named, has_file, lists_files
from analyzer.outlook.why.objects import Named, StoreWords, objects_named
from analyzer.outlook.why.ties import (
    BEHAVIOUR,
    FILE,
    FORETOLD,
    HIT,
    OBJECT,
    PRINTS,
    SHARED,
    STRENGTH,
    Asked,
    Tie,
    bearing,
    ties_of,
)
from analyzer.signatures.catalogue import PROGRAM, STORE, Behaviour
from analyzer.signatures.cut_short import match_cut_short
from analyzer.signatures.match import Match, match
from analyzer.signatures.text import Pasted
from analyzer.snapshot.platform import Platform

SHOWN, ABSENT, STRANGE = "shown", "absent", "strange"
PART = re.compile(r"[a-z0-9_.-]+")
SURE = frozenset({PRINTS, FORETOLD, FILE, BEHAVIOUR})


class Reply(Struct, frozen=True):
    """A cause with its ties to the text, the strongest first."""

    cause: Cause
    ties: tuple[Tie, ...]

    @property
    def strength(self) -> int:
        """Return the sum over the kinds of ties."""
        return sum(STRENGTH[kind] for kind in self.kinds)

    @property
    def kinds(self) -> frozenset[str]:
        """Return the kinds of ties."""
        return frozenset(tie.kind for tie in self.ties)

    @property
    def sure(self) -> bool:
        """Tell whether this is known to print such a text; else it is damage that may."""
        return bool(self.kinds & SURE)


class Answer(Struct, frozen=True):
    """What this store says to a text.

    Attributes:
        state: `SHOWN`, `ABSENT` or `STRANGE`.
        matches: known messages in the text, the surest first.
        named: objects that the text names.
        files: files inside an image that it speaks of.
        replies: causes that answer it, the best first.
        holders: containers that answer it without any damage.
        elsewhere: causes of the same kind on other objects than the text names, or with too weak a tie.
        worst: where the text is not known, the store's causes, worst first.
        predictions: engines' answers on this store that bear on the text.
        others: behaviours that print these messages too and that this store does not show.
        skipped: (rule, reason) of rules that would see what brings it about and could not look.
        conflict: platform in the message where it is not the one judged for, `""` where they agree.
        cut: characters of the text that were not read.
    """

    state: str
    matches: tuple[Match, ...]
    named: Named
    files: tuple[str, ...]
    replies: tuple[Reply, ...]
    holders: tuple[Holder, ...]
    elsewhere: tuple[Reply, ...]
    worst: tuple[Cause, ...]
    predictions: tuple[Outlook, ...]
    others: tuple[Behaviour, ...]
    skipped: tuple[tuple[str, str], ...]
    conflict: str
    cut: int


def platform_named(matches: Iterable[Match]) -> str:
    """Return the node's platform as `os/arch[/variant]` where a message names it, `""` where none does."""
    for each in matches:
        if "arch" in each.groups and "os" in each.groups:
            parts = (each.groups["os"], each.groups["arch"], each.groups.get("variant", ""))
            if all(PART.fullmatch(part) for part in parts if part):
                return "/".join(filter(None, parts))
    return ""


def answer(
    pasted: Pasted,
    store: StoreWords,
    checked: Checked,
    causes: tuple[Cause, ...],
    outlook: tuple[Outlook, ...],
    platform: Platform,
    *,
    whole: bool = False,
) -> Answer:
    """Return the answer of a store to a text; pure.

    Args:
        pasted: the text.
        store: the words of the stores.
        checked: what the rules found.
        causes: of the report.
        outlook: what engines answer.
        platform: the node's.
        whole: its lines are not cut short: the beginning of a known message says nothing then.
    """
    matches = _meant(match(pasted) or (() if whole else match_cut_short(pasted)))
    named = objects_named(store, pasted, matches)
    commands = frozenset(command for each in matches for command in each.message.commands)
    texts = tuple(fold(record.text) for record in pasted.records)
    files = files_named(matches, named.words)
    elsewhere = bool(files) and has_file(store.relations, files)
    asked = Asked(matches, named, files, elsewhere, texts, commands, bearing(outlook, commands, texts))
    conflict = _conflict(matches, platform)
    replies = [Reply(cause, ties) for cause in causes if (ties := ties_of(cause, asked))]
    replies.sort(key=lambda reply: (not reply.sure, -reply.strength, reply.cause.rank))
    good = [reply for reply in replies if _answers(reply, asked, conflict)]
    held = holders(store.relations, matches, named)
    state = SHOWN if good or held else ABSENT if matches else STRANGE
    behaviours = list({each.behaviour.id: each.behaviour for each in matches}.values())
    seen = {tie.behaviour.id for reply in good for tie in reply.ties if tie.behaviour is not None}
    seen |= {each.behaviour for each in held}
    wanted = {rule for behaviour in behaviours for rule in behaviour.rules}
    return Answer(
        state,
        matches,
        named,
        files,
        tuple(good),
        held,
        tuple(reply for reply in replies if reply not in good),
        causes if state == STRANGE else (),
        asked.predictions,
        tuple(behaviour for behaviour in behaviours if behaviour.id not in seen),
        tuple((rule, reason) for rule, reason in checked.skipped if rule in wanted),
        conflict,
        pasted.cut,
    )


def _meant(matches: tuple[Match, ...]) -> tuple[Match, ...]:
    """Return the messages that are meant: where one is an engine's own, what a program may say too is not."""
    if any(each.message.specific and each.behaviour.scope != PROGRAM for each in matches):
        return tuple(each for each in matches if each.message.specific or each.behaviour.scope != PROGRAM)
    return tuple(each for each in matches if not STORE_PATH.search(each.groups.get("file", "")))


def _answers(reply: Reply, asked: Asked, conflict: str) -> bool:
    """Tell whether the ties are enough; what brings the behaviour about must be about what the text names, if anything.

    A failing listing names other objects than the one at fault, or none: what prints the very message needs no name.
    What befalls the whole store or node needs none either. A message that tells another platform than the bundle's
    comes from this store only if the object is named.
    """
    kinds = reply.kinds
    if kinds & {PRINTS, FORETOLD}:
        return True
    if conflict and OBJECT not in kinds:
        return False
    if kinds & {OBJECT, FILE}:
        return True
    if not kinds & {BEHAVIOUR, SHARED}:
        return False
    if BEHAVIOUR not in kinds and reply.cause.severity == INFO:
        return False
    scopes = {tie.behaviour.scope for tie in reply.ties if tie.behaviour is not None}
    if STORE in scopes:
        return True
    if scopes == {PROGRAM} and asked.elsewhere and all(map(lists_files, reply.cause.hypothesis.explains)):
        return False
    return HIT in kinds or not asked.named.found


def _conflict(matches: tuple[Match, ...], platform: Platform) -> str:
    told = platform_named(matches)
    if not told or not platform.architecture:
        return ""
    system, architecture, variant = (*told.split("/", 2), "")[:3]
    differs = (system, architecture) != (platform.os, platform.architecture)
    return told if differs or (variant and platform.variant and variant != platform.variant) else ""
