"""Options of the captured storage.conf that change how an engine lays files down.

Source: containers/storage types/options.go, pkg/config/config.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from analyzer.snapshot.gojson import as_text
from analyzer.snapshot.host import Host
from analyzer.snapshot.node.toml import read_toml


class StorageOptions(Struct, frozen=True):
    """What the configuration says; the defaults are those of a node without it.

    Attributes:
        captured: whether any storage.conf is in the bundle.
        force_mask: every file has one mode, the real one is in an attribute.
        ignore_chown_errors: owners are those of the engine's user.
        mount_program: the mount program, `""` for native overlay.
    """

    captured: bool = False
    force_mask: bool = False
    ignore_chown_errors: bool = False
    mount_program: str = ""


def storage_options(host: Host) -> StorageOptions:
    """Return the options of all captured storage.conf files together."""
    captured = False
    merged: dict[str, Any] = {}
    for path, text in host.texts():
        name = path.rpartition("/")[2]
        if not name.startswith("storage") or not name.endswith(".conf"):
            continue
        captured = True
        for table in _tables(text):
            merged.update({key: value for key, value in table.items() if not isinstance(value, dict)})
    program = merged.get("mount_program")
    return StorageOptions(
        captured,
        bool(merged.get("force_mask")),
        str(merged.get("ignore_chown_errors", "")).lower() == "true",
        as_text(program),
    )


def _tables(text: str) -> Iterator[dict[str, Any]]:
    """Yield [storage.options] and its driver tables, where options stand in newer and older files."""
    storage = read_toml(text)[0].get("storage")
    options = storage.get("options") if isinstance(storage, dict) else None
    if isinstance(options, dict):
        yield options
        yield from (table for table in options.values() if isinstance(table, dict))
