"""The layer chain of an image beside its manifest and config; shared by rules that compare them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from analyzer.checks.layers.identity import chain_ids
from analyzer.checks.store_view import StoreView
from analyzer.snapshot.configs import ImageConfig
from analyzer.snapshot.digests import is_digest
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.manifests import Manifest

CHUNKED = "zstd-chunked-manifest"
EXPECTED_DIFF_ID = "expected-layer-diffid"


class Chained(Struct, frozen=True):
    """An image that is no list, with its whole chain.

    Attributes:
        image: its record.
        manifest: the manifest in use.
        config: its config, None where the manifest type has none or it cannot be read.
        layers: records of its layers, base layer first.
    """

    image: ImageRecord
    manifest: Manifest
    config: ImageConfig | None
    layers: tuple[LayerRecord, ...]

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Return the digests of its layers that its config names, base layer first."""
        return self.config.diff_ids if self.config else ()

    @property
    def expected_ids(self) -> list[str]:
        """Return the ids that layers have which were pulled whole with these digests, base layer first."""
        return chain_ids(self.diff_ids)


def chained(view: StoreView) -> Iterator[Chained]:
    """Yield the images whose manifest reads and whose layer records are all there."""
    for image, _, opening in view.images_judged:
        if opening.manifest is None or opening.manifest.error:
            continue
        layers = whole_chain(view, image.layer)
        if layers is not None:
            yield Chained(image, opening.manifest, opening.config, layers)


def whole_chain(view: StoreView, top: str) -> tuple[LayerRecord, ...] | None:
    """Return the records from the base layer up to `top`, None when one is missing or the parents form a circle."""
    layers: list[LayerRecord] = []
    for layer_id in view.rel.chain(top):
        record = view.rel.layers.get(layer_id)
        if record is None:
            return None
        layers.append(record)
    if layers and layers[-1].parent:
        return None
    return tuple(reversed(layers))


def diff_id(layer: LayerRecord) -> str:
    """Return the digest of a layer's uncompressed tar, `""` when its record does not tell it.

    A layer that was identified by its table of contents keeps it as an unproven flag; storage 1.43 wrote the digest of
    the compressed blob into `diff-digest` of a zstd:chunked layer.
    """
    if layer.diff_digest:
        partial = CHUNKED in layer.big_data_names and not layer.toc_digest and layer.diff_size is None
        return "" if partial else layer.diff_digest
    flag = layer.flags.get(EXPECTED_DIFF_ID)
    return flag if layer.toc_digest and is_digest(flag) else ""
