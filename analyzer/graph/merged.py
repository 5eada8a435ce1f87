"""The file tree that a container would see: layer upon layer, deletions and opaque directories applied.

Both styles count: character devices 0:0 and `overlay.opaque` attributes of native overlay, `.wh.NAME` and
`.wh..wh..opq` files of fuse-overlayfs. Nothing is mounted; the view is made of the columns of the layers' files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct, field

from analyzer.graph.relations import Relations
from analyzer.snapshot.content import KIND_CODE, DiffTable, Entry
from analyzer.snapshot.overlay import lower_ids, text_of
from analyzer.source.member import CHAR, DIRECTORY, FILE, HARDLINK, SYMLINK

WHITEOUT, OPAQUE_FILE, AUFS = ".wh.", ".wh..wh..opq", ".wh..wh."
OPAQUE = ("trusted.overlay.opaque", "user.overlay.opaque", "user.fuseoverlayfs.opaque", "user.containers.opaque")
WHITEOUT_XATTRS = ("trusted.overlay.whiteout", "user.overlay.whiteout")
METACOPY = ("trusted.overlay.metacopy", "user.overlay.metacopy")
WHOLE_TREES = ("vfs", "btrfs", "zfs")
CHAR_CODE, DIRECTORY_CODE = KIND_CODE[CHAR], KIND_CODE[DIRECTORY]
SYMLINK_HOPS, LINK_HOPS = 40, 8


class Stack(NamedTuple):
    """The layers of a view, topmost first, and how they were found.

    `by` is `lower` where the driver's own file says so, else `parent`: the recorded chain; `why` says why the file
    was not used, `""` where it was or is not needed.
    """

    layers: tuple[str, ...]
    by: str
    why: str = ""


class MergedEntry(NamedTuple):
    """One entry of a view: its path there, the layer it comes from, its facts, and its member path."""

    path: str
    layer: str
    entry: Entry
    member: str


def stack_of(rel: Relations, layer_id: str) -> Stack:
    """Return the layers an engine would put under a layer, itself first."""
    chain = tuple(rel.chain(layer_id))
    if rel.stores[0].driver in WHOLE_TREES:
        return Stack(chain[:1], "whole tree")
    directory = rel.directory(layer_id)
    if directory is None:
        return Stack(chain, "parent", f"layer {layer_id} has no directory")
    if directory.lower is None:
        return Stack(chain, "parent", "it has no lower file" if len(chain) > 1 else "")
    links = lower_ids(text_of(directory.lower) or "")
    if not links:
        return Stack(chain, "parent", "its lower file is damaged")
    below = [rel.links.get(link, "") for link in links]
    if not all(below):
        return Stack(chain, "parent", "its lower file names a link that leads nowhere")
    return Stack((layer_id, *below), "lower")


class Merged(Struct):
    """The view of a stack.

    Attributes:
        tables: (layer id, its files), topmost first; layers without files left out.
        unseen: layers of the stack whose files the bundle does not hold.
        places: path -> (index into `tables`, row).
        deleted: paths that some layer hides, with the index of that layer.
    """

    tables: list[tuple[str, DiffTable]]
    unseen: list[str] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)

    def get(self, path: str) -> MergedEntry | None:
        """Return the entry at a path, None where there is none."""
        place = self.places.get(path)
        if place is None:
            return None
        layer, table = self.tables[place[0]]
        entry = table.entry(place[1])
        return MergedEntry(path, layer, entry, f"{table.path}/{entry.name}")

    def is_directory(self, path: str) -> bool:
        """Tell whether a path is a directory; the root and parents that only their files imply are."""
        found = self.get(path)
        if found is not None:
            return found.entry.kind == DIRECTORY
        return path == "" or any(known.startswith(path + "/") for known in self.places)

    def resolve(self, path: str, *, last: bool = True) -> str:
        """Return a path with its symlinks followed inside the view, `..` never above its root.

        Args:
            path: as typed.
            last: whether to follow the last part too.

        Raises:
            RecursionError: more symlinks than an engine would follow.
        """
        done: list[str] = []
        todo = path.split("/")[::-1]
        hops = 0
        while todo:
            part = todo.pop()
            if part in ("", "."):
                continue
            if part == "..":
                del done[-1:]
                continue
            found = self.get("/".join([*done, part]))
            follow = (
                found is not None and found.entry.kind == SYMLINK and (last or any(p not in ("", ".") for p in todo))
            )
            if not follow:
                done.append(part)
                continue
            hops += 1
            if hops > SYMLINK_HOPS:
                raise RecursionError(f"{path}: too many symbolic links")
            target = found.entry.link if found is not None else ""
            if target.startswith("/"):
                done.clear()
            todo.extend(target.split("/")[::-1])
        return "/".join(done)

    def below(self, path: str, *, deep: bool) -> Iterator[MergedEntry]:
        """Yield the entries directly below a directory, or all of them, by path."""
        prefix = f"{path}/" if path else ""
        paths = [
            known
            for known in self.places
            if known.startswith(prefix) and known != path and (deep or "/" not in known[len(prefix) :])
        ]
        return (seen for known in sorted(paths) if (seen := self.get(known)) is not None)

    def content(self, seen: MergedEntry) -> MergedEntry:
        """Return the entry that holds the content of a file: a hard link's target, or what a metacopy was made of."""
        for _ in range(LINK_HOPS):
            if seen.entry.kind == HARDLINK:
                target = self._linked(seen)
            elif any(name in seen.entry.xattrs for name in METACOPY):
                target = self._lower(seen)
            else:
                return seen
            if target is None:
                return seen
            seen = target
        return seen

    def _linked(self, seen: MergedEntry) -> MergedEntry | None:
        member = seen.entry.outside or seen.member[: len(seen.member) - len(seen.entry.name)] + seen.entry.link
        for layer, table in self.tables:
            if member.startswith(table.path + "/"):
                entry = table.get(member[len(table.path) + 1 :])
                return MergedEntry(seen.path, layer, entry, member) if entry is not None else None
        return None

    def _lower(self, seen: MergedEntry) -> MergedEntry | None:
        start = next(number for number, (layer, _) in enumerate(self.tables) if layer == seen.layer)
        for layer, table in self.tables[start + 1 :]:
            entry = table.get(seen.path)
            if entry is not None and entry.kind in (FILE, HARDLINK):
                return MergedEntry(seen.path, layer, entry, f"{table.path}/{entry.name}")
        return None


