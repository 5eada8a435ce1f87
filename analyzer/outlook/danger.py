"""The most urgent sentences there are: what a start or a command of an engine would delete from this store.

Only what damage has brought there counts, and the whole graph root: left-over directories of stopped pulls, and
containers whose state a capture left out, are cleared away without a loss and say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.checks.finding import ERROR
from analyzer.outlook.model import CREATE, PULL, START, UNCLEAN_START, Deletes, Outlook
from analyzer.words import totals

WRITERS = (PULL, CREATE)
NAMES = {"cri-o": "CRI-O", "podman": "Podman"}


def dangers(outlook: Iterable[Outlook]) -> tuple[str, ...]:
    """Return one sentence an engine that would delete something, the worst of its commands; empty for none."""
    by_engine: dict[str, list[Outlook]] = {}
    for item in outlook:
        if loses(item):
            by_engine.setdefault(item.engine, []).append(item)
    return tuple(_sentence(engine, items) for engine, items in by_engine.items())


def loses(item: Outlook) -> bool:
    """Tell whether a command would delete what could be lost."""
    deletes = item.deletes
    if deletes is None:
        return False
    if deletes.whole_root:
        return True
    some = deletes.layers or deletes.images or deletes.containers
    return bool(some) and any(finding.is_at_least(ERROR) for finding in item.because)


def _sentence(engine: str, items: list[Outlook]) -> str:
    name = NAMES.get(engine, engine)
    item = items[0]
    said = deleted(item.deletes)
    if item.command == UNCLEAN_START:
        return f"Do not start {name} after a crash or reset of this node: it would delete {said}."
    worse = next((deleted(each.deletes) for each in items[1:] if each.command == UNCLEAN_START), "")
    if item.command == START:
        more = f" After a crash or reset of the node it would delete {worse}." if worse and worse != said else ""
        return f"Do not start {name}: it would delete {said}.{more}"
    if item.command in WRITERS:
        writing = (each for each in items if each.command in WRITERS)
        return " ".join(f"Do not run `{each.command}` on this store: {_without(each)}." for each in writing)
    return f"Do not run {name.lower()} on this store: any command would delete {said}."


def _without(item: Outlook) -> str:
    return f"it would rewrite the records without {deleted(item.deletes)}"


def deleted(deletes: Deletes | None) -> str:
    """Return in words what is deleted, `""` for nothing."""
    if deletes is None:
        return ""
    pairs = ((deletes.layers, "layer"), (deletes.images, "image"), (deletes.containers, "container"))
    listed = totals(*pairs)
    if deletes.whole_root:
        return f"the whole graph root ({listed})" if listed else "the whole graph root"
    return listed
