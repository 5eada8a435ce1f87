"""What a bundle holds of the directory `volumes` of a graph root; what lies in a volume is not looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from analyzer.source.member import DIRECTORY

if TYPE_CHECKING:
    from analyzer.source.member import Member

MOST_VOLUMES = 100_000


class Volumes(Struct):
    """The directory `volumes`.

    Attributes:
        directory: itself, None where it was no member.
        data: names of those whose `_data` is in the bundle.
        found: directories in it by name, None for one that was no member but has something in it.
    """

    directory: Member | None = None
    data: set[str] = field(default_factory=set)
    found: dict[str, Member | None] = field(default_factory=dict)

    def note(self, name: str, below: str | None, member: Member) -> None:
        """Take one entry: `name` in the directory (`""` for itself), `below` what follows that name."""
        if not name:
            self.directory = member
        elif (below or member.kind == DIRECTORY) and len(self.found) < MOST_VOLUMES:
            own = None if below else member
            self.found[name] = self.found.get(name) or own
            if below and below.partition("/")[0] == "_data":
                self.data.add(name)
