"""What stands in an engine's way because it is of the wrong kind: moved out, so that the right thing can lie there."""

from __future__ import annotations

from analyzer.repair.edits import SetAside
from analyzer.repair.site import Site
from analyzer.source.member import DIRECTORY


def mend_obstacles(site: Site) -> None:
    """Note what has to leave: directories in place of files, and files in place of directories."""
    locks = site.of("STO-008", at_least="error")
    strays = {f.subject.path for f in site.of("OVL-013") if f.facts.get("stops_repair") and not f.doubt}
    named = {str(row.get("id")) for part in ("layers", "images", "containers") for row in site.right(part).values()}
    for number, store in enumerate(site.stores):
        for path in sorted(f.subject.path for f in locks if f.root == store.root):
            why = f"what stands in place of {path.rpartition('/')[2]}, which an engine recreates"
            site.note(number, SetAside(site.below(number, path)), path, why=why)
        for key, document in sorted(store.documents.items()):
            if document.file.member.kind == DIRECTORY:
                path = site.below(number, document.path)
                site.note(number, SetAside(path), document.path, why=f"a directory in place of {key.split('/')[1]}")
        for file in store.no_directories:
            name = file.path.rpartition("/")[2]
            if name in named and file.member.kind == "file":
                site.note(number, SetAside(site.below(number, file.path)), name, why="a file in place of a directory")
        for name, directory in sorted(store.home.layers.items()):
            if directory.path in strays and name not in site.directories[number]:
                path = site.below(number, directory.path)
                site.note(number, SetAside(path), name, why="a directory that stops the driver")
