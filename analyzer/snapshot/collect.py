"""One pass over the member stream: route every entry to the store tree it belongs to.

Entries are kept as raw trees per candidate graph root; which candidates are stores is decided afterwards
(`analyzer.snapshot.assemble`), since an archive may name anything in any order.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from analyzer.snapshot import host
from analyzer.snapshot.collected import Collected, RawStore
from analyzer.snapshot.content import FILE_CODE, DiffTable
from analyzer.snapshot.copied_in import copied_in
from analyzer.snapshot.keep import Keeper
from analyzer.snapshot.libpod.find import DATABASE, SETTINGS
from analyzer.snapshot.overlay import NOT_LAYERS, SMALL_FILES, DriverHome, LayerDirectory
from analyzer.snapshot.toc import TOC_FILE
from analyzer.snapshot.volumes import Volumes
from analyzer.source.member import DIRECTORY, FILE, SYMLINK, Loss
from analyzer.source.stream.as_tar import ARCHIVE

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.limits import Limits
    from analyzer.source.member import Body, Member
    from analyzer.source.member_source import MemberSource
    from analyzer.source.tar.batch import MemberBatch

ROUTE = re.compile(r"(?:(.*?)/)?(overlay|vfs|btrfs|zfs)(-layers|-images|-containers)?(?:/(.*))?", re.DOTALL)
OWN = re.compile(r"(?:[0-9a-f]{64}|l|dir|subvolumes|staging|tempdirs|tmp)(?:/|$)")
OF_OVERLAYFS = ("work", "index")
"""What the kernel makes in `work` (fs/overlayfs/super.c); fuse-overlayfs makes `work` alone."""
LAYER_CONTENT = re.compile(r"(diff\d*|merged(?:\.\d+)?|work|mapped|empty|composefs-layers)(?:/|$)")
LOCKS = re.compile(r"(?:.*/)?(?:storage|userns)\.lock")
STATE = re.compile(r"(?:.*/)?(?:libpod/[^/]+|db\.sql(?:-wal|-shm)?|defaultNetworkBackend|secrets/secrets\.json)")
VOLUMES = re.compile(r"(?:(.*?)/)?volumes(?:/([^/]*)(?:/(.*))?)?", re.DOTALL)
RECORDS = re.compile(r"(?:(.*)/)?((?:volatile-)?(?:layers|images|containers)\.json)", re.DOTALL)
"""Index files on their own, outside the directory of a driver."""
FOREIGN = re.compile(
    r"(?P<docker>(?:^|/)(?:docker/overlay2|image/overlay2|docker/containers)/)"
    r"|(?P<containerd>(?:^|/)io\.containerd\.[a-z.0-9]+/)"
    r"|(?P<must_gather>(?:^|/)(?:must-gather[^/]*|cluster-scoped-resources|host_service_logs|inspect\.local[^/]*)/)"
)
MOST_FOREIGN = 3
MOST_MOUNTED = 256
TAR_SPLIT = re.compile(r"([^/]+)\.tar-split\.gz")
RENAMED_SPLIT = re.compile(r"([0-9a-f]{64})\.tar-split(?:\.[^/]*)?")
"""A tar-split that no engine finds: unpacked, packed otherwise, or set aside."""
NOTED = 100
LOST_AND_FOUND = "lost+found"
"""Where a check of the file system puts what lost its name."""
DIRECTORIES = 10_000
"""Most directories outside of stores that are kept: a graph root is one of them."""
PROGRESS_EVERY = 512
BUILD_STATE = "buildah.json"
"""What Buildah knows of a container that it builds in, in the container's `userdata`."""
BULK_DRIVERS = {"vfs": "dir/", "btrfs": "subvolumes/"}


