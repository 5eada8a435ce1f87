"""What a source offers, whatever the bundle is: its members, what could not be read, and how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

from analyzer.source.member import Body, Loss, Member

if TYPE_CHECKING:
    from analyzer.source.tar.batch import MemberBatch


class MemberSource(Protocol):
    """An opened bundle: iterate it once for (member, body) pairs, then read its facts."""

    @property
    def path(self) -> str:
        """What the user gave (`-` for standard input)."""

    @property
    def format(self) -> str:
        """`tar`, `tar+gzip`, `tar+zstd`, `tar+xz`, `tar+bzip2`, a pair of these, or `directory`."""

    @property
    def losses(self) -> list[Loss]:
        """What could not be read, in stream order; grows while iterating. Non-empty means incomplete."""

    @property
    def notes(self) -> list[Loss]:
        """Harmless oddities worth telling (no end-of-archive blocks, trailing bytes), same shape."""

    @property
    def members(self) -> int:
        """Entries yielded so far."""

    @property
    def bytes_read(self) -> int:
        """Bytes of the input as it lies (compressed) read so far; 0 for a directory until read."""

    @property
    def bytes_total(self) -> int | None:
        """Size of the input, or None when it is a pipe or directory."""

    @property
    def bytes_out(self) -> int:
        """Decompressed bytes so far."""

    @property
    def sha256(self) -> str | None:
        """Hex digest of the input as it lies, after iteration, when hashing was asked for; else None."""

    @property
    def again(self) -> Callable[[], MemberSource] | None:
        """What opens the same bundle once more; None where it can be read only once (a pipe)."""

    def begin(self, *, contents: bool) -> None:
        """Read ahead from now on, in other processes or a thread where that pays; `offer` does it otherwise.

        Args:
            contents: as of `offer`.
        """

    def offer(self, take: Callable[[MemberBatch], int], *, contents: bool) -> None:
        """Offer entries many at a time while iterating, before they are yielded; call it before that begins.

        A source offers what it can read so, and need not offer anything.

        Args:
            take: says how many it takes of a batch, from the first on; the others are yielded one by one.
            contents: whether it will ask for the checksums of contents.
        """

    def __iter__(self) -> Iterator[tuple[Member, Body]]:
        """Yield every entry once that was not taken from an offer, in stream order."""

    def close(self) -> None:
        """Release the input."""
