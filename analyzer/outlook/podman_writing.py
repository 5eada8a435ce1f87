"""What an old Podman loses when it writes an index that it could not read to its end, and what `podman rm -f` leaves.

Run on podman 4.3.1. Up to 4.3 an index that does not read is read as far as it goes: to the end of the row in which a
value or a byte stops the reading. The next command that writes the index writes what was read, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from analyzer.outlook.because import FindingsAbout
from analyzer.outlook.loaded import written
from analyzer.outlook.model import CREATE, PULL, Deletes, Outlook
from analyzer.outlook.podman import Podman
from analyzer.snapshot.documents import Document
from analyzer.snapshot.engines import PODMAN
from analyzer.snapshot.store import Store

WRITES = {"layers": PULL, "images": PULL, "containers": CREATE}
"""The command that writes the index of each part first."""
STAYS = "exit 0, and its layer stays in the store"


def with_losses(podman: Podman, outlook: Iterable[Outlook], findings: FindingsAbout) -> Iterator[Outlook]:
    """Yield answers, those of commands that write with the records that they would drop."""
    lost, paths = {PULL: Deletes(), CREATE: Deletes()}, {PULL: set[str](), CREATE: set[str]()}
    if podman.lenient and not podman.refused:
        for store in written(podman.view.rel.stores):
            for key, document in store.documents.items():
                part = key.partition("/")[0]
                count = len(unread_rows(store, part, document)) if document.path in podman.state.refused_paths else 0
                if count:
                    command = WRITES[part]
                    lost[command] = replace(lost[command], **{part: getattr(lost[command], part) + count})
                    paths[command].add(document.path)
    for item in outlook:
        deletes = lost.pop(item.command, Deletes())
        if deletes == Deletes():
            yield item
        else:
            because = (*item.because, *findings.these(paths[item.command]))
            yield replace(item, deletes=deletes, because=tuple(dict.fromkeys(because)))
    for command, deletes in lost.items():
        if deletes != Deletes():
            about = findings.these(paths[command])
            yield Outlook(PODMAN, podman.version.text, command, works=True, deletes=deletes, because=about)


def unread_rows(store: Store, part: str, document: Document) -> list[str]:
    """Return the ids of the records after the place in an index where reading stops, in order."""
    rows = document.salvaged.rows
    if document.broken is not None:
        at = document.broken.where.offset
        later = [row for row in rows if at is not None and row.offset > at]
    else:
        records = getattr(store, part)
        wrong = {record.where.pointer for record in records if record.problems and record.where.path == document.path}
        stops = [n for n, row in enumerate(rows) if row.pointer in wrong or not isinstance(row.value, dict)]
        later = list(rows[stops[0] + 1 :]) if stops else []
    return [str(row.value["id"]) for row in later if isinstance(row.value, dict) and row.value.get("id")]


def of_removal(podman: Podman, findings: FindingsAbout) -> Outlook | None:
    """Return what `podman rm -f` says of containers whose layer stays, None where each takes its own along."""
    state, store = podman.state, podman.view.store
    left: list[str] = []
    paths: set[str] = set()
    for libpod in store.libpod[:1] if not podman.refused else ():
        for key, each in libpod.containers.items() if libpod.whole else ():
            if each.rootfs or each.missing or each.infra or not podman.lenient:
                continue
            record = state.containers.get(key)
            if "containers" in state.unread or record is None:
                paths |= {store.part_path("containers"), libpod.path} | podman.index_paths("containers")
            elif state.layers_refusal or record.layer not in state.layers:
                paths |= {store.part_path("layers"), key, record.layer} | podman.index_paths("layers")
            else:
                continue
            left.append(key)
    about = findings.these(paths)
    if not left or not about:
        return None
    containers = tuple((key, STAYS) for key in left)
    return Outlook(PODMAN, podman.version.text, "podman rm", False, STAYS, because=about, containers=containers)
