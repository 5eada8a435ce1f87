"""What a full copy holds besides its own layer: the files of all layers below, as their descriptions leave them.

The drivers vfs and btrfs, and id-mapped copies (`diff1`), keep the whole tree in every layer. A layer's own tar-split
describes only what it added, so its parents' are put together here: later entries win, whiteouts and opaque marks take
away, what is no directory takes what lies below it.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.snapshot.tar_entry import TarEntry
from analyzer.source.member import DIRECTORY, HARDLINK
from analyzer.verify.facts import WHITEOUT_PREFIX
from analyzer.verify.opaque_marks import OPAQUE_MARK

META_PREFIX = ".wh..wh."


class Tree:
    """A merged tree of layer tars, by path.

    Attributes:
        entries: what is there, in the order it was written last.
    """

    def __init__(self) -> None:
        self.entries: dict[str, TarEntry] = {}
        self._below: dict[str, dict[str, None]] = {}

    def add(self, layer: Iterable[TarEntry]) -> None:
        """Put one more layer tar on top: what it takes away goes first, wherever its marks stand in it."""
        brought = []
        for entry in layer:
            parent, _, name = entry.path.rpartition("/")
            if name == OPAQUE_MARK:
                self._clear(parent)
            elif name.startswith(WHITEOUT_PREFIX) and not name.startswith(META_PREFIX):
                target = name[len(WHITEOUT_PREFIX) :]
                self._drop(f"{parent}/{target}" if parent else target)
            elif entry.path and not name.startswith(META_PREFIX):
                brought.append(entry)
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


def inherited(parents: Iterable[Iterable[TarEntry]], own: Iterable[TarEntry]) -> list[TarEntry]:
    """Return the entries of a full copy that its parents brought.

    Args:
        parents: entries of the layer tars below, the base first.
        own: entries of the layer's own tar.
    """
    tree = Tree()
    for layer in parents:
        tree.add(layer)
    added = list(own)
    tree.add(added)
    mine = {entry.path for entry in added}
    kept = [entry for path, entry in tree.entries.items() if path not in mine]
    return [entry for entry in kept if entry.kind != HARDLINK or entry.link in tree.entries]
