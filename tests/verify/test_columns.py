"""Layers of many files are compared in columns: each change of one file is told, alone, as in small layers."""

from __future__ import annotations

import io
import tarfile

import pytest

from analyzer.snapshot import tar_split
from analyzer.verify.columns import Matcher
from tests.contents import told
from tests.editing import Edited
from tests.tarsplit import split

LAYER = Edited().image_named("quay.example.test/shop/api:2.0")["layer"]
ROOT = f"storage/overlay/{LAYER}/diff"
MADE = 1_700_000_000
FOLDER, FILE, LINK, SCRIPT = "srv", "srv/f07", "srv/l1", "srv/f21"


def large() -> Edited:
    """Return a healthy store with a layer of a directory, 40 files of three owners, and 10 symlinks to them."""
    store, tar = Edited(), io.BytesIO()
    for path in store.below(ROOT)[1:]:
        del store.entries[path]
    with tarfile.open(fileobj=tar, mode="w") as archive:

        def add(name: str, kind: bytes, mode: int, data: bytes = b"", link: str = "", owner: int = 0) -> None:
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.mtime, info.linkname, info.size = kind, mode, MADE, link, len(data)
            info.uid = info.gid = owner
            archive.addfile(info, io.BytesIO(data))
            path = f"{ROOT}/{name}"
            store.directory(path, mode) if kind == tarfile.DIRTYPE else store.write(path, data)
            facts = {"kind": "symlink", "link": link, "size": 0} if kind == tarfile.SYMTYPE else {}
            store.change(path, mode=mode, uid=owner, gid=owner, mtime_ns=MADE * 10**9, **facts)

        add(FOLDER, tarfile.DIRTYPE, 0o755)
        for number in range(40):
            add(f"srv/f{number:02}", tarfile.REGTYPE, 0o644, b"content %d\n" % number, owner=number % 3)
        for number in range(10):
            add(f"srv/l{number}", tarfile.SYMTYPE, 0o777, link=f"f{number:02}")
    store.change(f"{ROOT}/{FOLDER}", mtime_ns=MADE * 10**9)
    store.write(f"storage/overlay-layers/{LAYER}.tar-split.gz", split(tar.getvalue()))
    rows = store.layers()
    next(row for row in rows if row["id"] == LAYER)["diff-size"] = len(tar.getvalue())
    return store.write_layers(rows)


@pytest.fixture
def compared(monkeypatch):
    """Return the paths that were compared in columns, which a tar-split of any length is worth here."""
    seen, match = [], Matcher.match
    monkeypatch.setattr(tar_split, "LONG", 0)
    monkeypatch.setattr(Matcher, "match", lambda self, group: seen.extend(group.paths) or match(self, group))
    return seen


def test_a_healthy_layer_is_compared_in_columns_and_nothing_is_told(compared):
    assert told(large()) == {}
    assert len(compared) >= 40


def other_content(store: Edited) -> None:
    at = f"{ROOT}/{FILE}"
    store.write(at, store.data(at).replace(b"7", b"8"))


CHANGES = {
    "content": (FILE, other_content),
    "size": (FILE, lambda store: store.write(f"{ROOT}/{FILE}", b"content 7\n\n")),
    "mode": (FILE, lambda store: store.change(f"{ROOT}/{FILE}", mode=0o666)),
    "user": (FILE, lambda store: store.change(f"{ROOT}/{FILE}", uid=7)),
    "group": (FILE, lambda store: store.change(f"{ROOT}/{FILE}", gid=7)),
    "another's owner": (FILE, lambda store: store.change(f"{ROOT}/{FILE}", uid=2, gid=2)),
    "attribute": (FILE, lambda store: store.change(f"{ROOT}/{FILE}", xattrs={"security.capability": b"1"})),
    "kind": (FILE, lambda store: store.change(f"{ROOT}/{FILE}", kind="symlink", link="f08", size=0)),
    "gone": (FILE, lambda store: store.remove(f"{ROOT}/{FILE}")),
    "symlink": (LINK, lambda store: store.change(f"{ROOT}/{LINK}", link="f02")),
    "symlink gone": (LINK, lambda store: store.remove(f"{ROOT}/{LINK}")),
    "directory's mode": (FOLDER, lambda store: store.change(f"{ROOT}/{FOLDER}", mode=0o700)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_change_is_told_alone(name, compared):
    path, change = CHANGES[name]
    store = large()
    change(store)
    findings = [finding for each in told(store).values() for finding in each]
    assert {finding.subject.id for finding in findings} == {LAYER}
    assert {file for finding in findings for file in finding.facts["files"]} == {path}
    assert len(compared) >= 40
