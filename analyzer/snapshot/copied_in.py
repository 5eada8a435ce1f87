"""Entries that no store ever held: programs that copy or pack a store put them in."""

from __future__ import annotations

import re

from analyzer.source.member import SYMLINK, Member

NO_TARGET = "symlinks without a target, which no file system holds: the archiver did not write the targets"
DESKTOP = "files that a desktop adds to what it copies"
BY_DESKTOP = re.compile(r"(?:.*/)?(?:\._[^/]+|\.DS_Store|Thumbs\.db|desktop\.ini)", re.DOTALL)
"""Names of AppleDouble files (RFC 1740) and of what file managers note down in a directory."""
OF_IMAGES = re.compile(r"(?:^|/)(?:diff\d*|dir/[^/]+|subvolumes/[^/]+)/")
"""Below these an image may have a file of any name: what its layers' tars do not name is told there."""


def copied_in(member: Member) -> str:
    """Return what kind of entry this is, `""` for one that may be the store's."""
    if member.kind == SYMLINK and not member.link:
        return NO_TARGET
    if BY_DESKTOP.fullmatch(member.path) and not OF_IMAGES.search(member.path):
        return DESKTOP
    return ""
