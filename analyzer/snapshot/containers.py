"""Container records: containers.json, volatile-containers.json (containers/storage containers.go)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from analyzer.snapshot.fields import Fields
from analyzer.snapshot.provenance import Where
from analyzer.snapshot.salvage import load_object
from analyzer.snapshot.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.snapshot.provenance import Problem
    from analyzer.snapshot.salvage import Row


@dataclass(frozen=True, slots=True)
class ContainerRecord:
    """One element of containers.json; field names are the engine's.

    `volatile` says that the record was in volatile-containers.json. `details` is the parsed `metadata` text, empty
    where it does not parse (`metadata_error` then says why). `engine` is `cri-o`, `podman`, `buildah` or `""`.
    """

    id: str
    names: tuple[str, ...]
    image: str
    layer: str
    metadata: str
    details: Mapping[str, Any]
    metadata_error: str
    engine: str
    big_data_names: tuple[str, ...]
    big_data_sizes: Mapping[str, Any]
    big_data_digests: Mapping[str, Any]
    created: str
    created_ns: int | None
    uidmap: tuple[tuple[int, int, int], ...]
    gidmap: tuple[tuple[int, int, int], ...]
    flags: Mapping[str, Any]
    volatile: bool
    where: Where
    problems: tuple[Problem, ...]

    @property
    def name(self) -> str:
        """Return the name a person knows it by: pod and container for CRI-O, else the first name."""
        details = self.details
        if self.engine == "cri-o":
            parts = [details.get("namespace"), details.get("pod-name"), details.get("metadata-name")]
            shown = "/".join(part for part in parts if isinstance(part, str) and part)
            if shown:
                return shown
        if self.names:
            return self.names[0]
        name = details.get("name")
        return name if isinstance(name, str) else ""


def _engine(details: Mapping[str, Any]) -> str:
    if details.get("pod-id") and details.get("pod-name"):
        return "cri-o"
    return "podman" if "image-name" in details or "image-id" in details else ""


def parse_container(row: Row, path: str, *, volatile: bool) -> ContainerRecord:
    """Return the record of one salvaged row; wrong types become problems, never exceptions."""
    get = Fields(row, path)
    created = get.text("created")
    metadata = get.text("metadata")
    parsed, error = load_object(metadata.encode("utf-8", "surrogateescape")) if metadata else ({}, "")
    details = parsed if isinstance(parsed, dict) else {}
    if not isinstance(parsed, dict) and not error:
        error = "not a JSON object"
    return ContainerRecord(
        id=get.text("id"),
        names=get.texts("names"),
        image=get.text("image"),
        layer=get.text("layer"),
        metadata=metadata,
        details=details,
        metadata_error=error,
        engine=_engine(details),
        big_data_names=get.texts("big-data-names"),
        big_data_sizes=get.mapping("big-data-sizes"),
        big_data_digests=get.mapping("big-data-digests"),
        created=created,
        created_ns=parse_time(created),
        uidmap=get.id_map("uidmap"),
        gidmap=get.id_map("gidmap"),
        flags=get.mapping("flags"),
        volatile=volatile,
        where=Where(path, row.pointer, row.offset),
        problems=tuple(get.problems),
    )
