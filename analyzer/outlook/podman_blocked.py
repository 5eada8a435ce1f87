"""What keeps every podman command from working before it looks at an image: its database, storage.conf, owners.

Each message was seen on podman 4.3.1, or on 6.0.0-dev where the database is SQLite's. (A moved graph root: with
`--root`; by storage.conf alone 4.3.1 goes on in the old place, and lists none of these images either.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from analyzer.checks.finding import Finding
from analyzer.checks.store_view import StoreView
from analyzer.outlook.model import PODMAN_IMAGES, PODMAN_PS, Outlook
from analyzer.snapshot.engines import Version
from analyzer.snapshot.libpod.find import BACKEND
from analyzer.snapshot.libpod.state import SQLITE
from analyzer.snapshot.node.placement import place_of
from analyzer.snapshot.node.storage_conf import DRIVERS, conf_for, storage_confs

PANICS = "invalid freelist page"
OVERLAY_ONLY = "mountopt"
MALFORMED = "database disk image is malformed"


def with_blocks(
    view: StoreView, version: Version, outlook: Iterable[Outlook], findings: Iterable[Finding]
) -> Iterator[Outlook]:
    """Yield what podman answers, with what stops it before it looks at the store."""
    own = [finding for finding in findings if finding.root == view.store.root]
    every = next(((f, text) for f in own if (text := _blocks_all(view, f))), None)
    containers = every or next(((f, text) for f in own if (text := _blocks_containers(f))), None)
    seen = set()
    for each in outlook:
        seen.add(each.command)
        found = containers if each.command == PODMAN_PS else every
        yield each if found is None else _failing(each, *found)
    if every is not None and PODMAN_IMAGES not in seen:
        yield _failing(Outlook(version.engine, version.text, PODMAN_IMAGES, works=False), *every)


def _failing(outlook: Outlook, finding: Finding, message: str) -> Outlook:
    return replace(outlook, works=False, message=message, deletes=None, because=(finding,), images=(), latent=False)


def _blocks_all(view: StoreView, finding: Finding) -> str:
    """Return what every command prints because of a finding, `""` where it goes on."""
    facts = finding.facts
    if finding.rule == "HST-004" and finding.severity == "critical":
        return facts["said"]
    if finding.rule == "LPD-001" and not facts["opens"]:
        error = facts["error"]
        if facts["kind"] == SQLITE:
            return f"beginning transaction: {error}"
        return f"panic: {error}" if error.startswith(PANICS) else f"opening database {_on_node(view, finding)}: {error}"
    if finding.rule == "LPD-001" and "DBConfig" in facts.get("items", ()):
        return f"scanning schema version from DB config: {MALFORMED}"
    if finding.rule == "LPD-012" and facts["member"] == BACKEND and finding.severity == "critical":
        place = _on_node(view, finding)
        return f'failed to get default network backend: unknown network backend value {facts["value"]} in "{place}"'
    if finding.rule == "LPD-003" and facts["member"] == "graph_root" and finding.severity == "critical":
        old, new = f"{facts['database']}/libpod", f"{facts['configured']}/libpod"
        if view.store.libpod[0].kind == SQLITE:
            return f'database static dir "{old}" does not match our static dir "{new}": database configuration mismatch'
        return (
            f'database libpod root directory (staticdir) "{old}" does not match our libpod root directory (staticdir) '
            f'"{new}": database configuration mismatch'
        )
    if finding.rule == "LPD-003" and facts["member"] == "driver" and facts["database"] not in DRIVERS:
        root = place_of(view.store.root, view.snapshot.host, view.store.libpod).path
        return f"failed to GetDriver graph {facts['database']} {root}: driver not supported"
    if finding.rule == "STO-010":
        conf = conf_for(view.store.root, storage_confs(view.snapshot.host))
        if conf is not None and conf.driver == "overlay" and conf.option(OVERLAY_ONLY) and view.store.driver == "vfs":
            return "vfs driver does not support overlay.mountopt options"
    if finding.rule == "STO-016" and facts.get("blocks"):
        place = _on_node(view, finding)
        is_link_directory = finding.subject.path == view.store.path(view.store.driver, "l")
        return f"chown {place}: operation not permitted" if is_link_directory else f"open {place}: permission denied"
    return ""


def _blocks_containers(finding: Finding) -> str:
    facts = finding.facts
    if finding.rule == "LPD-001" and not {"ContainerConfig", "ContainerState"}.isdisjoint(facts.get("items", ())):
        return MALFORMED
    if finding.rule == "LPD-004" and facts["kind"] == "container" and not facts.get("absent"):
        if facts["part"] == "state":
            return f"unmarshalling container {facts['key']} state: …"
        if facts["type"] == SQLITE:
            return "unmarshalling container config: …"
    return ""


def _on_node(view: StoreView, finding: Finding) -> str:
    root, path = view.store.root, finding.subject.path
    below = path[len(root) :].lstrip("/") if root and path.startswith(root + "/") else path
    return f"{place_of(root, view.snapshot.host, view.store.libpod).path}/{below}"
