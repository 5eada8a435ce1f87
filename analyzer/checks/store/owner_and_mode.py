"""Files of the store have several owners, or others may write them.

What it finds
    Index files, lock files and directories of the store whose owner differs from that of most of the others, or that
    others may write while the rest of the store is closed to them. Contents of layers are not looked at.

Why it matters
    A rootless store with files of root in it (someone ran `sudo podman` on it) fails with `permission denied` for its
    user. An index that anybody may write can be changed by anybody.

How sure
    Medium. Store files are only compared with each other: a capture that lost owners or modes lost them for all
    and stays silent, and rootless stores belong to whom they belong.

Remedy
    `chown` or `chmod` the named files only (JSON 0600, locks 0644, directories 0700). Never run either recursively
    over a graph root: layers keep their own owners and modes.

Engine source
    containers/storage store.go: load, GetStore; layers.go, images.go, containers.go: saveFor.
"""

from __future__ import annotations

from collections import Counter

from analyzer.capture.kept import Kept
from analyzer.checks.rule import CRITICAL, MEDIUM, WARNING, Finding, Findings, Rule, StoreView, Where, rule
from analyzer.checks.store.index_files import SHOWN
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, FILE, Member

OTHERS_WRITE = 0o002
FEWEST = 4
"""Files without which there is no majority to compare with."""


@rule(
    "STO-016",
    severity=WARNING,
    says="{count} of the store's own files {seen}, unlike the rest ({usual}); the first is {path}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the store's own files with each other."""
    members = own_files(view.store)
    if len(members) < FEWEST:
        return
    owner, count = Counter(member.uid for member in members).most_common(1)[0]
    strangers = [member for member in members if member.uid != owner]
    if strangers and count > len(members) // 2:
        for uid in sorted({member.uid for member in strangers}):
            odd = [member for member in strangers if member.uid == uid]
            if _of_kind_alone(view.capture.kept, {member.kind for member in odd}):
                continue
            yield _finding(view, this, odd, f"belong to user {uid}", f"user {owner}", blocks=owner != 0)
    loose = [member for member in members if member.mode & OTHERS_WRITE]
    if loose and len(loose) <= len(members) // 2:
        yield _finding(view, this, loose, "may be written by anybody", "closed to others")


def _of_kind_alone(kept: Kept, kinds: set[str]) -> bool:
    """Tell whether the owners of one kind were lost or given anew, in all of the bundle."""
    return len(kinds) == 1 and bool(kept.one_owner or (kinds == {DIRECTORY} and not kept.folder_owners))


def _finding(view: StoreView, this: Rule, odd: list[Member], seen: str, usual: str, *, blocks: bool = False) -> Finding:
    return this.found(
        view.file(odd[0].path),
        [(Where(m.path), usual, f"owner {m.uid}:{m.gid}, mode {m.mode:04o}") for m in odd[:SHOWN]],
        severity=CRITICAL if blocks else "",
        confidence=MEDIUM,
        blocks=blocks,
        variant="mode" if usual == "closed to others" else "owner",
        path=odd[0].path,
        count=len(odd),
        seen=seen,
        usual=usual,
    )


def own_files(store: Store) -> list[Member]:
    """Return index files, locks, part directories and the driver home: what the engine makes with one owner.

    In a run root the driver's home holds no layers, and belongs to whom a container's root is mapped to.
    """
    found = [file.member for file in store.part_dirs.values()]
    prefix = f"{store.root}/" if store.root else ""
    found += [document.file.member for document in store.documents.values() if document.path.startswith(prefix)]
    found += [lock.file.member for lock in store.locks.values()]
    if store.home.layers:
        found += [member for member in (store.home.member, store.home.link_dir) if member is not None]
    return sorted((m for m in found if m.kind in (FILE, DIRECTORY)), key=lambda member: member.path)
