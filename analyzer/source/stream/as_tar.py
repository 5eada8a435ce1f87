"""What it takes to read another archive as a tar: headers of members, and when to refuse."""

from __future__ import annotations

import os
import re
import tarfile
from typing import BinaryIO

from analyzer.errors import UnreadableError
from analyzer.limits import Limits, reached

ARCHIVE = re.compile(r"(?i)\.(?:tar|tgz|txz|tzst|tbz2?)$|\.tar\.(?:gz|zst|zstd|xz|bz2)$")
"""Names of members that are archives themselves."""
WHOLE = 16 << 20
"""Size up to which a packed entry is unpacked in memory before it is given on, so that a damaged one costs itself."""


def refuse_bomb(kind: str, total: int, handle: BinaryIO, name: str, limits: Limits) -> None:
    """Refuse an archive that says that it unpacks to very much more than it is.

    Raises:
        UnreadableError: it does.
    """
    packed = os.fstat(handle.fileno()).st_size
    if total > limits.expansion_floor and total > limits.expansion_ratio * packed:
        handle.close()
        raise UnreadableError(
            f"a {kind} archive of {packed:,} bytes that unpacks to {total:,}: "
            f"{reached('expansion_ratio', limits.expansion_ratio)}",
            where=name,
        )


def header(info: tarfile.TarInfo) -> bytes:
    """Return the blocks that stand for a member in the tar."""
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
