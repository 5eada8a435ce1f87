"""The bundles in one archive of archives, as somebody makes who sends several nodes in one file."""

from __future__ import annotations

import os
from contextlib import closing

from analyzer.errors import AnalyzerError
from analyzer.source.member import DIRECTORY, FILE
from analyzer.source.open import INSIDE, open_bundle
from analyzer.source.stream.as_tar import ARCHIVE

MOST_BESIDE = 16
"""Files beside the archives, such as a list or checksums: with more, it is no archive of archives."""
MOST = 10_000
LAYOUTS = ("manifest.json", "oci-layout", "index.json")
"""Files of images, whose layers are archives too."""


def bundles_within(path: str) -> list[str]:
    """Return the archives in a local archive as `OUTER!/MEMBER`, where it holds several and next to nothing else.

    Reading stops at what shows that it is none; what cannot be read is told by whoever opens it.
    """
    if INSIDE in path or not os.path.isfile(path):  # noqa: PTH113  a name that no file can have is none
        return []
    found: list[str] = []
    beside = 0
    try:
        with closing(open_bundle(path)) as source:
            for member, _ in source:
                if member.kind == FILE and ARCHIVE.search(member.path):
                    found.append(member.path)
                elif member.kind != DIRECTORY:
                    beside += 1
                if beside > MOST_BESIDE or len(found) > MOST or member.path in LAYOUTS:
                    return []
    except AnalyzerError:
        return []
    return [f"{path}{INSIDE}{each}" for each in found] if len(found) > 1 else []
