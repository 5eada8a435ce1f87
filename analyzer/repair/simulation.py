"""What a store is after its plan: every edit is done to a copy of the records, and the rules judge that.

Files that come from a donor are taken to be what the layer's own description says: that is what the registry has under
the same digest. So findings about their contents are left out, and so is nothing else.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.checks.finding import Finding
from analyzer.checks.run import run_rules
from analyzer.graph.relations import relate
from analyzer.limits import DEFAULT
from analyzer.repair.contents import BIG_DATA
from analyzer.repair.edits import Copy, Edit, FileCopy, Folder, Mode, Rename, SetAside, ShortLink, Take, Write
from analyzer.repair.layers import FILES, SPLIT
from analyzer.repair.numbered import BundlePlan, Numbered
from analyzer.snapshot.assemble import read_records
from analyzer.snapshot.documents import read_document
from analyzer.snapshot.overlay import SMALL_FILES, LayerDirectory
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, FILE, SYMLINK, Member

TAKEN = frozenset({*FILES, *SPLIT, *BIG_DATA})
ITEMS = frozenset({"IMG-001", "IMG-002", "IMG-003", "IMG-004", "IMG-005", "IMG-006", "IMG-007", "IMG-011", "IMG-013"})


class Simulated(Struct, frozen=True):
    """The end state: the copy as it would be captured, and what the rules still find there."""

    snapshot: BundleSnapshot
    findings: tuple[Finding, ...]

    @property
    def left(self) -> list[Finding]:
        """Return findings of at least a warning."""
        return [f for f in self.findings if f.is_at_least("warning")]


def simulate_plan(snapshot: BundleSnapshot, plan: BundlePlan, engines: tuple[str, ...] = ()) -> Simulated:
    """Return the state after all steps of a bundle's plan."""
    copies, taken = _Copies(snapshot, plan), set[str]()
    for each in plan.steps:
        taken |= copies.do(each)
    return copies.judged(taken, engines)


def simulate_steps(
    snapshot: BundleSnapshot, plan: BundlePlan, engines: tuple[str, ...] = ()
) -> Iterator[tuple[int, Simulated]]:
    """Yield the number of each step that changes the store, and the state after it."""
    copies, taken = _Copies(snapshot, plan), set[str]()
    for each in plan.steps:
        if each.step.edits:
            taken |= copies.do(each)
            yield each.number, copies.judged(taken, engines)


class _Copies:
    """The stores of a plan while its steps are done to copies of them."""

    def __init__(self, snapshot: BundleSnapshot, plan: BundlePlan) -> None:
        self.snapshot = snapshot
        self.stores = [[_copied(s) for s in group.site.stores] if group.site else [] for group in plan.groups]
        self.found = [group.site.stores if group.site else [] for group in plan.groups]

    def do(self, each: Numbered) -> set[str]:
        """Do a step; return the layers and images of which it puts contents right that no record tells."""
        taken: set[str] = set()
        for number, edit in each.step.edits:
            _do(self.stores[each.group][number], edit, self.snapshot.newest_ns)
            if isinstance(edit, Take | FileCopy | Mode) or edit.path.count("/") > 2:
                taken |= {part.partition(".")[0] for part in edit.path.split("/")}
        return taken

    def judged(self, taken: set[str], engines: tuple[str, ...]) -> Simulated:
        """Let the rules judge the copies as they are now."""
        changed: dict[int, Store] = {}
        for stores, copies in zip(self.found, self.stores, strict=True):
            for store, made in zip(stores, copies, strict=True):
                read = replace(made, layers=[], images=[], containers=[])
                read_records(read)
                changed[id(store)] = read
        after = replace(self.snapshot, stores=[changed.get(id(store), store) for store in self.snapshot.stores])
        checked = run_rules(after, relate(after), engines=engines)
        return Simulated(after, tuple(f for f in checked.findings if not _healed(f, taken)))


def _healed(finding: Finding, taken: set[str]) -> bool:
    if finding.rule in TAKEN:
        return finding.layer in taken
    return finding.rule in ITEMS and finding.subject.id in taken


def _copied(store: Store) -> Store:
    """Return a copy that can be changed: what edits touch is new, contents of layers are shared."""
    home = copy.copy(store.home)
    home.links = dict(home.links)
    home.layers = {name: _copied_directory(each) for name, each in home.layers.items()}
    return replace(
        store,
        home=home,
        documents=dict(store.documents),
        layers=[],
        images=[],
        containers=[],
        image_files={key: dict(files) for key, files in store.image_files.items()},
        container_files=dict(store.container_files),
        layer_files=dict(store.layer_files),
        tar_splits=dict(store.tar_splits),
        libpod=list(store.libpod),
    )


def _copied_directory(directory: LayerDirectory) -> LayerDirectory:
    made = copy.copy(directory)
    made.entries, made.tables = dict(directory.entries), dict(directory.tables)
    return made


