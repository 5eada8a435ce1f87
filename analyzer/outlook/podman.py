"""What `podman images` and `podman ps -a` answer on a store.

Mirrors libimage (ListImages reads the labels of every image; lists are passed over); run on podman 4.3.1. Newer
versions leave out an image whose layer is gone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.outlook.crio_images import ID, Listed, blamed, data_known, in_order
from analyzer.outlook.loaded import PANIC

if TYPE_CHECKING:
    from analyzer.checks.view import View
    from analyzer.outlook.loaded import Loaded
    from analyzer.snapshot.engines import Version

FAILS_ON_LAYERS_UNTIL = (4, 3)
LEAVES_OUT_SINCE = (5, 2)
NOT_KNOWN = "layer not known"


def podman_images(view: View, version: Version, state: Loaded) -> Listed | None:
    """Return the outcome of `podman images`, None where it cannot be foretold."""
    refused = state.refusal or (state.layers_refusal if state.layers_refusal == PANIC else "")
    if refused:
        return Listed(False, refused, frozenset(state.refused_paths))
    if state.images and not data_known(view):
        return None
    for image in in_order(view, state):
        if not ID.fullmatch(image.id):
            return None
        manifest = view.reader.manifest(image.id)
        if manifest is not None and manifest.is_list and not manifest.error:
            continue
        opening = view.reader.open(image, None if state.layers_refusal else state.layers)
        if opening.unseen:
            return None
        error, keys = opening.error, blamed(view, image.id, opening)
        if state.layers_refusal and image.layer and not error:
            error, keys = NOT_KNOWN, frozenset(state.refused_paths)
        if not error:
            continue
        if opening.hangs:
            return Listed(False, error, keys)
        if error == NOT_KNOWN and version.minor > FAILS_ON_LAYERS_UNTIL:
            if version.minor < LEAVES_OUT_SINCE or state.layers_refusal:
                return None
            continue
        return Listed(False, _labels(image.id, error, missing=opening.key == "manifest"), keys)
    return Listed(True)


def podman_ps(state: Loaded) -> Listed:
    """Return the outcome of `podman ps -a`: it answers wherever the store opens."""
    refused = state.refusal or (state.layers_refusal if state.layers_refusal == PANIC else "")
    return Listed(False, refused, frozenset(state.refused_paths)) if refused else Listed(True)


def _labels(image_id: str, error: str, *, missing: bool) -> str:
    absent = missing and error.startswith("locating item")
    inner = f"fallback error checking whether image is a manifest list: {error}" if absent else error
    return f'retrieving label for image "{image_id}": you may need to remove the image to resolve the error: {inner}'
