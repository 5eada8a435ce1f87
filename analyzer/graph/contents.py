"""What fills an image: bytes by directory of the tree a container sees, and bytes of lower layers that no one sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import Struct, field

from analyzer.graph.merged import Merged, merged_view, stack_of
from analyzer.graph.relations import Relations
from analyzer.snapshot.content import FILE_CODE

DEEPEST = 12
"""Levels that are told apart; what lies deeper counts for the directory at that level."""
SHARE = 1_000
"""A file of less than this part of the image counts for its directory only."""


class Filled(Struct):
    """A directory of an image, or a large file, with what it takes.

    Attributes:
        path: in the image, `""` for its root.
        seen: bytes of files that a container sees.
        files: how many these are.
        hidden: bytes of files in lower layers that a layer above replaces or deletes: on the disk, and of no use.
        below: what is directly in it.
    """

    path: str
    seen: int = 0
    files: int = 0
    hidden: int = 0
    below: list[Filled] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Return bytes on the disk."""
        return self.seen + self.hidden


class ImageContents(NamedTuple):
    """The tree of an image, the largest of each directory first, and the layers whose files the bundle lacks."""

    root: Filled
    unseen: tuple[str, ...]


def entries_of(rel: Relations, layer_id: str) -> int:
    """Return how many entries a layer and those below it have, which is what `contents_of` costs."""
    layers = stack_of(rel, layer_id).layers
    directories = filter(None, map(rel.directory, layers))
    return sum(len(table) for directory in directories for table in directory.tables.values())


def contents_of(rel: Relations, layer_id: str) -> ImageContents:
    """Return what a layer and those below it hold; linear in their entries."""
    view = merged_view(rel, stack_of(rel, layer_id).layers)
    files = list(_files(view))
    worth = max(1, sum(size for _, size, _ in files) // SHARE)
    places = {"": Filled("")}
    for path, size, seen in files:
        parts = (path if size >= worth else path.rpartition("/")[0]).split("/", DEEPEST)
        place = _place(places, "/".join(parts[:DEEPEST]))
        if seen:
            place.seen += size
            place.files += 1
        else:
            place.hidden += size
    _add_up(places[""])
    return ImageContents(places[""], tuple(view.unseen))


def _files(view: Merged) -> Iterator[tuple[str, int, bool]]:
    """Yield path, bytes, and whether a container sees it, of every file of every layer."""
    for number, (_, table) in enumerate(view.tables):
        kinds, sizes = table.kinds, table.sizes
        for path, row in table.index.items():
            if kinds[row] == FILE_CODE:
                yield path, sizes[row], view.places.get(path) == (number, row)


def _place(places: dict[str, Filled], path: str) -> Filled:
    found = places.get(path)
    if found is None:
        found = places[path] = Filled(path)
        _place(places, path.rpartition("/")[0]).below.append(found)
    return found


def _add_up(place: Filled) -> None:
    for each in place.below:
        _add_up(each)
        place.seen += each.seen
        place.files += each.files
        place.hidden += each.hidden
    place.below.sort(key=lambda each: (-each.size, each.path))