def merged_view(rel: Relations, layers: Iterable[str]) -> Merged:
    """Return the view of a stack of layers, topmost first; linear in their files."""
    view = Merged([])
    closed: set[str] = set()
    for layer_id in layers:
        directory = rel.directory(layer_id)
        table = _table(directory.tables) if directory is not None else None
        if directory is None or table is None:
            view.unseen.append(layer_id)
            continue
        view.tables.append((layer_id, table))
        diff = directory.entries.get("diff")
        closing = _add_layer(view, table, closed)
        if diff is not None and is_opaque(diff.xattrs):
            closing.add("")
        closed |= closing
    return view


def _table(tables: dict[str, DiffTable]) -> DiffTable | None:
    """Return the files of a layer: those of `diff`, else of the first id-mapped copy that has any."""
    filled = [name for name in sorted(tables) if len(tables[name])]
    return tables[filled[0]] if filled else tables.get("diff")


def _add_layer(view: Merged, table: DiffTable, closed: set[str]) -> set[str]:
    """Add what a layer shows through the layers above it; return the paths it closes to the layers below."""
    number = len(view.tables) - 1
    closing: set[str] = set()
    hidden: dict[str, bool] = {}
    for path, row in table.index.items():
        parent, _, name = path.rpartition("/")
        if parent not in hidden:
            hidden[parent] = is_closed(closed, parent)
        if hidden[parent] or path in closed:
            continue
        if name.startswith(WHITEOUT):
            if name == OPAQUE_FILE:
                closing.add(parent)
            elif not name.startswith(AUFS):
                _delete(view, f"{parent}/{name[4:]}" if parent else name[4:], number, closing)
            continue
        kind = table.kinds[row]
        special = row in table.extra
        if (special or kind == CHAR_CODE) and is_whiteout(table.entry(row)):
            _delete(view, path, number, closing)
            continue
        view.places.setdefault(path, (number, row))
        if kind != DIRECTORY_CODE or (special and is_opaque(table.extra[row][2])):
            closing.add(path)
    return closing


def _delete(view: Merged, path: str, number: int, closing: set[str]) -> None:
    closing.add(path)
    if path not in view.places:
        view.deleted.setdefault(path, number)


def is_closed(closed: set[str], path: str) -> bool:
    """Tell whether a path or one of its parents is closed to lower layers."""
    while path:
        if path in closed:
            return True
        path = path.rpartition("/")[0]
    return "" in closed


def is_whiteout(entry: Entry) -> bool:
    """Tell a deletion in the style of native overlay."""
    if entry.kind == CHAR and entry.rdev == (0, 0):
        return True
    return entry.kind == FILE and entry.size == 0 and any(name in entry.xattrs for name in WHITEOUT_XATTRS)


def is_opaque(xattrs: object) -> bool:
    """Tell the attribute that closes a directory to lower layers."""
    return isinstance(xattrs, dict) and any(xattrs.get(name) == b"y" for name in OPAQUE)
