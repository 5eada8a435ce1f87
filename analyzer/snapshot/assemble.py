"""Decide which collected trees are stores, read their records, and tell their roles."""

from __future__ import annotations

import re

from analyzer.limits import Limits
from analyzer.snapshot import store as roles
from analyzer.snapshot.collect import RENAMED_SPLIT, TAR_SPLIT
from analyzer.snapshot.collected import Collected, RawStore
from analyzer.snapshot.containers import parse_container
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.documents import read_document
from analyzer.snapshot.grouping import HOME, lies_at
from analyzer.snapshot.images import parse_image
from analyzer.snapshot.layers import parse_layer
from analyzer.snapshot.libpod.find import SETTINGS, find_states, states_of
from analyzer.snapshot.locks import read_lock
from analyzer.snapshot.node.engine_output import has_listings
from analyzer.snapshot.node.placement import SYSTEM
from analyzer.snapshot.node.storage_conf import conf_system, storage_confs
from analyzer.snapshot.overlay import LINK_ID, SMALL_FILES, DriverHome
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.store import Store
from analyzer.source.member import DIRECTORY, HARDLINK

INDEXES = {
    "layers": ("layers.json", "volatile-layers.json"),
    "images": ("images.json",),
    "containers": ("containers.json", "volatile-containers.json"),
}
VOLUME = re.compile(r"(?:^|/)volumes/[^/]+/_data(?:/|$)")
RUN = re.compile(r"(?:^|/)run/(?:user/\d+/)?containers(?:/storage)?$")


def assemble(collected: Collected, limits: Limits) -> list[Store]:
    """Return the stores of a bundle in path order, each with its records and role."""
    files = _kept_files(collected)
    raw = [tree for _, tree in sorted(collected.stores.items()) if _is_store(tree)]
    raw = raw or _records_alone(collected)
    outer = [tree for tree in raw if not VOLUME.search(tree.root)]
    stores = [_read(tree, collected, files, limits) for tree in outer or raw]
    databases = find_states(collected.loose)
    for store in stores:
        store.libpod = states_of(store.root, databases)
        paths = {name: store.path(name) for name in SETTINGS}
        store.settings = {name: collected.loose[path] for name, path in paths.items() if path in collected.loose}
        store.volumes = collected.volumes.get(store.root)
    named = [conf.run_root for conf in storage_confs(collected.host)]
    return _merge_run_roots(stores, [path for path in named if path])


def _records_alone(collected: Collected) -> list[RawStore]:
    """Return a store for index files that somebody copied out of theirs: records, and nothing of what they describe."""
    found = []
    for root, files in sorted(collected.records.items()):
        kept = {name: file for name, file in files.items() if _is_index(file)}
        if not kept:
            continue
        raw = RawStore(root, "overlay", DriverHome(f"{root}/overlay" if root else "overlay"))
        for name, file in kept.items():
            part = name.removeprefix("volatile-").removesuffix(".json")
            tree: dict[str, SmallFile] = getattr(raw, part)
            tree[name] = file
            raw.seen.add(part)
        found.append(raw)
    return found


def told_alone(collected: Collected) -> list[Store]:
    """Return the store of a bundle that holds nothing of one but what engines printed about it: a sosreport, say."""
    if not has_listings(collected.host):
        return []
    conf = conf_system(storage_confs(collected.host))
    path = conf.path if conf is not None else ""
    top = path.removesuffix("etc/containers/storage.conf") if path.endswith("etc/containers/storage.conf") else ""
    root = top + ((conf.graph_root if conf is not None else "") or SYSTEM).strip("/")
    driver = (conf.driver if conf is not None else "") or "overlay"
    return [Store(root, driver, DriverHome(f"{root}/{driver}"))]


def _is_index(file: SmallFile) -> bool:
    """Tell whether a file begins as an index does: an array of records with ids."""
    start = (file.data or b"")[:4096].lstrip()
    return start.startswith(b"[") and (b'"id"' in start or start[1:].lstrip().startswith(b"]"))


def _is_store(raw: RawStore) -> bool:
    for part, names in INDEXES.items():
        tree: dict[str, SmallFile] = getattr(raw, part)
        if any(name in tree for name in (*names, f"{part}.lock")):
            return True
        if any(HEX_ID.match(path) for path in tree):
            return True
    if any(LINK_ID.fullmatch(name) for name in raw.home.links):
        return True
    return any(HEX_ID.fullmatch(name) and layer.link for name, layer in raw.home.layers.items())


def _kept_files(collected: Collected) -> dict[str, SmallFile]:
    """Return every kept file by member path, for hard links between them."""
    files: dict[str, SmallFile] = {}
    for raw in collected.stores.values():
        for tree in (raw.layers, raw.images, raw.containers):
            files.update((file.path, file) for file in tree.values() if file.data is not None)
        for layer in raw.home.layers.values():
            files.update((file.path, file) for file in layer.small_files if file.data is not None)
    return files


