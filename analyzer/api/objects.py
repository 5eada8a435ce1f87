"""One layer, image, container or cause, to look at: it shows itself, and hands out what it consists of."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from analyzer.api.content import content_at
from analyzer.api.frame import Frame
from analyzer.api.graph import layer_graph, wrong_nodes
from analyzer.errors import UsageError
from analyzer.graph.drift import drift
from analyzer.graph.find import find, words_near
from analyzer.graph.neighbourhood import around, objects_only
from analyzer.graph.tree import tree_view
from analyzer.report.drawing import svg
from analyzer.report.formats.frames import affected_of, findings_of
from analyzer.report.views.cells import cause_html, cause_text, object_html
from analyzer.report.views.object_view import render, shown
from analyzer.snapshot.columns import DRIFT
from analyzer.snapshot.frames import FileRows, file_frame, files, frame
from analyzer.words import and_more, meant

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from analyzer.api.report import Report
    from analyzer.causes.model import Cause
    from analyzer.graph.find import FoundObject
    from analyzer.graph.merged import Merged
    from analyzer.graph.tree import TreeView

LISTED, AROUND = 6, 60


def find_one(report: Report, word: str, kind: str = "") -> FoundObject:
    """Return the one object a word means; an ellipsis at the end of an id is no part of it.

    Raises:
        UsageError: it means none of that kind, or several.
    """
    asked = word.strip().removesuffix("…").removesuffix("...")
    every = find(report.relations, asked)
    found = [f for f in every if kind in ("", f.kind)]
    if len(found) == 1:
        return found[0]
    where = report.snapshot.bundle.path
    if found:
        names = [f"{f.kind} {f.id[:16]} {f.name}".rstrip() for f in found[:LISTED]]
        more = and_more(len(found), LISTED)
        raise UsageError(f"{word!r} may mean {len(found)} objects: {'; '.join(names)}{more}", where=where)
    if every:
        raise UsageError(f"{word!r} is the {every[0].kind} {every[0].id[:12]}, not a {kind}", where=where)
    near = meant(asked, words_near(report.relations, asked))
    raise UsageError(f"{word!r} is no {kind or 'object'} of this bundle.{near}".rstrip("."), where=where)


class ObjectView:
    """One object of a bundle.

    Attributes:
        kind, id, name: what it is.
    """

    def __init__(self, report: Report, document: Mapping[str, Any], found: FoundObject) -> None:
        self._report = report
        self._document = document
        self._found = found
        self.kind = found.kind
        self.id = found.id
        self.name = found.name

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Return everything known of it as one JSON value, the same as `analyzer show --format json`."""
        return shown(self._found, self._document)

    @property
    def record(self) -> dict[str, Any] | None:
        """Return its record as it lies in the index file, None where it has none."""
        records = self.facts["records"]
        return records[0]["value"] if records else None

    @property
    def layers(self) -> list[str]:
        """Return the ids of the layers it stands on, topmost first; a layer's own id is the first."""
        return [step["id"] for step in self.facts["chain"] if step["kind"] == "layer"]

    @property
    def images(self) -> list[str]:
        """Return ids of the images that need it; `Snapshot.images` has their names."""
        return [image["id"] for image in self.facts["used_by"]["images"]]

    @property
    def containers(self) -> list[str]:
        """Return ids of the containers that need it."""
        return [container["id"] for container in self.facts["used_by"]["containers"]]

    @cached_property
    def _tree(self) -> TreeView:
        return tree_view(self._report.snapshot, self._found)

    @cached_property
    def files(self) -> Frame:
        """Return the files a container of it would see: deletions applied, `layer` says where each comes from.

        Columns as in `Snapshot.files`; `path` is the member, `name` the path inside.

        Raises:
            UsageError: it has no layer, or the bundle no contents.
        """
        return Frame(files_of_tree(self._found, self._tree.tree))

    def read(self, path: str) -> bytes:
        """Return the content of one file as a container of it would see it, symbolic links followed.

        Raises:
            UsageError: there is no such file in it.
            UnreadableError: it is cut, or the bundle was a pipe.
        """
        return b"".join(content_at(self._report.snapshot, self._tree, path))

    @property
    def findings(self) -> Frame:
        """Return the findings about it."""
        return Frame(findings_of({"findings": self.facts["findings"]}))

    def __repr__(self) -> str:
        return render(self.facts).rstrip()

    def _repr_html_(self) -> str:
        graph = objects_only(layer_graph(self._report, self._document))
        node = (self.kind, self.id)
        part = around(graph, [node], None)
        if len(part) > AROUND:
            part = graph.subgraph([node, *((step["kind"], step["id"]) for step in self.facts["chain"])])
        title = f"{self.kind} {self.id[:12]} {self.name}".rstrip()
        return object_html(title, svg.render(part, wrong_nodes(part)), render(self.facts))


