"""Images, layers and containers as rows, in the columns people know from `podman` and `crictl`.

Rows are plain dictionaries with whole values; `columns` shortens them for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from analyzer.graph.find import pod_id
from analyzer.graph.relations import Relations
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.kubernetes import KubernetesName
from analyzer.snapshot.times import SECOND, parse_time
from analyzer.words import human, plural

IMAGES = ("REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE", "STATE")
LAYERS = ("LAYER ID", "PARENT", "CREATED", "SIZE", "IMAGES", "CTRS", "STATE")
CONTAINERS = ("CONTAINER ID", "NAMESPACE", "POD", "NAME", "ATTEMPT", "IMAGE", "STATE")
WIDE = {
    "images": ("AT", "DIGEST", "LAYER"),
    "layers": ("AT", "STORE"),
    "containers": ("CREATED", "AT", "SIZE", "POD ID", "LAYER", "STORE"),
}
"""Further columns of the wide table."""
NAMES = frozenset({"REPOSITORY", "IMAGE", "POD", "NAME", "NAMESPACE"})
"""Columns that a narrow terminal may shorten."""
NONE = "<none>"
DATE = 10
"""Characters of a time that a table shows: its day."""
AGO = " ago"
"""A second in nanoseconds, a day in seconds."""
UNITS = (
    ("year", 31_536_000), ("month", 2_592_000), ("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60),
)  # fmt: skip
"""Units of an age, each used from two of it on, so that an age is never half as much again."""
END_OF_TIME = 253_402_300_800 * SECOND
"""Unix nanoseconds of the year 10000."""


def images(relations: tuple[Relations, ...]) -> list[dict[str, Any]]:
    """Return one row per name of every image, `<none>` for an image without one; sizes in bytes, None where unknown.

    An image's size is what `podman images` counts: the recorded sizes of its layers (mapped ones included) and of its
    big-data items.
    """
    rows: list[dict[str, Any]] = []
    for rel in relations:
        for image in rel.images.values():
            size, state = image_size(rel, image), image_state(rel, image)
            for name in image.names or ("",):
                repository, tag = split_name(name)
                rows.append(
                    {
                        "repository": repository or NONE,
                        "tag": tag or NONE,
                        "name": name,
                        "id": image.id,
                        "digest": image.digest,
                        "layer": image.layer,
                        "created": image.created,
                        "size": size,
                        "state": state,
                        "store": rel.image_store[image.id].root or ".",
                    }
                )
    return rows


def image_size(rel: Relations, image: ImageRecord) -> int | None:
    """Return recorded bytes of an image's layers and big data, None where a layer's size is not recorded."""
    layers = {layer_id for top in (image.layer, *image.mapped_layers) for layer_id in rel.chain(top)}
    records = [rel.layers.get(layer_id) for layer_id in layers]
    sizes = [record.diff_size if record is not None else None for record in records]
    if any(size is None for size in sizes):
        return None
    big_data = sum(size for size in image.big_data_sizes.values() if type(size) is int)
    return sum(size for size in sizes if size is not None) + big_data


def layers(relations: tuple[Relations, ...]) -> list[dict[str, Any]]:
    """Return one row per layer record, and one per parent or top layer that has none; sizes in bytes."""
    return [
        _layer_row(rel, layer_id)
        for rel in relations
        for layer_id in (*rel.layers, *sorted(_wanted(rel) - set(rel.layers)))
    ]


def _layer_row(rel: Relations, layer_id: str) -> dict[str, Any]:
    record = rel.layers.get(layer_id)
    return {
        "id": layer_id,
        "parent": record.parent if record else "",
        "created": record.created if record else "",
        "size": record.diff_size if record else None,
        "images": rel.images_on.count(layer_id),
        "containers": rel.containers_on.count(layer_id),
        "state": layer_state(rel, layer_id),
        "store": (rel.layer_store[layer_id].root or ".") if record else "",
    }


def containers(relations: tuple[Relations, ...]) -> list[dict[str, Any]]:
    """Return one row per container record; whether one ran is not in these records, sizes as of `own_size`."""
    return [
        {
            "id": container.id,
            "image": ", ".join(rel.image_names(container.image)[:1]) or container.image,
            "image_id": container.image,
            "created": container.created,
            "name": container.name,
            "names": list(container.names),
            **_kubernetes(container),
            "pod_id": pod_id(container),
            "engine": container.engine,
            "layer": container.layer,
            "size": own_size(rel, container.layer),
            "volatile": container.volatile,
            "state": container_state(rel, container.image, container.layer),
            "store": rel.stores[0].root or ".",
        }
        for rel in relations
        for container in rel.containers.values()
    ]


def own_size(rel: Relations, layer_id: str) -> int | None:
    """Return bytes of the files in a container's own layer, None where the bundle has not the contents of layers."""
    directory = rel.directory(layer_id)
    if directory is None or not (directory.tables or directory.has_diff) or not rel.has_contents:
        return None
    return directory.bytes


