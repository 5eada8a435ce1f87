"""What comparing one layer gave: differences by facet, counted in full and listed up to a bound."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from msgspec import Struct, field

from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.provenance import Problem, SmallFile

MISSING, TYPE, SIZE, LINK = "missing", "type", "size", "link"
EMPTIED, ZEROED, CONTENT = "emptied", "zeroed", "content"
MODE, OWNER = "mode", "owner"
NODE, WHITEOUT = "node", "whiteout"
ATTRIBUTE, OPAQUE, MARK = "attribute", "opaque", "mark"
PLANTED = "planted"
TIME, IDENTITY = "time", "identity"
FACETS = (
    MISSING, TYPE, SIZE, LINK, EMPTIED, ZEROED, CONTENT, MODE, OWNER, NODE, WHITEOUT, ATTRIBUTE, OPAQUE, MARK, PLANTED,
    TIME, IDENTITY,
)  # fmt: skip
TAR_SPLIT, TOC, FLAT_TOC = "tar-split", "toc", "flat-toc"
LISTED = 1_000
WHITEOUT_PREFIX = ".wh."


def mode_in(text: str) -> int:
    """Return the mode of a difference in modes, from what it expected or observed: `mode 0755`."""
    return int(text.rpartition(" ")[2], 8)


class Difference(NamedTuple):
    """One file that is not as recorded.

    Attributes:
        facet: what differs, one of `FACETS`.
        path: path below the diff directory.
        kind: kind of the file as recorded (as found, for a planted one).
        expected, observed: the two facts in words.
        mtime_ns: modification time of the file as found; where it is gone, when its directory was changed; else None.
        recorded_ns: modification time as recorded, None where nothing is recorded.
        size: content bytes as recorded (as found, for a planted one).
        note: what more is known, e.g. `as if one bit flipped: …`.
    """

    facet: str
    path: str
    kind: str
    expected: str
    observed: str
    mtime_ns: int | None = None
    recorded_ns: int | None = None
    size: int = 0
    note: str = ""


class LayerFacts(Struct):
    """One layer with a record, compared as far as the bundle allows.

    Attributes:
        record: the layer's record.
        diff: member path of the diff directory the files are in.
        source: `tar-split`, `toc`, or `flat-toc` for the table of contents of a composefs layer.
        description: the file the expectations come from, None without one.
        problems: what is wrong with that file.
        limit: why it was not read to its end, `""` when it was.
        total: length of the layer tar in bytes as described, None when not known.
        recorded: entries of the layer tar.
        compared: entries compared with a file.
        links_lost: files that are hard links to what the bundle does not hold, so that their content was not seen.
        link_lost: path of the first of them.
        emptied: there is no file at all, where the bundle has those of other layers.
        unjudged: why files were not compared, `""` when they were.
        verified: bytes of content whose checksum was as recorded.
        counts: differences by facet.
        lists: the first `LISTED` differences of each facet.
        patterns: (facet, expected, observed) of modes and owners, counted.
        doubts: facts the capture does not keep that were expected somewhere, counted by facet.
        whiteouts: how many of those recorded are devices, and how many are `.wh.` files.
        whiteout_file: one of these files.
        owners: user and group ids that the headers name, whiteouts left out.
        left_out: differences that the capture made (`analyzer.verify.settle`).
        undecided: those of which nothing tells whether the store or the capture made them, as far as listed.
        more_undecided: how many more of them there are, by facet.
    """

    record: LayerRecord
    diff: str
    source: str = ""
    description: SmallFile | None = None
    problems: tuple[Problem, ...] = ()
    limit: str = ""
    total: int | None = None
    recorded: int = 0
    compared: int = 0
    emptied: bool = False
    links_lost: int = 0
    link_lost: str = ""
    unjudged: str = ""
    verified: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    lists: dict[str, list[Difference]] = field(default_factory=dict)
    patterns: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    whiteouts: tuple[int, int] = (0, 0)
    whiteout_file: str = ""
    owners: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))
    left_out: int = 0
    undecided: list[Difference] = field(default_factory=list)
    more_undecided: Counter[str] = field(default_factory=Counter)

    def add(self, difference: Difference) -> None:
        """Count a difference and keep it while there is room."""
        facet = difference.facet
        self.counts[facet] += 1
        if self.counts[facet] <= LISTED:
            self.lists.setdefault(facet, []).append(difference)
        if facet in (MODE, OWNER):
            key = (facet, difference.expected, difference.observed)
            if key in self.patterns or len(self.patterns) < LISTED:
                self.patterns[key] += 1

    def of(self, *facets: str) -> list[Difference]:
        """Return the listed differences of some facets, by path."""
        return sorted((d for facet in facets for d in self.lists.get(facet, ())), key=lambda d: d.path)

    def left_open(self, *facets: str) -> tuple[list[Difference], int]:
        """Return the listed differences of some facets that nothing decides, and how many of them there are."""
        listed = [each for each in self.undecided if each.facet in facets]
        return listed, len(listed) + sum(self.more_undecided[facet] for facet in facets)

    def count(self, *facets: str) -> int:
        """Return how many differences of some facets there are, listed or not."""
        return sum(self.counts[facet] for facet in facets)


NAMES = (MISSING, WHITEOUT, NODE, TYPE, LINK, PLANTED)
"""Facets of names that are not as recorded."""


def is_whiteout(path: str) -> bool:
    """Tell whether an entry of a layer tar is a whiteout or another mark by its name."""
    return path.rpartition("/")[2].startswith(WHITEOUT_PREFIX)
