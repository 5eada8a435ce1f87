"""Container records: containers.json, volatile-containers.json (containers/storage containers.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from analyzer.snapshot.fields import Fields
from analyzer.snapshot.gojson import as_object, as_text
from analyzer.snapshot.kubernetes import KubernetesName, kubernetes_name
from analyzer.snapshot.provenance import Where
from analyzer.snapshot.salvage import load_object
from analyzer.snapshot.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.snapshot.provenance import Problem
    from analyzer.snapshot.salvage import Row


class ContainerRecord(Struct, frozen=True):
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

    def detail(self, key: str) -> str:
        """Return a text of the metadata, `""` where it has none."""
        return as_text(self.details.get(key))

    @property
    def name(self) -> str:
        """Return the name a person knows it by: namespace/pod/container in Kubernetes, else the first name."""
        known = self.kubernetes
        if known is not None and known.path:
            return known.path
        if self.names:
            return self.names[0]
        return self.detail("name")

    @property
    def words(self) -> str:
        """Return the name for a sentence: `pod data/db-0 (container postgres)`, else `name`."""
        known = self.kubernetes
        return known.words if known is not None and known.pod else self.name

    @property
    def kubernetes(self) -> KubernetesName | None:
        """Return what Kubernetes calls it, None for a container of no pod."""
        return kubernetes_name(self.details, self.names)


def _engine(details: Mapping[str, Any]) -> str:
    if details.get("pod-id") and details.get("pod-name"):
        return "cri-o"
    return "podman" if "image-name" in details or "image-id" in details else ""


def parse_container(row: Row, path: str, *, volatile: bool) -> ContainerRecord:
    """Return the record of one salvaged row; wrong types become problems, never exceptions."""
    get = Fields(row, path)
    created = get.created()
    metadata = get.text("metadata")
    parsed, error = load_object(metadata.encode("utf-8", "surrogateescape")) if metadata else ({}, "")
    details = as_object(parsed)
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
