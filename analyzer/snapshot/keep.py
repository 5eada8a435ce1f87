"""Keep the contents of small files, each and all of them within limits; what is not kept says why."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from analyzer.limits import Limits, reached
from analyzer.snapshot.provenance import CUT, LEFT_OUT, LIMIT, LINK, SPECIAL, SmallFile, Unread
from analyzer.source.member import FILE, HARDLINK, SYMLINK, Body, Loss, Member

NOTED = 100
"""Files that are told to be there twice, at most."""
NOT_NEEDED = Unread(LEFT_OUT, "not needed")
CUT_SHORT = Unread(CUT, "cut: the archive ends or is damaged inside it")


class Keeper:
    """Keeps contents.

    Args:
        limits: bounds on what is kept.
        notes: where it says which files were there twice.
    """

    def __init__(self, limits: Limits, notes: list[Loss]) -> None:
        self.notes = notes
        self._limits = limits
        self._kept = 0

    def keep(self, member: Member, body: Body, limit: str) -> SmallFile:
        """Keep a file's content within a limit of that name."""
        if not limit:
            return SmallFile(member, None, unread=NOT_NEEDED)
        if member.kind != FILE:
            return SmallFile(member, None, unread=not_regular(member))
        bound = getattr(self._limits, limit)
        if member.size > bound:
            return self._over(member, body, limit, bound)
        if self._kept + member.size > self._limits.kept_bytes:
            return self._over(member, body, "kept_bytes", self._limits.kept_bytes)
        data = body.read(bound)
        if data is None:
            return self._over(member, body, limit, bound)
        self._kept += len(data)
        if len(data) == member.size and body.complete:
            return SmallFile(member, data)
        return SmallFile(member, data, unread=CUT_SHORT)

    def _over(self, member: Member, body: Body, limit: str, bound: int) -> SmallFile:
        """Return a file that is over a limit with its digest, which needs no room; without one where it has holes."""
        digest = hashlib.sha256()
        why = Unread(LIMIT, f"{member.size} bytes, not read: {reached(limit, bound)}")
        for piece in body.pieces():
            if isinstance(piece, int):  # a header of two kilobytes may claim any number of gigabytes of zeros
                return SmallFile(member, None, unread=why)
            digest.update(piece)
        return SmallFile(member, None, digest.hexdigest() if body.complete else "", why)

    def tail(self, member: Member, body: Body, logs: Iterable[SmallFile]) -> SmallFile:
        """Keep the end of a log, while there is room beside the `logs` kept so far."""
        if member.kind != FILE:
            return SmallFile(member, None, unread=not_regular(member))
        held = sum(len(file.data or b"") for file in logs)
        bound = min(self._limits.log_tail, self._limits.logs - held)
        limit = "log_tail" if bound == self._limits.log_tail else "logs"
        told = reached(limit, getattr(self._limits, limit))
        if bound <= 0:
            return SmallFile(member, None, unread=Unread(LIMIT, f"not read: {told}"))
        kept = bytearray()
        for piece in body.pieces():
            kept += bytes(min(piece, bound)) if isinstance(piece, int) else piece
            if len(kept) > 2 * bound:
                del kept[:-bound]
        why = Unread(LIMIT, f"only the last {bound} of {member.size} bytes read: {told}")
        return SmallFile(member, bytes(kept[-bound:]), unread=why if member.size > bound else None)

    def better(self, before: SmallFile | None, now: SmallFile) -> SmallFile:
        """Return which of two members of one name counts: the last, unless only the one before it is whole."""
        if before is None or before.data is None or before.data == now.data:
            return now
        if now.member.kind == HARDLINK and now.member.link == now.path:
            return before
        last = not (now.cut and before.unread is None)
        if len(self.notes) < NOTED:
            what = "in the bundle twice with different content: " + ("the last is used" if last else "the last is cut")
            self.notes.append(Loss(what, now.path, max(now.member.offset, 0)))
        return now if last else before


def not_regular(member: Member) -> Unread:
    """Return why an entry that is no regular file has no content here."""
    if member.kind == HARDLINK:
        return Unread(LINK, f"a hard link to {member.link or 'nothing'}, whose content the bundle does not hold")
    if member.kind == SYMLINK:
        return Unread(LINK, f"a symlink to {member.link or 'nothing'}, not followed: its content was not captured")
    return Unread(SPECIAL, f"a {member.kind}, not a regular file")
