"""What a CRI-O does to a store when it starts: restore pods, collect garbage, and after an unclean stop repair or wipe.

Mirrors CRI-O cmd/crio/main.go, server/server.go (restore), internal/lib/container_server.go (New) and the garbage
collection of containers/storage; run on CRI-O 1.37.
"""

from __future__ import annotations

import re

from msgspec import Struct

from analyzer.checks.store_view import StoreView
from analyzer.outlook.check import quick_check
from analyzer.outlook.loaded import PANIC, Loaded, load, primary_image_store
from analyzer.outlook.model import Deletes
from analyzer.outlook.repair import repair
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.engines import Version
from analyzer.snapshot.gojson import decode
from analyzer.snapshot.host import Host
from analyzer.snapshot.node.toml import read_toml

COLLECTS_SINCE = (1, 28)
REPAIRS_SINCE = (1, 31)
CRIO_CONF = re.compile(r"(?:^|/)etc/crio/crio\.conf(?:\.d/[^/]+)?$")
NOT_OPENED = "validating root config: failed to get store to set defaults: "
ENDLESS = "the check of the store never ends: the parents of its layers form a circle"


class Started(Struct, frozen=True):
    """Outcome of a start: whether CRI-O comes up, what it prints if not, what it deleted, and the store after it."""

    works: bool
    message: str
    deletes: Deletes
    state: Loaded


def start(view: StoreView, version: Version) -> Started:
    """Start after an orderly stop."""
    return _go_on(view, version, load(view))


def start_after_unclean_stop(view: StoreView, version: Version) -> Started | None:
    """Start after an unclean stop; None where that cannot be foretold.

    Since 1.31 CRI-O checks the store by default, repairs what it finds by deleting, and removes the whole graph root
    when the check or any step of the repair fails.
    """
    configured = internal_repair(view.snapshot.host)
    if configured is False or (configured is None and version.minor < REPAIRS_SINCE):
        return start(view, version)
    if version.minor < REPAIRS_SINCE:
        return None
    state = load(view)
    if state.refusal:
        return _go_on(view, version, state)
    if state.layers_refusal == PANIC:
        return Started(False, PANIC, Deletes(), state)
    if state.layers_refusal:
        return _wiped(state)
    report = quick_check(state, view)
    if report is None:
        return None
    if report.endless:
        return Started(False, ENDLESS, Deletes(), state)
    if report.finds_anything and not repair(state, report):
        return _wiped(load(view))
    return _go_on(view, version, state)


def internal_repair(host: Host) -> bool | None:
    """Return what the captured configuration says of `internal_repair`, None when it does not."""
    found: bool | None = None
    for path, text in host.texts():
        if CRIO_CONF.search(path):
            table = read_toml(text)[0].get("crio")
            value = table.get("internal_repair") if isinstance(table, dict) else None
            found = value if isinstance(value, bool) else found
    return found


def _wiped(state: Loaded) -> Started:
    layers = state.own | state.directories | state.gone_layers
    deletes = Deletes(len(layers), len(state.images), len(state.containers), whole_root=True)
    return Started(True, "", deletes, state)


def _go_on(view: StoreView, version: Version, state: Loaded) -> Started:
    if state.refusal:
        text = state.refusal if state.refusal == PANIC else NOT_OPENED + state.refusal
        return Started(False, text, Deletes(), state)
    if not state.layers_refusal:
        _restore(view, state)
    if version.minor >= COLLECTS_SINCE:
        if state.layers_refusal == PANIC:
            return Started(False, PANIC, Deletes(), state)
        _collect_garbage(view, state)
    return Started(True, "", state.deletes, state)


def _restore(view: StoreView, state: Loaded) -> None:
    """Delete pods and containers of CRI-O's that cannot be restored, pods with all their containers."""
    if not view.snapshot.complete or not view.store.part_listed("containers"):
        return
    own = {key: c for key, c in state.containers.items() if c.engine == "cri-o" and c.names}
    pods = {key for key, c in own.items() if c.details.get("pod") is True}
    lost = {key for key in pods if not _restorable(view, own[key])}
    for key, container in own.items():
        pod = container.details.get("pod-id")
        if key not in pods and (pod in lost or pod not in pods or not _restorable(view, container)):
            lost.add(key)
    for key in sorted(lost):
        state.drop_container(key)


def _restorable(view: StoreView, container: ContainerRecord) -> bool:
    for store in view.rel.stores:
        file = store.container_files.get(container.id, {}).get("userdata/config.json")
        if file is not None:
            if (data := file.content) is None:
                return True
            value, error = decode(data)
            return not error and isinstance(value, dict)
    return False


def _collect_garbage(view: StoreView, state: Loaded) -> None:
    stores = view.rel.stores
    images = primary_image_store(stores).image_files
    state.gone_images |= {name for name in images if HEX_ID.fullmatch(name) and name not in state.images}
    containers = stores[0].container_files
    state.gone_containers |= {name for name in containers if HEX_ID.fullmatch(name) and name not in state.containers}
    if not state.layers_refusal:
        for name in sorted(state.directories - state.own):
            state.drop_layer(name)
