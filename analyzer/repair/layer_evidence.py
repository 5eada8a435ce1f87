"""What is proven of the layers of a store: their parents, and the digests that their records should have.

Proof comes first: an image's config gives the ids, the order and the digests of its layers. Where there is none, a
record is believed as long as it makes sense, and `lower`, which the driver wrote when it made the layer, stands in.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from analyzer.checks.layers.identity import id_by_digest
from analyzer.checks.overlay.lowers import Lowers
from analyzer.repair.buildah_records import images_told
from analyzer.repair.chains import Blob, ImageProof, likely_chains, read_picture
from analyzer.repair.site import Row, Site, walk
from analyzer.snapshot.digests import HEX_ID


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
        self.on_cycles = site.rel.on_cycles
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
        if isinstance(digest, str) and id_by_digest(parent, digest) == layer:
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
    def owners(self) -> dict[str, list[Row]]:
        """Return container rows by the layer they name."""
        found: dict[str, list[Row]] = {}
        for row in self.site.right("containers").values():
            if isinstance(row.get("layer"), str) and row["layer"]:
                found.setdefault(row["layer"], []).append(row)
        return found

    def forget_owners(self) -> None:
        """Have `owners` worked out again: rows of containers have changed."""
        self.__dict__.pop("owners", None)

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
        if layer in self.on_cycles or (recorded and recorded not in self.known and recorded not in self.proofs):
            return named or top or recorded
        if copied:
            return recorded
        if not recorded:
            return named or (top if layer in self.owners else "")
        if layer in self.owners and recorded != top and top and (named == top or not named):
            mapped = {m for image in self.site.right("images").values() for m in image.get("mapped-layers") or ()}
            return recorded if recorded in mapped else top
        return recorded
