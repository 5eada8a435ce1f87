"""Podman's database names another graph root or driver.

What it finds
    A database whose graph root, static directory, volume directory or driver is another than storage.conf tells
    podman to use: the graph root was moved, or the driver changed, after podman had written it. Where the bundle has no
    storage.conf, a driver other than that of the data. A store that lies where its database says, while storage.conf
    sends podman to another graph root: it finds none of these images and containers.

Why it matters
    Podman holds what it is told against what the database says. Named on the command line, another place or driver
    fails every command (`database configuration mismatch`). Named in storage.conf only, podman 4.3.1 goes on in the
    old place: it lists the containers it knows, finds none of the images, and starts nothing.

How sure
    High where storage.conf names a graph root or driver of its own that the bundle's store has. Where it names just
    the usual graph root and the database a place for tests or rescue (/tmp, /mnt), somebody may have worked there
    with `--root`: that is information only.

Remedy
    Give the store the path that the database names (mount or symlink it there), or move the database aside once all
    containers may go: podman writes a new one.

Engine source
    libpod boltdb_state.go: validateConfiguration; runtime.go: mergeDBConfig; run on podman 4.3.1 for moved roots and
    changed drivers, by storage.conf and by --root, --storage-driver.
"""

from __future__ import annotations

from analyzer.checks.rule import CRITICAL, ERROR, INFO, MEDIUM, WARNING, Finding, Findings, Rule, StoreView, Where, rule
from analyzer.snapshot.libpod.state import LibpodState
from analyzer.snapshot.node.placement import SYSTEM, same_tail
from analyzer.snapshot.node.storage_conf import StorageConf, conf_for, storage_confs
from analyzer.snapshot.store import GRAPH_ROOT

PASSING = ("/tmp/", "/var/tmp/", "/mnt/", "/media/", "/run/", "/dev/shm/", "/private/")  # noqa: S108  places, not files
"""Where nobody keeps a node's own store: a rescue, a test, a disk of another machine."""


OF_THE_DATA = "podman's database {path} was made for the driver {database}, and the data in {conf} are of {configured}"


@rule(
    "LPD-003",
    severity=CRITICAL,
    says="podman's database {path} was made for {what} {database}, and {conf} names {configured}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Hold the first database of a graph root against the storage.conf that holds for it."""
    store = view.store
    if store.role != GRAPH_ROOT or not store.libpod:
        return
    state = store.libpod[0]
    conf = conf_for(store.root, storage_confs(view.snapshot.host))
    if not state.configured or state.error:
        return
    if (found := _driver(view, this, state, conf)) is not None:
        yield found
    if conf is not None and (found := _place(view, this, state, conf)) is not None:
        yield found


def _driver(view: StoreView, this: Rule, state: LibpodState, conf: StorageConf | None) -> Finding | None:
    """Hold the driver against that of storage.conf, or of the data where the bundle has none."""
    database = "overlay" if state.config.driver == "overlay2" else state.config.driver
    configured, source = (conf.driver, conf.path) if conf is not None else ("", "")
    beside = {each.driver for each in view.snapshot.stores if each.root == view.store.root and each.home.layers}
    if conf is None and view.store.home.layers and database not in beside:
        configured, source = view.store.driver, view.store.home.path
    if not database or not configured or database == configured:
        return None
    return this.found(
        view.file(state.path),
        [(Where(state.path, "runtime-config/graph-driver-name"), f"driver {configured}", f"driver {database}")],
        severity=ERROR,
        variant="driver",
        says="" if conf is not None else OF_THE_DATA,
        path=state.path,
        what="the driver",
        database=database,
        conf=source,
        configured=configured,
        member="driver",
    )


def _place(view: StoreView, this: Rule, state: LibpodState, conf: StorageConf) -> Finding | None:
    configured, database = conf.graph_root.rstrip("/"), state.config.graph_root.rstrip("/")
    if not configured or not database or configured == database:
        return None
    if not same_tail(configured, view.store.root):
        return _unused(view, this, state, conf) if same_tail(database, view.store.root) else None
    chosen = configured != SYSTEM
    passing = database.startswith(PASSING)
    sure = chosen or not passing
    places = [("graph-root", configured, database)]
    if state.config.volume_dir:
        places.append(("volume-path", f"{configured}/volumes", state.config.volume_dir))
    return this.found(
        view.file(state.path),
        [(Where(state.path, f"runtime-config/{key}"), want, have) for key, want, have in places if want != have],
        severity="" if sure else INFO,
        confidence=MEDIUM,
        variant="place",
        says=""
        if sure
        else "podman's database {path} was made at {database}, and {conf} names {configured}: the store was used from "
        "another place",
        path=state.path,
        what="the graph root",
        database=database,
        conf=conf.path,
        configured=configured,
        member="graph_root",
    )


def _unused(view: StoreView, this: Rule, state: LibpodState, conf: StorageConf) -> Finding | None:
    """Tell of the usual graph root where storage.conf leads past it; where the bundle has both, that is known.

    A store in another place may be used with `--root`, whatever storage.conf says.
    """
    other, usual = conf.graph_root.rstrip("/"), state.config.graph_root.rstrip("/")
    if usual != SYSTEM or not view.store.root.endswith(SYSTEM[1:]):
        return None
    both = any(store.root and same_tail(other, store.root) for store in view.snapshot.stores)
    return this.found(
        view.file(conf.path),
        [(Where(conf.path, "storage/graphroot"), usual, other)],
        severity=INFO if both else WARNING,
        confidence=MEDIUM,
        variant="unused",
        says="{conf} names the graph root {configured}, and this store lies at {database}: podman finds none of its "
        "images and containers",
        path=state.path,
        what="the graph root",
        database=usual,
        conf=conf.path,
        configured=other,
        member="graph_root",
        unused=True,
    )
