"""Names of big-data files (containers/storage images.go, `makeBigDataBaseName`)."""

from __future__ import annotations

import base64
import binascii
import re

AS_IT_IS = re.compile(r"[.0-9a-z]*.?", re.DOTALL)


def file_name(key: str) -> str:
    """Return the file name the engine uses for a big-data key.

    The key itself when every character is in `.0-9a-z`, or only its last one is not; else `=` and standard base64.
    """
    if AS_IT_IS.fullmatch(key):
        return key
    return "=" + base64.b64encode(key.encode("utf-8", "surrogateescape")).decode("ascii")


def key_of(name: str) -> str | None:
    """Return the key of a big-data file name, or None when no key encodes to it."""
    if not name.startswith("=") or name == "=":
        return name if file_name(name) == name else None
    try:
        key = base64.b64decode(name[1:], validate=True).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError):
        return None
    return key if file_name(key) == name else None
