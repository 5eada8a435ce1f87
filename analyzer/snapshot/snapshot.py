"""The whole of what one bundle says."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct, field

from analyzer.errors import NoStoreError
from analyzer.limits import DEFAULT, Limits, advised
from analyzer.snapshot.assemble import assemble, told_alone
from analyzer.snapshot.backing import tell_backing
from analyzer.snapshot.bare import NAMES_ALONE, without_content
from analyzer.snapshot.bundle_layout import describe_input, layout_of
from analyzer.snapshot.collect import Collector
from analyzer.snapshot.gaps import find_gaps, host_notes
from analyzer.snapshot.grouping import group_stores
from analyzer.snapshot.link_targets import put_back_targets
from analyzer.snapshot.rebuild import rebuild
from analyzer.snapshot.second_pass import digest_files, undigested
from analyzer.snapshot.single_losses import sort_losses
from analyzer.source.allocation import much_made
from analyzer.source.member import NO_END, Loss
from analyzer.source.open import INSIDE, open_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analyzer.snapshot.collected import Collected
    from analyzer.snapshot.gaps import UnreadEvidence
    from analyzer.snapshot.host import Host
    from analyzer.snapshot.rebuild import Rebuilt
    from analyzer.snapshot.store import Store
    from analyzer.source.member import Member
    from analyzer.source.member_source import MemberSource

DEEPEST = 3
"""Archives in archives."""
QUICK, STANDARD, DEEP = "quick", "standard", "deep"
DEPTHS = (QUICK, STANDARD, DEEP)


class Bundle(Struct, frozen=True):
    """Facts of the input itself; sizes in bytes."""

    path: str
    format: str
    layout: str
    members: int
    bytes: int
    sha256: str | None


class BundleSnapshot(Struct):
    """Stores, host facts and what was seen of the bundle.

    Attributes:
        bundle: the input.
        stores: graph roots first, each followed by the stores that serve it.
        host: files outside the stores.
        depth: `quick`, `standard` or `deep`.
        losses: everything that is known of and was not read: what the archive lost, and the gaps.
        notes: harmless oddities of the archive.
        xattrs_seen: members that carried extended attributes.
        content_files: regular files seen below diff directories.
        newest_ns: latest modification time of a store entry: the capture was not before it.
        archive_losses: parts of the bundle that could not be read; non-empty means that absence proves nothing.
        gaps: evidence that is there and has no content here.
        links: those of them that are links to what was not captured.
        limits: it was read with.
        folders: directories outside the stores by path, the first thousands.
        aside: the first entry of every `lost+found`, by its path.
        rebuilt: layers made again, by member path of their tar-split; None where not asked for or not possible.
    """

    bundle: Bundle
    stores: list[Store]
    host: Host
    depth: str
    losses: list[Loss] = field(default_factory=list)
    notes: list[Loss] = field(default_factory=list)
    xattrs_seen: int = 0
    content_files: int = 0
    newest_ns: int = 0
    rebuilt: Mapping[str, Rebuilt] | None = None
    archive_losses: list[Loss] = field(default_factory=list)
    gaps: list[UnreadEvidence] = field(default_factory=list)
    links: frozenset[str] = frozenset()
    limits: Limits = DEFAULT
    folders: Mapping[str, Member] = field(default_factory=dict)
    aside: Mapping[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Tell whether everything that is known of was read."""
        return not self.losses

    @property
    def open_end(self) -> bool:
        """Tell whether the archive stops without its end mark: more may have followed."""
        return any(note.what == NO_END for note in self.notes)

    @property
    def whole(self) -> bool:
        """Tell whether absence means something: the archive was read to its end mark, and no part of it was lost."""
        return not self.archive_losses and not self.open_end

    def not_captured(self, path: str) -> bool:
        """Tell whether a member path is, or lies below, a link to what the bundle does not hold."""
        while self.links and path:
            if path in self.links:
                return True
            path = path.rpartition("/")[0]
        return False

    def group(self, number: int) -> list[Store]:
        """Return the stores of one group, the graph root first."""
        return [store for store in self.stores if store.group == number]


class Gathered(Struct, frozen=True):
    """What one pass over a bundle gave, before it is understood; `bytes` is the size of the input as it lies."""

    collected: Collected
    path: str
    format: str
    depth: str
    members: int
    bytes: int
    sha256: str | None
    losses: list[Loss]
    notes: list[Loss]


