"""Container metadata is not the JSON its engine writes.

What it finds
    A container record whose `metadata` begins like a JSON object or holds NUL bytes, and doesn't parse. Other text is
    legal for other tools and said as information only.

Why it matters
    CRI-O tells its own containers by this text. One whose metadata doesn't parse is passed over for ever: it is not
    listed, not restored, not removed, and its layer keeps its space. Podman fails to inspect it.

How sure
    High that it doesn't parse; who wrote it is a guess from its form.

Remedy
    Remove the container with podman, by id: `podman rm -f --storage ID`.

Engine source
    CRI-O internal/storage/runtime.go: GetContainerMetadata; libpod/storage.go.
"""

from __future__ import annotations

from analyzer.checks.rule import INFO, WARNING, Findings, Need, Rule, StoreView, rule
from analyzer.checks.store.index_files import record_subject


@rule(
    "CTR-007",
    severity=WARNING,
    needs=(Need.CONTAINER_RECORDS,),
    says="the metadata of container {name} is {seen}: CRI-O and podman cannot tell which pod it belongs to",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the metadata text of every container."""
    for container in view.store.containers:
        if not container.metadata_error:
            continue
        text = container.metadata
        meant = text.lstrip().startswith("{") or "\0" in text
        yield this.found(
            record_subject("container", container),
            [
                (
                    container.where.field("metadata"),
                    "a JSON object",
                    container.metadata_error,
                )
            ],
            severity=WARNING if meant else INFO,
            name=container.name or container.id,
            seen=container.metadata_error,
            unsynced="\0" in text,
            containers=[container.id],
        )
