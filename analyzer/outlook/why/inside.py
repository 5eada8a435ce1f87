"""Which files inside an image a text speaks of, and whether a finding is about one of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from analyzer.checks.finding import Finding
from analyzer.graph.relations import Relations
from analyzer.signatures.match import Match

CONTENT = re.compile(r"/(?:diff\d{0,4}|dir/[^/]+|subvolumes/[^/]+)/(.+)")
STORE = re.compile(
    r"(?:^|/)(?:overlay2?|vfs|btrfs|zfs)(?:-layers|-images|-containers)?/|(?:^|/)containers/storage(?:/|$)"
)
HOST = ("/proc/", "/sys/", "/run/", "/var/run/", "/dev/", "/etc/containers/", "/etc/crio/", "/var/lib/kubelet/")
LIBRARY = ".so"
FILES_OF = {"passwd": "etc/passwd", "group": "etc/group"}
"""What a message calls a file in one word."""


def files_named(matches: Iterable[Match], paths: Iterable[str]) -> tuple[str, ...]:
    """Return the files inside an image that a text speaks of, as paths without a leading slash, or bare names.

    Args:
        matches: known messages of the text.
        paths: paths that the text has.
    """
    found: dict[str, None] = {}
    for each in matches:
        name = each.groups.get("file", "")
        if name:
            found[FILES_OF.get(name, _bare(name))] = None
        elif each.behaviour.inside and each.message.specific:
            found.update(dict.fromkeys(each.behaviour.inside))
    for path in paths:
        inside = CONTENT.search(path)
        if inside is not None:
            found[inside.group(1)] = None
        elif path.startswith("/") and not STORE.search(path) and not path.startswith(HOST):
            found[_bare(path)] = None
    found.pop("", None)
    return tuple(found)


def _bare(path: str) -> str:
    return path.strip("/'\"`")


def about_file(finding: Finding, files: Iterable[str]) -> str:
    """Return the file of a text that a finding is about, `""` where it is about none of them."""
    own = list(_files_of(finding))
    return next((name for name in files if any(_same(name, path) for path in own)), "")


def _files_of(finding: Finding) -> Iterator[str]:
    files = finding.facts.get("files")
    if isinstance(files, (list, tuple)):
        yield from (each for each in files if isinstance(each, str))
    for each in (finding.subject.path, *(evidence.where.path for evidence in finding.evidence)):
        if inside := CONTENT.search(each):
            yield inside.group(1)


def _same(name: str, path: str) -> bool:
    """Tell whether a name in a text means a path below a layer's root; a library's name may lack its last numbers."""
    if path == name or path.endswith("/" + name):
        return True
    if LIBRARY in name and path.rpartition("/")[2].startswith(name.rpartition("/")[2]):
        return True
    return "/" in name and name.endswith("/" + path)


def lists_files(finding: Finding) -> bool:
    """Tell whether a finding names every file that it is about: a file that it does not name is not at fault."""
    files, count = finding.facts.get("files"), finding.facts.get("count")
    return isinstance(files, (list, tuple)) and count == len(files)


def has_file(relations: Iterable[Relations], files: Iterable[str]) -> bool:
    """Tell whether some layer in the bundle holds a file of a text, given with its path."""
    paths = [name for name in files if "/" in name or not name.count(".")]
    for rel in relations:
        for store in rel.stores:
            for directory in store.home.layers.values():
                for table in directory.tables.values():
                    if any(table.get(path) is not None for path in paths):
                        return True
                    table.forget_index()
    return False
