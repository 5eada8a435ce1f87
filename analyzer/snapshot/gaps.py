"""Evidence that is there and was not read: one value for each, whatever kind of evidence it is.

A link to what was not captured, a FIFO or a device where a file or a directory belongs, a file over a limit. None of it
says that the store is sound or broken; all of it keeps the verdict open. What a damaged archive lost is told by the
reader of the archive itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.host import Host
from analyzer.snapshot.keep import not_regular
from analyzer.snapshot.libpod.find import DATABASE
from analyzer.snapshot.overlay import no_text, other_layer
from analyzer.snapshot.provenance import LEFT_OUT, LINK, SPECIAL, SmallFile, Unread
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, FILE, HARDLINK, SYMLINK, Loss, Member

CONFIGURATION = re.compile(r"(?:^|/)(?:storage|containers|crio)[^/]*\.conf(?:\.d/[^/]+)?$")
SEEN = (DIRECTORY, FILE, SYMLINK)
"""What may stand in place of `l` and hides nothing below it: a rule judges a file, and a symlink is followed."""
STATE_FILES = ("userdata/config.json", "userdata/state.json")


class UnreadEvidence(NamedTuple):
    """One piece of evidence that was not read.

    Attributes:
        path: its member path.
        why: the reason.
        offset: where it stands in the archive, 0 in a directory.
        advice: how to capture it, `""` where nothing special is needed.
    """

    path: str
    why: Unread
    offset: int
    advice: str = ""

    @property
    def elsewhere(self) -> bool:
        """Tell whether it is a link: the store has what belongs there, so that nothing below can be called absent."""
        return self.why.kind == LINK

    @property
    def loss(self) -> Loss:
        """Return it as what the coverage lists."""
        return Loss(self.why.says + (f"; {self.advice}" if self.advice else ""), self.path, self.offset)


def find_gaps(stores: Iterable[Store], host: Host, others: Mapping[str, SmallFile]) -> list[UnreadEvidence]:
    """Return what was not read of stores, configuration and databases, each path once, in archive order.

    Args:
        stores: of the bundle.
        host: files of the node.
        others: files beside the stores by member path, libpod's databases among them.
    """
    found: dict[str, UnreadEvidence] = {}
    for store in stores:
        for gap in (*_directories(store), *_layer_directories(store), *_files(store)):
            found.setdefault(gap.path, gap)
    outside = [file for path, file in host.files.items() if CONFIGURATION.search(path)]
    outside += [file for path, file in others.items() if DATABASE.fullmatch(path)]
    found.update((gap.path, gap) for gap in filter(None, map(_of_file, outside)))
    return sorted(found.values(), key=lambda gap: (gap.offset, gap.path))


def host_notes(host: Host) -> list[Loss]:
    """Return what was not read of command output and logs, which no verdict stands on."""
    files = [file for path, file in host.files.items() if not CONFIGURATION.search(path)]
    return [
        Loss(file.reason, file.path, max(file.member.offset, 0))
        for file in (*files, *host.logs.values())
        if file.unread is not None and file.member.kind not in (DIRECTORY, SYMLINK)
    ]


def _directories(store: Store) -> Iterator[UnreadEvidence]:
    """Yield the graph root's own directories that are something else."""
    home = store.home.member
    if home is not None and home.kind != DIRECTORY:
        yield _directory(home, store)
    for file in (*store.part_dirs.values(), *store.no_directories):
        if file.member.kind != DIRECTORY:
            yield _directory(file.member, store)
    links = store.home.link_dir
    if links is not None and links.kind not in SEEN:
        yield _directory(links, store)


def _layer_directories(store: Store) -> Iterator[UnreadEvidence]:
    home = store.home
    for name, member in home.others.items():
        if HEX_ID.fullmatch(name) and member.kind not in (DIRECTORY, FILE) and not other_layer(home, name):
            yield _directory(member, store)
    for layer in home.layers.values():
        yield from filter(None, (_of_file(file) for file in layer.small_files if not no_text(home, file.member)))
        for name in ("diff", "link", "lower", "lower-layers"):
            entry = layer.entries.get(name)
            if entry is not None and entry.kind == HARDLINK:
                yield _of_member(entry)
    for member in home.links.values():
        if member.kind == HARDLINK:
            yield _of_member(member)


def _files(store: Store) -> Iterator[UnreadEvidence]:
    recorded = {container.id: set(container.big_data_names) for container in store.containers}
    files = [document.file for document in store.documents.values()]
    files += store.tar_splits.values()
    files += [file for tree in (*store.image_files.values(), *store.layer_files.values()) for file in tree.values()]
    files += [
        file
        for name, tree in store.container_files.items()
        for path, file in tree.items()
        if path in STATE_FILES or path in recorded.get(name, ()) or (path == "userdata" and file.member.kind == SYMLINK)
    ]
    files += [lock.file for lock in store.locks.values()]
    if store.home.mount_program is not None:
        files.append(store.home.mount_program)
    yield from filter(None, map(_of_file, files))


def _of_file(file: SmallFile) -> UnreadEvidence | None:
    """Return the gap a file without content leaves; one that the archive cuts is told by its reader."""
    why = file.unread
    if why is None or file.cut or why.kind == LEFT_OUT:
        return None
    return UnreadEvidence(file.path, why, max(file.member.offset, 0))


def _of_member(member: Member) -> UnreadEvidence:
    return UnreadEvidence(member.path, not_regular(member), max(member.offset, 0))


def _directory(member: Member, store: Store) -> UnreadEvidence:
    """Return the gap of an entry in the place of a directory; a link may lead to another disk."""
    offset = max(member.offset, 0)
    if member.kind not in (SYMLINK, HARDLINK):
        what = "a regular file" if member.kind == FILE else f"a {member.kind}"
        return UnreadEvidence(
            member.path, Unread(SPECIAL, f"{what}, not a directory: nothing below it was read"), offset
        )
    inside = member.path[len(store.root) + 1 :] if store.root else member.path
    advice = f"capture it through the link: tar -C GRAPHROOT -cf BUNDLE … {inside}/." if member.kind == SYMLINK else ""
    where = f"a symlink to {member.link}" if member.kind == SYMLINK else f"a hard link to {member.link}"
    return UnreadEvidence(
        member.path, Unread(LINK, f"{where}, not followed: nothing below it was captured"), offset, advice
    )
