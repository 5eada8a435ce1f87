"""Every object of the stores in one numbered list, with what it needs and what was found: what pages link to."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from analyzer.checks.finding import RANK, Subject
from analyzer.graph.relations import Relations
from analyzer.report.model.analysis import Analysis
from analyzer.snapshot.provenance import Where

BROKEN, MISSING, HIT, NOTED, FINE = "broken", "missing", "hit", "noted", "fine"
LAYER, IMAGE, CONTAINER = "layer", "image", "container"
ERROR = RANK["error"]


class Object(Struct):
    """A layer, image or container that a record describes, others name, or a directory suggests.

    Attributes:
        number: place in the list.
        kind, id, names: as in a subject.
        group: index of the stores that are used together.
        store: graph root it was found in, `""` when nothing holds it.
        where: its record, None when there is none.
        path: the directory that holds its data.
        link: a layer's link id.
        created: time as recorded; created_ns the same in Unix nanoseconds.
        size: a layer's `diff-size` in bytes.
        needs: number of what it stands on: parent, top layer, image; -1 for none.
        layer: number of a container's read-write layer, -1 for none.
        mapped: numbers of an image's id-mapped top layers.
        findings: ids (`F1`) of findings about it.
        worst: rank of the worst of these, -1 without any.
        state: one of this module's words.
    """

    number: int
    kind: str
    id: str
    group: int
    names: tuple[str, ...] = ()
    store: str = ""
    where: Where | None = None
    path: str = ""
    link: str = ""
    created: str = ""
    created_ns: int | None = None
    size: int | None = None
    needs: int = -1
    layer: int = -1
    mapped: tuple[int, ...] = ()
    findings: list[str] = field(default_factory=list)
    worst: int = -1
    state: str = FINE

    @property
    def label(self) -> str:
        """Return what people call it: its first name, else twelve digits of its id."""
        return self.names[0] if self.names else self.id[:12]


class Objects:
    """The list, and lookups into it.

    Attributes:
        items: objects in a fixed order: group by group, layers, images, containers, by id.
        users: numbers of what stands directly on each object, by number.
    """

    def __init__(self, report: Analysis) -> None:
        self.items: list[Object] = []
        self._numbers: dict[tuple[int, str, str], int] = {}
        self._groups = {store.root: store.group for store in report.snapshot.stores}
        for group, rel in enumerate(report.relations):
            self._add_layers(group, rel)
            self._add_images(group, rel)
            self._add_containers(group, rel)
        self.users: dict[int, list[int]] = {}
        for item in self.items:
            for used in dict.fromkeys((item.needs, item.layer, *item.mapped)):
                if used >= 0:
                    self.users.setdefault(used, []).append(item.number)
        self._mark(report)

    def __getitem__(self, number: int) -> Object:
        return self.items[number]

    def __len__(self) -> int:
        return len(self.items)

    def find(self, kind: str, object_id: str, group: int | None = None) -> Object | None:
        """Return an object by kind and id, in one group or the first that has it."""
        groups = range(len(self._groups)) if group is None else (group,)
        for each in groups:
            number = self._numbers.get((each, kind, object_id))
            if number is not None:
                return self.items[number]
        return None

    def of(self, subject: Subject, root: str | None = None) -> Object | None:
        """Return the object a subject is about, None for a store or file."""
        if not subject.id:
            return None
        group = self._groups.get(root) if root is not None else None
        return self.find(subject.kind, subject.id, group) or self.find(subject.kind, subject.id)

    def chain(self, number: int) -> list[int]:
        """Return an object and everything below it, nearest first; a cycle is walked once."""
        walk: dict[int, None] = {}
        while number >= 0 and number not in walk:
            walk[number] = None
            number = self.items[number].needs
        return list(walk)

    def _object(self, group: int, kind: str, object_id: str) -> Object:
        key = (group, kind, object_id)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.items)
            self.items.append(Object(number, kind, object_id, group, state=MISSING))
        return self.items[number]

    def _number(self, group: int, kind: str, object_id: str) -> int:
        return self._object(group, kind, object_id).number if object_id else -1

    def _add_layers(self, group: int, rel: Relations) -> None:
        directories = {name for store in rel.stores for name in store.home.layers}
        for layer_id in sorted({*rel.layers, *directories}):
            item = self._object(group, LAYER, layer_id)
            directory = rel.directory(layer_id)
            if directory is not None:
                item.path, item.link = directory.path, directory.link_id
            record = rel.layers.get(layer_id)
            if record is not None:
                item.names, item.where, item.state = record.names, record.where, FINE
                item.created, item.created_ns, item.size = record.created, record.created_ns, record.diff_size
                item.store = rel.layer_store[layer_id].root or "."
        for layer_id, record in sorted(rel.layers.items()):
            self._object(group, LAYER, layer_id).needs = self._number(group, LAYER, record.parent)

    def _add_images(self, group: int, rel: Relations) -> None:
        for image_id, record in sorted(rel.images.items()):
            item = self._object(group, IMAGE, image_id)
            store = rel.image_store[image_id]
            item.names, item.where, item.state, item.store = record.names, record.where, FINE, store.root or "."
            item.path = store.part_path("images", image_id)
            item.created, item.created_ns = record.created, record.created_ns
            item.needs = self._number(group, LAYER, record.layer)
            item.mapped = tuple(self._number(group, LAYER, top) for top in record.mapped_layers if top)

    def _add_containers(self, group: int, rel: Relations) -> None:
        for container_id, record in sorted(rel.containers.items()):
            item = self._object(group, CONTAINER, container_id)
            item.names = tuple(dict.fromkeys(filter(None, (record.name, *record.names))))
            item.where, item.state, item.store = record.where, FINE, rel.stores[0].root or "."
            item.path = rel.stores[0].part_path("containers", container_id)
            item.created, item.created_ns = record.created, record.created_ns
            item.layer = self._number(group, LAYER, record.layer)
            item.needs = self._number(group, IMAGE, record.image)
            if item.needs >= 0 and not self.items[item.needs].names:
                self.items[item.needs].names = rel.image_names(record.image)
            if item.needs < 0:
                item.needs = item.layer

    def _mark(self, report: Analysis) -> None:
        for finding, finding_id in report.finding_ids.items():
            item = self.of(finding.subject, finding.root)
            if item is not None:
                item.findings.append(finding_id)
                item.worst = max(item.worst, RANK[finding.severity])
        for cause in report.causes:
            if RANK[cause.severity] >= ERROR:
                hit = cause.hypothesis.affected
                self._hit(LAYER, hit.layers)
                self._hit(IMAGE, hit.images)
                self._hit(CONTAINER, hit.containers)
        for item in self.items:
            if item.worst >= ERROR:
                item.state = BROKEN
            elif item.worst >= RANK["warning"] and item.state == FINE:
                item.state = NOTED
        for cause in report.causes:
            for subject in cause.hypothesis.subjects if RANK[cause.severity] >= ERROR else ():
                item = self.of(subject)
                if item is not None:
                    item.state = BROKEN

    def _hit(self, kind: str, ids: Iterable[str]) -> None:
        for object_id in ids:
            item = self.find(kind, object_id)
            if item is not None and item.state == FINE:
                item.state = HIT
