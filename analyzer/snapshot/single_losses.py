"""One file that was not read is one file: the archive goes on after it, and what is absent is absent.

A container may have written a file with holes of hundreds of GiB (`lastlog` of a large user id), which no limit lets
through. Nothing is checked against what a container wrote, so that it is only noted.
"""

from __future__ import annotations

from collections.abc import Iterable

from analyzer.snapshot.store import Store
from analyzer.source.member import Loss

ONE_FILE = "content not read"
"""What the reader of an archive says of a file whose content it passed over (`analyzer.source.tar.body`)."""


def sort_losses(losses: Iterable[Loss], stores: Iterable[Store]) -> tuple[list[Loss], list[Loss], list[Loss]]:
    """Return (losses of the archive, single files that were not read, those of them that nothing needs)."""
    written = {container.layer for store in stores for container in store.containers if container.layer}
    archive: list[Loss] = []
    single: list[Loss] = []
    needless: list[Loss] = []
    for loss in losses:
        if ONE_FILE not in loss.what:
            archive.append(loss)
        elif written.intersection(loss.where.split("/")):
            needless.append(loss)
        else:
            single.append(loss)
    return archive, single, needless
