"""Top directories of layers whose tars say nothing of them: the driver alone gave them mode and owner.

The driver makes `diff` with mode 0555 (0755 before 2020) and the root of the layer's map as owner, and takes both from
the parent's where there is one (containers/storage drivers/overlay: create; drivers/vfs: create). So these are known,
and where most layers have another one, alike, one command went over them; a copy that changes modes or owners changes
those below as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TypeVar

from analyzer.capture.kept import Kept
from analyzer.capture.recorded import description
from analyzer.graph.relations import Relations
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, Member
from analyzer.verify.entry_judge import OVERRIDE
from analyzer.verify.facts import MODE, OWNER, TAR_SPLIT, Difference, LayerFacts
from analyzer.verify.id_maps import owners_of

Seen = TypeVar("Seen")
USUAL = (0o555, 0o755)
SEVERAL = 3
"""Layers with one strange root from which on a command is meant."""


def compare_roots(
    store: Store, rel: Relations, found: Mapping[str, LayerFacts], kept: Kept, owner: tuple[int, int]
) -> None:
    """Add the modes and owners of top directories that one command changed to the facts of their layers; in place.

    Where the copy changed anything in the layers, by its umask for one, it may have changed these as well.

    Args:
        store: the store.
        rel: relations over the stores that are used together with it.
        found: what comparing its layers gave, by layer id.
        kept: what the bundle keeps.
        owner: whose store it is.
    """
    if any(facts.left_out or facts.undecided for facts in found.values()):
        return
    pulled = [key for key, facts in found.items() if facts.compared and not _partial(facts)]
    roots = {key: root for key in pulled if (root := _root(store, rel, key))}
    if not kept.unpacked:
        alike = {key: facts for key, facts in found.items() if not facts.count(MODE) and not facts.left_open(MODE)[1]}
        strange = {key: root.mode for key, root in roots.items() if key in alike and root.mode not in USUAL}
        for key, mode in _swept(store, rel, roots, strange):
            _add(found[key], roots[key], MODE, f"mode {USUAL[0]:04o}", f"mode {mode:04o}")
    if kept.users and kept.groups:
        alike = {key: facts for key, facts in found.items() if not facts.count(OWNER) and not facts.doubts[OWNER]}
        wanted = {key: _owner(found[key], owner) for key in roots if key in alike}
        given = {key: (roots[key].uid, roots[key].gid) for key in wanted}
        others = {key: seen for key, seen in given.items() if min(wanted[key]) >= 0 and seen != wanted[key]}
        for key, (uid, gid) in _swept(store, rel, roots, others):
            expected = f"owner {wanted[key][0]}:{wanted[key][1]}"
            _add(found[key], roots[key], OWNER, expected, f"owner {uid}:{gid}")


def _root(store: Store, rel: Relations, layer_id: str) -> Member | None:
    directory = rel.directory(layer_id, store)
    root = directory.entries.get("diff") if directory is not None else None
    return root if root is not None and root.kind == DIRECTORY and OVERRIDE not in root.xattrs else None


def _partial(facts: LayerFacts) -> bool:
    """Tell whether a partial pull made a layer: its top directory was that of the engine's staging area."""
    return facts.source != TAR_SPLIT or bool(facts.record.toc_digest)


def _owner(facts: LayerFacts, owner: tuple[int, int]) -> tuple[int, int]:
    uids, gids = owners_of(facts.record, owner)
    return uids[0], gids[0]


def _swept(
    store: Store, rel: Relations, roots: Mapping[str, Member], strange: Mapping[str, Seen]
) -> Iterator[tuple[str, Seen]]:
    """Yield the layers that one command changed: those that have the commonest strange root, if most have it."""
    votes = Counter(strange.values())
    for seen, count in votes.most_common(1):
        if count >= SEVERAL and 2 * count > len(roots):
            hit = [key for key, each in strange.items() if each == seen]
            yield from ((key, seen) for key in hit if not _told(store, rel, key))


def _told(store: Store, rel: Relations, layer_id: str) -> bool:
    """Tell whether the tar of a layer, or of one that it stands on, names its root."""
    for each in rel.chain(layer_id):
        described = description((store, *rel.stores), each)
        if described is None or any(not entry.path for entry in described.entries()):
            return True
    return False


def _add(facts: LayerFacts, root: Member, facet: str, expected: str, observed: str) -> None:
    facts.add(Difference(facet, "", DIRECTORY, expected, observed, root.mtime_ns))
