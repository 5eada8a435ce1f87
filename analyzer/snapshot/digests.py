"""The forms of ids and digests, and what engines say of a digest that is none (opencontainers/go-digest digest.go)."""

from __future__ import annotations

import hashlib
import re
from typing import TypeGuard

HEX_ID = re.compile(r"[0-9a-f]{64}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}")
ANY_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}


def is_digest(value: object) -> TypeGuard[str]:
    """Tell whether a value of a record is a digest that the engines take."""
    return isinstance(value, str) and DIGEST.fullmatch(value) is not None


def digest_error(digest: str) -> str:
    """Return what an engine says of a digest that is none, `""` where it is one."""
    algorithm, colon, encoded = digest.partition(":")
    if not (algorithm and colon and encoded):
        return "invalid checksum digest format"
    if algorithm not in LENGTHS:
        return "unsupported digest algorithm" if ANY_DIGEST.fullmatch(digest) else "invalid checksum digest format"
    if len(encoded) != LENGTHS[algorithm]:
        return "invalid checksum digest length"
    return "" if DIGEST.fullmatch(digest) else "invalid checksum digest format"


def hex_sha256(text: str) -> str:
    """Return the SHA-256 of text, whose bytes may be any, as 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
