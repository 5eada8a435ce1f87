"""Driver directories as listed: overlay/<id>/{diff,link,lower,lower-layers,work,merged,empty}, overlay/l, vfs/dir/<id>.

Mirrors containers/storage drivers/overlay/overlay.go; nothing here is judged.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field

from analyzer.source.member import DIRECTORY, FILE, SYMLINK

if TYPE_CHECKING:
    from analyzer.snapshot.content import DiffTable
    from analyzer.snapshot.provenance import SmallFile
    from analyzer.source.member import Member

LINK_ID = re.compile(r"[A-Z2-7]{26}")
LOWER = re.compile(rf"l/{LINK_ID.pattern}(?::l/{LINK_ID.pattern})*")
TARGET = re.compile(r"\.\./([^/]+)/diff")
LAYER_PLACE = re.compile(r"(?:dir/|subvolumes/)?([0-9a-f]{64})")
SMALL_FILES = {"link": "link", "lower": "lower", "lower-layers": "lower_layers", "additionallayer": "additional"}
"""Attribute of `LayerDirectory` by file name."""
BACKING_DEVICE = "backingFsBlockDev"
"""A node for the device under the driver's home, which every start of an engine of root's makes anew.

Source: containers/storage drivers/quota: makeBackingFsDev.
"""
NOT_LAYERS = frozenset({"l", "staging", "tempdirs"})


class LayerDirectory(Struct):
    """One directory of the driver home that may belong to a layer.

    Attributes:
        name: directory name, normally the layer id.
        path: member path.
        member: facts of the directory, None when only things below it were in the bundle.
        entries: direct children by name.
        link, lower, lower_layers, additional: the small files, None when not in the listing.
        tables: content facts by diff directory name (`diff`, `diff1`, …; `""` for vfs).
        mounted: members seen below `merged`: the layer was mounted while the bundle was made.
        mounted_names: names directly below `merged`, a bounded number of them.
        strangers: names in `empty`, which stays empty, or in `work`, which holds what overlayfs makes; bounded.
        worked: something lies below `work`: the layer was mounted writable once.
        incompat_volatile: path of a `work/work/incompat/volatile` mark, or `""`.
        composefs_blob: facts of `composefs-data/composefs.blob`, None when not in the listing.
    """

    name: str
    path: str
    member: Member | None = None
    entries: dict[str, Member] = field(default_factory=dict)
    link: SmallFile | None = None
    lower: SmallFile | None = None
    lower_layers: SmallFile | None = None
    additional: SmallFile | None = None
    tables: dict[str, DiffTable] = field(default_factory=dict)
    mounted: int = 0
    mounted_names: set[str] = field(default_factory=set)
    strangers: set[str] = field(default_factory=set)
    worked: bool = False
    incompat_volatile: str = ""
    composefs_blob: Member | None = None

    @property
    def small_files(self) -> tuple[SmallFile, ...]:
        """Return the small files that are in the listing."""
        return tuple(filter(None, (getattr(self, attribute) for attribute in SMALL_FILES.values())))

    @property
    def link_id(self) -> str:
        """Return the text of `link` when it is exactly a link id, else `""`."""
        text = text_of(self.link)
        return text if text is not None and LINK_ID.fullmatch(text) else ""

    @property
    def has_diff(self) -> bool:
        """Tell whether `diff` is there, as an entry or through things below it."""
        return "diff" in self.entries or "diff" in self.tables

    @property
    def has_files_elsewhere(self) -> bool:
        """Tell whether the files lie outside the driver home: in an additional layer store, or behind a symlink."""
        entry = self.entries.get("diff")
        return bool(self.additional) or (entry is not None and entry.kind == SYMLINK)

    @property
    def bytes(self) -> int:
        """Return the bytes of the files that the bundle has of the layer; they are counted at any depth."""
        return sum(table.bytes for table in self.tables.values())

    def diff_is_directory(self) -> bool:
        """Tell whether `diff` is a directory."""
        entry = self.entries.get("diff")
        return entry.kind == DIRECTORY if entry else "diff" in self.tables


class DriverHome(Struct):
    """`<graph root>/overlay` (or `vfs`, `btrfs`, `zfs`) as listed.

    Attributes:
        path: member path of the home.
        member: facts of the home directory, None when it was not a member itself.
        layers: layer directories by name.
        links: symlinks of `overlay/l` by name.
        link_dir: facts of `overlay/l`, None when it was not a member itself.
        others: direct children that are no layer directories (`.has-mount-program`, `backingFsBlockDev`, …).
        mount_program: content of `.has-mount-program`, None when absent.
        staging, tempdirs: names left below these directories.
    """

    path: str
    member: Member | None = None
    layers: dict[str, LayerDirectory] = field(default_factory=dict)
    links: dict[str, Member] = field(default_factory=dict)
    link_dir: Member | None = None
    others: dict[str, Member] = field(default_factory=dict)
    mount_program: SmallFile | None = None
    staging: dict[str, Member] = field(default_factory=dict)
    tempdirs: dict[str, Member] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, Member]:
        """Return the files that stand where a directory of a layer may be expected, by name."""
        return {name: member for name, member in self.others.items() if member.kind == FILE}

    @property
    def holder(self) -> Member | None:
        """Return what holds the layer directories: the home, in vfs and btrfs a directory in it; None for not seen."""
        below = self.others.get("dir") or self.others.get("subvolumes")
        return below if below is not None and below.kind == DIRECTORY else self.member

    def layer(self, name: str) -> LayerDirectory:
        """Return the directory of that name, made on first sight."""
        found = self.layers.get(name)
        if found is None:
            found = self.layers[name] = LayerDirectory(name, f"{self.path}/{name}" if self.path else name)
        return found


def text_of(file: SmallFile | None) -> str | None:
    """Return the content as text, None when there is no file or its content was not kept."""
    if file is None or file.data is None:
        return None
    return file.data.decode("utf-8", "surrogateescape")


def link_target(member: Member) -> str:
    """Return the layer directory name an entry of `overlay/l` points to, `""` for no symlink or another form."""
    match = TARGET.fullmatch(member.link) if member.kind == SYMLINK else None
    return match.group(1) if match else ""


def led_to(home: DriverHome, member: Member) -> str:
    """Return where a symlink in a driver's home leads, below the home; `""` for out of it, and for what is no symlink.

    An absolute target is that of a bundle which begins at the root of the node.
    """
    if member.kind != SYMLINK or not member.link:
        return ""
    place = posixpath.normpath(posixpath.join(f"/{posixpath.dirname(member.path)}", member.link)).lstrip("/")
    return place[len(home.path) + 1 :] if place.startswith(f"{home.path}/") else ""


def other_layer(home: DriverHome, name: str) -> str:
    """Return the name that a symlink in the place of a layer's directory leads to in the driver's home.

    `""` where there is none, and where it leads to what has no layer's name, or the layer's own.
    """
    member = home.others.get(name)
    other = LAYER_PLACE.fullmatch(led_to(home, member)) if member is not None else None
    return other.group(1) if other is not None and other.group(1) != name else ""


def no_text(home: DriverHome, member: Member) -> str:
    """Return in words what a symlink in the place of a `link` leads to, `""` where the bundle shows nothing of it."""
    layer, _, below = led_to(home, member).partition("/")
    if layer == "l" and below in home.links:
        return "a directory of files"
    if layer not in home.layers or home.layers[layer].path == posixpath.dirname(member.path):
        return ""
    return {"": "a directory", "diff": "a directory of files", "link": f"the link of layer {layer}"}.get(below, "")


def lower_ids(text: str) -> list[str] | None:
    """Return the link ids of a `lower` file, nearest parent first; None when any part is malformed."""
    return text.replace("l/", "").split(":") if LOWER.fullmatch(text) else None
