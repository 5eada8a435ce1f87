"""What `userdata/buildah.json` tells of a container that Buildah builds in: all of its record but the layer.

It also holds the config and the manifest of the image that the build began with, byte for byte.
Seen on buildah 1.28: the layer is made on the image's top layer first, then the container's directory, within a moment.
So the layer is one that belongs to nobody and was made last before that directory.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from analyzer.repair.chains import json_object, sha256
from analyzer.repair.site import Row
from analyzer.snapshot.collect import BUILD_STATE
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.gojson import as_text
from analyzer.snapshot.libpod.state import id_maps
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.store import Store
from analyzer.snapshot.times import SECOND, format_time

STATE = f"userdata/{BUILD_STATE}"
ENTRY = ("containerID", "hostID", "size")
NEAR = 10 * SECOND
LABELS = (("MountLabel", "mount-label"), ("ProcessLabel", "process-label"))


def buildah_row(store: Store, container: str) -> Row | None:
    """Return a record as Buildah writes it, its layer left open; None where no state of a build tells it."""
    told = _state(store.container_files.get(container, {}).get(STATE))
    name, image = told.get("container-name"), told.get("image-id", "")
    if told.get("container-id") != container or not isinstance(name, str) or not name:
        return None
    if not isinstance(image, str) or (image and not HEX_ID.fullmatch(image)):
        return None
    made = _made(store, container)
    labels = {key: told.get(label) for key, label in LABELS}
    return {
        "id": container,
        "names": [name],
        "image": image,
        "layer": "",
        "created": precise(made),
        **id_maps(told.get("IDMappingOptions"), ENTRY),
        "flags": {**{k: as_text(each) for k, each in labels.items()}, "Volatile": True},
    }


def images_told(stores: Iterable[Store]) -> dict[str, bytes]:
    """Return the configs and manifests of images that states of builds hold, by digest."""
    found: dict[str, bytes] = {}
    for store in stores:
        for files in store.container_files.values():
            told = _state(files.get(STATE))
            for text in (told.get("config"), told.get("manifest")):
                body = _unpacked(text) if isinstance(text, str) else b""
                found[sha256(body)] = body
    return found


def _state(file: SmallFile | None) -> Mapping[str, Any]:
    return json_object(file.content) if file is not None else {}


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return b""


def precise(ns: int) -> str:
    """Return a time with its nanoseconds, as engines write it."""
    return f"{format_time(ns)[:-1]}.{ns % SECOND:09d}Z"


def layer_made_for(store: Store, container: str, times: Mapping[str, int | None], *, alone: bool) -> str:
    """Return the layer of a container, `""` where times do not tell one from another.

    Args:
        store: where the container's directory is.
        container: its id.
        times: when each layer was made that may be its own.
        alone: no other container without a record may have one of them.
    """
    if alone and len(times) == 1:
        return next(iter(times))
    made = _made(store, container)
    whole = made % SECOND == 0  # many archives keep no fractions
    near = {
        layer: time
        for layer, time in times.items()
        if time is not None and made - NEAR <= time <= made + (SECOND if whole else 0)
    }
    last = max(near.values(), default=0)
    found = [layer for layer, time in near.items() if last - time < (2 * SECOND if whole else 1)]
    return found[0] if len(found) == 1 else ""


def _made(store: Store, container: str) -> int:
    """Return when the container's directory got its only entry, else the time of the state in it."""
    directory = store.data_dirs.get("containers", {}).get(container)
    return (directory or store.container_files[container][STATE].member).mtime_ns