def _route(match: re.Match[str]) -> tuple[str, str, str | None, str | None]:
    """Return (graph root, driver, part, rest) of a path.

    A component that only happens to be called like a driver belongs to the graph root's own path, when what follows it
    is nothing a driver keeps and names a driver itself (`mnt/overlay/storage/overlay/…`).
    """
    root, driver, part, rest = match.group(1) or "", match.group(2), match.group(3), match.group(4)
    while rest and not OWN.match(rest) and (inner := ROUTE.fullmatch(rest)) is not None:
        above = f"{root}/{driver}{part or ''}" if root else f"{driver}{part or ''}"
        root = f"{above}/{inner.group(1)}" if inner.group(1) else above
        driver, part, rest = inner.group(2), inner.group(3), inner.group(4)
    return root, driver, part, rest


class Collector:
    """Take members one by one; `result` holds what was kept.

    Args:
        limits: bounds on what is kept.
        read_content: whether to read the files of layers.
        once: the bundle cannot be read a second time.
    """

    def __init__(self, limits: Limits, *, read_content: bool, once: bool = False) -> None:
        self.result = Collected()
        self._once = once
        self._keeper = Keeper(limits, self.result.notes)
        self._read_content = read_content
        self._bulk_prefix = "\0"
        self._bulk: DiffTable | None = None
        self._bulk_layer: LayerDirectory | None = None
        self._bulk_raw = b"\0"
        self._tell: Callable[[], None] = _nothing

    def take(self, source: MemberSource, progress: Callable[[MemberSource], None] | None) -> None:
        """Route every entry of a source; call `progress` now and then."""
        feed, left = self.feed, PROGRESS_EVERY
        if progress is not None:
            self._tell = partial(progress, source)
        source.offer(self._take_batch, contents=self._read_content)
        for member, body in source:
            feed(member, body)
            left -= 1
            if not left:
                left = PROGRESS_EVERY
                self._tell()

    def feed(self, member: Member, body: Body) -> None:
        """Route one entry."""
        path = member.path
        if path.startswith(self._bulk_prefix) and (member.link or member.kind != SYMLINK):
            if member.xattrs:
                self.result.xattrs += 1
            self._content(path[len(self._bulk_prefix) :], member, body)
            return
        if kind := copied_in(member):
            self._pass_over(kind, member)
            return
        if member.xattrs:
            self.result.xattrs += 1
        match = ROUTE.fullmatch(path)
        if match is None:
            self._elsewhere(member, body)
            return
        root, driver, part, rest = _route(match)
        store = self.result.stores.get((root, driver))
        if store is None:
            home = f"{root}/{driver}" if root else driver
            store = self.result.stores[root, driver] = RawStore(root, driver, DriverHome(home))
        store.seen.add((part or "-home")[1:])
        self.result.newest_ns = max(self.result.newest_ns, member.mtime_ns)
        if part:
            tree = store.tree(part)
            name = rest or ""
            tree[name] = self._keeper.better(tree.get(name), self._keeper.keep(member, body, self._bound(part, name)))
        elif driver == "overlay":
            self._overlay(store.home, rest or "", member, body)
        else:
            self._full_tree(store, rest or "", member, body)

    def _pass_over(self, kind: str, member: Member) -> None:
        """Note the first entry of a kind that is not the store's."""
        if all(note.what != kind for note in self.result.notes):
            self.result.notes.append(Loss(kind, member.path, member.offset))

    def _bound(self, part: str, rest: str) -> str:
        """Return the limit for a file of the store's own directories, `""` for one whose content is of no use."""
        name = rest.rpartition("/")[2]
        if name.endswith(".json") and "/" not in rest:
            return "index_file"
        if name.endswith(".lock") and "/" not in rest:
            return "mark"
        if part == "-layers":
            return "tar_split"
        if part == "-containers" and "/userdata/" in rest and name not in ("config.json", "state.json", BUILD_STATE):
            return ""
        return "small_file"

    def _overlay(self, home: DriverHome, rest: str, member: Member, body: Body) -> None:
        if not rest:
            home.member = member
            return
        name, _, below = rest.partition("/")
        if name == "l":
            if not below:
                home.link_dir = member
            elif "/" not in below:
                home.links[below] = member
        elif name in ("staging", "tempdirs"):
            self._temporary(home, name, below, member)
        elif below or (member.kind == DIRECTORY and name not in NOT_LAYERS):
            self._layer_entry(home.layer(name), below, member, body)
        else:
            home.others[name] = member
            if name == ".has-mount-program":
                home.mount_program = self._keeper.keep(member, body, "mark")

    def _temporary(self, home: DriverHome, name: str, below: str, member: Member) -> None:
        tree = home.staging if name == "staging" else home.tempdirs
        if below and "/" not in below:
            tree[below] = member

    def _layer_entry(self, layer: LayerDirectory, below: str, member: Member, body: Body) -> None:
        if not below:
            layer.member = member
            return
        match = LAYER_CONTENT.match(below)
        if match is None:
            name, _, deeper = below.partition("/")
            if not deeper:
                layer.entries[name] = member
                if (attribute := SMALL_FILES.get(name)) is not None:
                    kept = self._keeper.keep(member, body, "small_file")
                    setattr(layer, attribute, self._keeper.better(getattr(layer, attribute), kept))
            elif below == "composefs-data/composefs.blob":
                layer.composefs_blob = member
            return
        name = match.group(1)
        if match.end() >= len(below):
            layer.entries[name] = member
            return
        self._enter(layer, name, below[match.end() :], member, body)

    def _enter(self, layer: LayerDirectory, name: str, rest: str, member: Member, body: Body) -> None:
        """Start a run of entries below one content directory, the usual order of an archive."""
        self._bulk_prefix = f"{layer.path}/{name}/"
        self._bulk_layer = layer
        self._bulk_raw = b"\0"
        if name.startswith("diff"):
            table = layer.tables.get(name)
            if table is None:
                table = layer.tables[name] = DiffTable(f"{layer.path}/{name}")
                if name == "diff" and self._wants_digests(layer):
                    table.begin_digests()
            self._bulk = table
        else:
            self._bulk = None
        self._begin(rest, member, body)

    def _begin(self, rest: str, member: Member, body: Body) -> None:
        """Take the first entry of many below one directory."""
        table = self._bulk
        wanted = table is not None and not table.hashed
        self._bulk_raw = self._bulk_prefix.encode("utf-8", "surrogateescape") if wanted else b"\0"
        self._content(rest, member, body)

    def _take_batch(self, batch: MemberBatch) -> int:
        """Take the first of many entries as far as they lie below the diff directory at hand; return how many."""
        self._tell()
        table, result = self._bulk, self.result
        count = batch.paths.below(self._bulk_raw)
        if table is None or not count:
            return 0
        result.content_files += int((batch.kinds[:count] == FILE_CODE).sum())
        result.xattrs += int((batch.marks[:count] > 0).sum())
        if self._read_content:
            table.extend(batch, count)
        else:
            table.counted += count
            table.bytes += int(batch.sizes[:count].sum())
        return count

    def _wants_digests(self, layer: LayerDirectory) -> bool:
        """Tell whether a layer's files need their SHA-256: it has a table of contents and no tar-split.

        Where neither was met so far, a bundle that can be read again is (`analyzer.snapshot.second_pass`).
        """
        split, toc = f"{layer.name}.tar-split.gz", f"{layer.name}/{TOC_FILE}"
        trees = [store.layers for store in self.result.stores.values()]
        if any(split in tree for tree in trees):
            return False
        return self._once or any(toc in tree for tree in trees)

    def _content(self, rest: str, member: Member, body: Body) -> None:
        table = self._bulk
        if table is not None:
            if member.kind == FILE:
                self.result.content_files += 1
            if self._read_content:
                table.add(rest, member, body)
            else:
                table.count(member)
            return
        layer = self._bulk_layer
        if layer is None:
            return
        name = self._bulk_prefix[len(layer.path) + 1 : -1]
        top = rest.partition("/")[0]
        if name == "empty" or (name == "work" and top not in OF_OVERLAYFS):
            if len(layer.strangers) < MOST_MOUNTED:
                layer.strangers.add(top)
        elif name == "work":
            layer.worked = True
            if rest == "work/incompat/volatile":
                layer.incompat_volatile = member.path
        elif name.startswith("merged"):
            layer.mounted += 1
            if len(layer.mounted_names) < MOST_MOUNTED:
                layer.mounted_names.add(top)

    def _full_tree(self, store: RawStore, rest: str, member: Member, body: Body) -> None:
        """File an entry of vfs or btrfs, where a layer's directory is a whole file tree."""
        home = store.home
        if not rest:
            home.member = member
            return
        prefix = BULK_DRIVERS.get(store.driver, "\0")
        if not rest.startswith(prefix):
            home.others[rest.partition("/")[0]] = member
            return
        name, _, below = rest[len(prefix) :].partition("/")
        if not name:
            home.others[prefix[:-1]] = member
            return
        if member.kind == SYMLINK and not below:
            home.others[name] = member
            return
        layer = home.layers.get(name)
        if layer is None:
            layer = home.layers[name] = LayerDirectory(name, f"{home.path}/{prefix}{name}")
        if not below:
            layer.member = member
            layer.entries["diff"] = member
            return
        self._bulk_prefix = f"{layer.path}/"
        self._bulk_layer = layer
        self._bulk = layer.tables.setdefault("diff", DiffTable(layer.path))
        self._begin(below, member, body)

    def _elsewhere(self, member: Member, body: Body) -> None:
        path = member.path
        if member.kind == DIRECTORY and len(self.result.directories) < DIRECTORIES:
            self.result.directories[path] = member
        place, _, _ = path.rpartition("/")
        if place.rpartition("/")[2] == LOST_AND_FOUND and (
            place in self.result.aside or len(self.result.aside) < NOTED
        ):
            self.result.aside[place] = min(path, self.result.aside.get(place, path))
        if path:
            top = path.partition("/")[0]
            if top in self.result.tops or len(self.result.tops) < 50:
                self.result.tops[top] = self.result.tops.get(top, 0) + 1
        if member.kind == FILE and ARCHIVE.search(path) and len(self.result.archives) < NOTED:
            self.result.archives.append(path)
        if member.kind == SYMLINK and len(self.result.links) < NOTED:
            self.result.links[path] = member.link
        if len(self.result.foreign) < MOST_FOREIGN and (foreign := FOREIGN.search(path)) is not None:
            self.result.foreign.setdefault(foreign.lastgroup or "", path)
        if (volume := VOLUMES.fullmatch(path)) is not None:
            self._volume(volume.group(1) or "", volume.group(2) or "", volume.group(3), member)
        elif host.WANTED.search(path):
            self.result.host.files[path] = self._keeper.keep(member, body, "small_file")
        elif host.LOGS.search(path):
            self.result.host.logs[path] = self._keeper.tail(member, body, self.result.host.logs.values())
        elif LOCKS.fullmatch(path) or STATE.fullmatch(path):
            self.result.loose[path] = self._keeper.keep(member, body, _limit_beside(path))
        elif (record := RECORDS.fullmatch(path)) is not None:
            self.result.records.setdefault(record.group(1) or "", {})[record.group(2)] = self._keeper.keep(
                member, body, "index_file"
            )

    def _volume(self, root: str, name: str, below: str | None, member: Member) -> None:
        """Note a directory of a volume; what lies in it is not looked at."""
        if root not in self.result.volumes and len(self.result.volumes) >= MOST_MOUNTED:
            return
        self.result.volumes.setdefault(root, Volumes()).note(name, below, member)


def _limit_beside(path: str) -> str:
    """Return the limit for a file beside the parts of a store, `""` for one whose content is of no use."""
    if DATABASE.fullmatch(path):
        return "libpod_database"
    if path.endswith(".lock"):
        return "mark"
    return next((limit for name, limit in SETTINGS.items() if path == name or path.endswith(f"/{name}")), "")


def _nothing() -> None:
    pass
