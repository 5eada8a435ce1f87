"""A manifest that is gone, made again from the config and the layer records: right where its digest is the one told."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

from analyzer.repair.chains import ImageProof, sha256
from analyzer.repair.layer_evidence import LayerEvidence
from analyzer.repair.site import Row, Site

OCI = "application/vnd.oci.image."
BASE = "org.opencontainers.image.base."
PACKED = {0: "", 2: "+gzip", 4: "+zstd"}
NEW_DIGEST = "the digest of the image's manifest: it was made on this node, and the new manifest has another one"


def manifest_again(site: Site, evidence: LayerEvidence, row: Row, picture: ImageProof, config: bytes) -> bytes | None:
    """Return the manifest of an image that has none; None where nothing proves one and a registry may have it.

    The top layer of an image that was made or loaded on the node was never packed. A push packs it, so that no registry
    has the manifest that was here. The image gets one that fits, and its record that one's digest.
    """
    layers = [evidence.records.get(layer, {}) for layer in reversed(evidence.chain(evidence.tops.get(row["id"], "")))]
    if not layers or len(layers) != len(picture.diff_ids):
        return None
    told = row.get("big-data-digests")
    wanted = {row.get("digest"), *(told.values() if isinstance(told, dict) else ())}
    wanted |= {str(key).removeprefix("manifest-") for key in row.get("big-data-names") or ()}
    ids = [str(each.get("id")) for each in layers]
    top, first = layers[-1], None
    made_here = isinstance(top.get("diff-digest"), str) and top.get("compressed-diff-digest") == top["diff-digest"]
    for body in _guesses(site, evidence, row["id"], picture.diff_ids, layers, ids, config):
        if sha256(body) in wanted:
            return body
        first = first or body
    if not made_here or picture.lists or first is None:
        return None
    _take_digest(row, first)
    site.lost.append((row["id"], NEW_DIGEST))
    return first


def _guesses(
    site: Site,
    evidence: LayerEvidence,
    image: str,
    digests: Sequence[str],
    layers: Sequence[Row],
    ids: Sequence[str],
    config: bytes,
) -> Iterator[bytes]:
    """Yield manifests as Buildah and podman write them, of the layers as they are and as they were pulled."""
    head = {"mediaType": f"{OCI}config.v1+json", "digest": sha256(config), "size": len(config)}
    plain = [(0, digest, row.get("diff-size")) for digest, row in zip(digests, layers, strict=True)]
    packed = [(r.get("compression") or 0, r.get("compressed-diff-digest"), r.get("compressed-size")) for r in layers]
    bases: list[dict[str, str]] = [{}]
    for other, row in site.right("images").items():
        top = evidence.tops.get(other, "")
        if other != image and top in ids:
            told = [row.get("digest"), *(row.get("big-data-digests") or {}).values()]
            names = [*(row.get("names") or ()), *(row.get("names-history") or ())]
            for digest, name in itertools.product(dict.fromkeys(map(str, told)), dict.fromkeys(map(str, names))):
                bases.append({f"{BASE}digest": digest, f"{BASE}name": name})
    for rows in (plain, packed):
        if all(number in PACKED and isinstance(size, int) and isinstance(digest, str) for number, digest, size in rows):
            blobs = [
                {"mediaType": f"{OCI}layer.v1.tar{PACKED[number]}", "digest": digest, "size": size}
                for number, digest, size in rows
            ]
            whole: dict[str, Any] = {"schemaVersion": 2, "mediaType": f"{OCI}manifest.v1+json", "config": head}
            whole["layers"] = blobs
            for notes in bases:
                value = {**whole, "annotations": notes} if notes else whole
                yield json.dumps(value, separators=(",", ":")).encode()


def _take_digest(row: Row, body: bytes) -> None:
    """Let a record name a new manifest wherever it named the old one."""
    new = sha256(body)
    old = {key for key in row.get("big-data-names") or () if str(key).startswith("manifest")}
    keys = [key for key in row.get("big-data-names") or () if key not in old]
    row["big-data-names"] = [*keys, f"manifest-{new}", "manifest"]
    for name, value in (("big-data-digests", new), ("big-data-sizes", len(body))):
        told = row.get(name)
        kept = {key: each for key, each in told.items() if key not in old} if isinstance(told, dict) else {}
        row[name] = {**kept, f"manifest-{new}": value, "manifest": value}
    row["digest"] = new
