"""Image data directory has no image record.

What it finds
    A directory with an image id for its name, beside images.json, that no image record of the store has.

Why it matters
    It only takes space: the image is gone for the engines. CRI-O removes such directories at every start since 1.28,
    Podman in `podman system prune --external`. When images.json was lost or emptied, these directories are what it can
    be rebuilt from, so nothing must start before.

How sure
    High for the fact. A pull or a removal while the bundle was made shows the same for a moment.

Remedy
    None: garbage collection removes it. Copy it aside first if the image is missed.

Engine source
    containers/storage images.go GarbageCollect.
"""

from __future__ import annotations

from analyzer.checks.rule import WARNING, Findings, Need, Rule, StoreView, Subject, Where, rule
from analyzer.snapshot.digests import HEX_ID


@rule(
    "IMG-021",
    severity=WARNING,
    needs=(Need.IMAGE_RECORDS,),
    says="directory {path} holds {count:file}, but no image has that id",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look for data directories whose image has no record in their store."""
    store = view.store
    recorded = {image.id for image in store.images}
    for name, files in store.image_files.items():
        if name in recorded or not HEX_ID.fullmatch(name):
            continue
        path = store.part_path("images", name)
        yield this.found(
            Subject("image", name, path),
            [(Where(path), "an image record with this id", "a directory without a record")],
            path=path,
            image=name,
            images=[],
            count=len(files),
            bytes=sum(file.member.size for file in files.values()),
            fails_listing=False,
        )
