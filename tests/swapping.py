"""Every kind of evidence of a healthy store, and every kind of entry that may stand in its place."""

from __future__ import annotations

import re

from analyzer.source.member import (
    BLOCK,
    CHAR,
    DIRECTORY,
    FIFO,
    FILE,
    HARDLINK,
    OTHER,
    SOCKET,
    SYMLINK,
    Member,
)
from tests.editing import Edited

HEX = "[0-9a-f]{64}"
EVIDENCE = {
    "the driver's home": "overlay",
    "the layers' directory": "overlay-layers",
    "the images' directory": "overlay-images",
    "the containers' directory": "overlay-containers",
    "layers.json": "overlay-layers/layers[.]json",
    "volatile-layers.json": "overlay-layers/volatile-layers[.]json",
    "images.json": "overlay-images/images[.]json",
    "containers.json": "overlay-containers/containers[.]json",
    "volatile-containers.json": "overlay-containers/volatile-containers[.]json",
    "an image's directory": f"overlay-images/{HEX}",
    "a manifest": f"overlay-images/{HEX}/manifest",
    "a manifest by digest": f"overlay-images/{HEX}/=bWFuaWZlc3Qt.*",
    "a config": f"overlay-images/{HEX}/=c2hhMjU2O.*",
    "a tar-split": f"overlay-layers/{HEX}[.]tar-split[.]gz",
    "a layer's big data": f"overlay-layers/{HEX}",
    "a table of contents": f"overlay-layers/{HEX}/=enN0ZC1jaHVua2VkLW1hbmlmZXN0",
    "a layer's directory": f"overlay/{HEX}",
    "a diff directory": f"overlay/{HEX}/diff",
    "a link": f"overlay/{HEX}/link",
    "a lower": f"overlay/{HEX}/lower",
    "the short links": "overlay/l",
    "a short link": "overlay/l/[A-Z0-9]{26}",
    "a container's directory": f"overlay-containers/{HEX}",
    "a container's config": f"overlay-containers/{HEX}/userdata/config[.]json",
    "the layers' lock": "overlay-layers/layers[.]lock",
    "the images' lock": "overlay-images/images[.]lock",
    "the containers' lock": "overlay-containers/containers[.]lock",
}
"""Names of evidence, and where it lies below the graph root."""

LINKS = {"symlink to nothing", "symlink out", "hard link to nothing", "hard link to itself", "symlink to itself"}
"""Entries that say: the content is elsewhere. What they stand for was not captured, so nothing can be blamed on it."""

KINDS = {
    "symlink to nothing": (SYMLINK, "nothere"),
    "symlink out": (SYMLINK, "/mnt/other/disk"),
    "symlink to itself": (SYMLINK, "."),
    "hard link to nothing": (HARDLINK, "storage/nothere"),
    "hard link to itself": (HARDLINK, "="),
    "fifo": (FIFO, ""),
    "character device": (CHAR, ""),
    "block device": (BLOCK, ""),
    "socket": (SOCKET, ""),
    "other": (OTHER, ""),
    "the other of file and directory": ("flip", ""),
}


def places(store: Edited, name: str) -> list[str]:
    """Return the paths of one kind of evidence, in archive order."""
    pattern = re.compile(f"storage/(?:{EVIDENCE[name]})")
    return [path for path in store.entries if pattern.fullmatch(path)]


def swapped(store: Edited, path: str, kind: str) -> Edited:
    """Put another kind of entry in the place of one."""
    before = store.entries[path][0]
    for below in store.below(path):
        if below != path:
            del store.entries[below]
    what, link = KINDS[kind]
    if what == "flip":
        what = FILE if before.kind == DIRECTORY else DIRECTORY
    if link == "=":
        link = path
    member = Member(path, what, mode=before.mode, mtime_ns=before.mtime_ns, link=link)
    store.entries[path] = (member, b"")
    return store