def wide_cells(kind: str, row: dict[str, Any], cut: int | None, newest_ns: int) -> tuple[str, ...]:
    """Return the cells of the further columns; `newest_ns` as for `columns`."""
    if kind == "images":
        return short_time(row["created"]), row["digest"].removeprefix("sha256:")[:cut], row["layer"][:cut]
    if kind == "layers":
        return short_time(row["created"]), row["store"]
    made = age(row["created"], newest_ns), short_time(row["created"]), size_text(row["size"])
    return *made, row["pod_id"][:cut], row["layer"][:cut], row["store"]


def columns(kind: str, rows: list[dict[str, Any]], newest_ns: int, *, whole: bool) -> Iterator[tuple[str, ...]]:
    """Yield the cells of rows of a kind (`images`, `layers`, `containers`); ids are cut unless `whole`.

    `newest_ns` is the newest change in the store, from which ages count.
    """
    cut = None if whole else 12
    for row in rows:
        created, size = age(row["created"], newest_ns), size_text(row.get("size"))
        if kind == "images":
            yield row["repository"], row["tag"], row["id"][:cut], created, size, row["state"]
        elif kind == "layers":
            counts = str(row["images"]), str(row["containers"])
            yield row["id"][:cut], row["parent"][:cut], created, size, *counts, row["state"]
        else:
            image = row["image"][:cut] if row["image"] == row["image_id"] else row["image"]
            name = row["container"] or ("(sandbox)" if row["sandbox"] else row["name"])
            pod = row["namespace"], row["pod"], name, row["attempt"]
            yield row["id"][:cut], *pod, image, row["state"]


def split_name(name: str) -> tuple[str, str]:
    """Return (repository, tag) of an image name; the tag of a name by digest is `""`."""
    bare, at, _ = name.partition("@")
    head, colon, tag = bare.rpartition(":")
    if colon and "/" not in tag:
        return head, "" if at else tag
    return bare, ""


def size_text(size: int | None) -> str:
    """Return a size in binary units, `?` for an unknown one."""
    return "?" if size is None else human(size)


def age(text: str, newest_ns: int) -> str:
    """Return how long before the newest change in the store a time was, in podman's words; else its day."""
    ns = parse_time(text)
    if ns is None or not 0 <= ns < newest_ns + SECOND < END_OF_TIME:  # times of files may lack parts of a second
        return short_time(text)[:DATE]
    seconds = max(newest_ns - ns, 0) // SECOND
    unit, size = next(((unit, size) for unit, size in UNITS if seconds >= 2 * size), ("second", 1))
    return f"{plural(seconds // size, unit)}{AGO}"


def short_time(text: str) -> str:
    """Return a recorded time to the second, in UTC where it can be told, else as it was written."""
    ns = parse_time(text)
    if ns is not None and 0 <= ns < END_OF_TIME:
        return datetime.fromtimestamp(ns // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    head, dot, tail = text.partition(".")
    zone = tail.lstrip("0123456789")
    return f"{head}{zone}" if dot else text


def _wanted(rel: Relations) -> set[str]:
    tops = {top for image in rel.images.values() for top in (image.layer, *image.mapped_layers)}
    own = {container.layer for container in rel.containers.values()}
    return {layer_id for layer_id in (*rel.children, *tops, *own) if layer_id}


def _records_read(rel: Relations) -> bool:
    """Tell whether the layers' index files were read whole."""
    return not any(
        document.cut or document.file.data is None
        for store in rel.stores
        for key, document in store.documents.items()
        if key.startswith("layers/")
    )


def layer_state(rel: Relations, layer_id: str) -> str:
    """Return what a layer lacks, and whether nothing uses it; `""` for nothing to tell."""
    record = rel.layers.get(layer_id)
    states = []
    if record is None:
        states.append("no record" if _records_read(rel) else "record not read")
    elif record.incomplete:
        states.append("incomplete")
    listed = any(store.home.layers for store in rel.stores)
    if listed and rel.directory(layer_id) is None:
        states.append("no directory")
    if record is not None and layer_id not in rel.images_on and layer_id not in rel.containers_on:
        states.append("unused")
    if record is not None and record.volatile:
        states.append("volatile")
    return ", ".join(states)


def image_state(rel: Relations, image: ImageRecord) -> str:
    """Return what its layers lack, else whether a container uses it."""
    chain = [layer for top in (image.layer, *image.mapped_layers) for layer in rel.chain(top)]
    listed = any(store.home.layers for store in rel.stores)
    if any(layer not in rel.layers or (listed and rel.directory(layer) is None) for layer in chain):
        return "layer missing"
    return "in use" if rel.users_of_image.get(image.id) else ""


def container_state(rel: Relations, image_id: str, layer_id: str) -> str:
    """Return which records a container lacks; `""` for none."""
    states = []
    if image_id and image_id not in rel.images:
        states.append("no image record")
    if layer_id not in rel.layers:
        states.append("no layer record")
    return ", ".join(states)


def _kubernetes(container: ContainerRecord) -> dict[str, Any]:
    return (container.kubernetes or KubernetesName("", "", "", "", sandbox=False))._asdict()
