"""The right record of every layer: its parent, its digests, its sizes, as far as they are proven or written."""

from __future__ import annotations

from typing import Any

from analyzer.checks.layers.identity import id_by_digest
from analyzer.limits import DEFAULT
from analyzer.repair.indexes import is_lost
from analyzer.repair.layer_evidence import LayerEvidence, Proof
from analyzer.repair.site import Row, Site
from analyzer.snapshot.bigdata import key_of
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.tar_split import TarSplit
from analyzer.snapshot.times import format_time

ORDER = (
    "id", "names", "parent", "metadata", "mountlabel", "created", "compressed-diff-digest", "compressed-size",
    "diff-digest", "diff-size", "toc-digest", "compression", "uidset", "gidset", "flags", "uidmap", "gidmap",
    "big-data-names",
)  # fmt: skip
"""Fields of a layer record in the order the engines write them."""
FILES = (
    "OVL-022", "OVL-023", "OVL-024", "TSP-006", "TSP-007", "TSP-008", "TSP-009", "TSP-010", "TSP-011", "OVL-016",
    "OVL-018",
)  # fmt: skip
"""Rules about the files of layers."""
SPLIT = ("TSP-001", "TSP-002", "TSP-003", "TSP-004", "TSP-005", "TSP-008")
"""Rules about their tar-splits."""
TAR_BLOCK = 512


def mend_layers(site: Site, evidence: LayerEvidence) -> None:
    """Set the layer rows right and add the missing ones."""
    needed = _needed(site, evidence)
    wanted = set(needed)
    for number in range(len(site.stores)):
        for key, rows in site.rows[number].items():
            if key.startswith("layers/"):
                site.rows[number][key] = [_mended(site, evidence, row, wanted) for row in _once(rows, evidence)]
    have = set(site.right("layers"))
    missing = [layer for layer in needed if layer not in have]
    for number, names in enumerate(site.directories):
        if is_lost(site, number, "layers"):
            missing += sorted(names - have - set(missing))
    absent = set(missing)
    for layer in dict.fromkeys(each for top in missing for each in reversed(evidence.chain(top)) if each in absent):
        number = (
            site.home_of(layer) if any(layer in names for names in site.directories) else _store_of(evidence, layer)
        )
        site.rows[number].setdefault("layers/layers.json", []).append(_new_row(site, evidence, layer, number))


def _store_of(evidence: LayerEvidence, layer: str) -> int:
    for image, top in evidence.tops.items():
        if layer == top or layer in evidence.chain(top):
            return evidence.where.get(image, 0)
    return 0


def _needed(site: Site, evidence: LayerEvidence) -> list[str]:
    """Return the layers that images and containers stand on, base layers first."""
    tops = [evidence.tops.get(image) or row.get("layer") for image, row in site.right("images").items()]
    tops += [evidence.tops[image] for image in evidence.pictures if image in evidence.tops]
    tops += [layer for layer in evidence.owners if layer in evidence.known]
    found: dict[str, None] = {}
    for top in tops:
        if isinstance(top, str) and HEX_ID.fullmatch(top):
            for layer in reversed(evidence.chain(top)):
                if layer in evidence.known or layer in evidence.proofs:
                    found[layer] = None
    return list(found)


def _once(rows: list[Row], evidence: LayerEvidence) -> list[Row]:
    """Return each id once: of two records the one that is right stays."""
    kept: dict[str, Row] = {}
    for row in rows:
        name = str(row["id"])
        right = evidence.parent(name)
        if name not in kept or (_parent(row) == right and _parent(kept[name]) != right):
            kept[name] = row
    return list(kept.values())


def _parent(row: Row) -> str:
    return str(row.get("parent") or "")


def _mended(site: Site, evidence: LayerEvidence, row: Row, needed: set[str]) -> Row:
    """Return a row with what is known to be wrong set right."""
    layer = str(row["id"])
    new = dict(row)
    parent = evidence.parent(layer)
    if parent != _parent(row):
        new["parent"] = parent
        if not parent:
            del new["parent"]
    flags = row.get("flags")
    if isinstance(flags, dict) and flags.get("incomplete") is True and layer in needed:
        rest = {key: value for key, value in flags.items() if key != "incomplete"}
        new.pop("flags")
        new |= {"flags": rest} if rest else {}
        if layer in evidence.proofs:
            site.refill[layer] = "it was marked incomplete"
            site.resplit.add(layer)
    proof = evidence.proofs.get(layer)
    if proof is not None and layer in site.doubted and not {"diff-digest", "toc-digest"} & row.keys():
        new |= {k: v for k, v in _new_row(site, evidence, layer, site.home_of(layer)).items() if k not in row}
        if split_of(site, layer) is None:
            site.resplit.add(layer)
    elif proof is not None:
        new |= {key: value for key, value in _facts(site, layer, proof, row).items() if row.get(key) != value}
        pulled = proof.by_content and proof.digest and id_by_digest(proof.parent, proof.digest) == layer
        if pulled and layer not in site.rel.mapped:
            for key in ("uidmap", "gidmap"):
                new.pop(key, None)
    elif layer in site.doubted and "diff-digest" in row and isinstance(row.get("diff-size"), int):
        total = tar_size(split_of(site, layer))
        if total is not None and total != row["diff-size"]:
            new["diff-size"] = total
    return {key: new[key] for key in sorted(new, key=_place)} if new != row else row


