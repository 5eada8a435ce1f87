"""What an image's own config and manifest prove about its layers: their ids, order, digests and sizes.

A pulled layer's id follows from its parent's id and its digest (containers/image storage destination, layerID), so a
config whose digest is the image's id proves the whole chain, whatever the records say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from analyzer.checks.layers.identity import chain_ids, id_by_toc
from analyzer.snapshot.bigdata import key_of
from analyzer.snapshot.configs import read_config
from analyzer.snapshot.gojson import as_object, as_text
from analyzer.snapshot.provenance import Where
from analyzer.snapshot.store import Store

COMPRESSIONS = (("+gzip", 2), (".gzip", 2), ("+zstd", 4))
TOC_NOTES = ("io.github.containers.zstd-chunked.manifest-checksum", "containerd.io/snapshot/stargz/toc.digest")


class Blob(Struct, frozen=True):
    """A layer as a manifest names it; `toc` is the digest of its table of contents, `""` where it has none."""

    digest: str
    size: int | None
    compression: int
    toc: str


class ImageProof(Struct, frozen=True):
    """What an image's data directory proves.

    Attributes:
        diff_ids: base layer first; empty where the config is not there or not the one the id names.
        blobs: the same layers as the manifest names them.
        created: the config's time, as text.
        manifest: digest of the image's own manifest, `""` where none is sound.
        lists: digests of sound manifest lists kept with it.
        sound: big-data keys of files that are what their name says.
    """

    diff_ids: tuple[str, ...] = ()
    blobs: tuple[Blob, ...] = ()
    created: str = ""
    manifest: str = ""
    lists: tuple[str, ...] = ()
    sound: frozenset[str] = frozenset()
    config: bool = False


def sha256(data: bytes) -> str:
    """Return a digest as records write it."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def read_picture(store: Store, image_id: str, record: Mapping[str, Any]) -> ImageProof:
    """Return what an image's data proves; `record` is its row, empty where there is none."""
    files = store.image_files.get(image_id, {})
    bodies = {key: file.content for name, file in files.items() if (key := key_of(name)) and file.content is not None}
    told = record.get("big-data-digests")
    told = as_object(told)
    sound = {key for key, body in bodies.items() if body is not None and _sound(key, body, told)}
    config_body = bodies.get(f"sha256:{image_id}") if f"sha256:{image_id}" in sound else None
    config = read_config(config_body, Where("")) if config_body is not None else None
    manifests = {key: json_object(bodies[key]) for key in sorted(sound) if key.startswith("manifest")}
    lists = tuple(
        key.removeprefix("manifest-") for key, m in manifests.items() if "manifests" in m and key != "manifest"
    )
    singles = [
        (sha256(bodies[key] or b""), value)
        for key, value in manifests.items()
        if "manifests" not in value and _names_config(value, image_id)
    ]
    digest, manifest = singles[0] if singles else ("", {})
    return ImageProof(
        config.diff_ids if config and not config.error else (),
        tuple(_blobs(manifest)),
        _created(config_body),
        digest,
        lists,
        frozenset(sound),
        config is not None,
    )


def _created(body: bytes | None) -> str:
    return as_text(json_object(body).get("created") if body else "")


def json_object(text: bytes | str | None) -> dict[str, Any]:
    """Return an object read from JSON, an empty one where the text is none."""
    try:
        return as_object(json.loads(text or b""))
    except (ValueError, RecursionError):
        return {}


def _sound(key: str, body: bytes, told: Mapping[str, Any]) -> bool:
    """Tell whether an item is what its key, or else its record, says; a manifest also has to be an object."""
    digest = sha256(body)
    if key.startswith("manifest") and not json_object(body):
        return False
    if key.startswith("sha256:"):
        return digest == key
    if key.startswith("manifest-"):
        return digest == key.removeprefix("manifest-")
    wanted = told.get(key)
    return not isinstance(wanted, str) or wanted == digest


def _names_config(manifest: Mapping[str, Any], image_id: str) -> bool:
    config = manifest.get("config")
    return isinstance(config, dict) and config.get("digest") == f"sha256:{image_id}"


def _blobs(manifest: Mapping[str, Any]) -> list[Blob]:
    layers = manifest.get("layers")
    found = []
    for layer in layers if isinstance(layers, list) else ():
        if not isinstance(layer, dict) or not isinstance(layer.get("digest"), str):
            return []
        kind = str(layer.get("mediaType", ""))
        notes = layer.get("annotations")
        toc = next((str(notes[n]) for n in TOC_NOTES if n in notes), "") if isinstance(notes, dict) else ""
        size = layer.get("size")
        packed = next((number for mark, number in COMPRESSIONS if mark in kind), 0)
        found.append(Blob(layer["digest"], size if isinstance(size, int) else None, packed, toc))
    return found


def likely_chains(picture: ImageProof) -> list[list[str]]:
    """Return the chains of ids that the image's layers may have, base first, the likeliest first."""
    chains = [chain_ids(picture.diff_ids)] if picture.diff_ids else []
    if picture.blobs:
        chains.append(chain_ids(blob.digest for blob in picture.blobs))
        if all(blob.toc for blob in picture.blobs):
            chains.append(chain_ids((blob.toc for blob in picture.blobs), id_by_toc))
    return chains
