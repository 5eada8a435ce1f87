"""Where a fact comes from, and small files whose absence has a reason."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from analyzer.source.member import Member


class Where(NamedTuple):
    """Place of a fact: member path, JSON pointer or line (`""` = the whole file), byte offset inside the file."""

    path: str
    pointer: str = ""
    offset: int = 0

    def field(self, name: str) -> Where:
        """Return the place of a field of the object that is here."""
        return self._replace(pointer=f"{self.pointer}/{name}")


class Problem(Struct, frozen=True):
    """Something wrong with the bytes or types of a file; a fact for the rules, not a verdict.

    Attributes:
        kind: kebab-case name, e.g. `zero-length`, `cut`, `nul-bytes`, `wrong-type`.
        where: place of the problem.
        expected: what the format asks for.
        observed: what is there.
    """

    kind: str
    where: Where
    expected: str
    observed: str


LINK, SPECIAL, LIMIT, CUT, LEFT_OUT = "link", "special", "limit", "cut", "left-out"
"""Kinds of `Unread`: a link to what was not captured; no regular file; over a limit; the archive ends inside it; the
program has no use for its content."""


class Unread(Struct, frozen=True):
    """Why something that is there was not read, or not whole.

    Attributes:
        kind: `LINK`, `SPECIAL`, `LIMIT`, `CUT` or `LEFT_OUT`.
        says: the reason in words.
    """

    kind: str
    says: str


class SmallFile(Struct, frozen=True):
    """A file of the store whose content matters.

    Attributes:
        member: facts of the entry.
        data: content, or None when it was not kept (see `unread`).
        sha256: hex digest of the whole content, when it was seen whole.
        unread: why there is no content, or not all of it; None where it is whole.
    """

    member: Member
    data: bytes | None
    sha256: str = ""
    unread: Unread | None = None

    @property
    def reason(self) -> str:
        """Return in words why it was not read whole, `""` when it was."""
        return self.unread.says if self.unread is not None else ""

    @property
    def content(self) -> bytes | None:
        """Return the content where it was read whole, else None."""
        return self.data if self.unread is None else None

    @property
    def cut(self) -> bool:
        """Tell whether the archive, not the file, ended inside it: what is missing proves nothing."""
        return self.unread is not None and self.unread.kind == CUT

    @property
    def elsewhere(self) -> bool:
        """Tell whether the store has content for it that was not seen: behind a link, over a limit."""
        return self.unread is not None and self.unread.kind in (LINK, LIMIT)

    @property
    def path(self) -> str:
        """Return the member path."""
        return self.member.path

    @property
    def where(self) -> Where:
        """Return the place of the whole file."""
        return Where(self.member.path)

    @property
    def zeroed(self) -> bool:
        """Tell whether the file has bytes and every one of them is NUL."""
        return bool(self.data) and not self.data.strip(b"\0")  # type: ignore[union-attr]

    def digest(self) -> str:
        """Return the SHA-256 of the content as `sha256:<hex>`, or `""` when the content was not seen."""
        if self.sha256:
            return f"sha256:{self.sha256}"
        if self.data is None:
            return ""
        return f"sha256:{hashlib.sha256(self.data).hexdigest()}"
