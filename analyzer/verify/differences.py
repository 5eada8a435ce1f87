"""Match the entries of one layer tar with the rows of a diff table, in one pass over the entries.

Nearly every file is as recorded and costs a few column look-ups; the rest is looked at closely. What can only be
decided with the whole tar in hand (hard links, whiteouts, absent and foreign files) waits until `finish`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from analyzer.snapshot.content import DIRECTORY_CODE, FILE_CODE, NOTHING, DiffTable, Entry
from analyzer.snapshot.symlink_rows import SYMLINK_CODE, place, resolve_row
from analyzer.snapshot.tar_entry import TarEntry
from analyzer.snapshot.times import SECOND, format_time
from analyzer.source.checksum import HAS_CRC
from analyzer.source.member import CHAR, DIRECTORY, FIFO, FILE, HARDLINK, SYMLINK
from analyzer.verify.entry_judge import NODES, EntryJudge
from analyzer.verify.facts import (
    MISSING,
    NODE,
    OPAQUE,
    PLANTED,
    WHITEOUT,
    WHITEOUT_PREFIX,
    Difference,
    LayerFacts,
    is_whiteout,
)
from analyzer.verify.id_maps import ANY
from analyzer.verify.opaque_marks import NO_MARK, OPAQUE_MARK, OPAQUE_NAMES

if TYPE_CHECKING:
    from analyzer.snapshot.split_columns import Entries
    from analyzer.verify.columns import Matcher

META_PREFIX = ".wh..wh."


class TableComparison:
    """One layer against one diff table.

    Args:
        table: the files as found.
        judge: where differences go.
        resolve: finds a file by member path, for hard links that lead out of the diff directory.
        root_marks: attributes of the diff directory itself, None when it was no member of the bundle.

    Attributes:
        whole_tree: the directory holds the parents' files too (vfs, btrfs, an id-mapped copy).
        inherited: names that the parent's whole tree has, for a whole tree whose parent is known; else None.
        above: gives the names that the tars of all parents have, for a whole tree: a file that the parent's tree lost
            since is still inherited. None where they are not all known: then nothing is foreign.
        rootless: device nodes cannot have been made.
        honoured: names of the opaque marks that mounts of this store read.
        partial: made by a partial pull, whose engines make no fifos and, the older ones, no device nodes.
        left_below: tells of an owner in the tar whether the copy left its files in the layer that it was made from.
    """

    def __init__(
        self,
        table: DiffTable,
        judge: EntryJudge,
        resolve: Callable[[str], Entry | None],
        root_marks: Mapping[str, bytes] | None,
    ) -> None:
        self.table = table
        self.judge = judge
        self.facts = judge.facts
        self.resolve = resolve
        self.root_marks = root_marks
        self.whole_tree = False
        self.inherited: dict[str, int] | None = None
        self.above: Callable[[], set[str] | None] = set
        self.rootless = False
        self.honoured: tuple[str, ...] = OPAQUE_NAMES
        self.partial = False
        self.left_below: Callable[[int, int], bool] = lambda _uid, _gid: False
        self._devices = 0
        self._matched = bytearray(len(table))
        self._pending: list[tuple[TarEntry, int]] = []
        self._links: dict[str, list[TarEntry]] = {}
        self._missing: list[TarEntry] = []
        self._whiteouts: list[tuple[str, TarEntry]] = []
        self._opaque: set[str] = set()
        self._parents: dict[str, str] = {}
        self._changed: set[str] = set()
        self._matcher: Matcher | None = None

    def run(self, groups: Iterable[TarEntry | Entries]) -> None:
        """Take every entry of the layer tar."""
        for group in groups:
            if isinstance(group, TarEntry):
                self._entry(group)
            else:
                self._entries(group)

    def _entries(self, group: Entries) -> None:
        """Take many entries at once: only those that are not as recorded are looked at one by one."""
        from analyzer.verify.columns import Matcher  # noqa: PLC0415  numpy is not for every bundle

        if self._matcher is None:
            self._matcher = Matcher(self.table, self.judge.uids, self.judge.gids, self._matched)
        note_entries(self.facts, group)
        self.facts.compared += len(group.paths)
        others, verified = self._matcher.match(group)
        self.facts.verified += verified
        for item, row in others:
            self._differs(group.entry(item), row)

    def _entry(self, entry: TarEntry) -> None:
        table, judge = self.table, self.judge
        path, kind, size, crc, mode, uid, gid, mtime_ns, _, _, xattrs, _ = entry
        self.facts.recorded += 1
        self.facts.compared += 1
        if uid not in self.facts.owners[0] or gid not in self.facts.owners[1]:
            name_owner(self.facts.owners, entry)
        row = table.index.get(path, -1)
        if row >= 0:
            self._matched[row] = 1
            if (
                table.modes[row] == mode
                and judge.uids[uid] in (table.uids[row], ANY)
                and judge.gids[gid] in (table.gids[row], ANY)
                and not xattrs
                and row not in table.extra
            ):
                if kind == FILE:
                    if (
                        table.kinds[row] == FILE_CODE
                        and table.sizes[row] == size
                        and table.crcs[row] == crc
                        and table.flags[row] & HAS_CRC
                        and table.mtimes[row] // SECOND == mtime_ns // SECOND
                    ):
                        self.facts.verified += size
                        return
                elif kind == DIRECTORY and table.kinds[row] == DIRECTORY_CODE:
                    return
        self._differs(entry, row)

    def _differs(self, entry: TarEntry, row: int) -> None:
        if entry.kind == HARDLINK:
            self._links.setdefault(entry.link, []).append(entry)
        if row < 0:
            self._absent(entry)
        else:
            self._unlike(entry, row)

    def _unlike(self, entry: TarEntry, row: int) -> None:
        """Keep an entry for a closer look, unless it is a symlink as recorded."""
        if entry.kind == SYMLINK and not entry.xattrs and self.table.kinds[row] == SYMLINK_CODE:
            link, _, xattrs, _ = self.table.extra.get(row, NOTHING)
            judge, table = self.judge, self.table
            owned = table.uids[row] == judge.uids[entry.uid] and table.gids[row] == judge.gids[entry.gid]
            if link == entry.link and owned and not xattrs:
                return
        self._pending.append((entry, row))

    def _absent(self, entry: TarEntry) -> None:
        path = entry.path
        if not path:
            self.facts.compared -= 1
            self.facts.recorded -= 1
            return
        parent, _, name = path.rpartition("/")
        if name == OPAQUE_MARK:
            self._opaque.add(parent)
        elif name.startswith(WHITEOUT_PREFIX):
            if not name.startswith(META_PREFIX):
                target = name[len(WHITEOUT_PREFIX) :]
                self._whiteouts.append((f"{parent}/{target}" if parent else target, entry))
        else:
            self._missing.append(entry)

    def finish(self, recorded: set[str]) -> None:
        """Decide what waited.

        Args:
            recorded: the paths of all entries.
        """
        self._find_through_links(recorded)
        self._judge_pending()
        if not self.whole_tree:
            self._judge_opaque()
            self._judge_whiteouts(recorded)
        self._judge_missing()
        self._judge_foreign(recorded)
        self._count_whiteouts(recorded)

    def _find_through_links(self, recorded: set[str]) -> None:
        """Find entries whose parent is a symlink of the layer: the engine unpacked them where it leads."""
        for entry in self._missing:
            leads = place(self.table, entry.path)
            row = self.table.index.get(leads, -1) if leads != entry.path else -1
            if row >= 0 and leads not in recorded:
                self._matched[row] = 1
                self._pending.append((entry, row))
                self._parents[entry.path] = leads
        self._missing = [entry for entry in self._missing if entry.path not in self._parents]

    def _file(self, row: int) -> tuple[int, Entry | None]:
        """Return the row and facts of the file itself; row -1 for one of another layer, None where it is not there."""
        table = self.table
        real = resolve_row(table, row)
        if real >= 0:
            return real, table.entry(real)
        outside = table.extra.get(row, NOTHING)[3]
        return -1, self.resolve(outside) if outside else None

    def _judge_pending(self) -> None:
        links = [(entry, row) for entry, row in self._pending if entry.kind == HARDLINK]
        for entry, row in self._pending:
            if entry.kind == HARDLINK:
                continue
            real, found = self._file(row)
            if found is None:
                self._lost(entry)
                continue
            before = sum(self.facts.counts.values())
            self.judge.entry(entry, found, entry.path, self.table.digest(real), self._links.get(entry.path, ()))
            if sum(self.facts.counts.values()) != before:
                self._changed.add(entry.path)
        for entry, row in links:
            real, found = self._file(row)
            target_row = self.table.index.get(self._parents.get(entry.link, entry.link), -1)
            if found is None:
                self._lost(entry)
            if target_row < 0 or found is None:
                continue
            target_real, target = self._file(target_row)
            if target is not None:
                same = real == target_real and (real >= 0 or found == target)
                self.judge.link_entry(entry, found, target, same=same, target_intact=entry.link not in self._changed)

    def _lost(self, entry: TarEntry) -> None:
        """Note a hard link to what the bundle does not hold."""
        self.facts.compared -= 1
        self.facts.links_lost += 1
        self.facts.link_lost = self.facts.link_lost or entry.path

    def _judge_opaque(self) -> None:
        facts, kept = self.facts, self.judge.kept
        index = self.table.index
        for path in sorted(self._opaque):
            row = index.get(path, -1)
            marks = self._marks(path)
            if marks is None:
                if path and row < 0:
                    facts.add(Difference(MISSING, path, DIRECTORY, "an opaque directory", "missing"))
                continue
            if any(marks.get(name) == b"y" for name in self.honoured):
                continue
            other = next((name for name in OPAQUE_NAMES if marks.get(name) == b"y"), "")
            if marks.keys().isdisjoint(OPAQUE_NAMES) and not (kept.marks if self.rootless else kept.privileged):
                facts.doubts[OPAQUE] += 1
                continue
            mtime = self.table.mtimes[row] if row >= 0 else None
            expected = "user.overlay.opaque = y" if self.rootless else "trusted.overlay.opaque = y"
            spoilt = next((name for name in self.honoured if name in marks), "")
            observed = f"{other}, which its mounts do not honour" if other else NO_MARK
            if spoilt and not other:
                observed = f"{spoilt} of another value"
            facts.add(Difference(OPAQUE, path, DIRECTORY, expected, observed, mtime))
        for row, (_, _, xattrs, _) in self.table.extra.items():
            name = self.table.names[row]
            if name not in self._opaque and any(xattrs.get(known) == b"y" for known in OPAQUE_NAMES[:2]):
                found = self.table.entry(row)
                if found.kind == DIRECTORY and index[name] == row:
                    facts.add(Difference(OPAQUE, name, DIRECTORY, "no opaque mark", "an opaque mark", found.mtime_ns))

    def _marks(self, path: str) -> Mapping[str, bytes] | None:
        """Return the attributes of a directory, None when it is not there to be judged."""
        if not path:
            return self.root_marks
        row = self.table.index.get(path, -1)
        if row < 0 or self.table.kinds[row] != DIRECTORY_CODE:
            return None
        return self.table.extra.get(row, NOTHING)[2]

    def _judge_whiteouts(self, recorded: set[str]) -> None:
        index = self.table.index
        gone = {target for target, _ in self._whiteouts}
        for target, entry in self._whiteouts:
            row = index.get(target, -1)
            found = self.table.entry(row) if row >= 0 else None
            if found is not None and found.kind == CHAR and found.rdev == (0, 0):
                self._matched[row] = 1
                self._devices += 1
            elif target in recorded or _below_any(target, gone):
                continue
            elif found is not None:
                self._matched[row] = 1
                observed = f"a {found.kind} is there"
                self.facts.add(
                    Difference(WHITEOUT, target, CHAR, "a whiteout", observed, found.mtime_ns, entry.mtime_ns)
                )
            elif self.judge.kept.unpacked:
                self.facts.doubts[WHITEOUT] += 1
            else:
                self.facts.add(Difference(WHITEOUT, target, CHAR, "a whiteout", "missing", None, entry.mtime_ns))

    def _count_whiteouts(self, recorded: set[str]) -> None:
        files = [
            name for name in self.table.names if WHITEOUT_PREFIX in name and is_whiteout(name) and name in recorded
        ]
        self.facts.whiteouts = (self._devices, len(files))
        self.facts.whiteout_file = min(files, default="")

    def _judge_missing(self) -> None:
        kept = self.judge.kept
        gone = {entry.path: entry.kind for entry in self._missing}
        for entry in self._missing:
            if self.left_below(entry.uid, entry.gid):
                continue
            if entry.kind in NODES:
                if self.partial or (self.rootless and entry.kind != FIFO):
                    continue
                if kept.unpacked:
                    self.facts.doubts[NODE] += 1
                    continue
            facet = NODE if entry.kind in NODES else MISSING
            expected = f"a {entry.kind}" + (f" of {entry.size} bytes" if entry.kind == FILE else "")
            kind = gone.get(entry.link, HARDLINK) if entry.kind == HARDLINK else entry.kind
            self.facts.add(Difference(facet, entry.path, kind, expected, "missing", None, entry.mtime_ns, entry.size))

    def _judge_foreign(self, recorded: set[str]) -> None:
        """Tell files that no entry made; parents that the tar does not name are the engine's own."""
        if (self.whole_tree and self.inherited is None) or 0 not in self._matched:
            return
        inherited, names = self.inherited or {}, self.table.names
        rows = [row for row in self.table.index.values() if not self._matched[row] and names[row] not in inherited]
        if rows and self.whole_tree:
            above = self.above()
            rows = [row for row in rows if above is not None and names[row] not in above]
        implied: set[str] = set()
        if any(self.table.kinds[row] == DIRECTORY_CODE for row in rows):
            implied = _ancestors(recorded | set(self._parents.values()))
        for row in rows:
            found = self.table.entry(row)
            name = found.name
            if name in implied and found.kind == DIRECTORY:
                self.judge.implied(found)
                continue
            observed = "a whiteout" if found.kind == CHAR and found.rdev == (0, 0) else f"a {found.kind}"
            if found.kind == FILE:
                observed += f" of {found.size} bytes"
            observed += f" of {format_time(found.mtime_ns)}"
            self.facts.add(Difference(PLANTED, name, found.kind, "nothing", observed, found.mtime_ns, None, found.size))


def name_owner(owners: tuple[set[int], set[int]], entry: TarEntry) -> None:
    """Note the owners of an entry that is no whiteout."""
    if not is_whiteout(entry.path):
        owners[0].add(entry.uid)
        owners[1].add(entry.gid)


def note_entries(facts: LayerFacts, group: Entries) -> None:
    """Count entries and note their owners."""
    from analyzer.verify.columns import note_owners  # noqa: PLC0415  numpy is not for every bundle

    facts.recorded += len(group.paths)
    note_owners(facts.owners, group)


def _ancestors(paths: set[str]) -> set[str]:
    found: set[str] = set()
    for path in paths:
        parent = path.rpartition("/")[0]
        while parent and parent not in found:
            found.add(parent)
            parent = parent.rpartition("/")[0]
    return found


def _below_any(path: str, gone: set[str]) -> bool:
    parent = path.rpartition("/")[0]
    while parent:
        if parent in gone:
            return True
        parent = parent.rpartition("/")[0]
    return False
