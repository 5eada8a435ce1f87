"""Answer an error message from one store: which cause makes an engine print it, or that none does.

A cause is tied to a text by what it would print itself, by the objects that the text names, and by the fault that is
known to print it. Each tie is said; where none holds the answer is that this store does not show a reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.checks.finding import ERROR, RANK
from analyzer.outlook.why.folding import fold, says
from analyzer.outlook.why.objects import objects_named
from analyzer.signatures.catalogue import NONE
from analyzer.signatures.match import match

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.causes.model import Cause
    from analyzer.checks.finding import Finding
    from analyzer.checks.rule import Checked
    from analyzer.graph.relations import Relations
    from analyzer.outlook.model import Outlook
    from analyzer.outlook.why.objects import Named
    from analyzer.signatures.catalogue import Fault
    from analyzer.signatures.match import Match
    from analyzer.signatures.text import Pasted
    from analyzer.snapshot.platform import Platform

PRINTS, FORETOLD, KIND, OBJECT, WEAK_KIND, HIT = "prints", "foretold", "kind", "object", "weak-kind", "hit"
STRENGTH = {PRINTS: 4, FORETOLD: 4, KIND: 3, OBJECT: 3, WEAK_KIND: 1, HIT: 1}
PART = re.compile(r"[a-z0-9_.-]+")
SURE = frozenset({PRINTS, FORETOLD, KIND})
ENDLESS = "never returns"
TIME_OUTS = ("deadlineexceeded",)


@dataclass(frozen=True, slots=True)
class Tie:
    """Why a cause belongs to a text.

    Attributes:
        kind: `prints` (a finding's own message), `foretold` (an engine's answer on this store), `kind` and `weak-kind`
            (a fault known to print this), `object` (the text names what is at fault), `hit` (it names what suffers).
        finding: the finding it rests on, None for some.
        outlook: the prediction it rests on, None for others.
        fault: the fault it rests on, None for others.
        word: the word of the text, `""` for others.
    """

    kind: str
    finding: Finding | None = None
    outlook: Outlook | None = None
    fault: Fault | None = None
    word: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What this store says to a text.

    Attributes:
        matches: known messages in the text, the surest first.
        named: objects that the text names.
        replies: causes that answer it, the best first.
        elsewhere: causes of the same kind on other objects than the text names, or with too weak a tie.
        predictions: engines' answers on this store that bear on the text.
        others: faults that print these messages too and that this store does not show.
        skipped: (rule, reason) of rules that would see such a fault and could not look.
        conflict: platform in the message where it is not the one judged for, `""` where they agree.
        cut: characters of the text that were not read.
    """

    matches: tuple[Match, ...]
    named: Named
    replies: tuple[Reply, ...]
    elsewhere: tuple[Reply, ...]
    predictions: tuple[Outlook, ...]
    others: tuple[Fault, ...]
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
    relations: tuple[Relations, ...],
    checked: Checked,
    causes: tuple[Cause, ...],
    outlook: tuple[Outlook, ...],
    platform: Platform,
) -> Answer:
    """Return the answer of a store to a text; pure."""
    matches = match(pasted)
    named = objects_named(relations, pasted, matches)
    texts = tuple(fold(record.text) for record in pasted.records)
    commands = {command for each in matches for command in each.signature.commands}
    conflict = _conflict(matches, platform)
    predictions = _bearing(outlook, commands, texts)
    replies = [
        Reply(cause, ties) for cause in causes if (ties := _ties(cause, matches, named, texts, predictions, commands))
    ]
    replies.sort(key=lambda reply: (not reply.sure, -reply.strength, reply.cause.rank))
    good = [reply for reply in replies if _answers(reply, named, conflict)]
    seen = {tie.fault.id for reply in good for tie in reply.ties if tie.fault is not None}
    faults = list({each.fault.id: each.fault for each in matches}.values())
    wanted = {rule for fault in faults for rule in fault.rules}
    return Answer(
        matches,
        named,
        tuple(good),
        tuple(reply for reply in replies if reply not in good),
        predictions,
        tuple(fault for fault in faults if fault.id not in seen),
        tuple((rule, reason) for rule, reason in checked.skipped if rule in wanted),
        conflict,
        pasted.cut,
    )


