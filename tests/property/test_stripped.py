"""A healthy bundle without one kind of file: nothing that was merely not captured turns into damage."""

from __future__ import annotations

import functools
import re

import pytest

from analyzer.api import judge
from analyzer.errors import NoStoreError
from analyzer.source.member import BLOCK, CHAR, DIRECTORY, FILE, SYMLINK
from tests.editing import Edited

STORES = ("healthy-overlay", "podman-pod", "userns-mapped", "image-store", "healthy-zstd-chunked", "podman-list")
ID = "[0-9a-f]{64}"
KINDS = {
    "layers.json": r"-layers/(volatile-)?layers\.json$",
    "images.json": r"-images/images\.json$",
    "containers.json": r"-containers/(volatile-)?containers\.json$",
    "every index": r"/(volatile-)?(layers|images|containers)\.json$",
    "locks": r"\.lock$",
    "tar-splits": r"\.tar-split\.gz$",
    "image items": rf"-images/{ID}/.+",
    "encoded image items": rf"-images/{ID}/=.*",
    "manifests": rf"-images/{ID}/manifest$",
    "image data": rf"-images/{ID}(/|$)",
    "signatures": r"/signature",
    "instances": r"/instances\.json$",
    "layer items": rf"-layers/{ID}(/|$)",
    "link files": rf"overlay/{ID}/link$",
    "lower files": rf"overlay/{ID}/lower$",
    "short links": r"overlay/l/.",
    "short links and their directory": r"overlay/l(/|$)",
    "contents": rf"overlay/{ID}/diff\d*/.",
    "diff": rf"overlay/{ID}/diff\d*(/|$)",
    "work": rf"overlay/{ID}/work(/|$)",
    "merged": rf"overlay/{ID}/merged(/|$)",
    "empty": rf"overlay/{ID}/empty(/|$)",
    "layer directories": rf"overlay/{ID}(/|$)",
    "overlay": r"(^|/)overlay(/|$)",
    "all of the layers": r"-layers(/|$)",
    "all of the images": r"-images(/|$)",
    "all of the containers": r"-containers(/|$)",
    "container data": rf"-containers/{ID}(/|$)",
    "userdata": r"/userdata(/|$)",
    "libpod": r"(^|/)(libpod|db\.sql)(/|$)",
    "volumes": r"(^|/)volumes(/|$)",
    "what volumes hold": r"(^|/)volumes/.",
    "host files": r"(^|/)etc(/|$)",
    "run root": r"(^|/)run(/|$)",
    "marks of the driver": r"(backingFsBlockDev|\.has-mount-program|userns\.lock|defaultNetworkBackend)$",
    "hidden files": r"/\.",
}
FACTS = {
    "directories": lambda member: member.kind == DIRECTORY,
    "symlinks": lambda member: member.kind == SYMLINK,
    "device nodes": lambda member: member.kind in (CHAR, BLOCK),
    "empty files": lambda member: member.kind == FILE and not member.size,
    "large files": lambda member: member.kind == FILE and member.size > 1500,
}


@functools.cache
def loud(name: str) -> frozenset[str]:
    """Return the rules that warn of the whole bundle: a manifest list, say."""
    return frozenset(f.rule for f in judge(Edited(name).snapshot()).findings if f.severity != "info")


def check(name: str, store: Edited) -> None:
    try:
        report = judge(store.snapshot())
    except NoStoreError:
        return
    known = loud(name)
    assert [(f.rule, f.message) for f in report.findings if f.severity != "info" and f.rule not in known] == []
    assert report.verdict in {"healthy", "undetermined", *(["advisory", "damaged"] if known else [])}


@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_name_left_out_is_no_damage(kind, name):
    store, pattern = Edited(name), re.compile(KINDS[kind])
    gone = [path for path in store.entries if pattern.search(path)]
    if not gone:
        pytest.skip("this store has none")
    for path in gone:
        del store.entries[path]
    check(name, store)


@pytest.mark.parametrize("name", STORES)
@pytest.mark.parametrize("kind", FACTS)
def test_a_kind_of_entry_left_out_is_no_damage(kind, name):
    store = Edited(name)
    gone = [path for path, (member, _) in store.entries.items() if FACTS[kind](member)]
    assert gone or kind in ("device nodes", "symlinks", "large files", "empty files")
    for path in gone:
        del store.entries[path]
    check(name, store)
