"""Which modes and owners of layer files a copy did not keep: what it lost, it lost of all files of a kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.capture.answer import NotCaptured, Unknown
from analyzer.capture.ids import cut_to_fit, widths_of
from analyzer.capture.kept import SPECIAL, own_modes_lost
from analyzer.source.member import DIRECTORY, SYMLINK
from analyzer.verify.facts import MODE, OWNER, TIME, TOC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.capture.answer import Answer
    from analyzer.capture.model import Capture
    from analyzer.snapshot.store import Store
    from analyzer.verify.facts import Difference, LayerFacts

STICKY = 0o1000
MODES = re.compile(r"mode ([0-7]+)")
ATTRIBUTES = NotCaptured("the copy did not keep modes")
LINK_OWNERS = NotCaptured("the copy did not keep owners of symlinks")
FOLDER_OWNERS = NotCaptured("the copy did not keep owners of directories")
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
        self.times = 4 * moved > compared or (kept.directories and not capture.directory_times)
        self.owners = not kept.owners and owned
        self.swept = SWEPT if own_modes_lost(store) else None
        sticky = any(_bits(each) & STICKY for facts in found.values() for each in facts.of(MODE))
        self.special = sticky and not (kept.files.any | kept.folders.any) & SPECIAL
        self.widths = widths_of(pair for facts in found.values() for each in facts.of(OWNER) for pair in _owners(each))

    def mode(self, each: Difference) -> Answer | None:
        """Answer for a mode; None where it is the store's.

        A copy that also lost times, owners, or device nodes and attributes of root loses modes; any other is believed,
        but for the setuid, setgid and sticky bits where no file of the bundle has any: who takes away the first two
        on a node leaves the last.
        """
        if self.special and not _bits(each) & ~SPECIAL:
            return ATTRIBUTES
        as_root = self.kept.nodes or self.kept.privileged
        if as_root and not (self.times or self.owners):
            return self.swept
        modes = self.kept.folders if each.kind == DIRECTORY else self.kept.files
        found = int(each.observed.rpartition(" ")[2], 8)
        lost = any(modes.fits(int(mode, 8), found) for mode in MODES.findall(f"{each.expected} {each.note}"))
        return ATTRIBUTES if lost else self.swept

    def owner(self, each: Difference) -> NotCaptured | None:
        """Answer for an owner: its field was too narrow, or all things of the kind have one owner; else None."""
        if each.kind == SYMLINK and not self.kept.link_owners:
            return LINK_OWNERS
        if each.kind == DIRECTORY and self.times and not self.kept.folder_owners:
            return FOLDER_OWNERS
        cut = all(a == b or cut_to_fit(a, b, self.kept.largest_id, self.widths) for a, b in _owners(each))
        return NARROW if cut else None


def _bits(each: Difference) -> int:
    """Return the mode bits in which a file differs."""
    return int(each.expected.rpartition(" ")[2], 8) ^ int(each.observed.rpartition(" ")[2], 8)


def _owners(each: Difference) -> list[tuple[int, int]]:
    """Return user and group as recorded and as found."""
    wanted, found = (text.rpartition(" ")[2].split(":") for text in (each.expected, each.observed))
    return [(int(a), int(b)) for a, b in zip(wanted, found, strict=True)]
