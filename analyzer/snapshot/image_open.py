"""Open an image the way an engine does: manifest, instance, layers, config, and the error of the first step that fails.

Mirrors containers/image storage/storage_src.go, storage/storage_image.go, internal/image/*.go, and containers/storage
store.go (ImageBigData looks through every image store that has the record, whatever `big-data-names` says).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.chain_errors import LOOP
from analyzer.snapshot.configs import ImageConfig, read_config
from analyzer.snapshot.digests import digest_error
from analyzer.snapshot.gojson import decode, kind_of, members, mismatch
from analyzer.snapshot.instances import choose_instance, none_found
from analyzer.snapshot.manifests import DOCKER_CONFIG, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, Manifest, read_manifest
from analyzer.source.member import FILE, HARDLINK, SYMLINK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.snapshot.chain_errors import ChainErrors
    from analyzer.snapshot.images import ImageRecord
    from analyzer.snapshot.manifests import PlatformSpec
    from analyzer.snapshot.provenance import SmallFile
    from analyzer.snapshot.store import Store

MANIFEST = "manifest"
INSTANCE = "manifest-"
UNSEEN = "the bundle does not hold its content"


METADATA_TYPE = "storage.storageImageMetadata", "storage.storageImageSource"
AMBIGUOUS_TYPE = f"supposedly {OCI_MANIFEST}", f"supposedly {OCI_INDEX}"
"""What the newest version says, and what an older one does (`MessageFormat`)."""


class MessageFormat(Struct, frozen=True):
    """How an engine's version words its errors; the defaults are those of CRI-O 1.37.

    Attributes:
        quoted: architecture and OS in quotes (containers/image 5.31.0).
        fetching: names the step that fetches an instance (containers/image 5.22.0).
        advice: tells to consider removing the image (containers/storage 1.38.1).
        artifacts: refuses configs that are no image configs (containers/image 5.22.0).
        prefer_zstd: takes the zstd entry of two (containers/image 5.25.0).
        metadata: names the type of an image's metadata as it is since containers/image 5.30.0.
        typed: names an artifact by its own type, and a Docker config apart (containers/image 5.29.0).
        checked: refuses an entry of a list whose digest is none (containers/image 5.31.0).
        own_type: calls an ambiguous OCI manifest a manifest, not an index (containers/image 5.33.0).
        validated: says of any blob what it said of a config with another digest (5.39.3-dev, Podman 6.0).
    """

    quoted: bool = True
    fetching: bool = True
    advice: bool = True
    artifacts: bool = True
    prefer_zstd: bool = True
    metadata: bool = True
    typed: bool = True
    checked: bool = True
    own_type: bool = True
    validated: bool = False

    def said(self, error: str) -> str:
        """Return an error of the newest version in the words of this one."""
        if not self.metadata:
            error = error.replace(*METADATA_TYPE)
        if not self.own_type and error.startswith("rejecting ambiguous manifest"):
            error = error.replace(*AMBIGUOUS_TYPE)
        return error


NEWEST = MessageFormat()


class OpenResult(Struct, frozen=True):
    """How far an image opens.

    Attributes:
        error: the engine's text, `""` when everything opened.
        step: `metadata`, `manifest`, `instance`, `layers`, `artifact` or `config`: the step that failed.
        key: big-data key the step was about.
        layer: layer id the step was about.
        unseen: why the answer is not known, `""` when it is.
        manifest: the manifest in use, after an instance was chosen.
        top: the manifest as found under `manifest`.
        config: the config, None when it was not reached.
        hangs: the engine never answers.
    """

    error: str = ""
    step: str = ""
    key: str = ""
    layer: str = ""
    unseen: str = ""
    manifest: Manifest | None = None
    top: Manifest | None = None
    config: ImageConfig | None = None
    hangs: bool = False

    @property
    def works(self) -> bool:
        """Tell whether the image is known to open."""
        return not self.error and not self.unseen


class ImageReader(Struct):
    """Reads images of stores that are used together; what was read and how far each image opens is kept.

    Attributes:
        stores: in the engine's lookup order.
        platform: the node's platform, None when unknown.
        wording: of the engine's version.
    """

    stores: list[Store]
    platform: PlatformSpec | None = None
    wording: MessageFormat = NEWEST
    _holders: dict[str, list[Store]] = field(default_factory=dict)
    _manifests: dict[str, Manifest] = field(default_factory=dict)
    _metadata: dict[str, str] = field(default_factory=dict)
    _starts: dict[tuple[str, PlatformSpec | None], tuple[Manifest, str, Manifest] | OpenResult] = field(
        default_factory=dict
    )
    _ends: dict[tuple[str, PlatformSpec | None], OpenResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note which stores have a record of which image."""
        for store in self.stores:
            for image in store.images:
                holders = self._holders.setdefault(image.id, [])
                if store not in holders[-1:]:
                    holders.append(store)

    def file(self, image_id: str, key: str) -> SmallFile | None:
        """Return the file an engine reads for a big-data key, None when no store has one it can read."""
        name = file_name(key)
        for store in self._holders.get(image_id, ()):
            found = store.image_blob(image_id, name)
            if found is not None and found.member.kind in (FILE, HARDLINK, SYMLINK):
                return found
        return None

    def manifest(self, image_id: str, key: str = MANIFEST) -> Manifest | None:
        """Return a parsed manifest item, None when it is absent or its content was not kept."""
        file = self.file(image_id, key)
        data = file.content if file is not None else None
        if file is None or data is None:
            return None
        found = self._manifests.get(file.path)
        if found is None:
            parsed = self.stores[0].parsed.manifests
            read = parsed.get(data)
            if read is None:
                read = parsed[data] = read_manifest(data, file.where)
            found = self._manifests[file.path] = read if read.where == file.where else replace(read, where=file.where)
        return found

    def config(self, image_id: str, manifest: Manifest | None) -> ImageConfig | None:
        """Return the config a manifest names, None when it is absent or its content was not kept."""
        if manifest is None or manifest.config is None:
            return None
        file = self.file(image_id, manifest.config.digest)
        data = file.content if file is not None else None
        if file is None or data is None:
            return None
        parsed = self.stores[0].parsed.configs
        found = parsed.get(file.path)
        if found is None:
            found = parsed[file.path] = read_config(data, file.where)
        return found

    def missing(self, image_id: str, key: str) -> str:
        """Return the error of a big-data item that no store can give."""
        advice = " (consider removing the image to resolve the issue)" if self.wording.advice else ""
        return f'locating item named "{key}" for image with ID "{image_id}"{advice}: file does not exist'

    def open(self, image: ImageRecord, layers: ChainErrors | None, platform: PlatformSpec | None = None) -> OpenResult:
        """Open an image by id.

        Args:
            image: its record.
            layers: what the layers that the engine knows say, None to leave them out of it.
            platform: the node's platform, instead of the reader's own.
        """
        error = self._metadata.get(image.metadata)
        if error is None:
            error = self._metadata[image.metadata] = metadata_error(image.metadata)
        if error:
            return OpenResult(f"decoding metadata for source image: {self.wording.said(error)}", "metadata")
        key = image.id, platform or self.platform
        start = self._starts.get(key)
        if start is None:
            start = self._starts[key] = self._start(*key)
        if isinstance(start, OpenResult):
            return start
        manifest, item, top = start
        if manifest.error:
            return OpenResult(self.wording.said(manifest.error), "manifest", item, top=top)
        if layers is not None and (broken := layers.below(image.layer)):
            return OpenResult(broken[0], "layers", layer=broken[1], manifest=manifest, top=top, hangs=broken[0] == LOOP)
        end = self._ends.get(key)
        if end is None:
            end = self._ends[key] = self._config(image.id, manifest, top)
        return end

    def _start(self, image_id: str, node: PlatformSpec | None) -> tuple[Manifest, str, Manifest] | OpenResult:
        """Return the manifest in use, its key and the one it was found through, or how that fails."""
        start = self._load(image_id, MANIFEST, "manifest")
        if isinstance(start, OpenResult):
            return start
        manifest, key, hops = start, MANIFEST, 0
        while manifest.is_list and not manifest.error:
            hops += 1
            step = self._instance(image_id, manifest, node) if hops < 8 else _nested(key)
            if isinstance(step, OpenResult):
                return _with_top(step, start)
            manifest, key = step, INSTANCE + step.digest
        return manifest, key, start

    def _load(self, image_id: str, key: str, step: str) -> Manifest | OpenResult:
        file = self.file(image_id, key)
        if file is None:
            return OpenResult(self.missing(image_id, key), step, key)
        found = self.manifest(image_id, key)
        return OpenResult(step=step, key=key, unseen=file.reason or UNSEEN) if found is None else found

    def _instance(self, image_id: str, manifest: Manifest, node: PlatformSpec | None) -> Manifest | OpenResult:
        if node is None:
            return OpenResult(step="instance", key=MANIFEST, unseen="the node's platform is not known")
        entry = choose_instance(manifest, node, prefer_zstd=self.wording.prefer_zstd)
        if entry is None:
            return OpenResult(none_found(manifest, node, quoted=self.wording.quoted), "instance", MANIFEST)
        key = INSTANCE + entry.digest
        if self.wording.fetching:
            prefix = f"fetching target platform image selected from {manifest.kind}: "
        else:
            prefix = "loading manifest for target platform: "
        if self.wording.checked and (error := digest_error(entry.digest)):
            return OpenResult(prefix + error, "instance", key)
        loaded = self._load(image_id, key, "instance")
        if isinstance(loaded, OpenResult):
            if loaded.unseen:
                return loaded
            return OpenResult(
                f'{prefix}reading manifest for image instance "{entry.digest}": {loaded.error}', "instance", key
            )
        if loaded.digest != entry.digest:
            error = f"Image manifest does not match selected manifest digest {entry.digest}"
            return OpenResult(error, "instance", key)
        return loaded

    def _config(self, image_id: str, manifest: Manifest, top: Manifest) -> OpenResult:
        config = manifest.config
        if config is None:
            return OpenResult(manifest=manifest, top=top)
        if self.wording.artifacts and (error := artifact_error(manifest, typed=self.wording.typed)):
            return OpenResult(error, "artifact", manifest=manifest, top=top)
        key = config.digest
        if error := digest_error(key):
            return OpenResult(error, "config", key, manifest=manifest, top=top)
        file = self.file(image_id, key)
        if file is None:
            return OpenResult(self.missing(image_id, key), "config", key, manifest=manifest, top=top)
        seen = file.digest() if file.content is not None or file.sha256 else ""
        if seen and key.startswith("sha256:") and seen != key:
            what = "config validation failed: blob" if self.wording.validated else "Download config.json"
            error = f"{what} digest {seen} does not match expected {key}"
            return OpenResult(error, "config", key, manifest=manifest, top=top)
        parsed = self.config(image_id, manifest)
        if parsed is None:
            return OpenResult(step="config", key=key, unseen=file.reason or UNSEEN, manifest=manifest, top=top)
        return OpenResult(
            parsed.error, "config" if parsed.error else "", key, manifest=manifest, top=top, config=parsed
        )


