"""Foretell what the engines of a node answer on its store, and what they would delete."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from analyzer.checks.finding import ERROR, Finding
from analyzer.checks.store_view import StoreView
from analyzer.graph.relations import Relations
from analyzer.outlook.because import FindingsAbout
from analyzer.outlook.crio_images import Listed, list_images
from analyzer.outlook.crio_start import ENDLESS, Started, start, start_after_unclean_stop
from analyzer.outlook.loaded import load, written
from analyzer.outlook.model import CRIO_IMAGES, PODMAN_IMAGES, PODMAN_PS, START, UNCLEAN_START, Deletes, Outlook
from analyzer.outlook.podman import Podman, podman_images, podman_ps
from analyzer.outlook.podman_blocked import with_blocks
from analyzer.outlook.podman_container import of_containers
from analyzer.outlook.podman_image import Images
from analyzer.outlook.podman_writing import of_removal, with_losses
from analyzer.snapshot.engines import CRIO, PODMAN, Version, engine_version
from analyzer.snapshot.grouping import HOME
from analyzer.snapshot.platform import Platform
from analyzer.snapshot.snapshot import BundleSnapshot

PARTS = ("layers", "images", "containers")
GONE, ELSEWHERE = "STO-022", "LPD-003"
"""The rules on a whole part of a store, and on the place that podman's database names."""


def predict(
    snapshot: BundleSnapshot,
    relations: Sequence[Relations],
    findings: Iterable[Finding],
    platform: Platform,
    engines: tuple[str, ...] = (),
) -> tuple[Outlook, ...]:
    """Return what CRI-O and Podman would answer.

    Nothing is foretold from a bundle that was cut or that lacks the index files; an engine is left out when the bundle
    shows the other one only.

    Args:
        snapshot: everything the bundle says.
        relations: of every group of stores; the first one that an engine can use is its store.
        findings: of the rules, to name what decides an answer.
        platform: the node's.
        engines: values of `--engine`.
    """
    findings = tuple(findings)
    found = FindingsAbout(findings)
    views = [StoreView(snapshot, rel.stores[0], rel, engines, platform) for rel in relations if rel.stores]
    gone = {
        (finding.root, finding.facts["part"])
        for finding in findings
        if finding.rule == GONE and finding.is_at_least(ERROR)
    }
    known = [view for view in views if _known(view, gone)]
    crio = next((view for view in known if not HOME.search(view.store.root)), None)
    if crio and not crio.store.home.files.keys().isdisjoint(crio.rel.layers):
        crio = None  # what it does with a file in the place of a layer's directory was not seen
    podman = next(iter(known), None)
    outlook: list[Outlook] = []
    if crio and (crio.crio or not _podman(crio)):
        outlook += _supposing(crio, _crio(crio, engine_version(CRIO, snapshot.host, engines), found), findings)
    if podman and (_podman(podman) or not podman.crio) and not _led_past(podman, findings):
        version = engine_version(PODMAN, snapshot.host, engines)
        told = with_blocks(podman, version, _podman_outlook(podman, version, found), findings)
        outlook += _supposing(podman, told, findings)
    return tuple(outlook)


def _led_past(view: StoreView, findings: Iterable[Finding]) -> bool:
    """Tell whether storage.conf sends podman to another graph root than this one."""
    return any(
        each.root == view.store.root and each.facts.get("unused") and each.rule == ELSEWHERE for each in findings
    )


def _supposing(view: StoreView, outlook: Iterable[Outlook], findings: Sequence[Finding]) -> Iterator[Outlook]:
    """Yield answers, those that rest on nothing but an absence that is left open with what they take for gone."""
    open_ones = [finding for finding in findings if finding.doubt and finding.root == view.store.root]
    absent = next((finding.subject.path for finding in open_ones if finding.subject.path), "")
    for item in outlook:
        rests = not item.works or item.images or item.deletes not in (None, Deletes())
        yield replace(item, supposing=absent) if absent and rests and not item.because else item


def _known(view: StoreView, gone: Collection[tuple[str, str]]) -> bool:
    """Tell whether the bundle has the index files of layers and images, or shows that there are none.

    Args:
        view: of a graph root.
        gone: (graph root, part) that were removed as a whole: engines take them for empty.
    """
    stores = written(view.rel.stores)
    return view.snapshot.complete and all(
        (view.store.root, part) in gone
        or any(store.document(part, f"{part}.json") or part in store.part_dirs for store in stores)
        for part in ("layers", "images")
    )