def _resolved(file: SmallFile, files: dict[str, SmallFile]) -> SmallFile:
    """Follow a hard link to the content kept under another name."""
    hops = 0
    target: SmallFile | None = file
    while target is not None and target.member.kind == HARDLINK and hops < 8:
        target, hops = files.get(target.member.link), hops + 1
    if target is None or target is file or target.data is None:
        return file
    member = file.member
    member.kind, member.size = target.member.kind, target.member.size
    return SmallFile(member, target.data, target.sha256, target.unread)


def _read(raw: RawStore, collected: Collected, files: dict[str, SmallFile], limits: Limits) -> Store:
    store = Store(raw.root, raw.driver, raw.home, seen=frozenset(raw.seen))
    for layer in raw.home.layers.values():
        for name in SMALL_FILES.values():
            if (file := getattr(layer, name)) is not None:
                setattr(layer, name, _resolved(file, files))
    for part, names in INDEXES.items():
        tree = {path: _resolved(file, files) for path, file in getattr(raw, part).items()}
        _file_part(store, part, tree)
        for name in names:
            if name in tree:
                store.documents[f"{part}/{name}"] = read_document(name, tree[name], limits)
    store.root_member = collected.directories.get(store.root)
    for path, file in collected.loose.items():
        head, _, name = path.rpartition("/")
        if head == store.root and name in ("storage.lock", "userns.lock"):
            store.locks[name] = read_lock(file)
    read_records(store)
    return store


def _file_part(store: Store, part: str, tree: dict[str, SmallFile]) -> None:
    by_directory = {
        "layers": store.layer_files,
        "images": store.image_files,
        "containers": store.container_files,
    }[part]
    for path, file in tree.items():
        directory, slash, name = path.partition("/")
        if not path:
            store.part_dirs[part] = file
        elif slash:
            by_directory.setdefault(directory, {})[name] = file
            if part == "layers" and (moved := TAR_SPLIT.fullmatch(name.rpartition("/")[2])):
                store.renamed_splits[moved.group(1)] = file
        elif name_match := TAR_SPLIT.fullmatch(path):
            store.tar_splits[name_match.group(1)] = file
        elif name_match := RENAMED_SPLIT.fullmatch(path):
            store.renamed_splits[name_match.group(1)] = file
        elif file.member.kind == DIRECTORY:
            by_directory.setdefault(directory, {})
            store.data_dirs.setdefault(part, {})[directory] = file.member
        elif HEX_ID.fullmatch(path):
            store.no_directories.append(file)
        elif path.startswith(".tmp-"):
            store.temporaries.append(file)
        elif path.startswith((f"{part}.json", f"volatile-{part}.json")):
            if path not in INDEXES[part]:
                store.set_aside.setdefault(path.partition(".json")[0] + ".json", file)
        elif path.endswith(".lock"):
            store.locks[path] = read_lock(file)


def read_records(store: Store) -> None:
    """Read the records of a store from its index files, in their order."""
    for key, document in store.documents.items():
        part, _, name = key.partition("/")
        volatile = name.startswith("volatile-")
        for row in document.salvaged.rows:
            if part == "layers":
                store.layers.append(parse_layer(row, document.path, volatile=volatile))
            elif part == "images":
                store.images.append(parse_image(row, document.path))
            else:
                store.containers.append(parse_container(row, document.path, volatile=volatile))


def _merge_run_roots(stores: list[Store], named: list[str]) -> list[Store]:
    """Give a transient store's records, which lie in the run root, to the graph root they describe.

    Args:
        stores: of the bundle.
        named: run roots that captured files of configuration name.
    """
    runs = [s for s in stores if _is_run_root(s, named)]
    roots = [s for s in stores if s not in runs]
    if not roots:
        return stores
    for run in runs:
        owner = max(roots, key=lambda root: _belongs(run, root))
        run.role = roles.RUN_ROOT
        for key, document in run.documents.items():
            owner.documents.setdefault(key, document)
        owner.layers.extend(run.layers)
        owner.containers.extend(run.containers)
        owner.seen |= run.seen - {"home"}
    return roots


def _belongs(run: Store, root: Store) -> tuple[bool, bool, bool]:
    """Return how well a run root fits a graph root: by driver, by what its records name, by whose it is."""
    wanted = {layer.parent for layer in run.layers} | {container.image for container in run.containers}
    known = {layer.id for layer in root.layers} | {image.id for image in root.images}
    rootless = "/user/" in f"/{run.root}"
    return root.driver == run.driver, bool(wanted & known), bool(HOME.search(root.root)) == rootless


def _is_run_root(store: Store, named: list[str]) -> bool:
    if store.images or "images" in store.seen:
        return False
    return bool(RUN.search(store.root)) or any(lies_at(path, store.root) for path in named)
