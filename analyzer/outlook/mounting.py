"""Whether the overlay driver can mount a layer, and what it says when it cannot.

Mirrors containers/storage drivers/overlay/overlay.go (get, create, getLower, getLowerDirs); run on podman 4.3.1 and
5.8.2. Where the driver finds a short link missing it makes all of them again first. In messages, `…` stands for the
path of the graph root, for ids that are new each time and for the list of directories that the kernel is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct, field

from analyzer.checks.store_view import StoreView
from analyzer.outlook.loaded import Loaded
from analyzer.outlook.relinking import ABSENT, HOME, Relinked, relink
from analyzer.snapshot.overlay import TARGET, LayerDirectory, link_target, other_layer, text_of
from analyzer.snapshot.store import Store
from analyzer.source.member import SYMLINK
from analyzer.words import plural

SHORT = "l/"
INVALID = "invalid argument"
NO_DIRECTORY = "not a directory"
BASES = {"vfs": "…/vfs/dir", "btrfs": "…/btrfs/subvolumes"}
"""Where other drivers keep layers; they tell where a layer is without looking."""


class OverlayBehaviour(NamedTuple):
    """What versions of containers/storage do differently; the defaults are the newest.

    Attributes:
        own_link: reads the layer's own `link` when it mounts it (up to 1.43).
        follows: reads the short links of the layers below (since 1.49).
        joined: prints several errors one below the other, without counting them (since 1.58).
        accesses: asks for access where it asked for attributes (since 1.54).
        reads_diff: needs the layer's own `diff` before it mounts; before that it makes it (since 1.56).
    """

    own_link: bool = False
    follows: bool = True
    joined: bool = True
    accesses: bool = True
    reads_diff: bool = True


NEWEST = OverlayBehaviour()


class Mounts(Struct, dict=True):
    """Answers for the layers of one driver home.

    Attributes:
        directories: layer directories by name, those of other stores after those of the graph root.
        own: names of the directories of the graph root.
        links: target text by short link of the graph root.
        foreign: layer names by short link of the other stores.
        parents: parent of every layer.
        native: whether the driver is overlay; others mount what has a directory.
        files: names of files where directories of layers should be.
        ways: of the engine's version.
        base: directory of the layers, as messages have it.
    """

    directories: dict[str, LayerDirectory]
    own: frozenset[str]
    links: dict[str, str]
    foreign: dict[str, str]
    parents: dict[str, str]
    native: bool
    files: frozenset[str] = frozenset()
    ways: OverlayBehaviour = NEWEST
    base: str = HOME
    _errors: dict[tuple[str, ...], str] = field(default_factory=dict)

    @classmethod
    def of(cls, state: Loaded, view: StoreView, ways: OverlayBehaviour = NEWEST) -> Mounts | None:
        """Return the answers for a view's stores, None when the bundle lists no layers or they are not foretold."""
        stores = view.rel.stores
        home = stores[0].home
        directories = {name: entry for name, entry in home.layers.items() if name in state.directories}
        if not view.snapshot.complete or not any(entry.has_diff for entry in home.layers.values()):
            return None
        own = frozenset(directories)
        foreign: dict[str, str] = {}
        for store in stores[1:]:
            for name, entry in store.home.layers.items():
                directories.setdefault(name, entry)
            for name, member in store.home.links.items():
                foreign.setdefault(name, link_target(member))
        parents = {layer_id: layer.parent for layer_id, layer in state.layers.items()}
        driver = stores[0].driver
        files = frozenset(home.files.keys() - directories.keys())
        odd = not files.isdisjoint(state.layers) or any(
            entry.has_diff and not entry.diff_is_directory() for entry in directories.values()
        )
        if odd and not ways.own_link:
            return None  # what newer versions say of a file in a directory's place was not seen
        if any(other_layer(home, name) for name in home.others):
            return None  # the files of another layer are mounted without any message
        links = _link_texts(stores[0])
        base = BASES.get(driver, HOME)
        return cls(directories, own, links, foreign, parents, driver == "overlay", files, ways, base)

    def works(self, layer_id: str) -> bool:
        """Tell whether a layer can be mounted and has its files."""
        directory = self.directories.get(layer_id)
        return directory is not None and directory.has_diff and not self.mount_error(layer_id)

    def lookup_error(self, layer_id: str) -> str:
        """Return what the driver says when it is asked where a layer's directories are, `""` when it tells.

        Only short links that are gone matter here: where they lead is not looked at.
        """
        directory = self.directories.get(layer_id)
        if directory is None:
            return self._absent(layer_id) if self.native else ""
        if not self.native or directory.lower is None or (text := text_of(directory.lower)) is None:
            return ""
        parts = text.split(":")
        if self._named.issuperset(parts) and self.directories.keys().isdisjoint(parts):
            return ""
        for part in parts:
            if not part:
                return f"readlink {HOME}: {INVALID}"
            if part in self.directories:
                return f"readlink {HOME}/{part}: {INVALID}"
            if part not in self._named:
                if error := self._relinking("recreating the missing symlinks"):
                    return error
                if part.removeprefix(SHORT) not in self._relinked.links:
                    return f"readlink {HOME}/{part}: {ABSENT}"
        return ""

    def mount_error(self, layer_id: str) -> str:
        """Return what the driver says when a layer is mounted, `""` when that works."""
        directory = self.directories.get(layer_id)
        if directory is None:
            return self._absent(layer_id)
        if not self.native or (directory.lower is not None and text_of(directory.lower) is None):
            return ""
        if self.ways.reads_diff and not directory.has_diff:
            return f"readlink {HOME}/{layer_id}/diff: {ABSENT}"
        if directory.has_diff and not directory.diff_is_directory():
            return f"mkdir {HOME}/{layer_id}/diff: {NO_DIRECTORY}"
        if self.ways.own_link and directory.link is None and (error := self._link_error(layer_id)):
            return error
        lowers = [part for part in (text_of(directory.lower) or "").split(":") if part]
        if not lowers:
            bottom = "empty" in directory.entries or not self.parents.get(layer_id)
            return "" if bottom else refused(layer_id)
        return self._stacking(lowers, layer_id)

    def create_error(self, layer_id: str) -> str:
        """Return what the driver says when a container is made on a layer, `""` when that works."""
        directory = self.directories.get(layer_id)
        if directory is None:
            return self._absent(layer_id) if self.native else f"Stat {self.base}/{layer_id}: {ABSENT}"
        if not directory.has_diff:
            return f"Stat {HOME}/{layer_id}/diff: {ABSENT}"
        return self._link_error(layer_id) if self.native and directory.link is None else ""

    def start_error(self, layer_id: str) -> str:
        """Return what the driver says when a container that was made on a layer is mounted, `""` when that works."""
        directory = self.directories.get(layer_id)
        if directory is None or not self.native:
            return ""
        link = text_of(directory.link) if directory.link is not None else self._relinked.names.get(layer_id, "")
        lower = text_of(directory.lower) if directory.lower is not None else ""
        if link is None or lower is None:
            return ""
        lowers = [SHORT + link if link else "l", *(part for part in lower.split(":") if part)]
        return self._stacking(lowers, "…")

    def work_error(self, layer_id: str) -> str:
        """Return what the kernel says to a mount of a container's layer without its `work`."""
        return refused(layer_id) if self.native else ""

    def _link_error(self, layer_id: str) -> str:
        """Return the error of a layer whose own `link` is gone."""
        if error := self._relinking("recreating the links"):
            return error
        return "" if layer_id in self._relinked.names else f"open {HOME}/{layer_id}/link: {ABSENT}"

    @cached_property
    def _named(self) -> frozenset[str]:
        """Return the parts of a `lower` for which there is a short link."""
        return frozenset(prefix + link for link in (*self.links, *self.foreign) for prefix in ("", SHORT))

    @cached_property
    def _sound(self) -> frozenset[str]:
        """Return the parts of a `lower` that lead to a directory with files."""
        links = [link for link in self.links if self._stacks(leads_to(self.links, link))]
        links += [link for link, layer_id in self.foreign.items() if self._stacks(layer_id)]
        return frozenset(prefix + link for link in links for prefix in ("", SHORT)) - {"l"}

    def _stacking(self, lowers: Sequence[str], layer_id: str) -> str:
        if self._sound.issuperset(lowers):
            return ""
        key = (layer_id, *lowers)
        found = self._errors.get(key)
        if found is None:
            found = self._errors[key] = self._stacking_error(lowers, layer_id)
        return found

    def _stacking_error(self, lowers: Sequence[str], layer_id: str) -> str:
        kernel = ""
        for part in lowers:
            if part == "l":
                if self.ways.follows:
                    return f"readlink {HOME}/l: {INVALID}"
                continue
            link = part.removeprefix(SHORT)
            target = leads_to(self.links, link)
            if target in self.files:
                return f'can\'t stat lower layer "{HOME}/{part}": stat {HOME}/{part}: {NO_DIRECTORY}'
            if self._there(target) or self._there(self.foreign.get(link, "")):
                kernel = kernel or ("" if self._sound.issuperset((part,)) else INVALID)
                continue
            if error := self._relinking("recreating the missing symlinks"):
                return error
            if self.ways.follows and link not in self._relinked.links:
                return f"readlink {HOME}/{part}: {ABSENT}"
            if not self._there(leads_to(self._relinked.links, link)):
                kernel = kernel or ABSENT
        return refused(layer_id, kernel) if kernel else ""

    @cached_property
    def _relinked(self) -> Relinked:
        texts = {}
        for name in self.own:
            link = self.directories[name].link
            texts[name] = (text_of(link) or "") if link is not None else None
        return relink(texts, self.links)

    def _relinking(self, doing: str) -> str:
        errors = self._relinked.errors
        if not errors:
            return ""
        if self.ways.joined:
            return f"{doing}: {' '.join(errors)}"
        count = plural(len(errors), "error")
        return f"{doing}: {count} occurred: {' '.join('* ' + error for error in errors)}"

    def _absent(self, layer_id: str) -> str:
        if layer_id in self.files and self.native:
            return f"open {HOME}/{layer_id}/lower: {NO_DIRECTORY}"
        asked = "faccessat" if self.ways.accesses and self.native else "stat"
        return f"{asked} {self.base}/{layer_id}: {ABSENT}"

    def _stacks(self, layer_id: str) -> bool:
        return self._there(layer_id) and self.directories[layer_id].diff_is_directory()

    def _there(self, layer_id: str) -> bool:
        directory = self.directories.get(layer_id)
        return directory is not None and directory.has_diff


def leads_to(links: Mapping[str, str], link: str) -> str:
    """Return the name of the directory that a short link leads to, `""` where it leads nowhere."""
    match = TARGET.fullmatch(links.get(link, ""))
    return match.group(1) if match else ""


def _link_texts(store: Store) -> dict[str, str]:
    return {name: member.link for name, member in store.home.links.items() if member.kind == SYMLINK}


def refused(layer_id: str, why: str = ABSENT) -> str:
    """Return what is said when the kernel refuses to mount a layer: a directory of the stack is gone, or is none."""
    return f'creating overlay mount to {HOME}/{layer_id}/merged, mount_data="…": {why}'
