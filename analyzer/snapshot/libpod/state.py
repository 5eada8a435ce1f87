"""What podman knows of its containers, pods and volumes, from its database, whichever of the two kinds it is.

BoltDB is `<static dir>/bolt_state.db` (podman until 5.x), SQLite is `<graph root>/db.sql` (since 4.8 on request, since
5.0 for new stores). Keys, tables and JSON names: libpod boltdb_state.go, boltdb_state_internal.go, sqlite_state.go,
sqlite_state_internal.go, container_config.go, pod.go, volume.go, runtime.go.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from analyzer.snapshot.gojson import as_text, decode
from analyzer.snapshot.libpod.bolt import Bolt, Bucket, read_bolt
from analyzer.snapshot.libpod.sqlite import Tables, read_tables
from analyzer.snapshot.provenance import Where
from analyzer.snapshot.times import parse_time

BOLT, SQLITE = "BoltDB", "SQLite"
BOLT_FILE, SQLITE_FILE = "bolt_state.db", "db.sql"
STATES = ("unknown", "created", "initialized", "running", "stopped", "paused", "exited", "removing", "stopping")
CONFIG, STATE = "config", "state"
MAP_PARTS = ("container_id", "host_id", "size")
PATHS = {
    "static-dir": "static_dir",
    "tmp-dir": "tmp_dir",
    "run-root": "run_root",
    "graph-root": "graph_root",
    "graph-driver-name": "driver",
    "volume-path": "volume_dir",
    "os": "os",
}
COLUMNS = {
    "StaticDir": "static_dir",
    "TmpDir": "tmp_dir",
    "RunRoot": "run_root",
    "GraphRoot": "graph_root",
    "GraphDriver": "driver",
    "VolumeDir": "volume_dir",
    "OS": "os",
}


class RuntimeConfig(Struct, frozen=True):
    """Where podman worked when it first wrote the database, which it holds its configuration against ever after.

    Paths are those of the node, `""` where the database does not say.
    """

    graph_root: str = ""
    run_root: str = ""
    static_dir: str = ""
    tmp_dir: str = ""
    volume_dir: str = ""
    driver: str = ""
    os: str = ""


class Unreadable(Struct, frozen=True):
    """A value that podman cannot read: whose it is, which of its two documents, what the decoder says, where it lies.

    `kind` is `container`, `pod` or `volume`; `part` is `config` or `state`.
    """

    kind: str
    key: str
    part: str
    error: str
    where: Where


class LibpodContainer(Struct, frozen=True):
    """A container as podman knows it.

    Attributes:
        id: full id.
        name: its name.
        where: place in the database.
        pod: id of its pod, `""` without one.
        image: id of the image it was made from, and its name; both `""` for a container on a root directory.
        rootfs: path of its root directory on the node, where it has no storage of its own.
        status: `created`, `running`, … (`STATES`).
        infra: it holds a pod's name spaces.
        volumes: names of volumes that it mounts.
        created_ns: when podman made it, Unix nanoseconds, None where that is not said.
        lock: number of its lock, None where that is not said; no two objects of a podman have one.
        maps: `uidmap` and `gidmap` as its record has them, as far as it has a map of its own.
        missing: `config` or `state` where the database has none.
        shm: path on the node of the directory for its shared memory, `""` where it shares another's.
    """

    id: str
    name: str
    where: Where
    pod: str = ""
    image: str = ""
    image_name: str = ""
    rootfs: str = ""
    status: str = ""
    infra: bool = False
    volumes: tuple[str, ...] = ()
    created_ns: int | None = None
    lock: int | None = None
    missing: str = ""
    maps: dict[str, list[dict[str, int]]] = field(default_factory=dict)
    shm: str = ""


class LibpodPod(Struct, frozen=True):
    """A pod: full id, name, id of its infra container (`""` where it has none), ids of its containers, its lock."""

    id: str
    name: str
    where: Where
    infra: str = ""
    has_infra: bool = False
    containers: tuple[str, ...] = ()
    lock: int | None = None


class LibpodVolume(Struct, frozen=True):
    """A volume: name, driver, mount point on the node, when it was made (Unix nanoseconds) and its lock, or None."""

    name: str
    where: Where
    driver: str = ""
    mount_point: str = ""
    created_ns: int | None = None
    lock: int | None = None


class LibpodState(Struct):
    """A libpod database.

    Attributes:
        path: member path of the file.
        kind: `BoltDB` or `SQLite`.
        error: why podman does not open it, in the words of the library; `""` when it opens.
        empty: it has no bytes, and podman makes a new one: nothing is known of what there was.
        unread: why the bundle does not give its content, `""` when it does.
        damage: (place, expected, observed) of damage inside the file.
        broken: names of tables that cannot be read whole.
        config: where podman worked.
        configured: the database holds such a configuration.
        containers, pods, volumes: by id or name.
        unreadable: values that podman cannot read.
        adrift: names of containers and pods in pages that nothing leads to: older states, but all that is left.
        unfinished: a transaction was under way; podman undoes it on the next start.
        sessions: exec sessions that are recorded.
    """

    path: str
    kind: str
    error: str = ""
    empty: bool = False
    unread: str = ""
    damage: list[tuple[Where, str, str]] = field(default_factory=list)
    broken: tuple[str, ...] = ()
    config: RuntimeConfig = field(default_factory=RuntimeConfig)
    configured: bool = False
    containers: dict[str, LibpodContainer] = field(default_factory=dict)
    pods: dict[str, LibpodPod] = field(default_factory=dict)
    volumes: dict[str, LibpodVolume] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    adrift: tuple[str, ...] = ()
    unfinished: bool = False
    sessions: int = 0

    @property
    def opens(self) -> bool:
        """Tell whether podman opens it and what it says was read."""
        return not self.error and not self.unread

    @property
    def whole(self) -> bool:
        """Tell whether all that it holds was read, so that what is not in it is not known to podman."""
        return self.opens and not self.damage and not self.empty


def read_bolt_state(path: str, data: bytes) -> LibpodState:
    """Return what a `bolt_state.db` says; never raises."""
    bolt = read_bolt(data)
    state = LibpodState(path, BOLT, bolt.error, bolt.empty)
    state.damage = [(Where(path, "", each.offset), each.expected, each.observed) for each in bolt.damage]
    _Reader(state).bolt(bolt)
    return state


def read_sqlite_state(path: str, data: bytes, log: bytes = b"", journal: bytes = b"") -> LibpodState:
    """Return what a `db.sql` says, its write-ahead log and rollback journal beside it; never raises."""
    tables = read_tables(data, log, journal)
    state = LibpodState(path, SQLITE, tables.error, tables.empty, unfinished=tables.unfinished)
    state.damage = [(Where(path), "pages that SQLite reads", line) for line in tables.damage]
    state.broken = tuple(tables.broken)
    _Reader(state).sqlite(tables)
    return state


class _Reader:
    """Fills a state from either kind of database."""

    def __init__(self, state: LibpodState) -> None:
        self.state = state

    def bolt(self, bolt: Bolt) -> None:
        root, state = bolt.root, self.state
        config = _bucket(root, "runtime-config")
        if config:
            found = {name: _text(config.get(key.encode())) for key, name in PATHS.items()}
            state.config, state.configured = RuntimeConfig(**found), True
        names = {_text(key): _text(value) for key, value in _bucket(root, "all-ctrs").items()}
        names = names or {_text(key): _text(value) for key, value in _bucket(root, "allCtrs").items()}
        infra = self._bolt_pods(root)
        for key, record in _bucket(root, "ctr").items():
            if not isinstance(record, dict):
                continue
            whole = _text(key)
            name = names.get(whole) or ""
            self._container(whole, name, record.get(b"config"), record.get(b"state"), infra)
        for key, record in _bucket(root, "vol").items():
            if isinstance(record, dict):
                self._volume(_text(key), record.get(b"config"))
        state.sessions = len(_bucket(root, "exec"))
        state.adrift = _drifting(bolt.adrift, set(state.containers))

    def _bolt_pods(self, root: Bucket) -> set[str]:
        infra: set[str] = set()
        for key, record in _bucket(root, "pod").items():
            if isinstance(record, dict):
                members = tuple(map(_text, _bucket(record, "containers")))
                infra.add(self._pod(_text(key), record.get(b"config"), record.get(b"state"), members))
        return infra - {""}

    def sqlite(self, tables: Tables) -> None:
        rows, state = tables.rows, self.state
        for row in rows.get("DBConfig", ())[:1]:
            found = {name: _text(row.get(column)) for column, name in COLUMNS.items()}
            state.config, state.configured = RuntimeConfig(**found), True
        members: dict[str, list[str]] = {}
        for row in rows.get("ContainerConfig", ()):
            members.setdefault(_text(row.get("PodID")), []).append(_text(row.get("ID")))
        states = {_text(row.get("ID")): row for row in rows.get("PodState", ())}
        infra: set[str] = set()
        for row in rows.get("PodConfig", ()):
            key = _text(row.get("ID"))
            held = states.get(key, {})
            document = held.get("JSON")
            infra.add(
                self._pod(key, row.get("JSON"), document, tuple(members.get(key, ())), held, _text(row.get("Name")))
            )
        states = {_text(row.get("ID")): row for row in rows.get("ContainerState", ())}
        for row in rows.get("ContainerConfig", ()):
            key = _text(row.get("ID"))
            document = states.get(key, {}).get("JSON")
            self._container(key, _text(row.get("Name")), row.get("JSON"), document, infra - {""})
        for row in rows.get("VolumeConfig", ()):
            self._volume(_text(row.get("Name")), row.get("JSON"))
        state.sessions = len(rows.get("ContainerExecSession", ()))

    def _document(self, kind: str, key: str, part: str, raw: Any) -> tuple[dict[str, Any], Where]:
        """Return a JSON document of the database; one that does not read is noted."""
        where = Where(self.state.path, f"{kind}/{key}/{part}")
        data = raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else bytes(raw or b"")
        value, error = decode(data)
        if not error and not isinstance(value, dict):
            error = "not an object"
        if error:
            self.state.unreadable.append(Unreadable(kind, key, part, error, where))
            return {}, where
        return value, where

    def _container(self, key: str, name: str, config: Any, held: Any, infra: set[str]) -> None:
        if config is None or held is None:
            where = Where(self.state.path, f"container/{key}")
            self.state.containers[key] = LibpodContainer(
                key, name, where, missing=CONFIG if config is None else STATE, infra=key in infra
            )
            return
        document, where = self._document("container", key, CONFIG, config)
        state, _ = self._document("container", key, STATE, held)
        number = state.get("state")
        known = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(STATES)
        self.state.containers[key] = LibpodContainer(
            key,
            name or _text(document.get("name")),
            where,
            pod=_text(document.get("pod")),
            image=_text(document.get("rootfsImageID")),
            image_name=_text(document.get("rootfsImageName")),
            rootfs=_text(document.get("rootfs")),
            status=STATES[number] if known else "",  # type: ignore[index]
            infra=key in infra or document.get("pause") is True,
            volumes=_volume_names(document.get("namedVolumes")),
            created_ns=parse_time(_text(document.get("createdTime"))),
            lock=_lock(document),
            maps=id_maps(document.get("idMappingsOptions")),
            shm=shm if f"/{key}/" in (shm := _text(document.get("ShmDir"))) else "",
        )

    def _pod(
        self,
        key: str,
        config: Any,
        held: Any,
        members: tuple[str, ...],
        row: dict[str, Any] | None = None,
        name: str = "",
    ) -> str:
        """Note a pod and return its infra container."""
        document, where = self._document("pod", key, CONFIG, config)
        state, _ = self._document("pod", key, STATE, held)
        infra = _text((row or {}).get("InfraContainerID")) or _text(state.get("InfraContainerID"))
        name = name or _text(document.get("name"))
        has = document.get("hasInfra") is True
        self.state.pods[key] = LibpodPod(key, name, where, infra, has, members, _lock(document))
        return infra

    def _volume(self, name: str, config: Any) -> None:
        document, where = self._document("volume", name, CONFIG, config)
        made = parse_time(_text(document.get("createdAt")))
        driver, mount = _text(document.get("volumeDriver")), _text(document.get("mountPoint"))
        self.state.volumes[name] = LibpodVolume(name, where, driver or "local", mount, made, _lock(document))


def _bucket(parent: Bucket, name: str) -> Bucket:
    value = parent.get(name.encode())
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return as_text(value)


def _lock(document: dict[str, Any]) -> int | None:
    value = document.get("lockID")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def id_maps(options: Any, parts: tuple[str, ...] = MAP_PARTS) -> dict[str, list[dict[str, int]]]:
    """Return a container's own id maps, as records have them; entries that are none are left out.

    Args:
        options: that a container was made with.
        parts: what these call the parts of an entry.
    """
    found = {}
    for key, name in (("uidmap", "UIDMap"), ("gidmap", "GIDMap")):
        rows = options.get(name) if isinstance(options, dict) else None
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        kept = [{part: row.get(name) for part, name in zip(MAP_PARTS, parts, strict=True)} for row in rows]
        if kept and all(type(number) is int for row in kept for number in row.values()):
            found[key] = kept
    return found


def _volume_names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    names = (_text(each.get("volumeName")) for each in value if isinstance(each, dict))
    return tuple(name for name in names if name)


def _drifting(pairs: list[tuple[bytes, bytes]], known: set[str]) -> tuple[str, ...]:
    """Return `name (id)` of configurations in pages that nothing leads to, each once, unknown ones only."""
    found: dict[str, str] = {}
    for key, value in pairs:
        if key != b"config" or not value.startswith(b"{"):
            continue
        document, error = decode(value)
        if error or not isinstance(document, dict):
            continue
        identity = _text(document.get("id"))
        if identity and identity not in known:
            found[identity] = _text(document.get("name"))
    return tuple(f"{name} ({identity})" for identity, name in sorted(found.items()))
