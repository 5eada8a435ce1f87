"""Find what a person means by a word: an id or the start of one, a name, a digest, a path, a link id.

The surest reading wins: an exact id or path before a name, a name before the start of an id. Several objects of the
same sureness are all returned, for the caller to ask which one is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from analyzer.graph.relations import Relations
from analyzer.snapshot.collect import ROUTE
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import DIGEST, HEX_ID
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.overlay import LINK_ID
from analyzer.snapshot.store import Store

LAYER, IMAGE, CONTAINER, POD = "layer", "image", "container", "pod"
PREFIX = re.compile(r"[0-9a-f]{1,64}")
SHORTEST = 6
"""Digits of an id from which another one can be meant."""
TAR_SPLIT_SUFFIX = ".tar-split.gz"


class FoundObject(Struct, frozen=True):
    """One object that a word may mean.

    Attributes:
        rel: relations of the stores it belongs to.
        kind: `layer`, `image`, `container` or `pod`.
        id: its full id.
        name: what people call it, `""` for nothing.
        how: how the word led there: `id`, `name`, `digest`, `path`, `link`, `start of an id`.
        path: the member path that was asked for, where it was one.
    """

    rel: Relations
    kind: str
    id: str
    name: str
    how: str
    path: str = ""


def find(relations: tuple[Relations, ...], word: str) -> list[FoundObject]:
    """Return every object that `word` means in its surest reading, in a fixed order; empty when it means nothing."""
    word = word.strip()
    if not word:
        return []
    for reading in (_by_id, _by_path, _by_link, _by_name, _by_digest, _by_short_name, _by_prefix):
        found = {(number, f.kind, f.id): f for number, rel in enumerate(relations) for f in reading(rel, word)}
        if found:
            return [found[key] for key in sorted(found)]
    return []


def words_near(relations: tuple[Relations, ...], word: str) -> list[str]:
    """Return what may be written for an object where a word means none: names, short names, starts of ids as long."""
    near: dict[str, None] = {}
    wanted = word.strip().removesuffix("…").removesuffix("...")
    is_id = PREFIX.fullmatch(wanted.lower()) is not None and len(wanted) >= SHORTEST
    for rel in relations:
        for image in rel.images.values():
            for name in image.names:
                parts = name.split("/")
                near |= dict.fromkeys("/".join(parts[start:]) for start in range(len(parts)))
        for container in rel.containers.values():
            known = container.kubernetes
            pod = (known.pod, f"{known.namespace}/{known.pod}") if known is not None else ()
            near |= dict.fromkeys((container.name, *container.names, *pod))
        if is_id:
            near |= dict.fromkeys(object_id[: len(wanted)] for _, object_id in known_ids(rel))
    near.pop("", None)
    return list(near)


def names_of(rel: Relations, kind: str, object_id: str) -> str:
    """Return what people call an object, `""` for nothing."""
    if kind == IMAGE:
        return ", ".join(rel.image_names(object_id))
    if kind == CONTAINER:
        container = rel.containers.get(object_id)
        return container.name if container else ""
    if kind == POD:
        own = (c.kubernetes for c in rel.containers.values() if pod_id(c) == object_id)
        return next(("/".join(filter(None, (k.namespace, k.pod))) for k in own if k is not None), "")
    return ""


def pod_id(container: ContainerRecord) -> str:
    """Return the id of the pod a container belongs to, `""` for none."""
    return container.detail("pod-id")


def known_ids(rel: Relations) -> Iterator[tuple[str, str]]:
    """Yield (kind, id) of everything that has a record or a directory, or that a record names."""
    for layer in rel.layers.values():
        yield LAYER, layer.id
        if layer.parent:
            yield LAYER, layer.parent
    for image in rel.images.values():
        yield IMAGE, image.id
        for top in (image.layer, *image.mapped_layers):
            if top:
                yield LAYER, top
    for container in rel.containers.values():
        yield CONTAINER, container.id
        if container.image:
            yield IMAGE, container.image
        if container.layer:
            yield LAYER, container.layer
        if (pod := pod_id(container)) and pod not in rel.containers:
            yield POD, pod
    for store in rel.stores:
        yield from ((LAYER, name) for name in (*store.home.layers, *store.tar_splits))
        yield from ((IMAGE, name) for name in store.image_files)
        yield from ((CONTAINER, name) for name in store.container_files)


def _made(rel: Relations, kind: str, object_id: str, how: str, path: str = "") -> FoundObject:
    return FoundObject(rel, kind, object_id, names_of(rel, kind, object_id), how, path)


def _by_id(rel: Relations, word: str) -> Iterator[FoundObject]:
    for kind, object_id in known_ids(rel):
        if object_id == word:
            yield _made(rel, kind, object_id, "id")


def _by_prefix(rel: Relations, word: str) -> Iterator[FoundObject]:
    start = word.removeprefix("sha256:").lower()
    if PREFIX.fullmatch(start):
        for kind, object_id in known_ids(rel):
            if object_id.startswith(start):
                yield _made(rel, kind, object_id, "start of an id")


def _by_link(rel: Relations, word: str) -> Iterator[FoundObject]:
    link = word.removeprefix("l/")
    if not LINK_ID.fullmatch(link):
        return
    if target := rel.links.get(link):
        yield _made(rel, LAYER, target, "link")
    for store in rel.stores:
        for directory in store.home.layers.values():
            if directory.link_id == link:
                yield _made(rel, LAYER, directory.name, "link")


def _by_name(rel: Relations, word: str) -> Iterator[FoundObject]:
    for image in rel.images.values():
        if word in image.names:
            yield _made(rel, IMAGE, image.id, "name")
    for image_id, names in rel.remembered.items():
        if word in names and image_id not in rel.images:
            yield _made(rel, IMAGE, image_id, "name")
    for layer in rel.layers.values():
        if word in layer.names:
            yield _made(rel, LAYER, layer.id, "name")
    for container in rel.containers.values():
        if word in (container.name, *container.names, container.detail("name")):
            yield _made(rel, CONTAINER, container.id, "name")


def _by_short_name(rel: Relations, word: str) -> Iterator[FoundObject]:
    """Take the last parts of an image's name, with or without its tag, and the names of pods and their containers."""
    for image in rel.images.values():
        if any(name.endswith("/" + word) or _untagged(name, word) for name in image.names):
            yield _made(rel, IMAGE, image.id, "name")
    for container in rel.containers.values():
        known = container.kubernetes
        pod = (known.pod, f"{known.namespace}/{known.pod}") if known is not None else ()
        in_pod = word in pod or (known is not None and container.name.endswith("/" + word))
        if in_pod or word == container.detail("pod-name"):
            yield _made(rel, CONTAINER, container.id, "name")


