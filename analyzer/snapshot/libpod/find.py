"""Find libpod's databases among the files of a bundle, read them, and tell to which graph root they belong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from analyzer.snapshot.libpod.state import (
    BOLT,
    BOLT_FILE,
    SQLITE,
    SQLITE_FILE,
    LibpodState,
    read_bolt_state,
    read_sqlite_state,
)
from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import FILE

DATABASE = re.compile(rf"(?:.*/)?(?:{re.escape(BOLT_FILE)}|{re.escape(SQLITE_FILE)}(?:-wal|-journal)?)")
"""Member paths whose content is worth keeping."""
BACKEND, SECRETS = "defaultNetworkBackend", "secrets/secrets.json"
SETTINGS = {BACKEND: "mark", SECRETS: "small_file"}
"""Files of a graph root that podman reads besides its database, with the limit of their size."""


def find_states(files: Mapping[str, SmallFile]) -> list[LibpodState]:
    """Return every libpod database among `files`, BoltDB first: podman takes it where both are there."""
    found = [_read(path, files) for path in sorted(files) if path.rpartition("/")[2] in (BOLT_FILE, SQLITE_FILE)]
    return sorted(found, key=lambda state: (state.kind != BOLT, state.path))


def graph_root_of(path: str) -> str:
    """Return the member path of the graph root that a database of this member path stands in."""
    folder = path.rpartition("/")[0]
    above, _, last = folder.rpartition("/")
    return above if last == "libpod" else folder


def states_of(root: str, states: Iterable[LibpodState]) -> list[LibpodState]:
    """Return the databases of one graph root, in the order of `find_states`."""
    return [state for state in states if graph_root_of(state.path) == root]


def _read(path: str, files: Mapping[str, SmallFile]) -> LibpodState:
    file = files[path]
    kind = BOLT if path.endswith(BOLT_FILE) else SQLITE
    if (data := file.content) is None or file.member.kind != FILE:
        return LibpodState(path, kind, unread=file.reason or "its content was not kept")
    if kind == BOLT:
        return read_bolt_state(path, data)
    return read_sqlite_state(path, data, _beside(files, path, "-wal"), _beside(files, path, "-journal"))


def _beside(files: Mapping[str, SmallFile], path: str, ending: str) -> bytes:
    file = files.get(path + ending)
    return file.data or b"" if file is not None else b""
