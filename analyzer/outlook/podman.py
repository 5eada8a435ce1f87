"""What `podman images` and `podman ps -a` answer on a store.

Mirrors libimage (ListImages, Labels, RepoDigests; the labels of every image are read, lists are passed over) and
pkg/domain/infra/abi/images_list.go; run on podman 4.3.1 and 5.8.2. Up to 4.5 an image whose layer is gone fails the
listing, since 4.6 it is left out. Up to 4.3 index files that do not read are read as far as they go.
"""

from __future__ import annotations

from msgspec import Struct

from analyzer.checks.store_view import StoreView
from analyzer.outlook.crio_images import Listed, blamed, data_known, in_order
from analyzer.outlook.loaded import LATE, PANIC, Loaded
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.engines import Version
from analyzer.snapshot.image_open import UNSEEN, ImageReader, MessageFormat, OpenResult
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.references import reference_error

READS_WHAT_IT_CAN_UNTIL = (4, 3)
LEAVES_OUT_SINCE = (4, 6)
WRAPS_SINCE = (5, 1)
NOT_KNOWN = "layer not known"


def podman_wording(version: Version) -> MessageFormat:
    """Return how a Podman words its errors, after the containers/image and containers/storage it was built with."""
    minor = version.minor
    return MessageFormat(
        quoted=minor >= (5, 1),
        fetching=minor >= (4, 2),
        advice=minor >= (4, 0),
        artifacts=minor >= (4, 2),
        prefer_zstd=minor >= (4, 5),
        metadata=minor >= (5, 0),
        typed=minor >= (4, 8),
        checked=minor >= (5, 1),
        own_type=minor >= (5, 3),
        validated=minor >= (6, 0),
    )


class Podman(Struct, frozen=True):
    """A store as one version of Podman sees it."""

    view: StoreView
    version: Version
    state: Loaded
    reader: ImageReader

    @classmethod
    def of(cls, view: StoreView, version: Version, state: Loaded) -> Podman:
        """Return what opens images in this version's words."""
        reader = ImageReader(view.rel.stores, view.platform.spec, podman_wording(version))
        return cls(view, version, state, reader)

    @property
    def lenient(self) -> bool:
        """Tell whether it takes index files that do not read."""
        return self.version.minor <= READS_WHAT_IT_CAN_UNTIL

    @property
    def refused(self) -> str:
        """Return why no command works, `""` where commands do."""
        if self.lenient:
            refusal = self.state.fatal
        else:
            prefix = "configure storage: " if self.version.minor >= WRAPS_SINCE and self.state.refusal != PANIC else ""
            refusal = prefix + self.state.refusal if self.state.refusal else ""
        return refusal or (self.state.layers_refusal if self.state.layers_refusal == PANIC else "")

    def index_paths(self, part: str) -> set[str]:
        """Return the paths that the index files of a part have or should have, in any of the stores."""
        names = (f"{part}.json", f"volatile-{part}.json")
        return {store.part_path(part, name) for store in self.view.rel.stores for name in names}

    def open(self, image: ImageRecord) -> OpenResult:
        """Open an image by id."""
        return self.reader.open(image, None if self.state.layers_refusal else self.state.chains)


def podman_images(podman: Podman) -> Listed | None:
    """Return the outcome of `podman images`, None where it cannot be foretold."""
    view, state = podman.view, podman.state
    if podman.refused:
        return Listed(False, podman.refused, frozenset(state.refused_paths))
    if "images" in state.unread:
        return _half_read(podman)
    if state.images and not data_known(view):
        return None
    if podman.version.minor >= LEAVES_OUT_SINCE and (listed := _related(podman)) is not None:
        return listed if listed.message != UNSEEN else None
    left_out = []
    for image in in_order(view, state):
        listed = _one(podman, image)
        if listed is None:
            return None
        if listed.message == NOT_KNOWN:
            left_out.append(image.id)
        elif not listed.works:
            return listed
    return Listed(True, left_out=tuple(left_out))


