"""What a bundle keeps at all: a fact it keeps nowhere was lost on the way, not in the store."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from analyzer.snapshot.content import DIRECTORY_CODE, FILE_CODE, KIND_CODE, NO_DEVICE, DiffTable
from analyzer.snapshot.store import Store
from analyzer.source.member import BLOCK, CHAR, DIRECTORY, FILE, SYMLINK, Member

NODES = (KIND_CODE["char"], KIND_CODE["block"])
SYMLINK_CODE = KIND_CODE["symlink"]
CAPABILITY = "security.capability"
MARKS = ("user.overlay.", "user.fuseoverlayfs.", "user.containers.")
SPECIAL = 0o7000
ALL = 0o7777
INDEX_MODE, PART_MODE = 0o600, 0o700


class Modes(Struct, frozen=True):
    """Permission bits of all layer files of one kind: `any` are those that some file has, `all` those of every file."""

    any: int = 0
    all: int = ALL

    def fits(self, recorded: int, found: int) -> bool:
        """Tell whether a mode became another one by losing what no file has and gaining what every file has."""
        return found == (recorded & self.any) | self.all


class Kept(Struct, frozen=True):
    """What was seen anywhere in the stores of a bundle.

    Attributes:
        users, groups: more than one of files and directories; those of symlinks are often kept by accident.
        file_owners, folder_owners, link_owners: more than one owner of files, of directories, of symlinks.
        nodes: a device node.
        numbers: a device node with other numbers than 0:0.
        symlinks: a symlink, in a layer or in `overlay/l`.
        empty_files: a file without a byte.
        absolute: a symlink of a layer with an absolute target.
        to_folders: a symlink to a directory: one of `overlay/l`, or of a layer that is a full copy.
        directories: a directory as an entry of its own.
        trusted: an attribute of the `trusted.` namespace, which only root can read.
        capabilities: a capability of a file, which the kernel takes away when the owner is changed.
        user: an attribute of the `user.` namespace.
        marks: an overlay mark of the `user.` namespace.
        unpacked: a directory whose every file belongs to one ordinary user: modes and nodes did not survive.
        coarse: times are whole seconds.
        largest_id: the largest owner.
        uids, gids: all owners of files and directories.
        one_owner: the kind, file or directory, of which all have one owner that the store's own of the other kind have
            not: the engine makes both as one user. `""` for none.
        files, folders: permission bits of layer files and of layer directories.
        every_file, every_folder: the same with those of the store itself.
    """

    users: bool
    groups: bool
    file_owners: bool
    folder_owners: bool
    link_owners: bool
    nodes: bool
    numbers: bool
    symlinks: bool
    empty_files: bool
    absolute: bool
    to_folders: bool
    directories: bool
    trusted: bool
    capabilities: bool
    user: bool
    marks: bool
    unpacked: bool
    coarse: bool
    largest_id: int = 0
    uids: frozenset[int] = frozenset()
    gids: frozenset[int] = frozenset()
    one_owner: str = ""
    files: Modes = field(default_factory=Modes)
    folders: Modes = field(default_factory=Modes)
    every_file: Modes = field(default_factory=Modes)
    every_folder: Modes = field(default_factory=Modes)

    @property
    def owners(self) -> bool:
        """Tell whether it holds more than one owner."""
        return self.users or self.groups

    def follows(self, target: str, found: str) -> bool:
        """Tell whether the copy put what a symlink leads to in its place: it holds none of the kind.

        Args:
            target: of the symlink.
            found: the kind of what is there.
        """
        if not self.symlinks:
            return True
        return (target.startswith("/") and not self.absolute) or (found == DIRECTORY and not self.to_folders)

    @property
    def privileged(self) -> bool:
        """Tell whether it holds an attribute that takes root to be read or written."""
        return self.trusted or self.capabilities


def kept_facts(stores: Sequence[Store], form: str) -> Kept:
    """Look over stores of a bundle of a format; linear in entries, at the speed of C for the large columns."""
    found: dict[int, set[tuple[int, int]]] = {}
    owners: dict[str, set[tuple[int, int]]] = {}
    kinds: set[str] = set()
    names: set[str] = set()
    modes: dict[int, set[int]] = {FILE_CODE: set(), DIRECTORY_CODE: set()}
    own: dict[int, set[int]] = {FILE_CODE: set(), DIRECTORY_CODE: set()}
    fine = absolute = numbers = False
    for store in stores:
        for member in store_members(store):
            kinds.add(member.kind)
            found.setdefault(KIND_CODE[member.kind], set()).add((member.uid, member.gid))
            owners.setdefault(member.kind, set()).add((member.uid, member.gid))
            names.update(member.xattrs)
            fine = fine or member.mtime_ns % 1_000_000_000 != 0
            numbers = numbers or member.rdev != NO_DEVICE
            if (code := KIND_CODE[member.kind]) in own:
                own[code].add(member.mode)
        for layer in store.home.layers.values():
            for table in layer.tables.values():
                absolute = absolute or _leads_out(table)
                numbers = numbers or any(extra[1] != NO_DEVICE for extra in table.extra.values())
                names.update(*(extra[2] for extra in table.extra.values()))
                for code, uid, gid, mode in set(zip(table.kinds, table.uids, table.gids, table.modes, strict=True)):
                    found.setdefault(code, set()).add((uid, gid))
                    if code in modes:
                        modes[code].add(mode)
    of_files = set().union(*(each for code, each in found.items() if code != SYMLINK_CODE))
    uids, gids = frozenset(uid for uid, _ in of_files), frozenset(gid for _, gid in of_files)
    return Kept(
        len(uids) > 1,
        len(gids) > 1,
        len(found.get(FILE_CODE, ())) > 1,
        len(found.get(DIRECTORY_CODE, ())) > 1,
        len(found.get(SYMLINK_CODE, ())) > 1,
        bool(kinds & {CHAR, BLOCK}) or any(code in found for code in NODES),
        numbers,
        SYMLINK_CODE in found,
        any(map(_holds_empty_files, stores)),
        absolute,
        _to_folders(stores),
        DIRECTORY_CODE in found,
        any(name.startswith("trusted.") for name in names),
        CAPABILITY in names,
        any(name.startswith("user.") for name in names),
        any(name.startswith(MARKS) for name in names),
        form == "directory" and len(of_files) <= 1 and all(uid for uid, _ in of_files),
        not fine,
        max(uids | gids, default=0),
        uids,
        gids,
        _one_owner(found, owners),
        _together(modes[FILE_CODE]),
        _together(modes[DIRECTORY_CODE]),
        _together(modes[FILE_CODE] | own[FILE_CODE]),
        _together(modes[DIRECTORY_CODE] | own[DIRECTORY_CODE]),
    )


def _one_owner(found: Mapping[int, set[tuple[int, int]]], own: Mapping[str, set[tuple[int, int]]]) -> str:
    for code, kind, other in ((FILE_CODE, FILE, DIRECTORY), (DIRECTORY_CODE, DIRECTORY, FILE)):
        owners, others = found.get(code, set()), own.get(other, set())
        if len(owners) == 1 and others and owners.isdisjoint(others):
            return kind
    return ""


def store_members(store: Store) -> Iterator[Member]:
    """Yield the entries of a store that are kept one by one: those of its own directories, not the files of layers."""
    home = store.home
    yield from filter(None, (home.member, home.link_dir))
    yield from home.others.values()
    yield from home.links.values()
    for layer in home.layers.values():
        if layer.member is not None:
            yield layer.member
        yield from layer.entries.values()
    for part in store.part_dirs.values():
        yield part.member
    for document in store.documents.values():
        yield document.file.member
    for lock in store.locks.values():
        yield lock.file.member
    for files in (*store.image_files.values(), *store.layer_files.values(), store.tar_splits):
        for file in files.values():
            yield file.member


def _holds_empty_files(store: Store) -> bool:
    """Tell whether a store holds a file without a byte: many a lock is one, and many a signature."""
    if any(member.kind == FILE and not member.size for member in store_members(store)):
        return True
    return any(
        (FILE_CODE, 0) in zip(table.kinds, table.sizes, strict=True)
        for layer in store.home.layers.values()
        for table in layer.tables.values()
    )


def present(stores: Iterable[Store]) -> Iterator[str]:
    """Yield the paths of all files of layers, below their diff directories."""
    for store in stores:
        for layer in store.home.layers.values():
            for table in layer.tables.values():
                yield from table.names


def own_modes_lost(store: Store) -> set[str]:
    """Return the kinds, file and directory, of which no index or no directory of the store has the mode of its engine.

    Source: containers/storage `saveFor` (0600) and `load` (0700). An engine that saves an index gives it its mode anew.
    """
    indexes = [document.file.member.mode for document in store.documents.values()]
    parts = [file.member.mode for file in store.part_dirs.values() if file.member.kind == DIRECTORY]
    own = ((FILE, INDEX_MODE, indexes), (DIRECTORY, PART_MODE, parts))
    return {kind for kind, mode, modes in own if modes and mode not in modes}


def _together(modes: set[int]) -> Modes:
    some, every = 0, ALL
    for mode in modes:
        some |= mode
        every &= mode
    return Modes(some, every if modes else 0)


def _to_folders(stores: Sequence[Store]) -> bool:
    """Tell whether a symlink leads to a directory: a short link, or where there are none, one within a layer."""
    if any(member.kind == SYMLINK for store in stores for member in store.home.links.values()):
        return True
    tables = (table for store in stores if not store.home.links for each in store.home.layers.values()
              for table in each.tables.values())  # fmt: skip
    return any(map(_leads_to_folder, tables))


def _leads_to_folder(table: DiffTable) -> bool:
    for row, extra in table.extra.items():
        if extra[0] and table.kinds[row] == SYMLINK_CODE:
            target = posixpath.normpath(posixpath.join("/", table.names[row], "..", extra[0])).lstrip("/")
            found = table.index.get(target, -1)
            if found >= 0 and table.kinds[found] == DIRECTORY_CODE:
                return True
    return False


def _leads_out(table: DiffTable) -> bool:
    """Tell whether a symlink among the files of a layer has an absolute target."""
    return any(
        extra[0].startswith("/") and table.kinds[row] == SYMLINK_CODE for row, extra in table.extra.items() if extra[0]
    )
