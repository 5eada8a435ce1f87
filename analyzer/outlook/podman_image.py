"""What Podman answers about one image: `podman image inspect`, `image mount`, `create`, `run`, `pull`, `rmi -f`.

Mirrors libimage (LookupImage, Inspect, Mount) and libpod's making of a container; run on podman 4.3.1 and 5.8.2. A
container that was made starts: what its program finds in damaged files is another matter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from analyzer.outlook.crio_images import data_known, in_order
from analyzer.outlook.loaded import LATE
from analyzer.outlook.mounting import Mounts, OverlayBehaviour
from analyzer.outlook.mounting_by_id import MountsById
from analyzer.outlook.podman import NOT_KNOWN, Podman
from analyzer.snapshot.chain_errors import LOOP
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.engines import Version
from analyzer.snapshot.image_open import INSTANCE
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.instances import choose_instance, none_found
from analyzer.snapshot.manifests import Manifest
from analyzer.snapshot.references import reference_error

STILL = "exit 0, and mounting the image still fails: "
NO_DIGEST = "panic: no ':' separator in digest \"\""
OTHER_LAYERS = (
    'committing the finished image: image with ID "{}" already exists, but uses a different top layer: '
    "that ID is already in use"
)
RENAMED = "exit 0, and mounting the image fails from then on: a layer below gets a new short name"
CHOOSING = "choosing image instance: "
LOWERCASE = "repository name must be lowercase"
LOOKS_AT_LAYERS_SINCE = (4, 6)
BY_ID_SINCE = (6, 0)


def podman_ways(version: Version) -> OverlayBehaviour:
    """Return how the containers/storage of a Podman mounts."""
    minor = version.minor
    return OverlayBehaviour(
        own_link=minor <= (4, 3),
        follows=minor >= (4, 7),
        joined=minor >= (5, 5),
        accesses=minor >= (5, 1),
        reads_diff=minor >= (5, 3),
    )


def podman_asks_parent(version: Version) -> bool:
    """Tell whether mounting an image looks up the layer below its top one (containers/storage 1.58)."""
    return version.minor >= (5, 5)


class Images:
    """Answers about single images; each is None where it cannot be foretold, `""` where the command works."""

    def __init__(self, podman: Podman) -> None:
        self.podman = podman
        self._found_before: dict[int, str | None] = {}
        driver = MountsById if podman.version.minor >= BY_ID_SINCE else Mounts
        self.mounts = driver.of(podman.state, podman.view, podman_ways(podman.version))

    @property
    def commands(self) -> dict[str, Callable[[ImageRecord], str | None]]:
        """Return the commands by what follows `podman`."""
        return {
            "image inspect": self.inspect,
            "image mount": self.mount,
            "create": self.create,
            "run": self.run,
            "pull": self.pull,
            "rmi": self.remove,
        }

    @property
    def known(self) -> bool:
        """Tell whether anything can be said."""
        podman = self.podman
        return bool(self.unrecorded) or (
            not podman.refused and "images" not in podman.state.unread and data_known(podman.view)
        )

    @cached_property
    def every(self) -> tuple[ImageRecord, ...]:
        """Return the images in the order of a listing."""
        return tuple(in_order(self.podman.view, self.podman.state))

    @cached_property
    def _by_manifest(self) -> dict[str, ImageRecord]:
        """Return the first image of the listing that has a manifest of a digest, by the digest."""
        found: dict[str, ImageRecord] = {}
        for image in self.every:
            named = (name.removeprefix(INSTANCE) for name in image.big_data_names if name.startswith(INSTANCE))
            for digest in (image.digest, *named):
                found.setdefault(digest, image)
        return found

    @property
    def unrecorded(self) -> tuple[str, ...]:
        """Return ids of images whose data lie in a store of which no image record is read: no command knows them."""
        podman = self.podman
        stores = podman.view.rel.stores
        unread = "images" in podman.state.unread
        if podman.refused or (podman.state.images and not unread) or podman.state.foreign_images:
            return ()
        return tuple(sorted({name for store in stores for name in store.image_files if HEX_ID.fullmatch(name)}))

    def pull(self, image: ImageRecord) -> str | None:
        """Return what `podman pull NAME` of an image that is there leaves broken, `""` where the image works then.

        Podman pulls no layer of which there is a record: it says that it pulled, and damage in the layer stays. A layer
        without a record is made anew under its old id, with a new short name, while layers that stand on it keep the
        old one: they cannot be mounted from then on.
        """
        if not image.names:
            return ""
        if error := reference_error(image.names[0]):
            return LOWERCASE if error.endswith(LOWERCASE) else None
        state, tagged = self.podman.state, image.names[0].rpartition("/")[2]
        if not {":", "@"} & set(tagged) or self._list(image) is not None:
            return None
        if self.mounts is None or state.layers_refusal or not image.layer:
            return None
        top, chain = state.layers.get(image.layer), list(self.podman.view.rel.chain(image.layer))
        if top is None:
            return ""
        if (below := state.chains.below(image.layer)) is not None and below[0] == LOOP:
            return LOOP
        if self.podman.lenient and not (top.diff_digest or top.toc_digest):
            return NO_DIGEST
        if not all(layer in state.layers for layer in chain):
            return RENAMED
        if self._stands_on_others(image, [state.layers[layer].diff_digest for layer in reversed(chain)]):
            return OTHER_LAYERS.format(image.id)
        error = self.mounts.mount_error(image.layer)
        return f"{STILL}{error}" if error else error

    def _stands_on_others(self, image: ImageRecord, digests: list[str]) -> bool:
        """Tell whether an image's layers, base first, are not those that its config names."""
        manifest = self.podman.reader.manifest(image.id)
        config = self.podman.reader.config(image.id, manifest) if manifest is not None else None
        wanted = list(config.diff_ids) if config is not None else []
        return bool(wanted and all(digests)) and wanted != digests

    def unknown(self, command: str, image_id: str) -> str | None:
        """Return what a command says of an image without a record; one is not pulled by id, nor missed when removed."""
        if command in ("pull", "rmi"):
            return None
        error = f"{image_id}: image not known"
        old = self.podman.version.minor <= (4, 3)
        return f"inspecting object: {error}" if command == "image inspect" and old else error

    def start(self, container: ContainerRecord, *, without_work: bool) -> str | None:
        """Return the error of `podman start ID` up to the start of the program, None where it cannot be foretold.

        Args:
            container: one of podman's.
            without_work: its layer has no `work` directory.
        """
        if self.mounts is None:
            return None
        if self.podman.state.layers_refusal:
            return self.start_error(container.id, NOT_KNOWN) if self.podman.lenient else None
        if container.layer not in self.podman.state.layers:
            return self.start_error(container.id, NOT_KNOWN)
        error = self.mounts.mount_error(container.layer)
        if not error and without_work:
            error = self.mounts.work_error(container.layer)
        return self.start_error(container.id, error) if error else ""

    def start_error(self, key: str, error: str) -> str:
        """Return what `podman start ID` says where the storage of a container fails."""
        return f'unable to start container "{key}": mounting storage for container {key}: {error}'

    def inspect(self, image: ImageRecord) -> str | None:
        """Return the error of `podman image inspect ID`."""
        found = self._found(image)
        if found:
            old = self.podman.version.minor <= (4, 3) and not found.startswith(LOWERCASE)
            return f"inspecting object: {found}" if old else found
        return found if found is None else self._inspect(image)

    def mount(self, image: ImageRecord) -> str | None:
        """Return the error of `podman image mount ID`; of the image's data only the layers matter."""
        if found := self._found(image):
            return found
        if found is None or (meant := self._meant(image)) is None:
            return None
        state = self.podman.state
        if state.layers_refusal:
            return self._layers_refused()
        parent = state.layers[meant.layer].parent if meant.layer in state.layers else None
        if parent is None or (parent and parent not in state.layers and podman_asks_parent(self.podman.version)):
            return NOT_KNOWN
        return self.mounts.mount_error(meant.layer) if self.mounts is not None else None

    def create(self, image: ImageRecord) -> str | None:
        """Return the error of `podman create ID`."""
        if found := self._found(image):
            return found
        error = self._inspect(image) if found is not None else None
        meant = self._meant(image)
        if error or error is None or self.mounts is None or meant is None:
            return error or None
        if meant.layer and (error := self.mounts.create_error(meant.layer)):
            return f'creating container storage: creating read-write layer with ID "…": {error}'
        return ""

    def run(self, image: ImageRecord) -> str | None:
        """Return the error of `podman run ID`, up to the start of the program."""
        error, meant = self.create(image), self._meant(image)
        if error or error is None or self.mounts is None or meant is None or not meant.layer:
            return error
        error = self.mounts.start_error(meant.layer)
        return f"mounting storage for container …: {error}" if error else ""

    def remove(self, image: ImageRecord) -> str | None:
        """Return the error of `podman rmi -f ID`: damage in layers and their directories keeps it from nothing."""
        state = self.podman.state
        if "containers" in state.unread or (state.layers_refusal and not self.podman.lenient):
            return None
        opening = self.podman.open(image)
        if opening.step == "metadata":
            return opening.error
        looped = image.layer and (below := state.chains.below(image.layer)) is not None and below[0] == LOOP
        return LOOP if looped else ""

    def _found(self, image: ImageRecord) -> str | None:
        """Return why the image is not taken for one that the id stands for."""
        key = id(image)  # records outlive this; ids of images are not unique across stores
        if key not in self._found_before:
            self._found_before[key] = self._find(image)
        return self._found_before[key]

    def _find(self, image: ImageRecord) -> str | None:
        podman = self.podman
        if not HEX_ID.fullmatch(image.id):
            return None
        if names := [error for name in image.names if (error := reference_error(name))]:
            return LOWERCASE if names[0].endswith(LOWERCASE) else None
        opening = podman.open(image)
        if opening.step == "metadata":
            return opening.error
        listed = self._list(image)
        return self._member(image, listed)[0] if listed is not None else ""

    def _list(self, image: ImageRecord) -> Manifest | None:
        manifest = self.podman.reader.manifest(image.id)
        return manifest if manifest is not None and manifest.is_list and not manifest.error else None

    def _member(self, image: ImageRecord, listed: Manifest) -> tuple[str | None, ImageRecord | None]:
        """Return the error of finding the image that a list has for this node, or that image."""
        podman = self.podman
        if podman.reader.file(image.id, "instances.json") is None:
            missing = podman.reader.missing(image.id, "instances.json")
            return f'locating image "{image.id}" for loading instance list: {missing}', None
        node = podman.view.platform.spec
        if node is None:
            return None, None
        wording = podman.reader.wording
        entry = choose_instance(listed, node, prefer_zstd=wording.prefer_zstd)
        if entry is None:
            return f"{none_found(listed, node, quoted=wording.quoted)}: image not known".removeprefix(CHOOSING), None
        found = self._by_manifest.get(entry.digest)
        if found is not None:
            return "", found
        text = f"could not find image instance {entry.digest} of manifest list {image.id} in local containers storage"
        return f"{text}: image not known: image not known", None

    def _meant(self, image: ImageRecord) -> ImageRecord | None:
        """Return the image that is opened: for a list its member for this node."""
        listed = self._list(image)
        return image if listed is None else self._member(image, listed)[1]

    def _inspect(self, image: ImageRecord) -> str | None:
        podman, meant = self.podman, self._meant(image)
        if meant is None:
            return None
        opening = podman.open(meant)
        if opening.unseen:
            return None
        if opening.error or (podman.state.layers_refusal and meant.layer):
            return opening.error or self._layers_refused()
        if not meant.layer:
            return ""
        return self.mounts.lookup_error(meant.layer) if self.mounts is not None else None

    def _layers_refused(self) -> str | None:
        podman = self.podman
        if podman.lenient:
            return NOT_KNOWN
        return LATE + podman.state.layers_refusal if podman.version.minor >= LOOKS_AT_LAYERS_SINCE else None
