"""Edit images of an `Edited` store: items with the record that goes with them."""

from __future__ import annotations

import hashlib
import json

from analyzer.snapshot.bigdata import file_name
from tests.editing import Edited

API = "quay.example.test/shop/api:2.0"
WEB = "quay.example.test/shop/web:1.4"
LIST = "quay.example.test/ci/tools:multi"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def item_path(image: str, key: str, root: str = "storage") -> str:
    """Return the path of a big-data item."""
    return f"{root}/overlay-images/{image}/{file_name(key)}"


def change_image(store: Edited, image: str, root: str = "storage", **fields) -> Edited:
    """Replace fields of a record; `_` stands for `-`, None removes the field."""
    images = store.images(root)
    record = next(each for each in images if each["id"] == image)
    for name, value in fields.items():
        key = name.replace("_", "-")
        if value is None:
            record.pop(key, None)
        else:
            record[key] = value
    return store.write_images(images, root)


def put(store: Edited, image: str, key: str, data: bytes | str, root: str = "storage") -> Edited:
    """Write an item and the record that goes with it."""
    content = data.encode() if isinstance(data, str) else data
    images = store.images(root)
    record = next(each for each in images if each["id"] == image)
    if key not in record["big-data-names"]:
        record["big-data-names"].append(key)
    record["big-data-sizes"][key] = len(content)
    record["big-data-digests"][key] = digest(content)
    return store.write(item_path(image, key, root), content).write_images(images, root)


def put_list(store: Edited, image: str, entries: list[dict], media_type: str = INDEX) -> Edited:
    """Put a manifest list in the place of an image's manifest."""
    manifest = {"schemaVersion": 2, "mediaType": media_type, "manifests": entries}
    return put(store, image, "manifest", json.dumps(manifest))


def entry(instance: str, architecture: str | None = None, variant: str = "", os: str = "linux") -> dict:
    """Return a list entry; no architecture means no platform."""
    found = {"mediaType": OCI, "digest": instance, "size": 1}
    if architecture is not None:
        found["platform"] = {"architecture": architecture, "os": os, **({"variant": variant} if variant else {})}
    return found
