"""Layer records: layers.json, volatile-layers.json (containers/storage layers.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from analyzer.snapshot.fields import Fields
from analyzer.snapshot.provenance import Where
from analyzer.snapshot.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.snapshot.provenance import Problem
    from analyzer.snapshot.salvage import Row


class LayerRecord(Struct, frozen=True):
    """One element of layers.json; field names are the engine's.

    Sizes are bytes, None where the record has none. `created_ns` is Unix nanoseconds, None where absent or zero.
    `volatile` says that the record was in volatile-layers.json.
    """

    id: str
    parent: str
    names: tuple[str, ...]
    created: str
    created_ns: int | None
    diff_digest: str
    diff_size: int | None
    compressed_diff_digest: str
    compressed_size: int | None
    toc_digest: str
    compression: int
    uidset: tuple[int, ...]
    gidset: tuple[int, ...]
    uidmap: tuple[tuple[int, int, int], ...]
    gidmap: tuple[tuple[int, int, int], ...]
    flags: Mapping[str, Any]
    big_data_names: tuple[str, ...]
    mountlabel: str
    metadata: str
    volatile: bool
    where: Where
    problems: tuple[Problem, ...]

    @property
    def incomplete(self) -> bool:
        """Tell whether the engine marked the layer as not finished or being deleted."""
        return self.flags.get("incomplete") is True


def parse_layer(row: Row, path: str, *, volatile: bool) -> LayerRecord:
    """Return the record of one salvaged row; wrong types become problems, never exceptions."""
    get = Fields(row, path)
    created = get.created()
    return LayerRecord(
        id=get.text("id"),
        parent=get.text("parent"),
        names=get.texts("names"),
        created=created,
        created_ns=parse_time(created),
        diff_digest=get.text("diff-digest"),
        diff_size=get.integer("diff-size"),
        compressed_diff_digest=get.text("compressed-diff-digest"),
        compressed_size=get.integer("compressed-size"),
        toc_digest=get.text("toc-digest"),
        compression=get.integer("compression") or 0,
        uidset=get.integers("uidset"),
        gidset=get.integers("gidset"),
        uidmap=get.id_map("uidmap"),
        gidmap=get.id_map("gidmap"),
        flags=get.mapping("flags"),
        big_data_names=get.texts("big-data-names"),
        mountlabel=get.text("mountlabel"),
        metadata=get.text("metadata"),
        volatile=volatile,
        where=Where(path, row.pointer, row.offset),
        problems=tuple(get.problems),
    )
