"""Compare one recorded entry with the file found at its place."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from stat import S_ISGID
from typing import NamedTuple

from analyzer.capture.kept import Kept
from analyzer.snapshot.bitflip import describe_flip
from analyzer.snapshot.content import Entry
from analyzer.snapshot.tar_entry import TarEntry
from analyzer.snapshot.times import SECOND, format_time
from analyzer.source.member import BLOCK, CHAR, DIRECTORY, FIFO, FILE, SYMLINK
from analyzer.verify.facts import (
    ATTRIBUTE,
    CONTENT,
    EMPTIED,
    IDENTITY,
    LINK,
    MARK,
    MODE,
    NODE,
    OWNER,
    SIZE,
    TIME,
    TYPE,
    ZEROED,
    Difference,
    LayerFacts,
)
from analyzer.verify.id_maps import Ids
from analyzer.verify.storage_options import StorageOptions

ZERO_TAIL = "NUL from a page boundary to the end"
FLIPS_SOUGHT = 50
NODES = (CHAR, BLOCK, FIFO)
CAPABILITY = "security.capability"
OVERRIDE = "user.containers.override_stat"
METACOPY = ("trusted.overlay.metacopy", "user.overlay.metacopy")
PLANTABLE = (CAPABILITY, "trusted.overlay.redirect", "user.overlay.redirect", *METACOPY)
STAT = re.compile(r"(\d+):(\d+):([0-7]+)(?::(file|dir|symlink|pipe|socket|(?:block|char)-\d+-\d+))?")
STAT_KINDS = {"pipe": FIFO, "socket": "socket", "dir": DIRECTORY, "symlink": SYMLINK, "file": FILE}


class ObservedStat(NamedTuple):
    """Mode, owners and type of a file, its `override_stat` attribute applied."""

    kind: str
    mode: int
    uid: int
    gid: int
    rdev: tuple[int, int]
    overridden: bool


class EntryJudge:
    """Adds the differences of single files to the facts of one layer.

    Attributes:
        flat: files lie by their digest, and what they are is in the composefs image.
        root_owned: files may belong to root whatever is recorded (partial pulls of old engines set no owner).
        mapped: the files are an id-mapped copy of the whole tree: bodies may lie in the original.
        dated: whether the engine gave files their recorded times (a partial pull by old engines did not).
    """

    def __init__(self, facts: LayerFacts, owners: tuple[Ids, Ids], kept: Kept, options: StorageOptions) -> None:
        self.facts = facts
        self.uids, self.gids = owners
        self.kept = kept
        self.options = options
        self.mapped = False
        self.flat = False
        self.root_owned = False
        self.dated = True

    def entry(self, rec: TarEntry, found: Entry, path: str, digest: str = "", also: Iterable[TarEntry] = ()) -> None:
        """Compare; the first difference of what the file is hides those of mode, owner and attributes.

        Args:
            rec: what is recorded.
            found: the file itself, hard links followed.
            path: path below the diff directory.
            digest: SHA-256 of the content as `sha256:<hex>`, `""` where not known.
            also: hard-link entries of the same file, any of whose modes and owners may have been set last.
        """
        seen = seen_stat(found)
        difference = self._what(rec, found, seen) or self._content(rec, found, digest)
        if difference is not None:
            facet, expected, observed, note = difference
            self._add(facet, path, rec, found, expected, observed, note)
            return
        group = (rec, *also)
        self._mode(group, found, seen, path)
        self._owner(group, found, seen, path)
        self._attributes(rec, found, path)
        late = abs(found.mtime_ns // SECOND - rec.mtime_ns // SECOND) > 0
        if late and self.dated and rec.kind == FILE and not any(_same_time(found, each) for each in also):
            self._add(TIME, path, rec, found, format_time(rec.mtime_ns), format_time(found.mtime_ns))

    def link_entry(self, rec: TarEntry, found: Entry, target: Entry, *, same: bool, target_intact: bool) -> None:
        """Judge a hard-link entry: another name of its target, or at least the same content."""
        if same or not target_intact:
            return
        if (found.kind, found.size, found.crc) == (target.kind, target.size, target.crc):
            self._add(IDENTITY, rec.path, rec, found, f"hard link to {rec.link}", "a file of its own, same content")
        elif found.kind != target.kind:
            self._add(TYPE, rec.path, rec, found, f"hard link to {rec.link} ({target.kind})", found.kind)
        elif found.crc is not None and target.crc is not None:
            facet = EMPTIED if not found.size else ZEROED if found.zeroed else CONTENT
            self._add(facet, rec.path, rec, found, f"content of {rec.link}", f"other content ({found.size} bytes)")

    def implied(self, found: Entry) -> None:
        """Judge a directory that the engine made, since the tar names only what is below it: it belongs to root.

        Its mode is by the engine's umask (containers/storage pkg/archive: UnpackLayer, MkdirAll), and its group that of
        the directory around it where that passes its group on.
        """
        self.planted_marks(found, {})
        seen = seen_stat(found)
        by_engine = (seen.uid, seen.gid) == (0, 0) or seen.mode & S_ISGID
        if self.dated and not self.mapped and not by_engine:
            made = TarEntry(found.name, DIRECTORY, 0, None, seen.mode, 0, 0, found.mtime_ns)
            self._owner((made,), found, seen, found.name)

    def planted_marks(self, found: Entry, allowed: Mapping[str, bytes]) -> None:
        """Tell attributes of weight that nothing recorded."""
        if self.mapped:
            return
        for name in PLANTABLE:
            if name in found.xattrs and name not in allowed:
                value = found.xattrs[name].hex()[:80]
                self.facts.add(
                    Difference(
                        MARK, found.name, found.kind, f"no {name}", f"{name} = {value or 'empty'}", found.mtime_ns
                    )
                )

    def _what(self, rec: TarEntry, found: Entry, seen: ObservedStat) -> tuple[str, str, str, str] | None:
        if rec.kind != seen.kind:
            if self.options.force_mask and not seen.overridden and rec.kind in NODES and seen.kind == FILE:
                return None
            if seen.kind == CHAR and seen.rdev == (0, 0):
                return TYPE, rec.kind, "a whiteout", ""
            return (
                NODE if rec.kind in NODES else TYPE,
                f"symlink to {rec.link}" if rec.kind == SYMLINK else _described(rec.kind, rec.rdev),
                _described(seen.kind, seen.rdev),
                "",
            )
        if rec.kind == SYMLINK and rec.link != found.link:
            return LINK, f"symlink to {rec.link}", f"symlink to {found.link}", ""
        if rec.kind in (CHAR, BLOCK) and rec.rdev != seen.rdev:
            return NODE, _described(rec.kind, rec.rdev), _described(seen.kind, seen.rdev), ""
        return None

    def _content(self, rec: TarEntry, found: Entry, digest: str) -> tuple[str, str, str, str] | None:
        if rec.kind != FILE or found.kind != FILE or found.cut:
            return None
        if self.mapped and (found.zeroed or any(name in found.xattrs for name in METACOPY)):
            return None
        if rec.size != found.size:
            note = ZERO_TAIL if found.zero_tail else ""
            if found.zeroed:
                return ZEROED, f"{rec.size} bytes", f"{found.size} bytes, all NUL", note
            return (SIZE if found.size else EMPTIED), f"{rec.size} bytes", f"{found.size} bytes", note
        if rec.crc is not None and found.crc is not None:
            if rec.crc == found.crc:
                self.facts.verified += rec.size
                return None
            expected, observed = f"CRC-64 {rec.crc:016x}", f"CRC-64 {found.crc:016x}"
            if found.zeroed:
                return ZEROED, expected, f"{found.size} bytes, all NUL", ""
            note = ZERO_TAIL if found.zero_tail else ""
            if not note and self.facts.counts[CONTENT] < FLIPS_SOUGHT:
                note = describe_flip(rec.crc, found.crc, rec.size)
            return CONTENT, expected, observed, note
        if rec.digest and digest:
            if rec.digest == digest:
                self.facts.verified += rec.size
                return None
            return (ZEROED if found.zeroed else CONTENT), rec.digest, digest, ""
        return None

    def _mode(self, group: tuple[TarEntry, ...], found: Entry, seen: ObservedStat, path: str) -> None:
        rec = group[0]
        if rec.kind == SYMLINK or self.flat or self.kept.unpacked or (self.options.force_mask and not seen.overridden):
            return
        if all(seen.mode != each.mode for each in group):
            others = sorted({f"mode {each.mode:04o}" for each in group[1:] if each.mode != rec.mode})
            note = f"its hard links have {', '.join(others)}" if others else ""
            self._add(MODE, path, rec, found, f"mode {rec.mode:04o}", f"mode {seen.mode:04o}", note)

    def _owner(self, group: tuple[TarEntry, ...], found: Entry, seen: ObservedStat, path: str) -> None:
        rec, kept = group[0], self.kept
        wanted = [(self.uids[each.uid], self.gids[each.gid]) for each in group]
        if seen.overridden:
            wanted = [(each.uid, each.gid) for each in group]
        if any(uid in (seen.uid, -1) and gid in (seen.gid, -1) for uid, gid in wanted):
            return
        if self.root_owned and (seen.uid, seen.gid) == (self.uids[0], self.gids[0]):
            return
        uid, gid = wanted[0]
        differs = (
            (kept.users and user not in (seen.uid, -1)) or (kept.groups and of_group not in (seen.gid, -1))
            for user, of_group in wanted
        )
        if not all(differs):
            self.facts.doubts[OWNER] += 1
            return
        expected = f"owner {seen.uid if uid < 0 else uid}:{seen.gid if gid < 0 else gid}"
        self._add(OWNER, path, rec, found, expected, f"owner {seen.uid}:{seen.gid}")

    def _attributes(self, rec: TarEntry, found: Entry, path: str) -> None:
        for name, value in rec.xattrs.items():
            user = name.startswith("user.")
            if not (user or name == CAPABILITY) or name.startswith(("user.overlay.", "user.containers.")):
                continue
            have = found.xattrs.get(name)
            if have is None and not (self.kept.user if user else self.kept.capabilities):
                self.facts.doubts[ATTRIBUTE] += 1
            elif have != value and not (name == CAPABILITY and _same_capability(have, value)):
                observed = f"{name} = {have.hex()[:80]}" if have is not None else f"no {name}"
                self._add(ATTRIBUTE, path, rec, found, f"{name} = {value.hex()[:80]}", observed)
        self.planted_marks(found, rec.xattrs)

    def _add(
        self, facet: str, path: str, rec: TarEntry, found: Entry, expected: str, observed: str, note: str = ""
    ) -> None:
        self.facts.add(
            Difference(facet, path, rec.kind, expected, observed, found.mtime_ns, rec.mtime_ns, rec.size, note)
        )


def seen_stat(found: Entry) -> ObservedStat:
    """Return what a file is, after its `override_stat` attribute where it has one."""
    text = found.xattrs.get(OVERRIDE)
    match = STAT.fullmatch(text.decode("ascii", "replace")) if text else None
    if match is None:
        return ObservedStat(found.kind, found.mode, found.uid, found.gid, found.rdev, overridden=False)
    kind, rdev = found.kind, found.rdev
    if word := match.group(4):
        name, *numbers = word.split("-")
        kind = STAT_KINDS.get(name, name)
        if numbers:
            rdev = (int(numbers[0]), int(numbers[1]))
    return ObservedStat(
        kind, int(match.group(3), 8) & 0o7777, int(match.group(1)), int(match.group(2)), rdev, overridden=True
    )


def _described(kind: str, rdev: tuple[int, int]) -> str:
    return f"{kind} device {rdev[0]}:{rdev[1]}" if kind in (CHAR, BLOCK) else kind


def _same_time(found: Entry, rec: TarEntry) -> bool:
    return found.mtime_ns // SECOND == rec.mtime_ns // SECOND


def _same_capability(have: bytes | None, value: bytes) -> bool:
    """Compare the permitted and inheritable sets; inside a user namespace the kernel writes version 3 for 2."""
    if have is None or len(have) < 20 or len(value) < 20:
        return False
    words, wanted = struct.unpack_from("<5I", have), struct.unpack_from("<5I", value)
    return words[1:] == wanted[1:] and words[0] & 0xFFFFFF == wanted[0] & 0xFFFFFF