def read_snapshot(
    source: MemberSource,
    *,
    depth: str = STANDARD,
    limits: Limits = DEFAULT,
    progress: Callable[[MemberSource], None] | None = None,
) -> BundleSnapshot:
    """Read a member stream once.

    Args:
        source: an opened bundle; closed on return.
        depth: `quick` keeps no content facts of layer files.
        limits: bounds on what is kept.
        progress: called now and then with the source.

    Raises:
        NoStoreError: the bundle holds no containers/storage tree.
    """
    again = source.again
    with closing(source):
        gathered = gather(source, depth=depth, limits=limits, progress=progress)
    return understand(gathered, limits, again)


def gather(
    source: MemberSource,
    *,
    depth: str = STANDARD,
    limits: Limits = DEFAULT,
    progress: Callable[[MemberSource], None] | None = None,
) -> Gathered:
    """Take every member of a source once and close it; arguments as of `read_snapshot`."""
    collector = Collector(limits, read_content=depth != QUICK, once=source.again is None)
    try:
        with much_made():
            collector.take(source, progress)
    finally:
        source.close()
    swallowed = collector.result.distrust({each.after for each in (*source.losses, *source.notes) if each.after})
    total = source.bytes_total
    return Gathered(
        collector.result,
        source.path,
        source.format,
        depth,
        source.members,
        total if total is not None else source.bytes_read,
        source.sha256,
        [*source.losses, *swallowed],
        source.notes,
    )


def archive_in(gathered: Gathered) -> str:
    """Return where the one archive lies that a bundle without a store holds, `""` where there is none or another."""
    found = gathered.collected.archives
    if "manifest.json" in gathered.collected.tops or "oci-layout" in gathered.collected.tops:
        return ""  # an image, whose layers are tars
    if len(found) != 1 or gathered.path.count(INSIDE) >= DEEPEST or not os.path.lexists(gathered.path.split(INSIDE)[0]):
        return ""
    return f"{gathered.path}{INSIDE}{found[0]}"


def understand(
    gathered: Gathered, limits: Limits = DEFAULT, again: Callable[[], MemberSource] | None = None
) -> BundleSnapshot:
    """Return the records and facts in what was gathered.

    Args:
        gathered: from `gather`.
        limits: bounds on what is parsed.
        again: opens the bundle once more, for contents that the first pass could not know it would need.

    Raises:
        NoStoreError: it holds no containers/storage tree.
    """
    collected = gathered.collected
    stores = assemble(collected, limits)
    if not stores and again is not None and (inner := archive_in(gathered)):
        return read_snapshot(open_bundle(inner, limits=limits), depth=gathered.depth, limits=limits)
    stores = stores or told_alone(collected)
    if not stores:
        lost = f"; not read whole: {advised(gathered.losses[0].what)}" if gathered.losses else ""
        raise NoStoreError(describe_input(collected, gathered.members) + lost, where=gathered.path)
    if count := without_content(stores):
        raise NoStoreError(NAMES_ALONE.format(count=count), where=gathered.path)
    group_stores(stores, collected.host)
    tell_backing(stores, collected.host)
    notes = put_back_targets(stores)
    stores.sort(key=lambda s: (s.group, s.role != "graph-root", s.root, s.driver))
    if again is not None and gathered.depth != QUICK and (tables := undigested(stores)):
        digest_files(again(), tables)
    rebuilt = None
    if again is not None and gathered.depth == DEEP:
        rebuilt = rebuild(stores, gathered.path, gathered.format, again, limits)
    losses = [Loss(advised(loss.what), loss.where, loss.offset, loss.after) for loss in gathered.losses]
    losses, single, needless = sort_losses(losses, stores)
    gaps = find_gaps(stores, collected.host, collected.loose)
    bundle = Bundle(
        gathered.path,
        gathered.format,
        layout_of(stores, collected),
        gathered.members,
        gathered.bytes,
        gathered.sha256,
    )
    return BundleSnapshot(
        bundle,
        stores,
        collected.host,
        gathered.depth,
        [*losses, *single, *(gap.loss for gap in gaps)],
        [*gathered.notes, *collected.notes, *host_notes(collected.host), *notes, *needless],
        collected.xattrs,
        collected.content_files,
        collected.newest_ns,
        rebuilt,
        losses,
        gaps,
        frozenset(gap.path for gap in gaps if gap.elsewhere),
        limits,
        collected.directories,
        collected.aside,
    )
