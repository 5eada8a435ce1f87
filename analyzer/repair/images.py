"""The right record of every image, and its data: from the data itself, from copies within it, else from the donor."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from analyzer.repair.chains import ImageProof, sha256
from analyzer.repair.edits import SetAside, Take
from analyzer.repair.indexes import names_in_pieces
from analyzer.repair.layer_evidence import LayerEvidence
from analyzer.repair.manifests import manifest_again
from analyzer.repair.site import Row, Site
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.digests import HEX_ID, is_digest
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.references import names_a_version, reference_error

INDEX = "images/images.json"
EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""The digest of nothing: an image without signatures keeps an empty item."""


def mend_image_ids(site: Site) -> None:
    """Give an image record whose id is none, or another record's, the id of the data directory that has no record."""
    for number, store in enumerate(site.stores):
        rows = site.rows[number].get(INDEX, [])
        have = {row["id"] for row in rows}
        free = [name for name in store.image_files if HEX_ID.fullmatch(name) and name not in have]
        counts = Counter(row["id"] for row in rows)
        for row in rows:
            named = {str(key).removeprefix("sha256:") for key in row.get("big-data-names") or ()}
            another = counts[row["id"]] > 1 and row["id"] not in named
            if another or not HEX_ID.fullmatch(row["id"]):
                fits = [name for name in free if name in named]
                if not fits and not another and len(free) == 1:
                    fits = free
                if len(fits) == 1:
                    row["id"] = fits[0]
                    free = [name for name in free if name != row["id"]]


def mend_images(site: Site, evidence: LayerEvidence) -> None:
    """Set the image rows right, add the missing ones, and note what their data needs."""
    for number, store in enumerate(site.stores):
        rows = site.rows[number].get(INDEX)
        pieces = names_in_pieces(store.documents.get(INDEX))
        have = {row["id"] for row in rows or ()}
        elsewhere = set(site.right("images")) - have
        for image in sorted(set(store.image_files) - have - elsewhere):
            picture = evidence.pictures.get(image)
            if picture is None or not HEX_ID.fullmatch(image):
                continue
            if picture.config and picture.manifest and image in evidence.tops:
                new = _new_row(site, image, picture, evidence.tops[image], pieces.get(image, []))
                site.rows[number].setdefault(INDEX, []).append(new)
            elif site.of("IMG-021") and rows is not None:
                site.note(
                    number, SetAside(f"{store.driver}-images/{image}"), image,
                    why="image data that no record names and that no image can be made of",
                )  # fmt: skip
        for place, row in enumerate(site.rows[number].get(INDEX, [])):
            picture = evidence.pictures.get(row["id"])
            site.rows[number][INDEX][place] = _mended(site, number, evidence, row, picture)
        _names_once(site, number)
        _lists_aside(site, number)


def _lists_aside(site: Site, number: int) -> None:
    """Move manifest lists without a layer out of a store in which one of them breaks an engine's whole listing."""
    broken = {f.subject.id for f in site.of("IMG-009", "IMG-010", at_least="error")}
    rows = site.rows[number].get(INDEX, [])
    gone = [row for row in rows if row["id"] in broken and not row.get("layer")]
    for row in gone:
        path = f"{site.stores[number].driver}-images/{row['id']}"
        if HEX_ID.fullmatch(row["id"]):
            site.note(
                number, SetAside(path), row["id"], why=f"the manifest list {(row.get('names') or [row['id'][:12]])[0]}"
            )
    if gone:
        site.rows[number][INDEX] = [row for row in rows if row not in gone]


FURTHER_NAMES = "any further name of the image, which nothing in the store tells"


def _new_row(site: Site, image: str, picture: ImageProof, top: str, names: list[str]) -> Row:
    """Return an image record made again from its data; names are those that containers and torn rows tell."""
    store = next(s for s in site.stores if image in s.image_files)
    keys = [key for key in _order(image, picture) if key in picture.sound]
    bodies = {key: store.image_files[image][file_name(key)].data or b"" for key in keys}
    told = sorted({*names, *(n for n in site.rel.remembered.get(image, ()) if not reference_error(n))})
    taken = {name for row in site.right("images").values() for name in row.get("names") or ()}
    told = [name for name in told if name not in taken]
    site.lost.append((image, FURTHER_NAMES))
    row: Row = {"id": image, "digest": picture.lists[0] if picture.lists else picture.manifest}
    if told:
        row |= {"names": told, "names-history": told}
    signatures: dict[str, list[int]] = {
        key.removeprefix("manifest-"): [] for key in keys if key.startswith("manifest-")
    }
    row |= {
        "layer": top,
        "metadata": json.dumps({"signatures-sizes": signatures}, separators=(",", ":")),
        "big-data-names": keys,
        "big-data-sizes": {key: len(body) for key, body in bodies.items()},
        "big-data-digests": {key: sha256(body) for key, body in bodies.items()},
        "created": picture.created or "1970-01-01T00:00:00Z",
    }
    return row


def _order(image: str, picture: ImageProof) -> list[str]:
    config = f"sha256:{image}"
    rest = sorted(picture.sound - {config, "manifest"})
    return [
        config,
        *(k for k in rest if k.startswith("manifest")),
        "manifest",
        *(k for k in rest if not k.startswith("manifest")),
    ]


