"""What comparing two captures gives. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from analyzer.causes.model import Cause
from analyzer.checks.finding import Finding
from analyzer.checks.run import Checked
from analyzer.graph.relations import Relations
from analyzer.outlook.model import Outlook
from analyzer.snapshot.snapshot import BundleSnapshot

SAME, CHANGED, NEW, GONE, NOT_SEEN = "same", "changed", "new", "gone", "not-seen"
STATES = (GONE, NEW, CHANGED, NOT_SEEN, SAME)
DIFFERENT = frozenset({GONE, NEW, CHANGED})
MIRRORED = {NEW: GONE, GONE: NEW}

STORE, ENGINE, ANSWER, INDEX = "store", "engine", "answer", "index"
IMAGE, NAME, LAYER, CONTAINER = "image", "name", "layer", "container"
DIRECTORY, LINK, IMAGE_DATA, LAYER_DATA, CONTAINER_DATA = (
    "directory",
    "link",
    "image-data",
    "layer-data",
    "container-data",
)
FILE, FINDING, CAUSE = "file", "finding", "cause"
KINDS = (
    CAUSE,
    FINDING,
    ANSWER,
    ENGINE,
    STORE,
    INDEX,
    IMAGE,
    NAME,
    LAYER,
    CONTAINER,
    DIRECTORY,
    LINK,
    IMAGE_DATA,
    LAYER_DATA,
    CONTAINER_DATA,
    FILE,
)
A, B = "a", "b"


class JudgedCapture(Protocol):
    """One capture with its report; `analyzer.report.model.analysis.Analysis` is one."""

    @property
    def snapshot(self) -> BundleSnapshot:
        """Return what was read."""

    @property
    def relations(self) -> tuple[Relations, ...]:
        """Return who stands on whom, one item per group of stores."""

    @property
    def checked(self) -> Checked:
        """Return findings, rules run and skipped."""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Return ranked causes."""

    @property
    def outlook(self) -> tuple[Outlook, ...]:
        """Return what the engines would answer."""

    @property
    def finding_ids(self) -> dict[Finding, str]:
        """Return the id of every finding."""

    @property
    def verdict(self) -> str:
        """Return the verdict."""

    @property
    def complete(self) -> bool:
        """Tell whether all of it was read and judged."""


class ComparedItem(Struct, frozen=True):
    """One thing as one capture shows it.

    Attributes:
        key: identifies it among its kind and store.
        owner: id of the object it belongs to, its own id for a record.
        name: what people call it, `""` for nothing.
        facts: values as text by name; None where this capture does not tell.
        path: member path where it was read.
    """

    key: str
    owner: str = ""
    name: str = ""
    facts: Mapping[str, str | None] = field(default_factory=dict)
    path: str = ""


class Fact(Struct, frozen=True):
    """One value that differs."""

    name: str
    before: str
    after: str


class Change(Struct, frozen=True):
    """One thing in both captures; `same` is one of the states.

    Attributes:
        kind: one of `KINDS`.
        state: one of `STATES`.
        before, after: the thing as each capture shows it, None where it does not.
        store: graph root it was found in, of the first capture that has it.
        facts: values that differ, for `changed`.
        unseen: the capture that did not look (`a` or `b`), for `not-seen`.
        because: why it did not.
    """

    kind: str
    state: str
    before: ComparedItem | None
    after: ComparedItem | None
    store: str = ""
    facts: tuple[Fact, ...] = ()
    unseen: str = ""
    because: str = ""

    @property
    def item(self) -> ComparedItem:
        """Return the thing, as of the later capture where that has it."""
        item = self.after or self.before
        assert item is not None
        return item

    @property
    def order(self) -> tuple[int, int, str, str]:
        """Return the sort key: by kind, state and key."""
        return KINDS.index(self.kind), STATES.index(self.state), self.item.key, self.store

    def mirrored(self) -> Change:
        """Return what comparing the other way round gives."""
        return replace(
            self,
            state=MIRRORED.get(self.state, self.state),
            before=self.after,
            after=self.before,
            facts=tuple(Fact(fact.name, fact.after, fact.before) for fact in self.facts),
            unseen={A: B, B: A}.get(self.unseen, ""),
        )


class CaptureGap(Struct, frozen=True):
    """A kind of thing that one capture does not show, so that nothing of it can be called gone or new."""

    kind: str
    side: str
    because: str


class Account(Struct, frozen=True):
    """A cause that came or went, and the changes of the things it is about, the nearest first."""

    cause: Change
    changes: tuple[Change, ...]


class Comparison(Struct, frozen=True):
    """Two captures, thing by thing.

    Attributes:
        a, b: the captures.
        changes: every thing, the same ones included; of files only those that differ.
        gaps: what one capture did not look at.
        accounts: causes that came or went, with the changes that go with them.
        same_store: whether both captures are of one store: True or False after the link ids of layers in both, which
            an engine draws at random when it makes a layer; None where that cannot be told.
        files: files compared and found the same.
    """

    a: JudgedCapture
    b: JudgedCapture
    changes: tuple[Change, ...]
    gaps: tuple[CaptureGap, ...]
    accounts: tuple[Account, ...]
    same_store: bool | None
    files: int

    def of(self, kind: str, *states: str) -> tuple[Change, ...]:
        """Return the changes of a kind, of some states where any are named."""
        return tuple(c for c in self.changes if c.kind == kind and (not states or c.state in states))

    @property
    def different(self) -> tuple[Change, ...]:
        """Return what is gone, new or changed."""
        return tuple(change for change in self.changes if change.state in DIFFERENT)

    @property
    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many things there are by (kind, state)."""
        counted: dict[tuple[str, str], int] = {(FILE, SAME): self.files} if self.files else {}
        for change in self.changes:
            key = (change.kind, change.state)
            counted[key] = counted.get(key, 0) + 1
        return counted
