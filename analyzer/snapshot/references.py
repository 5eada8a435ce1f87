"""Image names as the engines parse them (distribution/reference normalize.go, reference.go, regexp.go)."""

from __future__ import annotations

import re

IDENTIFIER = re.compile(r"[a-f0-9]{64}")
DOMAIN_PART = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
DOMAIN = rf"(?:{DOMAIN_PART}(?:\.{DOMAIN_PART})*|\[(?:[a-fA-F0-9:]+)\])(?::[0-9]+)?"
PATH_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
NAME = rf"(?:{DOMAIN}/)?{PATH_PART}(?:/{PATH_PART})*"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
REFERENCE = re.compile(rf"({NAME})(?::({TAG}))?(?:@({DIGEST}))?")
LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
LONGEST = 4096


def reference_error(name: str) -> str:
    """Return why a name is no reference, in the engine's words, else `""`."""
    if IDENTIFIER.fullmatch(name):
        return f"invalid repository name ({name}), cannot specify 64-byte hexadecimal strings"
    full = _with_domain(name)
    remote = full.partition("/")[2].partition(":")[0]
    if remote.lower() != remote:
        return "invalid reference format: repository name must be lowercase"
    match = REFERENCE.fullmatch(full) if len(full) <= LONGEST else None
    if match is None:
        return "invalid reference format"
    if len(match.group(1)) > 255:
        return "repository name must not be more than 255 characters"
    return _digest_error(match.group(3) or "")


def names_a_version(name: str) -> bool:
    """Tell whether a well-formed name has a tag or a digest."""
    match = REFERENCE.fullmatch(_with_domain(name))
    return match is not None and bool(match.group(2) or match.group(3))


def _with_domain(name: str) -> str:
    """Return the name with the default domain where it has none, as the engine does before it parses."""
    first, slash, _ = name.partition("/")
    if slash and (any(mark in first for mark in ".:") or first == "localhost" or first.lower() != first):
        return name
    return f"docker.io/{name}" if slash else f"docker.io/library/{name}"


def _digest_error(digest: str) -> str:
    if not digest:
        return ""
    algorithm, _, encoded = digest.partition(":")
    if algorithm not in LENGTHS:
        return "unsupported digest algorithm"
    if len(encoded) != LENGTHS[algorithm]:
        return "invalid checksum digest length"
    return "" if encoded == encoded.lower() else "invalid checksum digest format"


def name_error(name: str, image_id: str) -> str:
    """Return what CRI-O says of a name in an image record, `""` when it takes it."""
    error = reference_error(name)
    if error:
        return f'invalid name "{name}" in image "{image_id}": {error}'
    if not names_a_version(name):
        return f'invalid name "{name}" in image "{image_id}", it has neither a tag nor a digest'
    return ""
