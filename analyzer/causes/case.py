"""The evidence a family reasons over: findings by rule, relations, and what stands on what."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from string import hexdigits

from analyzer.causes.model import Affected
from analyzer.checks.finding import Finding, Subject
from analyzer.checks.store_view import StoreView
from analyzer.graph.relations import Relations
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.node.log_events import LogEvents, log_events
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.verify.layer_comparison import WHOLE_TREE_DRIVERS

ORPHANED = {
    "layers": ("OVL-013", "TSP-013", "LAY-015"),
    "images": ("IMG-021", "LAY-013"),
    "containers": ("CTR-010", "LAY-015", "LAY-013"),
}
"""Rules about data without a record, by the part of the store whose index names it."""
NAMED = {"layers": ("LAY-001", "IMG-016", "CTR-001", "IMG-017"), "images": ("CTR-002",)}
"""Rules about ids that other records name and that have no record, by the part whose index should name them."""
SHORT = 12
"""Fewest digits of an id that people write for a whole one."""


class Case:
    """One group of stores with the findings about it.

    Attributes:
        snapshot: everything the bundle says.
        rel: relations of the stores that are used together.
        store: the graph root.
        findings: findings of this group in report order.
        view: names objects in full.
    """

    def __init__(
        self, snapshot: BundleSnapshot, rel: Relations, findings: Iterable[Finding], engines: tuple[str, ...] = ()
    ) -> None:
        self.snapshot = snapshot
        self.rel = rel
        self.store: Store = rel.stores[0]
        self.findings = tuple(findings)
        self.view = StoreView(snapshot, self.store, rel, engines)

    @cached_property
    def log_events(self) -> dict[str, LogEvents]:
        """Return what captured logs tell of the node, by kind."""
        return log_events(self.snapshot.host, self.snapshot.newest_ns)

    @cached_property
    def by_rule(self) -> dict[str, list[Finding]]:
        """Return findings by rule id."""
        found: dict[str, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(finding.rule, []).append(finding)
        return found

    def of(self, *rules: str, at_least: str = "info") -> list[Finding]:
        """Return findings of the given rules, of at least a severity."""
        return [f for rule in rules for f in self.by_rule.get(rule, ()) if f.is_at_least(at_least)]

    def written(self, *rules: str) -> list[Finding]:
        """Return findings of weight whose files do not look like writes that never reached the disk."""
        return [f for f in self.of(*rules, at_least="warning") if not f.facts.get("unsynced")]

    def lost_records(self, *rules: str) -> list[Finding]:
        """Return findings of weight about layers without a record in any store of the group."""
        found = self.of(*rules, at_least="warning")
        return [f for f in found if f.subject.kind == "layer" and f.subject.id not in self.rel.layers]

    def about(self, keys: Iterable[str], *rules: str) -> list[Finding]:
        """Return findings of the rules that are about any of the ids: by subject, or by the fact `layer`."""
        found = {place for key in keys for place in self._about.get(key, ())}
        return [self.findings[place] for rule in rules for place in sorted(found) if self.findings[place].rule == rule]

    def all_about(self, keys: Iterable[str]) -> list[Finding]:
        """Return findings of any rule that are about any of the ids, in report order."""
        return [self.findings[place] for place in sorted({p for key in keys for p in self._about.get(key, ())})]

    def ids_like(self, key: str) -> list[str]:
        """Return well-formed ids of findings that a malformed id stands for: in small letters, or longer than it."""
        start = key.strip().casefold()
        if len(start) < SHORT or not all(letter in hexdigits for letter in start):
            return []
        place = bisect_left(self._ids, start)
        found = []
        while place < len(self._ids) and self._ids[place].startswith(start):
            found.append(self._ids[place])
            place += 1
        return found if len(found) == 1 else []

    @cached_property
    def _ids(self) -> list[str]:
        return sorted(key for key in self._about if HEX_ID.fullmatch(key))

    @cached_property
    def _about(self) -> dict[str, list[int]]:
        """Return places in `findings` by what a finding is about: a store may have a finding for each of its layers."""
        found: dict[str, list[int]] = {}
        for place, finding in enumerate(self.findings):
            for key in {finding.subject.id, finding.facts.get("layer")}:
                if isinstance(key, str):
                    found.setdefault(key, []).append(place)
        return found

    def affected(
        self, layers: Iterable[str] = (), images: Iterable[str] = (), containers: Iterable[str] = ()
    ) -> Affected:
        """Return everything that stands on the given objects, these included."""
        broken = list(dict.fromkeys(layers))
        hit_images = self.rel.images_hit(broken) | set(images)
        hit_containers = self.rel.containers_hit(broken) | set(containers)
        for image in images:
            hit_containers |= set(self.rel.users_of_image.get(image, ()))
        above = self.rel.descendants(broken) if broken else set()
        return Affected(tuple(sorted(above)), tuple(sorted(hit_images)), tuple(sorted(hit_containers)))

    def serving(self, layers: Iterable[str]) -> Affected:
        """Return what is served from the files of layers: all that stands on them, but for full copies.

        The drivers vfs and btrfs copy all files below into each new layer, and an id-mapped copy has the whole tree:
        what happens to the files of one layer changes nothing in those made of it before.
        """
        broken = list(dict.fromkeys(layers))
        if self.store.driver in WHOLE_TREE_DRIVERS:
            tops = {key for key, image in self.rel.images.items() if image.layer in broken}
            owners = {owner for layer in broken for owner in self.rel.owner_of.get(layer, ())}
            return Affected(tuple(sorted(broken)), tuple(sorted(tops)), tuple(sorted(owners)))
        copies = {layer for layer in broken if layer in self.rel.mapped}
        above = self.affected([layer for layer in broken if layer not in copies])
        on_copies = self.affected(copies)
        return Affected(
            tuple(sorted({*above.layers, *on_copies.layers})),
            above.images,
            tuple(sorted({*above.containers, *on_copies.containers})),
        )

    def everything(self) -> Affected:
        """Return all objects of the group, data directories without a record included: the store does not open."""
        images, containers = set(self.rel.images) - {""}, set(self.rel.containers) | set(self.unrecorded_containers())
        for store in self.rel.stores:
            images |= {name for name in store.image_files if HEX_ID.fullmatch(name)}
        return Affected(tuple(sorted(self.rel.layers)), tuple(sorted(images)), tuple(sorted(containers)))

    def unrecorded_containers(self) -> list[str]:
        """Return ids of containers that have data, or that podman knows, and that no record names, sorted."""
        found = {name for store in self.rel.stores for name in store.container_files if HEX_ID.fullmatch(name)}
        for state in self.store.libpod[:1]:
            found |= {
                key for key, each in state.containers.items() if state.whole and not (each.rootfs or each.missing)
            }
        return sorted(found - self.rel.containers.keys())

    def only_containers(self, index: Finding) -> bool:
        """Tell whether a lost or empty index file costs the containers alone: the store opens, every image is there."""
        return index.rule in ("STO-002", "STO-020") and index.facts.get("part") == "containers"

    def left_without(self, index: Finding) -> list[Finding]:
        """Return findings about data, and about names, without a record: an empty or lost index file explains them."""
        part = index.facts.get("part", "")
        named = self.about(index.ids(part), *NAMED.get(part, ()))
        found = [*self.of(*ORPHANED.get(part, ())), *named, *self.all_about(index.ids(part))]
        if part == "containers":
            found += self.of("LPD-005")
        return [f for f in dict.fromkeys(found) if f is not index]

    def radius(self, subject: Subject) -> int:
        """Return how many images and containers stand on a subject, containers counted twice; as `affected` does."""
        if subject.kind == "layer":
            images = self.rel.images_on.get(subject.id, ())
            return len(images) + 2 * len(self.rel.containers_on.get(subject.id, ()))
        if subject.kind == "image":
            return 1 + 2 * len(set(self.rel.users_of_image.get(subject.id, ())))
        return 1

    def widest_first(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return findings with the widest blast radius first, ties in report order."""
        return sorted(findings, key=lambda f: (-self.radius(f.subject), f.order))

    def image_name(self, image_id: str) -> str:
        """Return the first name of an image, else its id."""
        image = self.rel.images.get(image_id)
        return image.names[0] if image and image.names else image_id


def subjects_of(findings: Iterable[Finding]) -> tuple[Subject, ...]:
    """Return the distinct subjects of findings in order."""
    return tuple({(f.subject.kind, f.subject.key): f.subject for f in findings}.values())
