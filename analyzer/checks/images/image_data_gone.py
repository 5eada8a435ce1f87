"""Data of the images in images.json is gone from the image directory.

What it finds
    A `<driver>-images` directory with its lock and its index, and without a file of a single image: it, or the data
    directories in it, were changed after the index was written.

Why it matters
    Somebody or something removed the data of all images at once. Every image fails to open, and CRI-O's listing fails
    at the first: `locating item named "manifest" for image with ID …: file does not exist`.

How sure
    High by the clock: the engine writes the index last, by renaming it into this directory, so a later time of the
    directory means that something was taken out of it or put into it since. Without a later time it cannot be told: a
    capture may have left the data out. Then it is information, and the verdict stays open.

Remedy
    `podman rmi ID` for every image, by id, then pull again; with containers on all of them a new store is less work.

Engine source
    containers/storage images.go: saveFor, bigData; pkg/ioutils: NewAtomicFileWriter.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed, together
from analyzer.checks.absence import weigh
from analyzer.checks.rule import CRITICAL, MEDIUM, Findings, Need, Rule, StoreView, Where, rule
from analyzer.snapshot.times import format_time


@rule(
    "IMG-026",
    severity=CRITICAL,
    needs=(Need.IMAGE_RECORDS, Need.WHOLE_ARCHIVE),
    says="{path} holds no data for any of its {count:image}; {story}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look at the image directory of a store none of whose images has data."""
    store = view.store
    directory, index = store.part_dirs.get("images"), store.document("images", "images.json")
    images = [image.id for image in store.images if image.id and image.big_data_names]
    if directory is None or index is None or not images or "images.lock" not in store.locks:
        return
    if any(store.image_files.values()):
        return
    emptied = [store.data_dirs["images"][image] for image in images if image in store.data_dirs.get("images", {})]
    changed = max(member.mtime_ns for member in (emptied or [directory.member]))
    written = index.file.member.mtime_ns
    answer = together(view.capture.image_data(store, image) for image in images)
    removed = isinstance(answer, Removed)
    what = "their data directories were" if emptied else "the directory was"
    story = f"{what} changed at {format_time(changed)}, its index was written at {format_time(written)}"
    weight = weigh(answer, CRITICAL, f"{directory.path} has data of none of its images", MEDIUM)
    only = next((image for image in store.images if [image.id] == images), None)
    yield this.found(
        view.image(only) if only is not None else view.file(directory.path),
        [
            (Where(directory.path), f"data directories of {len(images)} images", "none"),
            (index.file.where, f"a directory last changed about {format_time(written)}", format_time(changed)),
        ],
        path=directory.path,
        count=len(images),
        images=sorted(images),
        containers=sorted({c for image in images for c in view.rel.users_of_image.get(image, ())}),
        story=story if removed else "the capture may have left them out",
        fails_listing=removed,
        **(weight or {}),
    )