class LayerView(ObjectView):
    """One layer."""

    @property
    def parent(self) -> str:
        """Return the id of its parent, `""` for a base layer or one without a record."""
        return self.layers[1] if len(self.layers) > 1 else ""

    @cached_property
    def files(self) -> Frame:
        """Return the files of the layer itself, whatever lies below it; columns as in `Snapshot.files`."""
        return Frame(files(self._report.snapshot, self.id))


class ImageView(ObjectView):
    """One image."""

    @property
    def names(self) -> list[str]:
        """Return its names."""
        return list(self._found.rel.image_names(self.id))

    @property
    def layer(self) -> str:
        """Return the id of its top layer, `""` where none is known."""
        return self.layers[0] if self.layers else ""


class ContainerView(ObjectView):
    """One container."""

    @property
    def image(self) -> str:
        """Return the id of its image, `""` where no record tells."""
        record = self._found.rel.containers.get(self.id)
        return record.image if record else ""

    @property
    def layer(self) -> str:
        """Return the id of its own layer, `""` where no record tells."""
        record = self._found.rel.containers.get(self.id)
        return record.layer if record else ""

    @cached_property
    def drift(self) -> Frame:
        """Return what it added (A), changed (C) and deleted (D) against its image, by path; sizes in bytes.

        Raises:
            UsageError: the bundle does not hold its layer.
        """
        if self._found.rel.directory(self.layer) is None or not self._report.snapshot.content_files:
            raise UsageError("the bundle does not hold its layer", where=self._report.snapshot.bundle.path)
        changes, _ = drift(self._found.rel, self.layer)
        rows = ({"change": c.kind, "name": c.path, "what": c.what, "size": c.size, "path": c.member} for c in changes)
        return Frame(frame(rows, DRIFT))


class CauseView:
    """One cause.

    Attributes:
        facts: the cause as the JSON report has it.
    """

    def __init__(self, report: Report, facts: dict[str, Any], cause: Cause) -> None:
        self._report = report
        self._cause = cause
        self.facts = facts
        self.rank: int = cause.rank
        self.id: str = cause.id
        self.title: str = cause.hypothesis.title
        self.probability: float = cause.probability

    @property
    def affected(self) -> Frame:
        """Return what it breaks, one object a row; `id` joins with the frames of a snapshot."""
        return Frame(affected_of({"causes": [self.facts]}))

    def __repr__(self) -> str:
        return cause_text(self.facts)

    def _repr_html_(self) -> str:
        return cause_html(self._report, self._cause)


def files_of_tree(found: FoundObject, tree: Merged) -> pd.DataFrame:
    """Return what a tree shows, layer by layer from the top."""
    rows: list[list[int]] = [[] for _ in tree.tables]
    for number, row in tree.places.values():
        rows[number].append(row)
    root = found.rel.stores[0].root or "."
    return file_frame(FileRows(root, layer, table, rows[n]) for n, (layer, table) in enumerate(tree.tables))


def cause_view(report: Report, document: Mapping[str, Any], rank: int) -> CauseView:
    """Return the cause of a rank.

    Raises:
        UsageError: there is none.
    """
    if not 1 <= rank <= len(report.causes):
        raise UsageError(f"no cause {rank}: there are {len(report.causes)}", where=report.snapshot.bundle.path)
    return CauseView(report, document["causes"][rank - 1], report.causes[rank - 1])
