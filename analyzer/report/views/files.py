"""Entries of a layer, an image or the bundle as lines, in the manner of `tar -tv`."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from typing import Any

from analyzer.snapshot.content import Entry
from analyzer.snapshot.times import SECOND
from analyzer.source.member import Member

TYPES = {
    "file": stat.S_IFREG,
    "hardlink": stat.S_IFREG,
    "dir": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "char": stat.S_IFCHR,
    "block": stat.S_IFBLK,
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
}


def mode_text(kind: str, mode: int) -> str:
    """Return type and permissions as `ls` prints them; a hard link as `h`, as tar does."""
    text = stat.filemode(TYPES.get(kind, 0) | mode)
    return "h" + text[1:] if kind == "hardlink" else text


def time_text(ns: int) -> str:
    """Return a time in UTC to the second, the number itself where no calendar has it."""
    try:
        return datetime.fromtimestamp(ns // SECOND, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return f"{ns} ns"


def line(entry: Entry | Member, shown: str) -> tuple[str, str, str, str, str]:
    """Return mode, owner, size (or device numbers), time, and the name with a link's target."""
    special = entry.kind in ("char", "block")
    size = f"{entry.rdev[0]},{entry.rdev[1]}" if special else str(entry.size)
    target = {"symlink": f" -> {entry.link}", "hardlink": f" link to {entry.link}"}.get(entry.kind, "")
    slash = "/" if entry.kind == "dir" else ""
    owner = f"{entry.uid}:{entry.gid}"
    return mode_text(entry.kind, entry.mode), owner, size, time_text(entry.mtime_ns), f"{shown}{slash}{target}"


def facts(entry: Entry | Member, shown: str) -> dict[str, Any]:
    """Return the same as data."""
    return {
        "path": shown,
        "kind": entry.kind,
        "mode": f"{entry.mode:04o}",
        "uid": entry.uid,
        "gid": entry.gid,
        "size": entry.size,
        "mtime_ns": entry.mtime_ns,
        "link": entry.link or None,
        "device": list(entry.rdev) if entry.kind in ("char", "block") else None,
        "xattrs": {name: value.hex() for name, value in sorted(entry.xattrs.items())},
    }