def artifact_error(manifest: Manifest, *, typed: bool = True) -> str:
    """Return the refusal of an OCI manifest whose config is no image config, else `""`.

    Args:
        manifest: a single one.
        typed: whether the version knows artifact types.
    """
    config = manifest.config
    if manifest.media_type != OCI_MANIFEST or config is None or config.media_type == OCI_CONFIG:
        return ""
    kind = (manifest.artifact_type if typed else "") or config.media_type
    if typed and kind == DOCKER_CONFIG:
        return f'invalid mixed OCI image with Docker v2s2 config ("{kind}")'
    return f'unsupported image-specific operation on artifact with type "{kind}"'


def metadata_error(metadata: str) -> str:
    """Return what the decoder says of an image record's `metadata`, `""` when it reads."""
    if not metadata:
        return ""
    value, error = decode(metadata.encode("utf-8", "surrogateescape"))
    if error or value is None:
        return error
    if not isinstance(value, dict):
        return f"json: cannot unmarshal {kind_of(value)} into Go value of type storage.storageImageMetadata"
    top = dict(members(value))
    one, many = top.get("signature-sizes", []), top.get("signatures-sizes", {})
    if not isinstance(many, dict):
        return mismatch(many, "storageImageMetadata.signatures-sizes", "map[digest.Digest][]int")
    return _sizes_error([one], "signature-sizes") or _sizes_error(many.values(), "signatures-sizes")


def _sizes_error(lists: Iterable[object], name: str) -> str:
    for sizes in lists:
        if sizes is None:
            continue
        if not isinstance(sizes, list):
            return mismatch(sizes, f"storageImageMetadata.{name}", "[]int")
        wrong = next((size for size in sizes if size is not None and type(size) is not int), None)
        if wrong is not None:
            return mismatch(wrong, f"storageImageMetadata.{name}", "int")
    return ""


def _nested(key: str) -> OpenResult:
    return OpenResult("lists that name lists without end", "instance", key)


def _with_top(step: OpenResult, top: Manifest) -> OpenResult:
    return OpenResult(step.error, step.step, step.key, unseen=step.unseen, top=top)
