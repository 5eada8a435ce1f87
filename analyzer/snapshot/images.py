"""Image records: images.json (containers/storage images.go)."""

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


class ImageRecord(Struct, frozen=True):
    """One element of images.json; field names are the engine's."""

    id: str
    digest: str
    names: tuple[str, ...]
    names_history: tuple[str, ...]
    layer: str
    mapped_layers: tuple[str, ...]
    metadata: str
    big_data_names: tuple[str, ...]
    big_data_sizes: Mapping[str, Any]
    big_data_digests: Mapping[str, Any]
    created: str
    created_ns: int | None
    flags: Mapping[str, Any]
    where: Where
    problems: tuple[Problem, ...]


def parse_image(row: Row, path: str) -> ImageRecord:
    """Return the record of one salvaged row; wrong types become problems, never exceptions."""
    get = Fields(row, path)
    created = get.created()
    return ImageRecord(
        id=get.text("id"),
        digest=get.text("digest"),
        names=get.texts("names"),
        names_history=get.texts("names-history"),
        layer=get.text("layer"),
        mapped_layers=get.texts("mapped-layers"),
        metadata=get.text("metadata"),
        big_data_names=get.texts("big-data-names"),
        big_data_sizes=get.mapping("big-data-sizes"),
        big_data_digests=get.mapping("big-data-digests"),
        created=created,
        created_ns=parse_time(created),
        flags=get.mapping("flags"),
        where=Where(path, row.pointer, row.offset),
        problems=tuple(get.problems),
    )