def _mended(site: Site, number: int, evidence: LayerEvidence, row: Row, picture: ImageProof | None) -> Row:
    image = row["id"]
    new = dict(row)
    top = evidence.tops.get(image, "")
    if top and row.get("layer") != top and HEX_ID.fullmatch(image):
        new["layer"] = top
    digest = row.get("digest")
    if picture and picture.manifest and not is_digest(digest):
        new["digest"] = picture.lists[0] if picture.lists else picture.manifest
    if not _metadata(row.get("metadata")):
        new["metadata"] = "{}"
    names = row.get("names")
    history = [n for n in row.get("names-history") or () if isinstance(n, str) and _is_name(n)]
    if isinstance(names, list) and any(not isinstance(n, str) or not _is_name(n) for n in names):
        right = [n for n in names if isinstance(n, str) and _is_name(n)]
        new["names"] = list(dict.fromkeys([*right, *(history if not right else ())])) or names
    if HEX_ID.fullmatch(image) and (picture is not None or new.get("big-data-names")):
        made = None
        config = site.stores[number].image_files.get(image, {}).get(file_name(f"sha256:{image}"))
        if picture and picture.config and not picture.manifest and config is not None and config.data is not None:
            made = manifest_again(site, evidence, new, picture, config.data)
        _items(site, number, evidence, new, picture, made)
    return new if new != row else row


def _is_name(name: str) -> bool:
    return not reference_error(name) and names_a_version(name)


def _metadata(value: Any) -> bool:
    if value in (None, ""):
        return True
    try:
        return isinstance(value, str) and isinstance(json.loads(value), dict)
    except (ValueError, RecursionError):
        return False


def _items(
    site: Site, number: int, evidence: LayerEvidence, row: Row, picture: ImageProof | None, made: bytes | None
) -> None:
    """Put back every item that is missing or not what its digest says; `made` is the manifest made again."""
    image, store = row["id"], site.stores[number]
    files = store.image_files.get(image, {})
    digests = row.get("big-data-digests")
    told = dict(digests) if isinstance(digests, dict) else {}
    sizes = row.get("big-data-sizes")
    lengths = dict(sizes) if isinstance(sizes, dict) else {}
    single = bool(row.get("layer"))
    keys = [key for key in row.get("big-data-names") or () if isinstance(key, str) and key]
    if single and HEX_ID.fullmatch(image):
        keys += [key for key in (f"sha256:{image}", "manifest") if key not in keys]
    manifest = picture.manifest if picture else ""
    sound = picture.sound if picture else frozenset()
    for key in keys:
        wanted = _wanted(key, told, manifest, single=single)
        name = file_name(key)
        path = f"{store.driver}-images/{image}/{name}"
        found = files.get(name)
        body = found.data if found is not None and not found.reason else None
        if found is not None and body is None and found.member.kind == "file":
            continue
        list_in_place = (
            key == "manifest"
            and single
            and body is not None
            and manifest
            and sha256(body) != manifest
            and b'"manifests"' in body
        )
        if body is not None and key in sound and not list_in_place and (not wanted or sha256(body) == wanted):
            _set(row, key, told, lengths, body)
            continue
        copy = _copy(files, wanted, evidence.built)
        if copy is None and made is not None and key.startswith("manifest") and wanted in ("", sha256(made)):
            copy = made
        if copy is not None:
            site.write(
                number, path, copy, image, old=body,
                why=f"the item {key} of the image",
            )  # fmt: skip
            _set(row, key, told, lengths, copy)
        elif body is None or key not in sound or (wanted and sha256(body) != wanted):
            if key.startswith("signature") and body is not None:
                _set(row, key, told, lengths, body)
                continue
            site.donors.setdefault(image, []).append(key)
            site.note(
                number, Take(path, wanted), image, why=f"the item {key} of the image, which is damaged or missing"
            )


def _wanted(key: str, told: dict[str, Any], manifest: str, *, single: bool) -> str:
    if key.startswith("sha256:"):
        return key
    if key.startswith("manifest-"):
        return key.removeprefix("manifest-")
    if key == "manifest" and single and manifest:
        return manifest
    digest = told.get(key)
    return digest if is_digest(digest) else ""


def _copy(files: Mapping[str, SmallFile], wanted: str, built: dict[str, bytes]) -> bytes | None:
    if wanted == EMPTY:
        return b""
    if wanted:
        for file in files.values():
            if (data := file.content) is not None and sha256(data) == wanted:
                return data
    return built.get(wanted) if wanted else None


def _set(row: Row, key: str, told: dict[str, Any], lengths: dict[str, Any], body: bytes) -> None:
    """Set what the record says of an item, where it says something else."""
    if told.get(key) not in (None, sha256(body)) or (told.get(key) is None and key.startswith("manifest") and told):
        told[key] = sha256(body)
        row["big-data-digests"] = dict(told)
    if lengths.get(key) not in (None, len(body)):
        lengths[key] = len(body)
        row["big-data-sizes"] = dict(lengths)


def _names_once(site: Site, number: int) -> None:
    """Leave a name that several records have with the one that had it first by its history, else with the last."""
    holders: dict[str, list[Row]] = {}
    for row in site.rows[number].get(INDEX, []):
        for name in row.get("names") or ():
            if isinstance(name, str):
                holders.setdefault(name, []).append(row)
    for name, rows in holders.items():
        if len(rows) < 2:
            continue
        known = [row for row in rows if name in (row.get("names-history") or ())]
        used = [row for row in rows if name in site.rel.remembered.get(row["id"], ())]
        keep = (used if len(used) == 1 else known if len(known) == 1 else rows)[-1]
        for row in rows:
            if row is not keep:
                row["names"] = [n for n in row["names"] if n != name]
