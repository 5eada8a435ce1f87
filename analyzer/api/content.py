"""The content of one file, read again from the bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.errors import UnreadableError
from analyzer.graph.find import member_paths
from analyzer.graph.relations import relate
from analyzer.source.reread import reread

if TYPE_CHECKING:
    from analyzer.snapshot.snapshot import BundleSnapshot


def content_of(reading: BundleSnapshot, path: str) -> bytes:
    """Return the content of the file that a path means; of several readings the first that is there.

    Raises:
        UnreadableError: there is no such file, it is cut, or the bundle was a pipe.
    """
    bundle = reading.bundle.path
    if bundle == "-":
        raise UnreadableError("standard input cannot be read again", where=path)
    tried = dict.fromkeys(each for rel in relate(reading) for each in member_paths(rel, path))
    problem = UnreadableError("no such member", where=path)
    for number, member in enumerate(tried):
        try:
            return b"".join(reread(bundle, member))
        except UnreadableError as error:
            problem = error if number == 0 else problem
    raise problem