def _do(store: Store, edit: Edit, now: int) -> None:
    parts = edit.path.split("/")
    if isinstance(edit, Write):
        member = Member(store.path(*parts), FILE, size=len(edit.data), mode=edit.mode, mtime_ns=now)
        _put(store, parts, SmallFile(member, edit.data))
    elif isinstance(edit, ShortLink):
        store.home.links[parts[-1]] = Member(store.path(*parts), SYMLINK, mode=0o777, link=edit.target, mtime_ns=now)
    elif isinstance(edit, Folder):
        _folder(store, parts, Member(store.path(*parts), DIRECTORY, mode=edit.mode, mtime_ns=now))
    elif isinstance(edit, SetAside):
        _set_aside(store, parts)
    elif isinstance(edit, Rename):
        name = edit.to.rpartition("/")[2]
        moved = store.home.layers.pop(parts[-1])
        moved.name, moved.path = name, store.path(*edit.to.split("/"))
        store.home.layers[name] = moved
    elif isinstance(edit, Copy):
        name = edit.to.rpartition("/")[2]
        made = _copied_directory(store.home.layers[parts[-1]])
        made.name, made.path = name, store.path(*edit.to.split("/"))
        store.home.layers[name] = made
    elif isinstance(edit, Take):
        _take(store, parts, now)
    elif isinstance(edit, Mode) and len(parts) < 4:
        _own(store, parts, edit)


def _own(store: Store, parts: list[str], edit: Mode) -> None:
    """Give a directory of the driver, or a small file of a part, its owner back."""
    given: dict[str, Any] = {"mode": edit.mode, "uid": edit.uid, "gid": edit.gid}
    part = parts[0].rpartition("-")[2]
    made = Member(store.path(*parts), DIRECTORY, **given)
    if parts[0] != store.driver:
        key = f"{part}/{parts[-1]}"
        if len(parts) == 1 and part in store.part_dirs:
            store.part_dirs = {**store.part_dirs, part: replace(store.part_dirs[part], member=made)}
        elif key in store.documents:
            file = store.documents[key].file
            owned = replace(file, member=Member(file.path, FILE, size=file.member.size, **given))
            store.documents[key] = read_document(parts[-1], owned, DEFAULT)
        elif parts[-1] in store.locks:
            lock = store.locks[parts[-1]]
            owned = replace(lock.file, member=Member(lock.file.path, FILE, **given))
            store.locks = {**store.locks, parts[-1]: replace(lock, file=owned)}
    elif len(parts) == 1:
        store.home.member = made
    elif parts[-1] == "l":
        store.home.link_dir = made
    elif parts[-2] in store.home.layers:
        store.home.layers[parts[-2]].entries[parts[-1]] = made
    else:
        store.home.layer(parts[-1]).member = made


def _put(store: Store, parts: list[str], file: SmallFile) -> None:
    part = parts[0].rpartition("-")[2]
    if len(parts) == 2 and part in ("layers", "images", "containers"):
        store.documents[f"{part}/{parts[1]}"] = read_document(parts[1], file, DEFAULT)
    elif len(parts) == 3 and part == "images":
        store.image_files.setdefault(parts[1], {})[parts[2]] = file
    elif len(parts) == 3 and parts[2] in SMALL_FILES:
        directory = store.home.layer(parts[1])
        directory.entries[parts[2]] = file.member
        setattr(directory, SMALL_FILES[parts[2]], file)


def _folder(store: Store, parts: list[str], member: Member) -> None:
    if parts == ["overlay", "l"]:
        store.home.link_dir = member
        return
    directory = store.home.layer(parts[1])
    if len(parts) == 2:
        directory.member = member
    else:
        directory.entries[parts[2]] = member


def _set_aside(store: Store, parts: list[str]) -> None:
    if len(parts) > 3:
        return
    part, name = parts[0].rpartition("-")[2], parts[-1]
    if parts[0] == "libpod" or len(parts) == 1:
        store.libpod = [state for state in store.libpod if not state.path.endswith("/".join(parts))]
    elif parts == ["overlay", "l"]:
        store.home.link_dir = None
        store.home.links.clear()
    elif parts[1] == "l":
        store.home.links.pop(name, None)
    elif part == "images":
        store.image_files.pop(name, None)
    elif part == "layers":
        store.tar_splits.pop(name.partition(".")[0], None)
    elif len(parts) == 3 and parts[0] == "overlay":
        directory = store.home.layer(parts[1])
        directory.entries.pop(name, None)
        directory.tables.pop(name, None)
        if name in SMALL_FILES:
            setattr(directory, SMALL_FILES[name], None)
        if name == "merged":
            directory.mounted, directory.mounted_names = 0, set()
    else:
        store.home.layers.pop(name, None)


def _take(store: Store, parts: list[str], now: int) -> None:
    member = Member(store.path(*parts), FILE, mode=0o600, mtime_ns=now)
    part, name = parts[0].rpartition("-")[2], parts[-1]
    if part == "images":
        store.image_files.setdefault(parts[1], {})[name] = SmallFile(member, None)
    elif part == "layers" and len(parts) == 2:
        store.tar_splits.pop(name.partition(".")[0], None)
    elif part != "layers":
        directory = store.home.layer(name if name != "diff" else parts[1])
        directory.entries["diff"] = Member(store.path(*parts), DIRECTORY, mode=0o755, mtime_ns=now)
        directory.member = directory.member or directory.entries["diff"]
        directory.tables.pop("diff", None)
