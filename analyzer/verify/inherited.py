"""What a full copy holds besides its own layer: the files of all layers below, as their descriptions leave them.

The drivers vfs and btrfs, and id-mapped copies (`diff1`), keep the whole tree in every layer. A layer's own tar-split
describes only what it added, so its parents' are put together here: later entries win, whiteouts and opaque marks take
away, what is no directory takes what lies below it.

An id-mapped copy is one of mounted layers. In `overlay` an engine makes the directories that a layer's tar implies and
does not name in that layer, with mode 0755 and root as owner, and they hide those of the layers below
(containers/storage pkg/archive: Unpack). The other drivers unpack into the whole tree, which has them already.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from analyzer.snapshot.tar_entry import TarEntry
from analyzer.source.member import DIRECTORY, HARDLINK
from analyzer.verify.facts import WHITEOUT_PREFIX
from analyzer.verify.opaque_marks import OPAQUE_MARK

IMPLIED_MODE = 0o755
META_PREFIX = ".wh..wh."


class Tree:
    """A merged tree of layer tars, by path.

    Args:
        mounted: what overlayfs makes of the layers, not what unpacking each into the whole tree does.

    Attributes:
        entries: what is there, in the order it was written last.
    """

    def __init__(self, *, mounted: bool) -> None:
        self.mounted = mounted
        self.entries: dict[str, TarEntry] = {}
        self._below: dict[str, dict[str, None]] = {}

    def add(self, layer: Iterable[TarEntry]) -> None:
        """Put one more layer tar on top: what it takes away goes first, wherever its marks stand in it."""
        brought, implied = [], dict[str, None]()
        for entry in layer:
            if self.mounted:
                implied |= dict.fromkeys(_parents(entry.path, implied))
            parent, _, name = entry.path.rpartition("/")
            if name == OPAQUE_MARK:
                self._clear(parent)
            elif name.startswith(WHITEOUT_PREFIX) and not name.startswith(META_PREFIX):
                target = name[len(WHITEOUT_PREFIX) :]
                self._drop(f"{parent}/{target}" if parent else target)
            elif entry.path and not name.startswith(META_PREFIX):
                brought.append(entry)
        for path in implied:
            if (below := self.entries.get(path)) is not None and below.kind == DIRECTORY:
                self.entries[path] = below._replace(mode=IMPLIED_MODE, uid=0, gid=0)
        for entry in brought:
            self._put(entry)

    def _put(self, entry: TarEntry) -> None:
        if entry.kind != DIRECTORY:
            self._clear(entry.path)
        self.entries.pop(entry.path, None)
        self.entries[entry.path] = entry
        path = entry.path
        while path:
            parent = path.rpartition("/")[0]
            known = self._below.setdefault(parent, {})
            if path in known:
                break
            known[path] = None
            path = parent

    def _drop(self, path: str) -> None:
        self._clear(path)
        self.entries.pop(path, None)
        self._below.get(path.rpartition("/")[0], {}).pop(path, None)

    def _clear(self, path: str) -> None:
        waiting = list(self._below.pop(path, ()))
        while waiting:
            each = waiting.pop()
            self.entries.pop(each, None)
            waiting += self._below.pop(each, ())


def _parents(path: str, known: Container[str]) -> Iterator[str]:
    """Yield the directories that a path implies, the nearest first, up to one that is known already."""
    while (path := path.rpartition("/")[0]) and path not in known:
        yield path


def inherited(
    parents: Iterable[Iterable[TarEntry]], own: Iterable[TarEntry], *, mounted: bool = False
) -> list[TarEntry]:
    """Return the entries of a full copy that its parents brought.

    Args:
        parents: entries of the layer tars below, the base first.
        own: entries of the layer's own tar.
        mounted: the copy is one of layers that overlayfs had mounted.
    """
    tree = Tree(mounted=mounted)
    for layer in parents:
        tree.add(layer)
    added = list(own)
    tree.add(added)
    mine = {entry.path for entry in added}
    kept = [entry for path, entry in tree.entries.items() if path not in mine]
    return [entry for entry in kept if entry.kind != HARDLINK or entry.link in tree.entries]
