"""Names that something else than a copy gave: one bit off the expected one, or that of another image's directory.

A copy that cannot hold a name writes another one for every name of the kind; it changes no single bit, and it gives
no directory another id.
"""

from __future__ import annotations

from collections.abc import Collection

from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.store import Store

BITS = tuple(1 << bit for bit in range(8))
SHORT = 12
"""Digits of an id that engines show."""


def one_bit(one: str, other: str) -> bool:
    """Tell whether two texts differ in exactly one bit of one byte."""
    if one == other or len(one) != len(other):
        return False
    apart = [ord(a) ^ ord(b) for a, b in zip(one, other, strict=True) if a != b]
    return len(apart) == 1 and apart[0] in BITS


def misnamed(expected: str, present: Collection[str]) -> str:
    """Return the name that is one bit off the expected one, `""` where there is none.

    Args:
        expected: a name that is not there.
        present: names that are there; of many, a set or a mapping.
    """
    if len(present) > len(BITS) * len(expected):
        near = (
            f"{expected[:at]}{chr(ord(letter) ^ bit)}{expected[at + 1 :]}"
            for at, letter in enumerate(expected)
            for bit in BITS
        )
        return min((name for name in near if name in present), default="")
    return min((name for name in present if one_bit(name, expected)), default="")


def container_elsewhere(store: Store, container_id: str) -> str:
    """Return the directory that has a container's data under a part of its id, or under more than it; `""` for none."""
    names = (name for name in store.container_files if len(name) >= SHORT)
    found = [name for name in names if container_id.startswith(name) or name.startswith(container_id)]
    recorded = {container.id for container in store.containers} if found else set()
    return min((name for name in found if name not in recorded), default="")


def image_elsewhere(store: Store, image_id: str) -> str:
    """Return the name of the directory that has an image's data under another name: its config lies there.

    `""` where the image's own directory is there, or no other has it.
    """
    if image_id in store.image_files:
        return ""
    config = file_name(f"sha256:{image_id}")
    found = [name for name, files in store.image_files.items() if config in files]
    recorded = {image.id for image in store.images} if found else set()
    return min((name for name in found if name not in recorded), default="")
