"""Container records of CRI-O made again from `userdata/config.json`, whose annotations tell nearly all of them.

CRI-O writes the mount point of a container's layer, its image, its names and its pod into the file that it hands to
the runtime (cri-o internal/factory/container, server/sandbox_run_linux.go), and the same into the record's metadata
(internal/storage/runtime.go, RuntimeContainerMetadata).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from analyzer.repair.chains import json_object
from analyzer.repair.site import Row
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.gojson import as_object
from analyzer.snapshot.store import Store
from analyzer.snapshot.times import SECOND, parse_time

CONFIG = "userdata/config.json"
PREFIX = "io.kubernetes.cri-o."
MOUNTED = re.compile(r"/([0-9a-f]{64})(?:/merged)?")


def has_configs(stores: Iterable[Store]) -> bool:
    """Tell whether CRI-O wrote a configuration in any of the stores: it runs there, even where no record tells so."""
    files = (each.get(CONFIG) for store in stores for each in store.container_files.values())
    return any(PREFIX.encode() in (file.data or b"") for file in files if file is not None)


def crio_row(store: Store, container: str) -> Row | None:
    """Return a record as CRI-O writes it, None where no configuration tells it; `image` is `""` where that is open."""
    file = store.container_files.get(container, {}).get(CONFIG)
    config = json_object(file.content) if file is not None else {}
    notes = config.get("annotations")
    notes = as_object(notes)
    told = {key.removeprefix(PREFIX): value for key, value in notes.items() if isinstance(value, str)}
    mounted = MOUNTED.search(told.get("MountPoint", ""))
    pod = told.get("ContainerType") == "sandbox"
    name = told.get("ContainerName" if pod else "Name", "")
    pod_name = told.get("Name" if pod else "SandboxName", "")
    if mounted is None or not name or not pod_name:
        return None
    image = told.get("ImageRef", "")
    image = image if HEX_ID.fullmatch(image) else ""
    called = json_object(told.get("Metadata"))
    created = told.get("Created", "")
    made = parse_time(created)
    details = {
        "pod-name": pod_name,
        "pod-id": told.get("SandboxID", ""),
        "image-name": told.get("ImageName") or told.get("Image", ""),
        "image-id": image,
        "name": name,
        "metadata-name": called.get("name") or name,
        **({"uid": called.get("uid"), "namespace": called.get("namespace")} if pod else {}),
        "created-at": (made or 0) // SECOND,
        **({"attempt": called["attempt"]} if called.get("attempt") else {}),
        **({"pod": True} if pod else {}),
    }
    text = json.dumps({key: value for key, value in details.items() if value is not None}, separators=(",", ":"))
    return {
        "id": container,
        "names": [name, *([pod_name] if pod else [])],
        "image": image,
        "layer": mounted.group(1),
        "metadata": text,
        "created": created if made is not None else "1970-01-01T00:00:00Z",
        "flags": {"Volatile": True},
    }
