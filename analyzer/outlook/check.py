"""The quick check of the store that CRI-O runs after an unclean stop: no digests, no contents.

Mirrors containers/storage check.go with the options of CRI-O's checkQuick. Among its conclusions are wrong ones: a
layer whose parent lies in an additional store counts as broken, because the parents are judged before these stores are
read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from analyzer.checks.store_view import StoreView
from analyzer.outlook.loaded import Loaded
from analyzer.outlook.mounting import Mounts
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.store import NO_FILES
from analyzer.snapshot.times import DAY
from analyzer.source.member import FILE, HARDLINK

MAXIMUM_AGE_NS = DAY


class CheckReport(Struct):
    """What the check would report.

    Attributes:
        layers: layer ids with errors; unaccounted directories apart.
        unaccounted: directories of the driver that no record names.
        images, containers: ids with errors.
        foreign_images: ids with errors in read-only stores.
        endless: the check never returns.
    """

    layers: set[str] = field(default_factory=set)
    unaccounted: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)
    foreign_images: set[str] = field(default_factory=set)
    containers: set[str] = field(default_factory=set)
    endless: bool = False

    @property
    def finds_anything(self) -> bool:
        """Tell whether CRI-O would start a repair."""
        return bool(self.layers or self.unaccounted or self.images or self.foreign_images or self.containers)


def quick_check(state: Loaded, view: StoreView) -> CheckReport | None:
    """Return the report, None when the bundle lists too little to foretell it."""
    mounts = Mounts.of(state, view)
    if mounts is None or not view.store.part_listed("images") or not view.store.part_listed("layers"):
        return None
    report = CheckReport()
    _check_layers(state, view, report, mounts)
    walked: dict[str, bool] = {}
    for image in state.images.values():
        if _image_is_bad(state, view, report, image, walked):
            report.images.add(image.id)
    for image in state.foreign_images:
        if image.id not in state.images and _image_is_bad(state, view, report, image, walked):
            report.foreign_images.add(image.id)
    _check_containers(state, view, report)
    used = walked.keys() | {container.layer for container in state.containers.values()}
    now = view.snapshot.newest_ns
    for layer_id in state.own - used:
        created = state.layers[layer_id].created_ns
        if created is None or created + MAXIMUM_AGE_NS < now:
            report.layers.add(layer_id)
    known = state.own | {container.layer for container in state.containers.values()}
    report.unaccounted = state.directories - known
    circle = view.rel.descendants(view.rel.on_cycles)
    report.endless = report.endless or bool(circle & report.layers)
    return report


def _check_layers(state: Loaded, view: StoreView, report: CheckReport, mounts: Mounts) -> None:
    stores = view.rel.stores
    for layer_id in state.own:
        layer = state.layers[layer_id]
        data_lost = any(
            not any(_readable(store.layer_files.get(layer_id, NO_FILES).get(file_name(name))) for store in stores)
            for name in layer.big_data_names
        )
        parent_lost = bool(layer.parent) and layer.parent not in state.own
        if data_lost or parent_lost or not mounts.works(layer_id):
            report.layers.add(layer_id)


def _readable(file: SmallFile | None) -> bool:
    return file is not None and file.member.kind in (FILE, HARDLINK)


def _image_is_bad(
    state: Loaded, view: StoreView, report: CheckReport, image: ImageRecord, walked: dict[str, bool]
) -> bool:
    """Tell whether the check blames an image; `walked` gets every layer of its chain with whether that is bad."""
    bad = _data_is_bad(image, (store.image_files.get(image.id, {}) for store in view.rel.stores))
    for top in dict.fromkeys((image.layer, *image.mapped_layers)):
        bad = _chain_is_bad(state, report, top, walked) or bad
    return bad


def _chain_is_bad(state: Loaded, report: CheckReport, top: str, walked: dict[str, bool]) -> bool:
    walk: dict[str, None] = {}
    layer_id = top
    while layer_id and layer_id not in walked and layer_id not in walk and layer_id in state.layers:
        walk[layer_id] = None
        layer_id = state.layers[layer_id].parent
    report.endless = report.endless or layer_id in walk
    bad = walked.get(layer_id, bool(layer_id) and layer_id not in walk)
    for each in reversed(walk):
        bad = walked[each] = bad or each in report.layers
    return bad


def _check_containers(state: Loaded, view: StoreView, report: CheckReport) -> None:
    known = set(state.images) | {image.id for image in state.foreign_images}
    bad_images = report.images | report.foreign_images
    for container in state.containers.values():
        bad = _data_is_bad(container, (store.container_files.get(container.id, {}) for store in view.rel.stores))
        if bad or (container.image and (container.image not in known or container.image in bad_images)):
            report.containers.add(container.id)


def _data_is_bad(record: ImageRecord | ContainerRecord, places: Iterable[Mapping[str, SmallFile]]) -> bool:
    """Tell whether any big-data item is missing or has another size than recorded (no size counts as 0)."""
    files: dict[str, SmallFile] = {}
    for place in places:
        files = {**place, **files}
    for key in record.big_data_names:
        file = files.get(file_name(key))
        if not _readable(file):
            return True
        size = record.big_data_sizes.get(key)
        if file is not None and file.member.kind == FILE and file.member.size != (size if type(size) is int else 0):
            return True
    return False
