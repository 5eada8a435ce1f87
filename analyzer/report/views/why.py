"""The answer to an error message, for a terminal and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from analyzer.graph.find import CONTAINER, IMAGE, LAYER, FoundObject
from analyzer.outlook.why.answer import ABSENT, SHOWN, Answer, Reply
from analyzer.outlook.why.ties import BEHAVIOUR, FILE, FORETOLD, HIT, OBJECT, PRINTS, Tie
from analyzer.report.encode.text import inert, short_ids
from analyzer.report.formats.document import cleaned, report_document
from analyzer.report.formats.text import cause_lines, outlook_line
from analyzer.report.lines import labelled, wrapped
from analyzer.report.model.analysis import Analysis
from analyzer.signatures.catalogue import NONE, Behaviour
from analyzer.snapshot.platform import Platform
from analyzer.words import plural

FIRST = 3
TIES = 3
MANY = 8
TOLD = 2


def render(answer: Answer, report: Analysis, *, assumed: str = "", columns: int = 100) -> str:
    """Return the answer as text; every value of the bundle and of the message is made inert.

    Args:
        answer: what to tell.
        report: on the store, for the platform that the answer is for.
        assumed: what the bundle says of the platform, where the message was believed instead.
        columns: width to wrap at.
    """
    return "\n".join(_Lines(answer, report, assumed, max(columns, 40)).lines()) + "\n"


class _Lines:
    def __init__(self, answer: Answer, report: Analysis, assumed: str, columns: int) -> None:
        self.answer = answer
        self.report = report
        self.assumed = assumed
        self.columns = columns

    def lines(self) -> Iterator[str]:
        yield from self.verdict()
        yield ""
        yield from self.known()
        yield from self.named()
        yield from self.held()
        for reply in self.answer.replies[:FIRST]:
            yield ""
            for number, text in enumerate(map(short_ids, tie_texts(reply, self.report)[:TIES])):
                yield from self.wrap("because" if number == 0 else "", text)
            yield from cause_lines(self.report, reply.cause, columns=self.columns)
        yield from self.further()
        yield from self.worst()
        yield from self.engines()
        yield from self.rest()
        yield from self.remarks()

    def wrap(self, label: str, text: str, indent: int = 11) -> Iterator[str]:
        return labelled(f"   {label}", inert(text), self.columns, indent)

    def plain(self, text: str) -> Iterator[str]:
        yield from wrapped(inert(text), self.columns)

    def verdict(self) -> Iterator[str]:
        answer = self.answer
        if answer.replies:
            sure = answer.replies[0].sure
            first = answer.replies[0].cause
            more = f"; {plural(len(answer.replies) - 1, 'further cause')} below" if len(answer.replies) > 1 else ""
            head = "ANSWER" if sure else "POSSIBLE ANSWER"
            yield from self.plain(f"{head}: cause {first.rank} of this store: {first.hypothesis.title}{more}")
        elif answer.holders:
            yield from self.plain(f"ANSWER: no damage: {answer.holders[0].text}")
        elif answer.state == ABSENT:
            yield from self.plain("NOT SHOWN: the message is known, but this bundle does not show its cause.")
            if not self.report.complete:
                yield from self.wrap("but", "the bundle was not read whole: it may be in what is missing")
        else:
            yield from self.plain(f"NOT KNOWN: this text is not in the catalogue. {self._worst_text()}")

    def _worst_text(self) -> str:
        causes = self.answer.worst
        if not causes:
            return "No cause was found in this store."
        loudest = causes[0].severity
        count = sum(cause.severity == loudest for cause in causes)
        return f"The store has {plural(count, f'{loudest} cause')}, listed below, which may not be the reason."

    def known(self) -> Iterator[str]:
        behaviours = list({each.behaviour.id: each for each in self.answer.matches}.values())
        for number, each in enumerate(behaviours[:FIRST]):
            weak = "" if each.message.specific else " (others print this too)"
            wrapped = ", over a line end" if each.wrapped else ""
            label = "message" if number == 0 else ""
            yield from self.wrap(label, f"{each.behaviour.title}{weak} · {each.behaviour.id}")
            yield from self.wrap("", f"line {each.line}{wrapped}: {each.excerpt}")
        if len(behaviours) > FIRST:
            yield from self.wrap("", f"and {len(behaviours) - FIRST} more known messages: {_ids(behaviours[FIRST:])}")

    def named(self) -> Iterator[str]:
        found = self.answer.named.found
        for number, (_, each) in enumerate(found[:MANY]):
            name = f" {each.name}" if each.name else ""
            yield from self.wrap("names" if number == 0 else "", f"{each.kind} {each.id[:12]}{name}: {state_of(each)}")
        if len(found) > MANY:
            yield from self.wrap("", f"and {len(found) - MANY} more objects of this store")
        for number, word in enumerate(self.answer.named.unknown[:MANY]):
            text = f"{word}: no record and no directory of the stores in this bundle has this id"
            yield from self.wrap("unknown" if number == 0 else "", text)

    def held(self) -> Iterator[str]:
        for number, each in enumerate(self.answer.holders[:MANY]):
            yield from self.wrap("held by" if number == 0 else "", each.text)
            if each.command:
                yield from self.wrap("", f"$ {each.command}")
        if len(self.answer.holders) > MANY:
            yield from self.wrap("", f"and {len(self.answer.holders) - MANY} more containers")

    def further(self) -> Iterator[str]:
        for number, reply in enumerate(self.answer.replies[FIRST:]):
            if number == 0:
                yield ""
            yield from self.wrap(f"also #{reply.cause.rank}", _short(reply.cause.hypothesis.title, reply))

    def worst(self) -> Iterator[str]:
        for cause in self.answer.worst[:FIRST]:
            yield ""
            yield from cause_lines(self.report, cause, columns=self.columns)
        if len(self.answer.worst) > FIRST:
            yield from self.wrap(
                "", f"and {plural(len(self.answer.worst) - FIRST, 'further cause')}: see `analyzer report`"
            )

    def engines(self) -> Iterator[str]:
        told = [tie.outlook for reply in self.answer.replies[:FIRST] for tie in reply.ties[:TIES]]
        items = [item for item in self.answer.predictions if item not in told]
        if items:
            yield ""
            yield "predicted engine behaviour"
            for item in items:
                yield from self.wrap("", outlook_line(item))

    def rest(self) -> Iterator[str]:
        if self.answer.elsewhere:
            yield ""
            yield from self.plain("possibly related: about other objects or files than the text names")
            for reply in self.answer.elsewhere[:FIRST]:
                yield from self.wrap(f"#{reply.cause.rank}", _short(reply.cause.hypothesis.title, reply))
            if len(self.answer.elsewhere) > FIRST:
                yield from self.wrap("", f"and {plural(len(self.answer.elsewhere) - FIRST, 'further cause')}")
        if self.answer.others:
            yield ""
            yield from self.plain(f"{'other ' if self.answer.state == SHOWN else ''}possible causes of that message")
            for behaviour in self.answer.others[:MANY]:
                yield from self.wrap("-", f"{behaviour.title} ({behaviour.id}): {behaviour.means} {behaviour.do}")
                yield from self.wrap("", seen_text(behaviour, self.report))
            if len(self.answer.others) > MANY:
                rest = ", ".join(behaviour.id for behaviour in self.answer.others[MANY:])
                yield from self.wrap("-", f"also: {rest}; see `analyzer explain NAME`")

    def remarks(self) -> Iterator[str]:
        answer = self.answer
        texts = []
        if self.assumed:
            texts.append(
                f"judged for the platform in the message; the bundle is of a node that is {self.assumed}: check that "
                "both are the same node"
            )
        if answer.conflict:
            texts.append(
                f"the message is of a node that is {answer.conflict}, the bundle of one that is "
                f"{platform_text(self.report.platform)}: check that both are the same node"
            )
        texts += [f"{rule} could not look: {reason}" for rule, reason in answer.skipped[:MANY]]
        if len(answer.skipped) > MANY:
            texts.append(f"{len(answer.skipped) - MANY} more rules could not look")
        if answer.named.many:
            texts.append("the text names more objects than were looked up")
        if answer.cut:
            texts.append(f"{answer.cut} characters at the end of the text were not read; give it as a log: --log FILE")
        if texts:
            yield ""
        for text in texts:
            yield from self.wrap("note", text)


def _ids(matches: list[Any]) -> str:
    return ", ".join(each.behaviour.id for each in matches)


def _short(title: str, reply: Reply) -> str:
    return f"{title} ({reply.cause.severity}, {reply.cause.id})"


def state_of(found: FoundObject) -> str:
    """Return what the records and directories of the bundle have of an object; only what is established."""
    rel = found.rel
    known: dict[str, Mapping[str, object]] = {LAYER: rel.layers, IMAGE: rel.images, CONTAINER: rel.containers}
    if found.kind not in known:
        return "named by records"
    record = "has a record" if found.id in known[found.kind] else "has no record"
    if found.kind == LAYER:
        there = any(found.id in store.home.layers for store in rel.stores)
        return f"{record}, {'a directory' if there else 'no directory'} in this bundle"
    return f"{record} in this bundle"


def platform_text(platform: Platform) -> str:
    """Return a platform with its source, `""` where it is not known."""
    return f"{platform.name} (from {platform.source})" if platform.architecture else ""


def tie_texts(reply: Reply, report: Analysis) -> list[str]:
    """Return in words why a cause belongs to the text."""
    ids = report.finding_ids
    texts: dict[object, str] = {}
    for tie in reply.ties:
        message = tie.finding.facts.get("engine_message") if tie.finding is not None else None
        same = (tie.kind, message) if tie.kind == PRINTS else tie
        name = ids.get(tie.finding, tie.finding.rule) if tie.finding is not None else ""
        texts.setdefault(same, _tie_text(tie, name))
    return list(dict.fromkeys(texts.values()))


def _tie_text(tie: Tie, finding: str) -> str:
    if tie.kind == PRINTS and tie.finding is not None:
        return f"{finding} says that an engine prints `{tie.finding.facts['engine_message']}`"
    if tie.kind == FORETOLD and tie.outlook is not None:
        return f"{finding} decides what an engine answers: {outlook_line(tie.outlook)}"
    if tie.kind == FILE:
        return f"{finding} is about the file that the text speaks of ({tie.word})"
    if tie.kind == OBJECT:
        return f"the text names what is at fault ({tie.word})"
    if tie.kind == HIT:
        return f"the text names what suffers from it ({tie.word})"
    sure = "produces it" if tie.kind == BEHAVIOUR else "may produce it"
    return f"{finding} {sure}: {tie.finding.message}" if tie.finding is not None else f"this cause {sure}"


def seen_text(behaviour: Behaviour, report: Analysis) -> str:
    """Return how much this analysis can say of a behaviour that it does not show."""
    if behaviour.visible == NONE or not behaviour.rules:
        return "A bundle cannot show it: look on the node."
    found = [(name, finding) for finding, name in report.finding_ids.items() if finding.rule in behaviour.rules]
    if found:
        told = "; ".join(f"{name} {finding.message}" for name, finding in found[:TOLD])
        more = f"; and {', '.join(name for name, _ in found[TOLD:MANY])}" if len(found) > TOLD else ""
        return f"Related findings in this store, which the text does not point to: {told}{more}."
    run = set(report.checked.run)
    looked = [rule for rule in behaviour.rules if rule in run]
    if not looked:
        return f"Not looked at here: {', '.join(behaviour.rules)} could not run."
    part = "" if behaviour.visible == "full" else "; a bundle shows a part of it at most"
    return f"Not found here by {', '.join(looked)}{part}."


def to_dict(answer: Answer, report: Analysis, *, assumed: str = "") -> dict[str, Any]:
    """Return the answer as data; causes, findings and predictions as the report contract has them."""
    document = report_document(report)
    places = {id(item): number for number, item in enumerate(report.outlook)}
    whole: dict[str, Any] = cleaned(
        {
            "answered": answer.state == SHOWN,
            "state": answer.state,
            "messages": [
                {
                    "behaviour": each.behaviour.id,
                    "title": each.behaviour.title,
                    "specific": each.message.specific,
                    "line": each.line,
                    "over_line_end": each.wrapped,
                    "excerpt": each.excerpt,
                    "names": dict(each.groups),
                }
                for each in answer.matches
            ],
            "objects": _objects(answer),
            "files": list(answer.files),
            "unknown": list(answer.named.unknown),
            "causes": [_reply(reply, report, document) for reply in answer.replies],
            "held_by": [
                {
                    "behaviour": each.behaviour,
                    "container": each.container.id,
                    "name": each.container.name,
                    "image": each.image.id if each.image is not None else None,
                    "engine": each.engine or None,
                    "text": each.text,
                    "command": each.command or None,
                }
                for each in answer.holders
            ],
            "related": [_reply(reply, report, document) for reply in answer.elsewhere],
            "store_causes": [document["causes"][cause.rank - 1] for cause in answer.worst],
            "outlook": [document["outlook"][places[id(item)]] for item in answer.predictions],
            "other_behaviours": [
                {
                    "behaviour": behaviour.id,
                    "title": behaviour.title,
                    "means": behaviour.means,
                    "do": behaviour.do,
                    "visible": behaviour.visible,
                    "here": seen_text(behaviour, report),
                }
                for behaviour in answer.others
            ],
            "skipped": [{"rule": rule, "because": reason} for rule, reason in answer.skipped],
            "platform": document["platform"],
            "platform_in_message": answer.conflict or None,
            "platform_of_bundle_not_believed": assumed or None,
            "characters_not_read": answer.cut,
        }
    )
    return whole


def _objects(answer: Answer) -> list[dict[str, str]]:
    """Return the objects that the text names and those that answer it, each once."""
    found = [(word, each) for word, each in answer.named.found]
    found += [("", each) for held in answer.holders for each in (held.container, held.image) if each is not None]
    objects: dict[tuple[str, str], dict[str, str]] = {}
    for word, each in found:
        entry = {"word": word, "kind": each.kind, "id": each.id, "name": each.name, "how": each.how}
        objects.setdefault((each.kind, each.id), {**entry, "state": state_of(each)})
    return list(objects.values())


def _reply(reply: Reply, report: Analysis, document: dict[str, Any]) -> dict[str, Any]:
    return {**document["causes"][reply.cause.rank - 1], "answers_because": tie_texts(reply, report), "sure": reply.sure}
