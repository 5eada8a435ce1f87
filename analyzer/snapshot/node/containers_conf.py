"""containers.conf: what podman is told beside the store."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.snapshot.node.toml import read_toml

if TYPE_CHECKING:
    from analyzer.snapshot.host import Host

FILE = re.compile(r"(?:^|/)containers/containers\.conf(?:\.d/[^/]+\.conf)?$")


def network_backend(host: Host) -> tuple[str, str]:
    """Return `network_backend` of the captured files and the path of the one that sets it last; both `""` without."""
    found = ("", "")
    for path, text in host.texts():
        if not FILE.search(path):
            continue
        table = read_toml(text)[0].get("network")
        value = table.get("network_backend") if isinstance(table, dict) else None
        if isinstance(value, str) and value:
            found = (value, path)
    return found
