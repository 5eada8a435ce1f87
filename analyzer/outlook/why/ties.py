"""Why a cause belongs to a text: what it prints or makes an engine print, and what it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from analyzer.causes.model import Cause
from analyzer.checks.finding import Finding
from analyzer.outlook.model import Outlook
from analyzer.outlook.why.folding import says
from analyzer.outlook.why.inside import about_file
from analyzer.outlook.why.objects import Named
from analyzer.signatures.catalogue import Behaviour
from analyzer.signatures.match import Match

PRINTS, FORETOLD, BEHAVIOUR, SHARED = "prints", "foretold", "behaviour", "shared"
OBJECT, FILE, HIT = "object", "file", "hit"
STRENGTH = {PRINTS: 8, FORETOLD: 8, FILE: 6, BEHAVIOUR: 5, OBJECT: 5, SHARED: 2, HIT: 1}
ENDLESS = "never returns"
TIME_OUTS = ("deadlineexceeded",)
WHOLE_PARTS = frozenset({"STO-001", "STO-002", "STO-020", "STO-022", "LPD-009"})
"""Rules on the loss of all layers, images or containers at once: it befalls each of them, seen or not."""


class Tie(Struct, frozen=True):
    """One reason.

    Attributes:
        kind: `prints` (a finding's own message), `foretold` (an engine's answer on this store), `behaviour` and
            `shared` (what is found brings about what prints the text, alone or among others), `object` (the text names
            what is at fault), `file` (it speaks of a file of an image that is at fault), `hit` (it names what suffers).
        finding: the finding it rests on, None for some.
        outlook: the prediction it rests on, None for others.
        behaviour: the behaviour it rests on, None for others.
        word: the word of the text, `""` for others.
    """

    kind: str
    finding: Finding | None = None
    outlook: Outlook | None = None
    behaviour: Behaviour | None = None
    word: str = ""


class Asked(Struct, frozen=True):
    """What is asked: a text, and what it is about.

    Attributes:
        matches: known messages in it, the surest first.
        named: objects of the store that it names.
        files: files inside an image that it speaks of.
        elsewhere: whether a layer of the bundle holds such a file: what is wrong with other files does not explain it.
        texts: its records, folded.
        commands: engine commands that print such messages.
        predictions: engines' answers on this store that bear on it.
    """

    matches: tuple[Match, ...]
    named: Named
    files: tuple[str, ...]
    elsewhere: bool
    texts: tuple[str, ...]
    commands: frozenset[str]
    predictions: tuple[Outlook, ...]


def bearing(outlook: Iterable[Outlook], commands: frozenset[str], texts: tuple[str, ...]) -> tuple[Outlook, ...]:
    """Return the predictions that bear on a text; what one image gives only where no whole command gives it."""
    found = [item for item in outlook if item.command in commands or any(_foretells(item, text) for text in texts)]
    whole = [item for item in found if not (item.images or item.containers) or item.works]
    return tuple(whole or found)


def _foretells(item: Outlook, text: str) -> bool:
    """Tell whether a folded text is what a prediction says; a command that never returns ends in a time-out."""
    if item.message.startswith(ENDLESS):
        return any(word in text for word in TIME_OUTS)
    return says(item.message, text) or bool(_objects_of(item, text))


def _objects_of(item: Outlook, text: str) -> set[str]:
    """Return ids of the images or containers for which a command says the folded text."""
    return {object_id for object_id, message in (*item.images, *item.containers) if message and says(message, text)}


def ties_of(cause: Cause, asked: Asked) -> tuple[Tie, ...]:
    """Return every tie of a cause to a text, the strongest first."""
    ties = [*_own_words(cause, asked), *_foretold(cause, asked), *_behaviours(cause, asked), *_objects(cause, asked)]
    ties.sort(key=lambda tie: -STRENGTH[tie.kind])
    return tuple(ties)


def _own_words(cause: Cause, asked: Asked) -> Iterator[Tie]:
    for finding in cause.hypothesis.explains:
        message = finding.facts.get("engine_message")
        if isinstance(message, str) and message and any(says(message, text) for text in asked.texts):
            yield Tie(PRINTS, finding=finding)


def _foretold(cause: Cause, asked: Asked) -> Iterator[Tie]:
    hit = {*cause.hypothesis.affected.images, *cause.hypothesis.affected.containers}
    for item in asked.predictions:
        failing = not item.works or (item.deletes is not None and item.command in asked.commands)
        if (item.images or item.containers) and not {
            each for text in asked.texts for each in _objects_of(item, text)
        } & hit:
            continue
        if failing and (shared := next((f for f in item.because if f in cause.hypothesis.explains), None)):
            yield Tie(FORETOLD, finding=shared, outlook=item)


def _behaviours(cause: Cause, asked: Asked) -> Iterator[Tie]:
    rules = {finding.rule: finding for finding in reversed(list(cause.hypothesis.explains))}
    specific: dict[str, bool] = {}
    for each in asked.matches:
        specific[each.behaviour.id] = specific.get(each.behaviour.id, False) or each.message.specific
    for behaviour in {each.behaviour.id: each.behaviour for each in asked.matches}.values():
        shown = next(
            (rules[rule] for rule in behaviour.rules if rule in rules and _suits(rules[rule], behaviour)), None
        )
        if shown is not None or cause.id in behaviour.causes:
            yield Tie(BEHAVIOUR if specific[behaviour.id] else SHARED, finding=shown, behaviour=behaviour)


def _suits(finding: Finding, behaviour: Behaviour) -> bool:
    """Tell whether the loss of a whole part of a store is of a part that a behaviour is about."""
    return finding.rule not in WHOLE_PARTS or not behaviour.parts or finding.facts.get("part") in behaviour.parts


def _objects(cause: Cause, asked: Asked) -> Iterator[Tie]:
    hypothesis = cause.hypothesis
    at_fault = {subject.id for subject in hypothesis.subjects if subject.id}
    paths = {subject.path for subject in hypothesis.subjects if subject.path}
    for finding in hypothesis.explains:
        at_fault |= {finding.subject.id, *(str(finding.facts.get(key, "")) for key in ("layer", "image", "container"))}
        paths |= {finding.subject.path, *(evidence.where.path for evidence in finding.evidence)}
    at_fault.discard("")
    hit = {*hypothesis.affected.layers, *hypothesis.affected.images, *hypothesis.affected.containers}
    lost = {str(finding.facts.get("part")) for finding in hypothesis.explains if finding.rule in WHOLE_PARTS}
    for word, found in asked.named.found:
        if found.id in at_fault or (found.path and found.path in paths):
            yield Tie(OBJECT, word=word)
        elif found.id in hit or f"{found.kind}s" in lost:
            yield Tie(HIT, word=word)
    for path, word in asked.named.paths.items():
        if path in paths:
            yield Tie(OBJECT, word=word)
    if asked.files:
        about = ((finding, about_file(finding, asked.files)) for finding in hypothesis.explains)
        yield from (Tie(FILE, finding=finding, word=name) for finding, name in about if name)
