"""Big-data file of an image is missing.

What it finds
    An image record names an item under `big-data-names` (manifest, config, signatures, …) and its data directory has
    no such file. One finding for each image lists all of them.

Why it matters
    Without `manifest` or the config nobody can open the image: CRI-O and Podman fail to list *any* image until the
    record is removed, with `locating item named "…" for image with ID "…" … file does not exist`. CRI-O keeps working
    from its cache until it is restarted. Other items break only what reads them: a pull or push by digest, a
    signature check, `podman manifest inspect`.

How sure
    High where the bundle lists the data directories. A bundle of JSON files alone, and a cut archive, prove nothing and
    give no finding.

Remedy
    `analyzer plan` restores the item from the copy filed under its digest, else from a new pull of the image; no
    container is removed. If no registry has the image, remove its record by id, not by name.

Engine source
    containers/storage store.go ImageBigData, images.go BigData, check.go; containers/image storage/storage_src.go.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed, Unknown
from analyzer.checks.absence import weigh
from analyzer.checks.rule import CRITICAL, ERROR, WARNING, Finding, Findings, Need, Rule, StoreView, rule
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.times import format_time
from analyzer.verify.image_items import MISSING, BigDataItem, listing, title


@rule(
    "IMG-001",
    severity=ERROR,
    needs=(Need.IMAGE_RECORDS, Need.IMAGE_DATA),
    says="image {name} ({image}) lacks {count} of its {total:big-data file}: {listed}{consequence}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for the file of every named item."""
    for image, items, opening in view.images_judged:
        found = [item for item in items if item.fault == MISSING]
        open_ones = [item for item in items if isinstance(item.answer, Unknown)]
        if open_ones and not found:
            yield _left_open(view, this, image, open_ones)
        if not found:
            continue
        lost = {item.key for item in found}
        error = opening.error if opening.key in lost else ""
        found.sort(key=lambda item: item.key != opening.key)
        yield this.found(
            view.image(image),
            [(item.where, _expected(item), "no such file") for item in found],
            severity=_severity(found, error),
            name=title(image),
            image=image.id,
            images=[image.id],
            layers=[image.layer] if image.layer else [],
            items=[item.key for item in found],
            count=len(found),
            total=len(items),
            listed=", ".join(item.key for item in found),
            whole_directory=image.id not in view.store.image_files,
            fails_listing=bool(error),
            engine_message=error,
            consequence=listing(error),
            unsynced=False,
            removed_at=max((_removed_at(item) for item in found), default=""),
        )


def _removed_at(item: BigDataItem) -> str:
    """Return when the file was removed, by its directory's time; `""` where nothing tells."""
    when = item.answer.when_ns if isinstance(item.answer, Removed) else None
    return format_time(when) if when is not None else ""


def _left_open(view: StoreView, this: Rule, image: ImageRecord, items: list[BigDataItem]) -> Finding:
    """Tell of items that the bundle has of no image, or whose directory tells nothing."""
    answer = items[0].answer
    weight = weigh(answer, ERROR, f"image {title(image)} lacks {len(items)} of its files") if answer else None
    return this.found(
        view.image(image),
        [(item.where, _expected(item), "not in the bundle") for item in items],
        variant="open",
        says="image {name} ({image}) lacks {count} of its big-data files in the bundle: {listed}",
        name=title(image),
        image=image.id,
        images=[image.id],
        items=[item.key for item in items],
        count=len(items),
        listed=", ".join(item.key for item in items),
        unsynced=False,
        **(weight or {}),
    )


def _expected(item: BigDataItem) -> str:
    size = f"{item.size} bytes" if item.size is not None else "a file"
    return f"{size}, {item.digest}" if item.digest else size


def _severity(found: list[BigDataItem], error: str) -> str:
    if error:
        return CRITICAL
    return WARNING if all(item.size == 0 for item in found) else ERROR
