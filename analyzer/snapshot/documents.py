"""The index files of a store (layers.json and its kin): where each stands and what it yielded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from analyzer.snapshot.provenance import Problem, SmallFile, Where
from analyzer.snapshot.salvage import Salvaged, salvage_array

if TYPE_CHECKING:
    from analyzer.limits import Limits

FATAL = frozenset(
    {"not-an-array", "cut", "nul-bytes", "syntax", "too-deep", "trailing-bytes", "not-regular", "byte-order-mark"}
)


class Document(Struct, frozen=True):
    """One index file.

    Attributes:
        name: `layers.json`, `volatile-layers.json`, `images.json`, `containers.json`, `volatile-containers.json`.
        file: the file as found.
        salvaged: rows, problems and fragments.
    """

    name: str
    file: SmallFile
    salvaged: Salvaged

    @property
    def path(self) -> str:
        """Return the member path."""
        return self.file.path

    @property
    def cut(self) -> bool:
        """Tell whether the archive, not the file, ended inside it: what is missing proves nothing."""
        return self.file.cut

    @property
    def empty(self) -> bool:
        """Tell whether the file has 0 bytes, which the engine takes for an empty list."""
        return self.file.data == b"" and not self.cut

    @property
    def broken(self) -> Problem | None:
        """Return the first problem that makes the engine refuse the file, None when it loads."""
        return next((problem for problem in self.salvaged.problems if problem.kind in FATAL), None)


def read_document(name: str, file: SmallFile, limits: Limits) -> Document:
    """Read one index file; a file without content becomes a document with one problem."""
    if file.data is None:
        problem = Problem("not-regular", Where(file.path), "a regular file", file.reason)
        return Document(name, file, Salvaged((), (problem,)))
    return Document(name, file, salvage_array(file.data, file.path, max_depth=limits.json_depth))
