"""What a rule looks at: one store, its neighbours, the relations, and helpers that name objects in full."""

from __future__ import annotations

from functools import cached_property

from analyzer.capture.model import Capture, capture_of
from analyzer.checks.finding import Subject
from analyzer.graph.relations import Relations
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.engines import CRIO, crio_wording, engine_version
from analyzer.snapshot.grouping import configured_stores, lies_at
from analyzer.snapshot.host import crio_traces
from analyzer.snapshot.image_open import ImageReader
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.layers import LayerRecord
from analyzer.snapshot.node.placement import SYSTEM, place_of
from analyzer.snapshot.node.storage_conf import conf_for, storage_confs
from analyzer.snapshot.platform import Platform, platform_of
from analyzer.snapshot.snapshot import BundleSnapshot
from analyzer.snapshot.store import Store
from analyzer.verify.facts import LayerFacts
from analyzer.verify.image_items import ImageItems, judge_images
from analyzer.verify.layer_comparison import compare_layers


class StoreView:
    """One store of a snapshot.

    Attributes:
        snapshot: everything the bundle says.
        store: the store under judgement.
        rel: relations over the stores that are used together with it.
        engines: engines named by the user (`cri-o`, `podman`), beyond what the bundle shows.
    """

    def __init__(
        self,
        snapshot: BundleSnapshot,
        store: Store,
        rel: Relations,
        engines: tuple[str, ...] = (),
        platform: Platform | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.store = store
        self.rel = rel
        self.engines = engines
        self._platform = platform

    @cached_property
    def crio(self) -> str:
        """Return the path that shows CRI-O on this node, `""` when nothing does."""
        if any(engine.startswith("cri-o") for engine in self.engines):
            return "--engine"
        for container in self.rel.containers.values():
            if container.engine == "cri-o" or container.details.get("pod-name"):
                return container.where.path
        return next(iter(crio_traces(self.snapshot.host)), "")

    @cached_property
    def platform(self) -> Platform:
        """Return the node's platform."""
        return self._platform if self._platform is not None else platform_of(self.snapshot)

    @cached_property
    def place(self) -> str:
        """Return the absolute path of the store on its node: what the bundle says, else the usual one."""
        found = place_of(self.store.root, self.snapshot.host, self.store.libpod)
        return found.path if found.known else SYSTEM

    @cached_property
    def reader(self) -> ImageReader:
        """Return what opens images of these stores as CRI-O would on this node."""
        version = engine_version(CRIO, self.snapshot.host, self.engines)
        return ImageReader(self.rel.stores, self.platform.spec, crio_wording(version))

    @cached_property
    def unseen_run_root(self) -> str:
        """Return the storage.conf by which containers' records lie in a run root that the bundle lacks, else `""`."""
        conf = conf_for(self.store.root, storage_confs(self.snapshot.host))
        if conf is None or not conf.transient:
            return ""
        parts = ("containers", "layers")
        seen = any(store.document(part, f"volatile-{part}.json") for store in self.rel.stores for part in parts)
        return "" if seen else conf.path

    @cached_property
    def unseen_stores(self) -> list[str]:
        """Return configured image stores and additional stores that the bundle does not hold."""
        configured = configured_stores(self.snapshot.host)
        paths = [*configured["imagestore"], *configured["additionalimagestores"]]
        roots = [store.root for store in self.snapshot.stores]
        return [path for path in paths if not any(lies_at(path, root) for root in roots)]

    @cached_property
    def capture(self) -> Capture:
        """Return how the bundle was captured: what rules ask that conclude from absence.

        Layers are compared first: what was left out of them tells.
        """
        _ = self.contents
        return capture_of(self.snapshot, self.rel)

    @cached_property
    def contents(self) -> dict[str, LayerFacts]:
        """Return what comparing each described layer of this store with its files gave, by layer id."""
        return compare_layers(self.snapshot, self.store, self.rel)

    @cached_property
    def images_judged(self) -> tuple[ImageItems, ...]:
        """Return every image of this store with what is wrong with its big-data files."""
        return tuple(judge_images(self))

    @cached_property
    def layer_records(self) -> tuple[LayerRecord, ...]:
        """Return the layer records of this store that count: those with an id, and of several with one id the first."""
        return tuple(each for each in self.store.layers if each.id and self.rel.layers[each.id] is each)

    def layer(self, layer_id: str, path: str = "") -> Subject:
        """Return a layer as a subject; names are those of the images that need it."""
        directory = self.rel.directory(layer_id)
        where = path or (directory.path if directory else self.store.path(self.store.driver, layer_id))
        return Subject("layer", layer_id, where, self.image_names_on(layer_id))

    def image_names_on(self, layer_id: str) -> tuple[str, ...]:
        """Return the names of the images that go through a layer, sorted; the id where an image has none."""
        images = (self.rel.images[i] for i in self.rel.images_on.get(layer_id, ()))
        return tuple(sorted({name for image in images for name in (image.names or (image.id,))}))

    def image(self, image: ImageRecord) -> Subject:
        """Return an image as a subject, at its data directory."""
        store = self.rel.image_store.get(image.id, self.store)
        return Subject("image", image.id, store.part_path("images", image.id), image.names)

    def container(self, container: ContainerRecord) -> Subject:
        """Return a container as a subject, at its data directory."""
        names = (container.name,) if container.name else ()
        return Subject("container", container.id, self.store.part_path("containers", container.id), names)

    def file(self, path: str) -> Subject:
        """Return a file as a subject."""
        return Subject("file", "", path)

    def store_subject(self) -> Subject:
        """Return the store itself as a subject."""
        return Subject("store", "", self.store.root or ".")
