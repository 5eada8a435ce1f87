"""The node beside its records: stores, engine versions, and what the engines would answer."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.compare.match import keyed, match
from analyzer.compare.model import ANSWER, ENGINE, STORE, Change, ComparedItem, JudgedCapture
from analyzer.graph.relations import Relations
from analyzer.snapshot.engines import CRIO, PODMAN, engine_version

NOT_HELD = "the bundle does not hold this store"


def node_changes(a: JudgedCapture, b: JudgedCapture) -> Iterator[Change]:
    """Yield engine versions that a bundle states."""
    yield from match(ENGINE, keyed(_versions(a)), keyed(_versions(b)), (_not_stated, _not_stated))


def answer_changes(a: JudgedCapture, b: JudgedCapture) -> Iterator[Change]:
    """Yield what commands of the engines would answer; both captures must hold the same stores."""
    yield from match(ANSWER, keyed(_answers(a)), keyed(_answers(b)), (_not_foretold, _not_foretold))


def store_changes(first: Relations, second: Relations) -> Iterator[Change]:
    """Yield the stores of a pair of groups; one that a bundle does not hold may have been left out."""
    before, after = keyed(_stores(first)), keyed(_stores(second))
    yield from match(STORE, before, after, (_not_held, _not_held), first.stores[0].root or ".")


def _not_stated(_item: ComparedItem) -> str:
    return "the bundle has no file that states it"


def _not_foretold(_item: ComparedItem) -> str:
    return "nothing was foretold of it"


def _not_held(_item: ComparedItem) -> str:
    return NOT_HELD


def _stores(rel: Relations) -> Iterator[ComparedItem]:
    for store in rel.stores:
        facts = {"driver": store.driver, "backing file system": store.backing_fs or None}
        key = store.role if store is rel.stores[0] else f"{store.role} {store.root.rpartition('/')[2]}"
        yield ComparedItem(key, "", store.root or ".", facts, store.root or ".")


def _versions(side: JudgedCapture) -> Iterator[ComparedItem]:
    for engine in (CRIO, PODMAN):
        version = engine_version(engine, side.snapshot.host)
        if version.source:
            yield ComparedItem(engine, "", engine, {"version": version.text}, version.source)


def _answers(side: JudgedCapture) -> Iterator[ComparedItem]:
    for item in side.outlook:
        said = "works" if item.works else f"fails: {item.message}" if item.message else "fails"
        deletes = item.deletes
        facts: dict[str, str | None] = {"answer": said, "deletes": None}
        if deletes is not None:
            counts = f"{deletes.layers} layers, {deletes.images} images, {deletes.containers} containers"
            facts["deletes"] = "the whole graph root" if deletes.whole_root else counts
        yield ComparedItem(f"{item.engine} {item.command}", "", f"{item.engine} {item.version} `{item.command}`", facts)