def _bearing(outlook: Iterable[Outlook], commands: set[str], texts: tuple[str, ...]) -> tuple[Outlook, ...]:
    """Return the predictions that bear on a text; what one image gives only where no whole command gives it."""
    found = [item for item in outlook if item.command in commands or any(_foretells(item, text) for text in texts)]
    whole = [item for item in found if not item.images or item.works]
    return tuple(whole or found)


def _foretells(item: Outlook, text: str) -> bool:
    """Tell whether a folded text is what a prediction says; a command that never returns ends in a time-out."""
    if item.message.startswith(ENDLESS):
        return any(word in text for word in TIME_OUTS)
    return says(item.message, text) or bool(_images_of(item, text))


def _images_of(item: Outlook, text: str) -> set[str]:
    """Return ids of the images for which a command says the folded text."""
    return {image for image, message in item.images if message and says(message, text)}


def _answers(reply: Reply, named: Named, conflict: str) -> bool:
    """Tell whether the ties are enough; a cause of the right kind must be about what the text names, if it names any.

    A failing listing names other objects than the one at fault, or none: what prints the very message needs no name.
    A message that tells another platform than the bundle's comes from this store only if the object is named.
    """
    kinds = reply.kinds
    if kinds & {PRINTS, FORETOLD}:
        return True
    if conflict and OBJECT not in kinds:
        return False
    if OBJECT in kinds:
        return True
    severe = RANK[reply.cause.severity] >= RANK[ERROR]
    return bool(KIND in kinds or (WEAK_KIND in kinds and severe)) and (HIT in kinds or not named.found)


def _ties(
    cause: Cause,
    matches: tuple[Match, ...],
    named: Named,
    texts: tuple[str, ...],
    predictions: tuple[Outlook, ...],
    commands: set[str],
) -> tuple[Tie, ...]:
    findings = list(cause.hypothesis.explains)
    ties: list[Tie] = []
    for finding in findings:
        message = finding.facts.get("engine_message")
        if isinstance(message, str) and message and any(says(message, text) for text in texts):
            ties.append(Tie(PRINTS, finding=finding))
    for item in predictions:
        failing = not item.works or (item.deletes is not None and item.command in commands)
        if item.images and not {i for text in texts for i in _images_of(item, text)} & set(
            cause.hypothesis.affected.images
        ):
            continue
        if failing and (shared := next((f for f in item.because if f in cause.hypothesis.explains), None)):
            ties.append(Tie(FORETOLD, finding=shared, outlook=item))
    rules = {finding.rule: finding for finding in reversed(findings)}
    for fault in {each.fault.id: each.fault for each in matches}.values():
        specific = any(each.signature.specific for each in matches if each.fault is fault)
        if shown := next((rules[rule] for rule in fault.rules if rule in rules), None):
            ties.append(Tie(KIND if specific else WEAK_KIND, finding=shown, fault=fault))
    ties.extend(_ties_of_objects(cause, named))
    ties.sort(key=lambda tie: -STRENGTH[tie.kind])
    return tuple(ties)


def _ties_of_objects(cause: Cause, named: Named) -> Iterable[Tie]:
    hypothesis = cause.hypothesis
    at_fault = {subject.id for subject in hypothesis.subjects if subject.id}
    for finding in hypothesis.explains:
        at_fault |= {finding.subject.id, *(str(finding.facts.get(key, "")) for key in ("layer", "image", "container"))}
    hit = {*hypothesis.affected.layers, *hypothesis.affected.images, *hypothesis.affected.containers}
    paths = {evidence.where.path for finding in hypothesis.explains for evidence in finding.evidence}
    for word, found in named.found:
        if found.id in at_fault or (found.path and found.path in paths):
            yield Tie(OBJECT, word=word)
        elif found.id in hit:
            yield Tie(HIT, word=word)


def _conflict(matches: tuple[Match, ...], platform: Platform) -> str:
    told = platform_named(matches)
    if not told or not platform.architecture:
        return ""
    system, architecture, variant = (*told.split("/", 2), "")[:3]
    differs = (system, architecture) != (platform.os, platform.architecture)
    return told if differs or (variant and platform.variant and variant != platform.variant) else ""


def log_only(fault: Fault) -> bool:
    """Tell whether no bundle of the storage shows a fault."""
    return fault.visible == NONE
