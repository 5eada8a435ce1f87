"""Big data of a container is missing, cut or changed.

What it finds
    An item that a container record lists (`big-data-names`) whose file is missing, has another size than recorded, or
    another SHA-256.

Why it matters
    Reading the item fails (`locating item named "…" for container with ID "…"`), and `podman system check` reports
    `container data item is missing`; its repair removes the container. Few containers have such items.

How sure
    High: sizes and digests are recorded. A file that the archive cut short is not judged.

Remedy
    Save what the container wrote, remove it and make it again.

Engine source
    containers/storage containers.go: BigData; check.go: Check (containers).
"""

from __future__ import annotations

from typing import Any

from analyzer.checks.absence import weigh
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.bigdata import file_name
from analyzer.snapshot.containers import ContainerRecord
from analyzer.snapshot.digests import HEX_ID
from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import FILE


@rule(
    "CTR-006",
    severity=ERROR,
    needs=(Need.CONTAINER_RECORDS, Need.CONTAINER_DATA),
    says="item {item} of container {name} should be {expected} and is {seen}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare every listed item of every container with its file."""
    for container in view.store.containers:
        if not HEX_ID.fullmatch(container.id):
            continue
        files = view.store.container_files.get(container.id, {})
        for key in dict.fromkeys(container.big_data_names):
            name = file_name(key)
            file = files.get(name)
            wrong = _wrong(container, key, file)
            weight: dict[str, Any] | None = {}
            if file is None:
                weight = weigh(view.capture.container_data(view.store, container.id, name), ERROR, f"{name} is gone")
            if wrong and weight is not None:
                path = view.store.part_path("containers", container.id, name)
                expected, seen = wrong
                yield this.found(
                    view.container(container),
                    [(Where(path), expected, seen), (container.where, f"item {key!r:.80}", "listed")],
                    variant=key,
                    item=key,
                    name=container.name or container.id,
                    expected=expected,
                    seen=seen,
                    unsynced=file is not None and (file.zeroed or (file.member.size == 0 and seen != expected)),
                    containers=[container.id],
                    **weight,
                )


def _wrong(container: ContainerRecord, key: str, file: SmallFile | None) -> tuple[str, str] | None:
    """Return (expected, observed) of an item, None when it is as recorded or can't be judged."""
    size, digest = container.big_data_sizes.get(key), container.big_data_digests.get(key)
    if file is None:
        return "a file", "missing"
    if file.member.kind != FILE or file.cut:
        return None
    if type(size) is int and file.member.size != size:
        return f"{size} bytes", f"{file.member.size} bytes"
    found = file.digest()
    if isinstance(digest, str) and digest.startswith("sha256:") and found and found != digest:
        return digest[:80], f"{file.member.size} NUL bytes" if file.zeroed else found
    return None
