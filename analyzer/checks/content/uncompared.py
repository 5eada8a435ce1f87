"""Say which layers could not be compared or made again, and why: what was not seen must not look like what is sound."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.checks.store_view import StoreView
from analyzer.verify.facts import TAR_SPLIT, LayerFacts
from analyzer.words import and_more, plural

EXAMPLES = 3
SHORT = 12


def not_compared(view: StoreView) -> str:
    """Return why layers of a store were not compared with what describes them, `""` when all were."""
    return _told("compared", _uncompared(view))


def not_rebuilt(view: StoreView) -> str:
    """Return why layers of a store were not made again (depth deep), `""` when all were."""
    return _told("made again", _unbuilt(view))


def _uncompared(view: StoreView) -> Iterator[tuple[str, str]]:
    facts = view.contents
    for record in view.store.layers:
        known = facts.get(record.id)
        if known is not None:
            if _unjudged(known):
                yield record.id, known.unjudged
        elif record.incomplete:
            yield record.id, "flagged incomplete"
        elif view.rel.images_on.get(record.id) and view.rel.layer_store.get(record.id) is view.store:
            yield record.id, "neither a tar-split nor a table of contents describes it"


def _unbuilt(view: StoreView) -> Iterator[tuple[str, str]]:
    rebuilt = view.snapshot.rebuilt or {}
    for layer_id, facts in view.contents.items():
        if facts.source != TAR_SPLIT:
            yield layer_id, "no tar-split, only a table of contents"
        elif _unjudged(facts):
            yield layer_id, facts.unjudged
        elif facts.description is not None and facts.recorded:
            made = rebuilt.get(facts.description.path)
            if made is None:
                yield layer_id, "no files of its own in the bundle"
            elif made.reason:
                yield layer_id, made.reason


def _unjudged(facts: LayerFacts) -> bool:
    """Tell whether there was something to compare and it was not; a layer without any file is no gap."""
    return bool(facts.unjudged) and bool(facts.recorded or facts.problems or facts.limit)


def _told(what: str, reasons: Iterator[tuple[str, str]]) -> str:
    """Return one line: how many layers, and for each reason how many and which."""
    by_reason: dict[str, list[str]] = {}
    for layer_id, reason in reasons:
        by_reason.setdefault(reason, []).append(layer_id)
    total = sum(map(len, by_reason.values()))
    if not total:
        return ""
    parts = []
    for reason, layers in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0])):
        names = ", ".join(layer[:SHORT] for layer in layers[:EXAMPLES])
        more = and_more(len(layers), EXAMPLES)
        parts.append(f"{reason} ({names}{more})")
    return f"{plural(total, 'layer')} not {what}: " + "; ".join(parts)
