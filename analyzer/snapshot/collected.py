"""What one pass over a bundle gives, before it is understood: raw trees, and what lay outside of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from analyzer.snapshot import host
from analyzer.snapshot.keep import CUT_SHORT
from analyzer.source.member import Loss
from analyzer.source.tar.header import holds_header

if TYPE_CHECKING:
    from analyzer.snapshot.overlay import DriverHome
    from analyzer.snapshot.provenance import SmallFile
    from analyzer.snapshot.volumes import Volumes
    from analyzer.source.member import Member

SWALLOWED = "a part of the archive is missing: headers of further members lie in a file"


class RawStore(Struct):
    """Everything seen under one candidate graph root for one driver.

    Attributes:
        root: member path of the graph root, `""` when the bundle starts inside it.
        driver: `overlay`, `vfs`, `btrfs` or `zfs`.
        home: the driver's own directory.
        layers, images, containers: entries of `<driver>-layers` etc. by path below it, with kept content.
        seen: which of the four directories had any entry.
    """

    root: str
    driver: str
    home: DriverHome
    layers: dict[str, SmallFile] = field(default_factory=dict)
    images: dict[str, SmallFile] = field(default_factory=dict)
    containers: dict[str, SmallFile] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def tree(self, part: str) -> dict[str, SmallFile]:
        """Return the entries of one of the directories beside the driver's own, by what follows its name."""
        return {"-layers": self.layers, "-images": self.images, "-containers": self.containers}[part]


PARTS = ("-layers", "-images", "-containers")


class Collected(Struct):
    """What one pass gave."""

    stores: dict[tuple[str, str], RawStore] = field(default_factory=dict)
    loose: dict[str, SmallFile] = field(default_factory=dict)
    volumes: dict[str, Volumes] = field(default_factory=dict)
    host: host.Host = field(default_factory=host.Host)
    tops: dict[str, int] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    archives: list[str] = field(default_factory=list)
    records: dict[str, dict[str, SmallFile]] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    directories: dict[str, Member] = field(default_factory=dict)
    aside: dict[str, str] = field(default_factory=dict)
    notes: list[Loss] = field(default_factory=list)
    xattrs: int = 0
    content_files: int = 0
    newest_ns: int = 0

    def distrust(self, torn: set[str]) -> list[Loss]:
        """Take kept files for cut whose content may be other members', and return what the archive lost in them.

        They lie right before damage of the archive, or hold the headers of further members: a part is missing then.
        """
        found = []
        trees = [store.tree(part) for store in self.stores.values() for part in PARTS]
        for tree in [*trees, self.loose]:
            for path, file in tree.items():
                swallowed = file.data is not None and holds_header(file.data)
                if swallowed:
                    found.append(Loss(SWALLOWED, file.member.path, file.member.offset, file.member.path))
                if file.unread is None and (swallowed or file.member.path in torn):
                    tree[path] = replace(file, unread=CUT_SHORT)
        return found
