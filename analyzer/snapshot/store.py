"""One graph root (and driver) with everything the bundle holds of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from analyzer.snapshot.parsed_items import ParsedItems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from analyzer.snapshot.containers import ContainerRecord
    from analyzer.snapshot.documents import Document
    from analyzer.snapshot.images import ImageRecord
    from analyzer.snapshot.layers import LayerRecord
    from analyzer.snapshot.libpod.state import LibpodState
    from analyzer.snapshot.locks import Lock
    from analyzer.snapshot.overlay import DriverHome
    from analyzer.snapshot.provenance import SmallFile
    from analyzer.snapshot.volumes import Volumes
    from analyzer.source.member import Member

GRAPH_ROOT, IMAGE_STORE, ADDITIONAL, RUN_ROOT = "graph-root", "image-store", "additional", "run-root"


class Store(Struct):
    """A store as read; records in file order, stable files before volatile ones.

    Attributes:
        root: member path of the graph root (`""` when the bundle starts inside it).
        role: `graph-root`, `image-store`, `additional` or `run-root`.
        driver: `overlay`, `vfs`, `btrfs` or `zfs`.
        home: the driver's directory as listed.
        documents: index files by `<part>/<name>`, e.g. `layers/layers.json`.
        image_files: files of `<driver>-images/<directory>/` by directory and file name.
        container_files: files of `<driver>-containers/<directory>/` by directory and path below it.
        layer_files: files of `<driver>-layers/<directory>/` by directory and file name.
        data_dirs: data directories below `<driver>-<part>` by part and name, as far as they were members themselves.
        part_dirs: `<driver>-<part>` itself by part, likewise.
        root_member: the graph root itself, None where it was no member.
        tar_splits: `<id>.tar-split.gz` by layer id.
        set_aside: files beside the index files that have their names with more at the end, by the index's name.
        renamed_splits: tar-splits under another ending or in a directory, which no engine finds, by layer id.
        temporaries: left-over `.tmp-*` files.
        locks: lock files by name.
        no_directories: entries with the id of a layer, image or container that are no directories.
        seen: which of `home`, `layers`, `images`, `containers` had any entry in the bundle.
        group: index of the stores that one engine uses together.
        parsed: manifests and configs of images, kept by who opens images.
        backing_fs: type of the file system the graph root lies on, `""` when the bundle does not tell.
        libpod: databases of podman in it, first the one that podman uses.
        settings: files that podman reads besides, by their path below the graph root.
        volumes: what the bundle holds of `volumes`, None where the bundle has no such directory.
    """

    root: str
    driver: str
    home: DriverHome
    role: str = GRAPH_ROOT
    documents: dict[str, Document] = field(default_factory=dict)
    layers: list[LayerRecord] = field(default_factory=list)
    images: list[ImageRecord] = field(default_factory=list)
    containers: list[ContainerRecord] = field(default_factory=list)
    image_files: dict[str, dict[str, SmallFile]] = field(default_factory=dict)
    container_files: dict[str, dict[str, SmallFile]] = field(default_factory=dict)
    layer_files: dict[str, dict[str, SmallFile]] = field(default_factory=dict)
    tar_splits: dict[str, SmallFile] = field(default_factory=dict)
    renamed_splits: dict[str, SmallFile] = field(default_factory=dict)
    set_aside: dict[str, SmallFile] = field(default_factory=dict)
    temporaries: list[SmallFile] = field(default_factory=list)
    locks: dict[str, Lock] = field(default_factory=dict)
    part_dirs: dict[str, SmallFile] = field(default_factory=dict)
    no_directories: list[SmallFile] = field(default_factory=list)
    data_dirs: dict[str, dict[str, Member]] = field(default_factory=dict)
    root_member: Member | None = None
    seen: frozenset[str] = frozenset()
    group: int = 0
    backing_fs: str = ""
    libpod: list[LibpodState] = field(default_factory=list)
    settings: dict[str, SmallFile] = field(default_factory=dict)
    volumes: Volumes | None = None
    parsed: ParsedItems = field(default_factory=ParsedItems)

    def path(self, *parts: str) -> str:
        """Return the member path of something below the graph root."""
        return "/".join((*([self.root] if self.root else []), *parts))

    def part_path(self, part: str, *parts: str) -> str:
        """Return a path below `<driver>-<part>`."""
        return self.path(f"{self.driver}-{part}", *parts)

    def document(self, part: str, name: str) -> Document | None:
        """Return an index file, None when it was not in the bundle."""
        return self.documents.get(f"{part}/{name}")

    def documents_of(self, part: str) -> list[Document]:
        """Return the index files of a part that are in the bundle, volatile ones included."""
        return [document for key, document in self.documents.items() if key.startswith(f"{part}/")]

    def part_listed(self, part: str) -> bool:
        """Tell whether the bundle lists `<driver>-<part>`: something in it beyond its index files."""
        if part in self.part_dirs or self.part_has_data(part):
            return True
        return any(name == f"{part}.lock" for name in self.locks)

    def has_userdata(self, container: str) -> bool:
        """Tell whether the bundle has `userdata` of a container, in which its engine starts it."""
        return any(path.partition("/")[0] == "userdata" for path in self.container_files.get(container, ()))

    def part_has_data(self, part: str) -> bool:
        """Tell whether a part has what its index should name: data directories, tar-splits or layer directories."""
        if part == "layers":
            return bool(self.tar_splits or self.layer_files or self.home.layers)
        return bool(self.image_files if part == "images" else self.container_files)

    def image_blob(self, image_id: str, file_name: str) -> SmallFile | None:
        """Return a big-data file of an image."""
        return self.image_files.get(image_id, NO_FILES).get(file_name)


NO_FILES: Mapping[str, SmallFile] = {}