def _untagged(name: str, word: str) -> bool:
    bare = name.partition("@")[0]
    head, colon, tag = bare.rpartition(":")
    bare = head if colon and "/" not in tag else bare
    return bare == word or bare.endswith("/" + word)


def _by_digest(rel: Relations, word: str) -> Iterator[FoundObject]:
    if not DIGEST.fullmatch(word):
        return
    for image in rel.images.values():
        if word in (image.digest, f"sha256:{image.id}") or _names_manifest(image, word):
            yield _made(rel, IMAGE, image.id, "digest")
    for layer in rel.layers.values():
        if word in (layer.diff_digest, layer.compressed_diff_digest, layer.toc_digest):
            yield _made(rel, LAYER, layer.id, "digest")


def _names_manifest(image: ImageRecord, digest: str) -> bool:
    return f"manifest-{digest}" in image.big_data_names or any(name.endswith("@" + digest) for name in image.names)


def _by_path(rel: Relations, word: str) -> Iterator[FoundObject]:
    if "/" not in word:
        return
    for path in member_paths(rel, word):
        for store in rel.stores:
            if (owner := _owner(store, path)) is not None:
                yield _made(rel, *owner, "path", path)


def member_paths(rel: Relations, word: str) -> list[str]:
    """Return the member paths that a path on the node or in the bundle may stand for, its own first."""
    path = "/".join(part for part in word.split("/") if part not in ("", "."))
    paths = [path]
    match = ROUTE.fullmatch(path)
    if match:
        root = match.group(1)
        below = path[len(root) + 1 :] if root else path
        paths.extend(store.path(below) for store in rel.stores)
    return list(dict.fromkeys(paths))


def _owner(store: Store, path: str) -> tuple[str, str] | None:
    """Return (kind, id) of the object a member path of a store belongs to, None where it belongs to none."""
    home = f"{store.home.path}/"
    if path.startswith(f"{home}l/"):
        link = store.home.links.get(path[len(home) + 2 :])
        target = link.link.removeprefix("../").removesuffix("/diff") if link else ""
        return (LAYER, target) if target in store.home.layers else None
    if path.startswith(home):
        below = path[len(home) :]
        name = next((n for n in (below.partition("/")[0], *_second(below)) if n in store.home.layers), "")
        return (LAYER, name) if name else None
    for part, kind in (("layers", LAYER), ("images", IMAGE), ("containers", CONTAINER)):
        prefix = store.part_path(part) + "/"
        if path.startswith(prefix):
            name = path[len(prefix) :].partition("/")[0].removesuffix(TAR_SPLIT_SUFFIX)
            return (kind, name) if HEX_ID.fullmatch(name) else None
    return None


def _second(below: str) -> list[str]:
    """Return the second part of a path, where drivers with a level more keep the layer's name."""
    return below.split("/")[1:2]