def _podman(view: StoreView) -> bool:
    """Tell whether the bundle shows Podman or Buildah."""
    if any(engine.partition("@")[0] == PODMAN for engine in view.engines):
        return True
    if any(container.engine in ("podman", "buildah") for container in view.rel.containers.values()):
        return True
    if any("instances.json" in image.big_data_names for image in view.rel.images.values()):
        return True
    return any("podman" in path or path.endswith("libpod") for path in view.snapshot.host.files)


def _crio(view: StoreView, version: Version, findings: FindingsAbout) -> Iterator[Outlook]:
    started = start(view, version)
    yield _of_start(view, version, START, started, findings)
    unclean = start_after_unclean_stop(view, version)
    if unclean is not None:
        yield _of_start(view, version, UNCLEAN_START, unclean, findings)
    if not started.works:
        return
    listed = list_images(view, version, started.state)
    if listed is not None:
        yield _of_listing(version, CRIO_IMAGES, listed, None, findings)


def _podman_outlook(view: StoreView, version: Version, findings: FindingsAbout) -> Iterator[Outlook]:
    podman = Podman.of(view, version, load(view))
    yield from with_losses(podman, _podman_answers(podman, findings), findings)


def _podman_answers(podman: Podman, findings: FindingsAbout) -> Iterator[Outlook]:
    version, state = podman.version, podman.state
    deletes = state.deletes if state.deletes != Deletes() else None
    listed = podman_images(podman)
    if listed is not None:
        yield _of_listing(version, PODMAN_IMAGES, listed, deletes, findings)
    yield _of_listing(version, PODMAN_PS, podman_ps(podman), None, findings)
    images = Images(podman)
    if images.known:
        yield from filter(None, (_of_images(images, version, command, findings) for command in images.commands))
    if not podman.refused and (started := of_containers(images, version, findings)):
        yield started
    if (removed := of_removal(podman, findings)) is not None:
        yield removed


def _of_images(images: Images, version: Version, command: str, findings: FindingsAbout) -> Outlook | None:
    """Return what a command says of every image on its own, None where nothing fails and something is not known."""
    lost = images.unrecorded
    answers = [] if lost else [(image, images.commands[command](image)) for image in images.every]
    failing = tuple((image.id, error) for image, error in answers if error)
    if lost:
        unknown = [(image_id, images.unknown(command, image_id)) for image_id in lost]
        if any(error is None for _, error in unknown):
            return None
        failing = tuple((image_id, error) for image_id, error in unknown if error)
    if not failing and any(error is None for _, error in answers):
        return None
    because: dict[Finding, None] = {}
    for image, error in answers:
        if error:
            about = images.podman.view.rel.chain(image.layer) if image.layer else ()
            because.update(dict.fromkeys(findings.these({image.id, *about}, error)))
    if lost:
        stores = images.podman.view.rel.stores
        because.update(dict.fromkeys(findings.these(f"{store.part_path('images')}/images.json" for store in stores)))
    message = failing[0][1] if failing else ""
    name = f"podman {command}"
    return Outlook(version.engine, version.text, name, not failing, message, None, tuple(because), failing)


def _of_start(view: StoreView, version: Version, command: str, started: Started, findings: FindingsAbout) -> Outlook:
    state = started.state
    keys = state.gone_layers | state.gone_images | state.gone_containers | state.refused_paths
    keys |= {view.store.part_path(part) for part in PARTS}
    if started.message == ENDLESS:
        keys = set(view.rel.on_cycles)
    because = findings.these(keys) if not started.works or started.deletes != Deletes() else ()
    return Outlook(version.engine, version.text, command, started.works, started.message, started.deletes, because)


def _of_listing(
    version: Version, command: str, listed: Listed, deletes: Deletes | None, findings: FindingsAbout
) -> Outlook:
    because = () if listed.works else findings.these(listed.keys, listed.message)
    left_out = tuple((image_id, "") for image_id in listed.left_out)
    return Outlook(
        version.engine, version.text, command, listed.works, listed.message, deletes, because, left_out, listed.latent
    )
