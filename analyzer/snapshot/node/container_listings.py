"""Containers that engines listed when the bundle was made: `podman ps`, `crictl ps`, `crictl pods`; tables or JSON."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from analyzer.snapshot.gojson import as_object
from analyzer.snapshot.host import Host
from analyzer.snapshot.node.engine_output import LISTING
from analyzer.snapshot.node.listing_rows import MOST, first_text, listing_rows
from analyzer.snapshot.provenance import SmallFile
from analyzer.snapshot.times import SECOND

CONTAINERS = re.compile(r"(?:^|/)(podman[_-]ps|crictl[_-](?:ps|pods))(?![a-z])[^/]*$")
EVERY = re.compile(r"_-(?:-all|a)(?![a-z])|(?:^|/)(?:podman|crictl)-ps\.txt$")
"""Names of listings of all containers: sos puts the command into the name, `analyzer capture` lists all."""
HEAD = re.compile(r"(?:CONTAINER(?: ID)?|POD ID) {2,}\S.*")
ID = re.compile(r"[0-9a-f]{12,64}")
AGE = re.compile(r"(?:About )?(Less than a|an?|\d+) (second|minute|hour|day|week|month|year)s?(?: ago)?")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800, "month": 2_592_000}
SECONDS["year"] = 365 * SECONDS["day"]


class EngineContainer(NamedTuple):
    """One row of a listing; hostile text.

    Attributes:
        path: member path of the output.
        engine: `podman` or `cri-o`.
        id: the id or its beginning, in hex.
        name: as listed, `""` for none; of a sandbox that of its pod.
        image: name or id of its image, `""` for a sandbox, and for one that has none.
        status: `running`, `exited`, …, in lower case.
        sandbox: whether it is the sandbox of a pod in `crictl pods`.
        every: whether the listing has all containers, stopped ones too.
        before_ns: it was made no later than this, in Unix nanoseconds; None where that is not told.
    """

    path: str
    engine: str
    id: str
    name: str
    image: str
    status: str
    sandbox: bool
    every: bool
    before_ns: int | None


def listed_containers(host: Host) -> list[EngineContainer]:
    """Return the containers that engines listed, in the order of the files and rows."""
    found: list[EngineContainer] = []
    for path, text in host.texts():
        match = CONTAINERS.search(path)
        if match is None or not LISTING.search(path) or len(found) >= MOST:
            continue
        rows = listing_rows(text, HEAD, "containers", "items")
        podman, sandbox = match[1].startswith("podman"), match[1].endswith("pods")
        every = sandbox or EVERY.search(path) is not None
        found += (_container(path, host.files[path], row, podman, sandbox, every) for row in rows)
    return [each for each in found if ID.fullmatch(each.id)]


def _container(
    path: str, file: SmallFile, row: dict[str, Any], podman: bool, sandbox: bool, every: bool
) -> EngineContainer:
    """Return a row in one form, whichever of the four it came in."""
    metadata = row.get("metadata")
    name = first_text(row, "Names", "NAMES", "NAME") or first_text(as_object(metadata), "name")
    image = row.get("image")
    status = first_text(row, "State", "state", "STATUS", "STATE").lower()
    words = status.removeprefix("container_").removeprefix("sandbox_").split()
    return EngineContainer(
        path,
        "podman" if podman else "cri-o",
        first_text(row, "Id", "id", "CONTAINER ID", "CONTAINER", "POD ID"),
        name,
        first_text(image if isinstance(image, dict) else row, "image", "Image", "IMAGE"),
        {"up": "running"}.get(words[0], words[0]) if words else "",
        sandbox,
        every,
        _made_before(row, file.member.mtime_ns),
    )


def _made_before(row: dict[str, Any], listed_ns: int) -> int | None:
    value = row.get("Created", row.get("createdAt"))
    if isinstance(value, int) and not isinstance(value, bool):
        return value * SECOND
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    match = AGE.fullmatch(first_text(row, "CREATED"))
    if match is None:
        return None
    count = int(match[1]) if match[1].isdigit() and len(match[1]) < 10 else int(match[1] != "Less than a")
    return listed_ns - count * SECONDS[match[2]] * SECOND