def _related(podman: Podman) -> Listed | None:
    """Return the failure of telling which image was built on which, None where there is none.

    Every image is opened for that, and those that share its top layer or the layer below; what is not known is passed
    over. The message stands alone.
    """
    if podman.state.layers_refusal:
        text = LATE + podman.state.layers_refusal
        return Listed(False, text, frozenset(podman.state.refused_paths))
    images = list(in_order(podman.view, podman.state))
    tops: dict[str, list[int]] = {}
    for number, image in enumerate(images):
        tops.setdefault(image.layer, []).append(number)
    known: dict[int, Listed | None] = {}
    met: dict[str, Listed | None] = {}

    def failure(number: int) -> Listed | None:
        if number not in known:
            known[number] = _unreadable(podman, images[number])
        return known[number]

    def first_failure(layer_id: str) -> Listed | None:
        if layer_id not in met:
            met[layer_id] = next(filter(None, map(failure, tops.get(layer_id, ()))), None)
        return met[layer_id]

    for number, image in enumerate(images):
        layer = podman.state.layers.get(image.layer)
        failed = failure(number)
        if failed is None and image.layer:
            failed = first_failure(image.layer)
        if failed is None and image.layer and layer is not None and layer.parent:
            failed = first_failure(layer.parent)
        if failed is not None and failed.message != NOT_KNOWN:
            return failed
    return None


def _unreadable(podman: Podman, image: ImageRecord) -> Listed | None:
    """Return why an image cannot be opened, None where it can or is a list."""
    if not HEX_ID.fullmatch(image.id):
        return Listed(False, _no_id(image.id), frozenset({image.id}))
    manifest = podman.reader.manifest(image.id)
    if not image.layer and manifest is not None and manifest.is_list and not manifest.error:
        return None
    opening = podman.open(image)
    if opening.unseen:
        return Listed(False, UNSEEN)
    if not opening.error:
        return None
    return Listed(False, opening.error, blamed(podman.view, image.id, opening))


def _no_id(image_id: str) -> str:
    why = "format" if len(image_id) == 64 else "length"
    return f'invalid ID value "{image_id}": invalid checksum digest {why}: invalid reference'


def _one(podman: Podman, image: ImageRecord) -> Listed | None:
    """Return how listing one image goes; the message is `NOT_KNOWN` where it is left out."""
    if error := next(filter(None, map(reference_error, image.names)), ""):
        if not (image.digest or image.big_data_digests):
            return None
        text = f'getting repoDigests from image "{image.id}": {error}'
        return Listed(False, text, frozenset({image.id}))
    if not HEX_ID.fullmatch(image.id):
        return Listed(False, _labels(image.id, _no_id(image.id), no_list=True), frozenset({image.id}))
    manifest = podman.reader.manifest(image.id)
    if manifest is not None and manifest.is_list and not manifest.error:
        return Listed(True)
    opening = podman.open(image)
    if opening.unseen:
        return None
    error, keys = opening.error, blamed(podman.view, image.id, opening)
    if podman.state.layers_refusal and image.layer and not error:
        if not podman.lenient:
            return None
        error, keys = NOT_KNOWN, frozenset(podman.state.refused_paths)
    if not error:
        return Listed(True)
    if opening.hangs:
        return Listed(False, error, keys)
    if error == NOT_KNOWN and podman.version.minor >= LEAVES_OUT_SINCE:
        return Listed(False, NOT_KNOWN, keys)
    no_list = (opening.key == "manifest" and error.startswith("locating item")) or opening.step == "metadata"
    return Listed(False, _labels(image.id, error, no_list=no_list), keys)


def _half_read(podman: Podman) -> Listed | None:
    """Return the outcome where images.json does not read: what stands before the fault is listed but not found.

    A value of a wrong type stops the reading within its row, or not at all: the first row is always listed.
    """
    document = podman.state.unread["images"]
    paths = frozenset({document.path})
    rows, broken = document.salvaged.rows, document.broken
    if broken is None:
        first = next(iter(rows), None)
    elif broken.where.offset is None:
        return None
    else:
        first = next((row for row in rows if row.offset < broken.where.offset), None)
    if first is None:
        starts = (document.file.data or b"").lstrip().startswith(b"[")
        return None if starts else Listed(True, keys=paths)
    if first.pointer != "/0" or not isinstance(first.value, dict) or not isinstance(first.value.get("id"), str):
        return None
    image = first.value["id"]
    error = f'reading image "{image}": locating image with ID "{image}": image not known'
    return Listed(False, _labels(image, error, no_list=True), paths)


def podman_ps(podman: Podman) -> Listed:
    """Return the outcome of `podman ps -a`: it answers wherever the store opens."""
    if podman.refused:
        return Listed(False, podman.refused, frozenset(podman.state.refused_paths))
    return Listed(True)


def _labels(image_id: str, error: str, *, no_list: bool) -> str:
    """Return the error of reading an image's labels; asking whether it is a list may fail the same way."""
    inner = f"fallback error checking whether image is a manifest list: {error}: {error}" if no_list else error
    return f'retrieving label for image "{image_id}": you may need to remove the image to resolve the error: {inner}'
