"""Lock files: who wrote the store last, and when (containers/storage pkg/lockfile)."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.snapshot.times import SECOND

if TYPE_CHECKING:
    from analyzer.snapshot.provenance import SmallFile

OLD_TOKEN = re.compile(rb"[0-9a-f]{64}")
SANE_NS = (1_262_304_000 * SECOND, 4_102_444_800 * SECOND)


class Lock(Struct, frozen=True):
    """A lock file.

    Attributes:
        file: the file as found.
        written_ns: time of the last write in Unix nanoseconds, None before storage 1.42 or when never written.
        pid: process id of the last writer, None likewise.
    """

    file: SmallFile
    written_ns: int | None
    pid: int | None


def read_lock(file: SmallFile) -> Lock:
    """Decode the last writer: 8 bytes LE Unix ns, 8 bytes counter, 4 bytes LE pid, 44 random bytes."""
    data = file.data or b""
    if len(data) != 64 or OLD_TOKEN.fullmatch(data):
        return Lock(file, None, None)
    written, pid = struct.unpack_from("<Q", data)[0], struct.unpack_from("<I", data, 16)[0]
    if not SANE_NS[0] <= written <= SANE_NS[1]:
        return Lock(file, None, None)
    return Lock(file, written, pid)
