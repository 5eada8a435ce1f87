"""What a repair does to a store: single, repeatable acts on paths below the graph root. Immutable; nothing is run here.

Every act leaves what it replaces in the work directory beside the store, so that it can be undone.
"""

from __future__ import annotations

from msgspec import Struct


class Write(Struct, frozen=True):
    """Put a small file in place of what is there, by renaming.

    Attributes:
        path: below the graph root.
        data: the whole content.
        mode: permission bits.
        replaces: SHA-256 of the content it replaces, `""` where the bundle has no such file.
    """

    path: str
    data: bytes
    mode: int = 0o600
    replaces: str = ""


class ShortLink(Struct, frozen=True):
    """Make a symlink, or set one right."""

    path: str
    target: str


class Folder(Struct, frozen=True):
    """Make a directory that is missing."""

    path: str
    mode: int = 0o700


class SetAside(Struct, frozen=True):
    """Move something out of the store into the work directory: kept, and no longer seen by an engine."""

    path: str


class Rename(Struct, frozen=True):
    """Give a directory its name back."""

    path: str
    to: str


class Copy(Struct, frozen=True):
    """Copy a file or tree inside the store, attributes and owners included."""

    path: str
    to: str


class Take(Struct, frozen=True):
    """Move a file or directory of the donor to the same place of the store.

    Attributes:
        path: below the graph root of both.
        digest: `sha256:<hex>` the file must have, `""` where it is not known.
    """

    path: str
    digest: str = ""


class FileCopy(Struct, frozen=True):
    """Put one file of a layer in place of another: a copy with its attributes, under an owner of its own.

    Attributes:
        path: below the graph root.
        source: the file to copy, likewise.
        mode: permission bits to set after the owner, -1 for kinds without any.
        uid, gid: the owner.
        directory: made, not copied: what lies in it is told singly.
    """

    path: str
    source: str
    mode: int
    uid: int
    gid: int
    directory: bool = False


class Mode(Struct, frozen=True):
    """Set permission bits, and owners where they are given (-1 keeps them)."""

    path: str
    mode: int
    uid: int = -1
    gid: int = -1


class Attribute(Struct, frozen=True):
    """Set one extended attribute."""

    path: str
    name: str
    value: bytes


Edit = Write | ShortLink | Folder | SetAside | Rename | Copy | Take | FileCopy | Mode | Attribute
