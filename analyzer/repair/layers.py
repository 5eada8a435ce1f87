"""The right record of every layer: its parent, its digests, its sizes.

Proof comes first: an image's config gives the ids, the order and the digests of its layers. Where there is none, a
record is believed as long as it makes sense, and `lower`, which the driver wrote when it made the layer, stands in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct

from analyzer.checks.overlay.lowers import Lowers
from analyzer.limits import DEFAULT
from analyzer.repair.buildah_records import images_told
from analyzer.repair.chains import Blob, ImageProof, chain_ids, likely_chains, read_picture
from analyzer.repair.indexes import is_lost
from analyzer.repair.site import Row, Site, walk
from analyzer.snapshot.bigdata import key_of
from analyzer.snapshot.collect import HEX_ID
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


class Proof(Struct, frozen=True):
    """What an image proves of one of its layers; `digest` is what its record has as diff-digest."""

    parent: str
    digest: str
    blobs: tuple[Blob, ...]
    by_content: bool


class LayerEvidence:
    """What the images' data, the records and the driver's files say about layers.

    Attributes:
        pictures: what each image's data proves, by image id.
        where: the store of each image's data.
        tops: the right top layer of each image, where it is known.
        proofs: what images prove, by layer id.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        self.lowers = Lowers(site.rel)
        self.pictures: dict[str, ImageProof] = {}
        self.where: dict[str, int] = {}
        self.tops: dict[str, str] = {}
        self.proofs: dict[str, Proof] = {}
        self._users: dict[str, list[str]] | None = None
        self.records = site.right("layers")
        self.known = set(self.records).union(*site.directories)
        images = site.right("images")
        for number, store in enumerate(site.stores):
            for image in {*store.image_files, *images}:
                if HEX_ID.fullmatch(image) and (image in store.image_files) and image not in self.pictures:
                    self.pictures[image] = read_picture(store, image, images.get(image, {}))
                    self.where[image] = number
        for image, picture in sorted(self.pictures.items()):
            self._prove(image, picture, images.get(image, {}))
        for image, row in images.items():
            if image not in self.tops and isinstance(row.get("layer"), str) and row["layer"] in self.known:
                self.tops[image] = row["layer"]
        for image, picture in sorted(self.pictures.items()):
            if picture.diff_ids:
                self._local(image, picture)
        for layer, row in self.records.items():
            if layer not in self.proofs:
                self._by_itself(layer, row)

    def _prove(self, image: str, picture: ImageProof, row: Row) -> None:
        for number, chain in enumerate(likely_chains(picture)):
            if not chain or (chain[-1] not in self.known and row.get("layer") != chain[-1]):
                continue
            self.tops[image] = chain[-1]
            blobs: tuple[Blob | None, ...] = picture.blobs if len(picture.blobs) == len(chain) else (None,) * len(chain)
            by_content = number == 0 and bool(picture.diff_ids)
            for place, (layer, blob) in enumerate(zip(chain, blobs, strict=True)):
                digest = picture.diff_ids[place] if by_content else blob.digest if blob else ""
                before = self.proofs.get(layer)
                seen = (*(before.blobs if before else ()), *([blob] if blob else ()))
                self.proofs[layer] = Proof(chain[place - 1] if place else "", digest, seen, by_content)
            return

    def _local(self, image: str, picture: ImageProof) -> None:
        """Take what a config proves of layers with random ids: those of builds, found by walking down."""
        top = self.tops.get(image, "") or self._by_digests(picture)
        chain: list[str] = []
        while top and top in self.known and top not in chain:
            chain.insert(0, top)
            top = self.parent(top)
        if len(chain) != len(picture.diff_ids):
            return
        self.tops.setdefault(image, chain[-1])
        for place, layer in enumerate(chain):
            if layer not in self.proofs:
                blob = picture.blobs[place] if len(picture.blobs) == len(chain) else None
                digest = picture.diff_ids[place]
                recorded = self.records.get(layer, {}).get("diff-digest")
                if recorded in (None, digest) or (blob and recorded == blob.digest):
                    blobs = (blob,) if blob else ()
                    below = chain[place - 1] if place else ""
                    self.proofs[layer] = Proof(below, recorded or digest, blobs, by_content=recorded in (None, digest))

    def _by_itself(self, layer: str, row: Row) -> None:
        """Take a record for proven whose id follows from its parent and digest: only a pull makes such ids."""
        digest, parent = row.get("diff-digest"), str(row.get("parent") or "")
        if isinstance(digest, str) and chain_ids((f"x:{parent}", digest) if parent else (digest,))[-1] == layer:
            self.proofs[layer] = Proof(parent, digest, (), by_content=True)

    def _by_digests(self, picture: ImageProof) -> str:
        """Return the layer that the config's digests lead to, from the bottom up, by the records."""
        top = ""
        for digest in picture.diff_ids:
            fits = [
                i
                for i, r in self.records.items()
                if r.get("diff-digest") == digest and str(r.get("parent") or "") == top
            ]
            if not fits:
                return ""
            top = fits[0]
        return top

    @cached_property
    def built(self) -> dict[str, bytes]:
        """Return the configs and manifests of images that states of builds hold, by digest."""
        return images_told(self.site.stores)

    @cached_property
    def cyclic(self) -> set[str]:
        """Return the layers on parent cycles."""
        return {layer for cycle in self.site.rel.cycles for layer in cycle}

    @cached_property
    def owners(self) -> dict[str, list[Row]]:
        """Return container rows by the layer they name."""
        found: dict[str, list[Row]] = {}
        for row in self.site.right("containers").values():
            if isinstance(row.get("layer"), str) and row["layer"]:
                found.setdefault(row["layer"], []).append(row)
        return found

    def users(self, parents: Mapping[str, str]) -> dict[str, list[str]]:
        """Return the images that go through each layer, by the right parents; worked out once."""
        if self._users is None:
            self._users = {}
            for image, top in sorted(self.tops.items()):
                for layer in walk(parents, top):
                    self._users.setdefault(layer, []).append(image)
        return self._users

    def lower_parent(self, layer: str) -> str:
        """Return the layer that `lower` names first, `""` where nothing tells."""
        found = self.lowers.layer_of(self.lowers.first_link(layer))
        return found if found != layer else ""

    def image_top(self, layer: str) -> str:
        """Return the top layer of the image that a container's layer should stand on."""
        for row in self.owners.get(layer, ()):
            top = self.tops.get(str(row.get("image", "")), "")
            if top:
                return top
        return ""

    def chain(self, layer: str) -> list[str]:
        """Return a layer and its right parents, nearest first."""
        chain: list[str] = []
        while layer and layer not in chain:
            chain.append(layer)
            layer = self.parent(layer)
        return chain

    def below_images(self) -> set[str]:
        """Return every layer of every image."""
        return {layer for top in self.tops.values() for layer in self.chain(top)}

    def parent(self, layer: str) -> str:
        """Return the right parent of a layer, `""` for none."""
        if layer in self.proofs:
            return self.proofs[layer].parent
        row = self.records.get(layer)
        named = self.lower_parent(layer)
        if row is None:
            return named or self.image_top(layer)
        recorded = str(row.get("parent") or "")
        copied = bool(row.get("uidmap") or row.get("gidmap") or layer in self.site.rel.mapped)
        top = self.image_top(layer)
        if layer in self.cyclic or (recorded and recorded not in self.known and recorded not in self.proofs):
            return named or top or recorded
        if copied:
            return recorded
        if not recorded:
            return named or (top if layer in self.owners else "")
        if layer in self.owners and recorded != top and top and (named == top or not named):
            mapped = {m for image in self.site.right("images").values() for m in image.get("mapped-layers") or ()}
            return recorded if recorded in mapped else top
        return recorded


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
    if parent != str(row.get("parent") or ""):
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
        if layer not in site.rel.mapped and proof.by_content and proof.digest and _derived(layer, proof):
            for key in ("uidmap", "gidmap"):
                new.pop(key, None)
    elif layer in site.doubted and "diff-digest" in row and isinstance(row.get("diff-size"), int):
        total = tar_size(split_of(site, layer))
        if total is not None and total != row["diff-size"]:
            new["diff-size"] = total
    return {key: new[key] for key in sorted(new, key=_place)} if new != row else row


def _derived(layer: str, proof: Proof) -> bool:
    ids = chain_ids((f"x:{proof.parent}", proof.digest)) if proof.parent else chain_ids((proof.digest,))
    return ids[-1] == layer


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
