"""Files in an image's data directory, without those that are no big data by design."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.checks.store_view import StoreView
from analyzer.snapshot.images import ImageRecord
from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import DIRECTORY


def files_beside(view: StoreView, image: ImageRecord) -> Iterator[tuple[str, SmallFile]]:
    """Yield (name, file) of the files directly in the data directory, in name order."""
    for name, file in sorted(view.store.image_files.get(image.id, {}).items()):
        if "/" in name or name.startswith(".tmp-") or file.member.kind == DIRECTORY:
            continue
        yield name, file