def _place(key: str) -> int:
    return ORDER.index(key) if key in ORDER else len(ORDER)


def _facts(site: Site, layer: str, proof: Proof, row: Row) -> dict[str, Any]:
    """Return the fields that differ from what an image and the tar-split prove; absent ones only where they matter."""
    facts: dict[str, Any] = {}
    if (
        proof.digest
        and "toc-digest" not in row
        and row.get("diff-digest") not in (proof.digest, *(b.digest for b in proof.blobs))
    ):
        facts["diff-digest"] = proof.digest
    blob = proof.blobs[0] if proof.blobs else None
    told = {each.digest: each for each in proof.blobs}
    packed = row.get("compressed-diff-digest")
    if blob and proof.by_content and packed is not None and packed not in told and packed != proof.digest:
        facts |= {"compressed-diff-digest": blob.digest, "compressed-size": blob.size}
    elif isinstance(packed, str) and packed in told and row.get("compressed-size") not in (told[packed].size, None):
        facts["compressed-size"] = told[packed].size
    sized = layer in wrong_in_the_record(site) or not isinstance(row.get("diff-size"), int)
    total = tar_size(split_of(site, layer)) if proof.by_content and layer in site.doubted and sized else None
    if total is not None and row.get("diff-size") != total and row.get("diff-size") != -1:
        facts["diff-size"] = total
    return facts


def _new_row(site: Site, evidence: LayerEvidence, layer: str, number: int) -> Row:
    """Return a record made again; what nothing tells is left out, the time is that of the directory."""
    directory = site.stores[number].home.layers.get(layer)
    time = directory.member.mtime_ns if directory and directory.member else None
    row: Row = {"id": layer, "created": format_time(time) if time else "1970-01-01T00:00:00Z"}
    if parent := evidence.parent(layer):
        row["parent"] = parent
    proof = evidence.proofs.get(layer)
    split = split_of(site, layer)
    if proof is not None:
        row["diff-digest"] = proof.digest
        if proof.by_content and proof.blobs:
            blob = proof.blobs[0]
            row |= {"compressed-diff-digest": blob.digest, "compressed-size": blob.size}
            row |= {"compression": blob.compression} if blob.compression else {}
        total = tar_size(split)
        if split is None and proof.by_content and proof.blobs and proof.blobs[0].digest == proof.digest:
            total = proof.blobs[0].size
        if total is not None:
            row["diff-size"] = total
        if split is not None and total is not None:
            uids, gids = owners(split)
            row |= {"uidset": uids, "gidset": gids}
    names = [key for name in site.stores[number].layer_files.get(layer, {}) if (key := key_of(name))]
    if names:
        row["big-data-names"] = sorted(names, reverse=True)
    return {key: row[key] for key in sorted(row, key=_place)}


def split_of(site: Site, layer: str) -> SmallFile | None:
    """Return the tar-split of a layer, None where no store of the group has one."""
    return next((store.tar_splits[layer] for store in site.stores if layer in store.tar_splits), None)


def tar_size(file: SmallFile | None) -> int | None:
    """Return the bytes of the tar that a tar-split describes, None where it is not whole."""
    if file is None:
        return None
    split = TarSplit(file, DEFAULT)
    for _ in split.groups():
        pass
    return split.total if not split.problems and not split.limit and split.known_total else None


def wrong_in_the_record(site: Site) -> set[str]:
    """Return the layers of which the record alone is wrong about the size: their tar-splits are whole tars.

    The checksum of gzip covers the tar-split, and nothing else speaks against it. Its size then goes into the record.
    """
    sizes = {f.subject.id for f in site.of("TSP-004")}
    others = {f.subject.id for f in site.of(*FILES, *(rule for rule in SPLIT if rule != "TSP-004"))}
    whole = {layer: tar_size(split_of(site, layer)) for layer in sizes - others}
    return {layer for layer, size in whole.items() if size and size % TAR_BLOCK == 0}


def owners(file: SmallFile | None) -> tuple[list[int], list[int]]:
    """Return the distinct owners and groups in a tar-split, sorted."""
    uids, gids = set(), set()
    if file is not None:
        for entry in TarSplit(file, DEFAULT).entries():
            if not entry.path.rpartition("/")[2].startswith(".wh."):
                uids.add(entry.uid)
                gids.add(entry.gid)
    return sorted(uids), sorted(gids)
