"""Say what of the layers' contents was known of and not read: at a limit, or behind a link to what was not captured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from analyzer.checks.store_view import StoreView
from analyzer.limits import advised
from analyzer.source.member import Loss
from analyzer.words import and_more


def unread_layers(views: Iterable[StoreView]) -> tuple[Loss, ...]:
    """Return what comparing and rebuilding layers could not read and the snapshot does not tell yet, each file once."""
    found: dict[str, Loss] = {}
    for view in views:
        told = {loss.where for loss in view.snapshot.losses}
        for loss in _of_store(view):
            if loss.where not in told:
                found.setdefault(loss.where, loss)
    return tuple(found.values())


def _of_store(view: StoreView) -> Iterator[Loss]:
    if "contents" not in vars(view):  # no rule looked at them
        return
    rebuilt = view.snapshot.rebuilt or {}
    for facts in view.contents.values():
        file = facts.description
        if file is not None:
            made = rebuilt.get(file.path)
            why = facts.limit or (made.reason if made is not None and "limit " in made.reason else "")
            if why:
                yield Loss(f"layer {facts.record.id} not compared to its end: {advised(why)}", file.path)
        if facts.links_lost:
            more = and_more(facts.links_lost)
            what = f"a hard link to what the bundle does not hold{more}: content not compared"
            yield Loss(what, f"{facts.diff}/{facts.link_lost}")
