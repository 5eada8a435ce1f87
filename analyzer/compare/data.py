"""Index files and data files (manifests, configurations, tar-split), as things to compare."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.compare.model import ComparedItem
from analyzer.compare.records import layer_users
from analyzer.graph.relations import Relations
from analyzer.snapshot.bigdata import key_of
from analyzer.snapshot.documents import Document
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.store import Store

TAR_SPLIT, WHOLE = "tar-split", "whole"


def indexes(rel: Relations) -> Iterator[ComparedItem]:
    """Yield index files with the state each is in; a volatile one is there only while it has records."""
    for store in rel.stores:
        for name, document in store.documents.items():
            part, _, file = name.partition("/")
            shown = f"{store.driver}-{part}/{file}"
            state = _state(store, part, document)
            if state != WHOLE or not file.startswith("volatile"):
                yield ComparedItem(f"{store.role} {shown}", "", shown, {"state": state}, document.path)


def _state(store: Store, part: str, document: Document) -> str | None:
    if document.cut:
        return None
    if document.empty:
        return "0 bytes" if store.part_has_data(part) and not document.name.startswith("volatile") else WHOLE
    return f"damaged: {document.broken.kind}" if document.broken else WHOLE


def image_data(rel: Relations) -> Iterator[ComparedItem]:
    """Yield big data of images: manifests, configurations, signatures."""
    for store in rel.stores:
        for image, files in store.image_files.items():
            names = ", ".join(rel.image_names(image)[:1])
            for file_name, file in files.items():
                yield _file(f"{image}/{key_of(file_name) or file_name}", image, names, file)


def layer_data(rel: Relations) -> Iterator[ComparedItem]:
    """Yield tar-split files and big data of layers."""
    for store in rel.stores:
        for layer, file in store.tar_splits.items():
            yield _file(f"{layer}/{TAR_SPLIT}", layer, layer_users(rel, layer), file)
        for layer, files in store.layer_files.items():
            for file_name, file in files.items():
                yield _file(f"{layer}/{key_of(file_name) or file_name}", layer, layer_users(rel, layer), file)


def container_data(rel: Relations) -> Iterator[ComparedItem]:
    """Yield big data that container records name; what a running container keeps beside it comes and goes."""
    for store in rel.stores:
        for container, files in store.container_files.items():
            record = rel.containers.get(container)
            for file_name, file in files.items():
                key = key_of(file_name) or file_name
                if record is not None and key in record.big_data_names:
                    yield _file(f"{container}/{key}", container, record.name, file)


def _file(key: str, owner: str, name: str, file: SmallFile) -> ComparedItem:
    facts = {"kind": file.member.kind, "size": str(file.member.size), "digest": file.digest() or None}
    return ComparedItem(key, owner, name, facts, file.path)
