"""Names that something else than a copy gave: one bit off the expected one, or that of another image's directory.

A copy that cannot hold a name writes another one for every name of the kind; it changes no single bit, and it gives
no directory another id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.snapshot.bigdata import file_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.snapshot.store import Store


def one_bit(one: str, other: str) -> bool:
    """Tell whether two texts differ in exactly one bit."""
    if one == other or len(one) != len(other):
        return False
    apart = [ord(a) ^ ord(b) for a, b in zip(one, other, strict=True) if a != b]
    return len(apart) == 1 and apart[0].bit_count() == 1


def misnamed(expected: str, present: Iterable[str]) -> str:
    """Return the name that is one bit off the expected one, `""` where there is none."""
    return min((name for name in present if one_bit(name, expected)), default="")


def image_elsewhere(store: Store, image_id: str) -> str:
    """Return the name of the directory that has an image's data under another name: its config lies there.

    `""` where the image's own directory is there, or no other has it.
    """
    if image_id in store.image_files:
        return ""
    recorded, config = {image.id for image in store.images}, file_name(f"sha256:{image_id}")
    return min(
        (name for name, files in store.image_files.items() if name not in recorded and config in files), default=""
    )
