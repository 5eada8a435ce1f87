"""What a layer's own description says of one of its files: a header kept in tar-split, or an entry of a TOC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

NO_XATTRS: Mapping[str, bytes] = {}
NO_DEVICE = (0, 0)
GLOBAL_HEADER = "global"
"""Kind of a pax global header, which names no file."""


class TarEntry(NamedTuple):
    """One entry of the layer tar.

    Attributes:
        path: cleaned path below the diff directory; undecodable bytes as surrogate escapes, `""` for the root.
        kind: as in `Member`, or `global`.
        size: content bytes.
        crc: CRC-64/GO-ISO of the content (0 when empty), None where it is not known.
        mode: permission bits with setuid, setgid and sticky.
        uid, gid: owners inside the image.
        mtime_ns: modification time in Unix nanoseconds.
        link: target of a symlink as found, or cleaned path of a hard link's target.
        rdev: (major, minor) of a device node.
        xattrs: attributes the engine sets (`SCHILY.xattr` records), by full name.
        digest: `sha256:<hex>` of the content, `""` where it is not known.
    """

    path: str
    kind: str
    size: int
    crc: int | None
    mode: int
    uid: int
    gid: int
    mtime_ns: int
    link: str = ""
    rdev: tuple[int, int] = NO_DEVICE
    xattrs: Mapping[str, bytes] = NO_XATTRS
    digest: str = ""
