"""Which modes and owners of layer files a copy did not keep: what it lost, it lost of all files of a kind."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from analyzer.capture.answer import Answer, NotCaptured, Unknown
from analyzer.capture.ids import cut_to_fit, renumbered, widths_of
from analyzer.capture.kept import SPECIAL, own_modes_lost
from analyzer.capture.model import Capture
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, FILE, SYMLINK
from analyzer.verify.facts import MODE, OWNER, TIME, TOC, Difference, LayerFacts, mode_in

STICKY, SETID = 0o1000, 0o6000
USUAL_FILE, USUAL_FOLDER = 0o644, 0o755
"""Modes of locks and `link` files, and of `diff`, as engines make them: a mask of all takes bits of these too."""
UMASK = {True: 0o3022, False: 0o022}
"""Bits that a process or a file system may take away of directories, and of files."""
OWNERS = 0o700
"""Bits that a program gives the owner of all that it copies (`u+rwX`)."""
WRITING = {True: 0o022, False: 0o022}
RUNNING = 0o111
MODES = re.compile(r"mode ([0-7]+)")
ATTRIBUTES = NotCaptured("the copy did not keep modes")
LINK_OWNERS = NotCaptured("the copy did not keep owners of symlinks")
FOLDER_OWNERS = NotCaptured("the copy did not keep owners of directories")
FILE_OWNERS = NotCaptured("the copy kept neither owners nor times of files")
GIVEN = Unknown("all owners were changed, which takes setuid and setgid away: on the node, or of a copy")
GIVEN_KIND = Unknown(
    "all files, or all directories, have one owner, the store's own too: one change of all, on the node or of a copy"
)
RENUMBERED = Unknown("owners have other numbers, each its own: copied by names, back onto the node or in a copy of it")
NARROW = NotCaptured("owners do not fit into the headers of the archive")
SWEPT = Unknown(
    "the store's own files and directories lost their modes too: one change of all, on the node or of a copy"
)


class LostAttributes:
    """What the copy lost of all layers' files.

    Args:
        capture: how the bundle was captured.
        store: the store.
        found: what comparing its layers gave, by layer id.
    """

    def __init__(self, capture: Capture, store: Store, found: Mapping[str, LayerFacts]) -> None:
        kept = self.kept = capture.kept
        compared = sum(facts.compared for facts in found.values())
        moved = sum(facts.count(TIME) for facts in found.values())
        # a partial pull may set no owners
        owned = any(max(map(len, facts.owners)) > 1 for facts in found.values() if facts.source != TOC)
        self.file_times = 4 * moved <= compared
        self.times = 4 * moved > compared or (kept.directories and not capture.directory_times)
        self.owners = not kept.owners and owned
        changed = [each for facts in found.values() for each in facts.of(MODE)]
        own = own_modes_lost(store)
        several = sum(bool(facts.count(MODE)) for facts in found.values()) > 1
        swept = own == {FILE, DIRECTORY} or self._one_mask(changed, own, several=several)
        self.swept = SWEPT if swept else None
        sticky = any(_bits(each) & STICKY for each in changed)
        self.special = sticky and not (kept.files.any | kept.folders.any) & SPECIAL
        self.given = any(facts.doubts[OWNER] for facts in found.values()) and not kept.files.any & SETID
        self.one_owner = kept.one_owner
        pairs = [_owners(each) for facts in found.values() for each in facts.of(OWNER)]
        self.widths = widths_of(pair for each in pairs for pair in each)
        users, groups = zip(*pairs, strict=True) if pairs else ((), ())
        self.renumbered = renumbered((users, kept.uids), (groups, kept.gids))

    def mode(self, each: Difference) -> Answer | None:
        """Answer for a mode; None where it is the store's.

        A copy that also lost times, owners, or device nodes and attributes of root loses modes; any other is believed,
        but for the setuid, setgid and sticky bits where no file of the bundle has any: who takes away the first two
        on a node leaves the last.
        """
        if self.special and not _bits(each) & ~SPECIAL:
            return ATTRIBUTES
        given = self.given or (self.one_owner == FILE and not self.kept.files.any & SETID)
        if given and each.kind == FILE and not _bits(each) & ~SETID:
            return GIVEN
        as_root = self.kept.nodes or self.kept.privileged
        if as_root and not (self.times or self.owners):
            return self.swept
        modes = self.kept.folders if each.kind == DIRECTORY else self.kept.files
        found = mode_in(each.observed)
        lost = any(modes.fits(mode, found) for mode in _recorded(each))
        return ATTRIBUTES if lost else self.swept

    def _one_mask(self, changed: Sequence[Difference], own: AbstractSet[str], *, several: bool) -> bool:
        """Tell whether one mask explains all changed modes, and the whole bundle, the store's own files too, obeys it.

        A mask of a copy changes files and directories, or bits that the store's own ones have as well, or it is that of
        a process, which takes bits of group and others away, or of a file system on which no file is a program.

        Args:
            changed: all files and directories of other modes.
            own: the kinds of which the store's own ones changed too.
            several: more than one layer has any.
        """
        changed = [each for each in changed if each.kind in (FILE, DIRECTORY)]
        kinds = {each.kind for each in changed}
        both = len(kinds) > 1
        usual = any(_bits(each) & mode_in(each.expected) & _usual(each) for each in changed)
        lost = UMASK if len(changed) > 1 else WRITING
        if any(_bits(each) & WRITING[False] for each in changed):
            lost = {True: lost[True], False: lost[False] | SETID}
        if several and not self.kept.every_file.any & RUNNING:
            lost = {True: lost[True], False: lost[False] | RUNNING}
        gained = OWNERS if len(changed) > 1 else 0
        process = bool(changed) and not any(
            _bits(each) & ~(lost[each.kind == DIRECTORY] | (gained & mode_in(each.observed))) for each in changed
        )
        return (both or usual or process or bool(kinds and kinds <= own)) and all(map(self._masked, changed))

    def _masked(self, each: Difference) -> bool:
        """Tell whether a mode became what one mask makes of it that the whole bundle obeys."""
        modes = self.kept.every_folder if each.kind == DIRECTORY else self.kept.every_file
        return any(modes.fits(mode, mode_in(each.observed)) for mode in _recorded(each))

    def owner(self, each: Difference) -> Answer | None:
        """Answer for an owner: its field was too narrow, or all things of the kind have one owner; else None."""
        if each.kind == self.one_owner:
            return GIVEN_KIND
        if each.kind == SYMLINK and not self.kept.link_owners:
            return LINK_OWNERS
        if each.kind == DIRECTORY and self.times and not self.kept.folder_owners:
            return FOLDER_OWNERS
        if each.kind == FILE and not self.file_times and not self.kept.file_owners:
            return FILE_OWNERS
        if self.renumbered:
            return RENUMBERED
        cut = all(a == b or cut_to_fit(a, b, self.kept.largest_id, self.widths) for a, b in _owners(each))
        return NARROW if cut else None


def _usual(each: Difference) -> int:
    return USUAL_FOLDER if each.kind == DIRECTORY else USUAL_FILE


def _bits(each: Difference) -> int:
    """Return the mode bits in which a file differs from what is recorded; from the nearest of all its hard links."""
    return min((mode ^ mode_in(each.observed) for mode in _recorded(each)), key=int.bit_count)


def _recorded(each: Difference) -> list[int]:
    """Return the modes that a file may have: any of its hard links may have been unpacked last."""
    return [int(mode, 8) for mode in MODES.findall(f"{each.expected} {each.note}")]


def _owners(each: Difference) -> list[tuple[int, int]]:
    """Return user and group as recorded and as found."""
    wanted, found = (text.rpartition(" ")[2].split(":") for text in (each.expected, each.observed))
    return [(int(a), int(b)) for a, b in zip(wanted, found, strict=True)]
