"""What `podman start` answers about every container that damage keeps from starting.

Mirrors libpod (mountStorage: the shm, then the layer) and containers/storage; run on podman 4.3.1. Up to 4.3 index
files that do not read leave podman without any of their records.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.checks.finding import ERROR, Finding
from analyzer.outlook.because import FindingsAbout
from analyzer.outlook.model import Outlook
from analyzer.outlook.podman_image import Images
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.engines import PODMAN, Version

WORK, USERDATA = "OVL-011", "LPD-010"
"""The rules on `work` and `merged` of a layer, and on the directory of a container."""
NO_CONTAINER = "no such container"


def of_containers(images: Images, version: Version, findings: FindingsAbout) -> Outlook | None:
    """Return what `podman start` says of every container that cannot start, None where damage keeps none."""
    failing: dict[str, str] = {}
    because: dict[Finding, None] = {}
    for key, error, about in (*_stored(images, findings), *_without_record(images, findings)):
        failing[key] = error
        because.update(dict.fromkeys(about))
    if not failing:
        return None
    message = next(iter(failing.values()))
    containers = tuple(failing.items())
    name = "podman start"
    return Outlook(version.engine, version.text, name, False, message, because=tuple(because), containers=containers)


def _stored(images: Images, findings: FindingsAbout) -> Iterator[tuple[str, str, tuple[Finding, ...]]]:
    podman = images.podman
    if "containers" in podman.state.unread:
        return
    indexes = podman.index_paths("layers")
    for container in podman.state.containers.values():
        if container.engine != PODMAN:
            continue
        lost = indexes if podman.state.layers_refusal or container.layer not in podman.state.layers else ()
        about = findings.these({container.id, *podman.view.rel.chain(container.layer), *lost})
        if about and (error := _error(images, container, about)):
            yield container.id, error, about


def _error(images: Images, container: ContainerRecord, about: tuple[Finding, ...]) -> str | None:
    gone = next((finding for finding in about if finding.rule == USERDATA and finding.subject.id == container.id), None)
    if gone is not None:
        return _without_userdata(images, container, gone)
    work = any(f.rule == WORK and f.subject.id == container.layer and f.is_at_least(ERROR) for f in about)
    return images.start(container, without_work=work)


def _without_userdata(images: Images, container: ContainerRecord, gone: Finding) -> str | None:
    """Return what podman says of a container without `userdata`, None for one that uses the shm of its pod."""
    store = images.podman.view.store
    known = store.libpod[0].containers.get(container.id) if store.libpod else None
    if known is None or (known.pod and not known.infra):
        return None
    home = f"…/{store.driver}-containers/{container.id}"
    absent = f"{home}/userdata" if gone.facts["path"].endswith("/userdata") else home
    why = f'unable to determine if "{home}/userdata/shm" is mounted: lstat {absent}: no such file or directory'
    return f'unable to start container "{container.id}": {why}'


def _without_record(images: Images, findings: FindingsAbout) -> Iterator[tuple[str, str, tuple[Finding, ...]]]:
    """Yield containers that podman's database has and the store has not, or cannot read."""
    podman = images.podman
    unread = "containers" in podman.state.unread
    for state in podman.view.store.libpod[:1]:
        about = findings.these({state.path, *podman.state.refused_paths, *podman.index_paths("containers")})
        if not state.whole or not about:
            continue
        for key, each in state.containers.items():
            if each.rootfs or each.missing or each.status == "removing":
                continue
            if unread or key not in podman.state.containers:
                yield key, images.start_error(key, NO_CONTAINER), about
