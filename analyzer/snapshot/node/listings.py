"""Images that engines listed when the bundle was made: `podman images`, `crictl images`, as a table or as JSON.

Where the bundle has no images.json, this is what the store held by the engine's own word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from analyzer.snapshot.gojson import decode
from analyzer.snapshot.node.engine_output import LISTING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.snapshot.host import Host

IMAGES = re.compile(r"(?:^|/)(?:podman|crictl|buildah)[_-]images[^/]*$")
HEAD = re.compile(r"(?:REPOSITORY|IMAGE) +TAG( +DIGEST)? +IMAGE ID")
ID = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")
MOST = 100_000


class EngineImage(NamedTuple):
    """One row: member path of the output, name with tag (`""` for none), id or its beginning in hex; hostile text."""

    path: str
    name: str
    id: str


def listed_images(host: Host) -> list[EngineImage]:
    """Return the images that engines listed, in the order of the files and rows; one row a name."""
    found: list[EngineImage] = []
    for path, text in host.texts():
        if LISTING.search(path) and IMAGES.search(path) and len(found) < MOST:
            found += _table(path, text) if HEAD.search(text) else _document(path, text)
    return found


def _table(path: str, text: str) -> Iterator[EngineImage]:
    lines = iter(text.splitlines())
    head = next(filter(None, map(HEAD.search, lines)), None)
    if head is None:
        return
    for line in lines:
        cells = re.split(r" {2,}", line[head.start() :].strip())
        column = 3 if head.group(1) else 2
        identity = ID.fullmatch(cells[column]) if len(cells) > column else None
        if identity is not None:
            name = "" if "<none>" in cells[:2] else f"{cells[0]}:{cells[1]}"
            yield EngineImage(path, name, identity.group(1))


def _document(path: str, text: str) -> Iterator[EngineImage]:
    value, error = decode(text.encode("utf-8", "surrogateescape"))
    rows = value.get("images") if isinstance(value, dict) else value
    for row in rows if isinstance(rows, list) and not error else ():
        identity = ID.fullmatch(_text(row, "Id") or _text(row, "id")) if isinstance(row, dict) else None
        if identity is None:
            continue
        names = row.get("Names") or row.get("repoTags") or [""]
        for name in names if isinstance(names, list) else [""]:
            yield EngineImage(path, name if isinstance(name, str) else "", identity.group(1))


def _text(row: dict[str, Any], key: str) -> str:
    value = row.get(key)
    return value if isinstance(value, str) else ""
