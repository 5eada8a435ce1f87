"""Images that engines listed when the bundle was made: `podman images`, `crictl images`, as a table or as JSON.

Where the bundle has no images.json, this is what the store held by the engine's own word.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from analyzer.snapshot.gojson import as_text
from analyzer.snapshot.host import Host
from analyzer.snapshot.node.engine_output import LISTING
from analyzer.snapshot.node.listing_rows import MOST, first_text, listing_rows

IMAGES = re.compile(r"(?:^|/)(?:podman|crictl|buildah)[_-]images[^/]*$")
HEAD = re.compile(r"(?:REPOSITORY|IMAGE) {2,}TAG {2,}(?:DIGEST {2,})?IMAGE ID.*")
ID = re.compile(r"(?:sha256:)?([0-9a-f]{12,64})")


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
            for row in listing_rows(text, HEAD, "images"):
                identity = ID.fullmatch(first_text(row, "Id", "id", "IMAGE ID"))
                found += (EngineImage(path, name, identity[1]) for name in _names(row) if identity)
    return found


def _names(row: dict[str, Any]) -> list[str]:
    """Return the names of a row, `""` where it has none."""
    if "TAG" in row:
        name, tag = first_text(row, "REPOSITORY", "IMAGE"), row["TAG"]
        return ["" if "<none>" in {name, tag} else f"{name}:{tag}"]
    names = row.get("Names") or row.get("repoTags") or [""]
    return [as_text(name) for name in names] if isinstance(names, list) else [""]
