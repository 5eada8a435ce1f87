"""CRI-O's image listing on a store: the first image that does not open fails it as a whole.

Mirrors CRI-O internal/storage/image.go (ListImages, buildImageCacheItem, parseImageNames). What was listed once is
kept: an image that is damaged later is listed until CRI-O is restarted. A list made on the node never got so far.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from analyzer.checks.store_view import StoreView
from analyzer.outlook.loaded import LATE, PANIC, Loaded, written
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.engines import Version
from analyzer.snapshot.image_open import OpenResult
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.manifests import PlatformSpec
from analyzer.snapshot.references import name_error
from analyzer.snapshot.store import ADDITIONAL
from analyzer.verify.image_items import ENCODED, PLAIN, listed_kinds

NAMES_SINCE = (1, 29)


class Listed(Struct, frozen=True):
    """Outcome of a listing.

    Attributes:
        works: whether it lists.
        message: what it prints when it does not.
        keys: ids and paths of what it fails on.
        left_out: ids of images that it passes over in silence.
        latent: whether an engine that has listed the same images before goes on until it is restarted.
    """

    works: bool
    message: str = ""
    keys: frozenset[str] = field(default_factory=frozenset)
    left_out: tuple[str, ...] = ()
    latent: bool = False


def list_images(view: StoreView, version: Version, state: Loaded) -> Listed | None:
    """Return the outcome of the listing, None where it cannot be foretold."""
    if state.images and not data_known(view):
        return None
    outcomes = [_walk(view, version, state, node) for node in view.platform.candidates]
    answers = {outcome.works for outcome in outcomes if outcome is not None}
    if None in outcomes or len(answers) != 1:
        return None
    known = [outcome for outcome in outcomes if outcome is not None]
    if known[0].works:
        return known[0]
    message = " / ".join(dict.fromkeys(outcome.message for outcome in known))
    keys = frozenset().union(*(outcome.keys for outcome in known))
    return Listed(False, message, keys, latent=all(outcome.latent for outcome in known))


def data_known(view: StoreView) -> bool:
    """Tell whether the bundle has the image data an engine would open."""
    stores = [store for store in view.rel.stores if store.images]
    return view.snapshot.complete and all(listed_kinds(view, store) >= {ENCODED, PLAIN} for store in stores)


def in_order(view: StoreView, state: Loaded) -> Iterator[ImageRecord]:
    """Yield the images in the order the engine lists them."""
    for store in written(view.rel.stores):
        yield from (image for image in store.images if image.id in state.images)
    for store in view.rel.stores:
        if store.role == ADDITIONAL:
            yield from store.images


def blamed(view: StoreView, image_id: str, opening: OpenResult) -> frozenset[str]:
    """Return the ids of what keeps an image from opening: itself, its missing layer, or the circle of its layers."""
    if opening.hangs:
        return view.rel.on_cycles
    return frozenset({opening.layer} if opening.step == "layers" else {image_id})


def _walk(view: StoreView, version: Version, state: Loaded, node: PlatformSpec) -> Listed | None:
    unseen = False
    for image in in_order(view, state):
        if not HEX_ID.fullmatch(image.id):
            return Listed(False, f'invalid ID value "{image.id}": …', frozenset({image.id}))
        if state.layers_refusal:
            opening = view.reader.open(image, None, node)
            if image.layer and opening.step not in ("metadata", "manifest", "instance"):
                text = state.layers_refusal if state.layers_refusal == PANIC else LATE + state.layers_refusal
                return Listed(False, text, frozenset(state.refused_paths), latent=text != PANIC)
        else:
            opening = view.reader.open(image, state.chains, node)
        if opening.error:
            was_good = opening.top is None or not opening.top.is_list
            return Listed(False, opening.error, blamed(view, image.id, opening), latent=was_good)
        unseen = unseen or bool(opening.unseen)
        if version.minor >= NAMES_SINCE:
            for name in image.names:
                if error := name_error(name, image.id):
                    return Listed(False, error, frozenset({image.id}))
    return None if unseen else Listed(True)
