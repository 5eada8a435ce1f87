"""What an engine listed and what the store's index has are not the same images.

What it finds
    An image in captured output of `podman images` or `crictl images` (table or JSON) that has no record in the bundle,
    where the same listing names images that have one; and an image with a name that the listing leaves out, though the
    index was saved before.

Why it matters
    The engine knew the image when it was asked: its record was lost since, or the index was copied before the image
    came, or the image was removed before the index was copied. Podman 4.6 and later leave out images whose layers are
    gone.

How sure
    The times decide. Where `images.json` is younger than the listing, an engine has saved it since, and a removal or a
    pull explains all. Where the listing is younger, the record was lost or the image pulled meanwhile: that is left
    open. All are information.

Remedy
    Capture the listing and the store again, with no engine at work.

Engine source
    containers/storage images.go: Load; podman `images`, crictl `images`.
"""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.checks.host.saved import not_listed, not_recorded, saved_ns
from analyzer.checks.rule import INFO, Finding, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.node.listings import EngineImage, listed_images
from analyzer.snapshot.store import GRAPH_ROOT
from analyzer.snapshot.times import format_time


@rule(
    "HST-007",
    severity=INFO,
    needs=(Need.HOST, Need.ALL_IMAGE_RECORDS),
    says="{path} lists image {name} ({id}), and no index has it: {reading}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Hold listings against the images of all stores that the engine uses together."""
    if view.store.role != GRAPH_ROOT:
        return
    by_file: dict[str, dict[str, EngineImage]] = {}
    for row in listed_images(view.snapshot.host):
        by_file.setdefault(row.path, {})[row.id] = row
    saved = saved_ns(view, "images")
    for path, rows in by_file.items():
        lengths = {len(listed) for listed in rows}
        known = {image[:length] for image in view.rel.images for length in lengths}
        absent = [row for listed, row in rows.items() if listed not in known]
        if len(absent) == len(rows):  # of another store, another user or another day
            continue
        later = saved > view.snapshot.host.files[path].member.mtime_ns
        for row in absent:
            yield _listed(this, row, saved, later=later)
        if not later:
            yield from _left_out(view, this, path, rows)


def _listed(this: Rule, row: EngineImage, saved: int, *, later: bool) -> Finding:
    """Tell of an image that was listed and has no record."""
    if later:
        reading = f"it was removed before the index was saved, at {format_time(saved)}"
    else:
        reading = f"its record was lost, or it was pulled after the index was copied (saved at {format_time(saved)})"
    return not_recorded(this, "image", row, reading, open_=not later)


def _left_out(view: StoreView, this: Rule, path: str, rows: dict[str, EngineImage]) -> Iterator[Finding]:
    """Tell of images with a name that were there and not listed."""
    lengths = {len(listed) for listed in rows}
    reading = "podman 4.6 and later leave out images whose layers are gone"
    for image in view.rel.images.values():
        if image.names and not any(image.id[:length] in rows for length in lengths):
            yield not_listed(this, view.image(image), path, image.names[0], image.id, reading)
