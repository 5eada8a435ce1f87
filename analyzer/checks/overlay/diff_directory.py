"""`diff` of a layer is not a directory.

What it finds
    A layer directory without `diff` (an id-mapped copy without `diff1`), with a file in its place, or with a symlink
    that is not absolute.

Why it matters
    The layer's own files are gone. Mounting it fails with `readlink …/<id>/diff: no such file or directory`, and what
    stands on it with `creating overlay mount to …: no such file or directory`.

How sure
    High: other layers of the store have their `diff` in the bundle, or the layer directories were changed after they
    were filled, or it lies under another name beside it or in a `lost+found`, where fsck puts what lost its name. A
    bundle without any `diff` that shows no such change, or one that lists only files and no
    directories, is not judged.

Remedy
    `analyzer plan` restores the layer's files from a new pull of the image; no image or container is removed. A layer
    built here that no registry has can only come from a backup. Never make an empty `diff` for an image's layer: it
    mounts, with the files missing.

Engine source
    containers/storage drivers/overlay/overlay.go: get, getDiffPath.
"""

from __future__ import annotations

from analyzer.capture.answer import NotCaptured, Removed, Unknown
from analyzer.capture.aside import found_by_fsck
from analyzer.checks.absence import weigh
from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import LayerDirectory
from analyzer.source.member import SYMLINK

COPY = "diff1"
"""Where an id-mapped copy of an image's top layer has its files."""


@rule(
    "OVL-010",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="{name} of layer {layer} is {seen}, where its directory of files is expected; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look at `diff` of every layer directory that has a record."""
    directories = view.store.home.layers.values()
    gone = [each for each in directories if not each.has_diff and each.name in view.rel.layers]
    answers = view.capture.lacking(view.store, "diff", gone)
    no_listing = not any(each.has_diff for each in directories)
    copies = [each for each in directories if each.name in view.rel.mapped and not _has_copy(each)]
    copied = view.capture.lacking(view.store, COPY, copies)
    fsck = found_by_fsck(view.snapshot, view.store)
    for directory in directories:
        record = view.rel.layers.get(directory.name)
        name = COPY if directory.has_diff and directory.name in copied else "diff"
        seen = _seen(directory) if name == "diff" else "missing"
        if record is None or not seen or (record.incomplete and seen == "missing"):
            continue
        users = users_of(view, [directory.name])
        answer = (answers if name == "diff" else copied).get(directory.name, Removed(None, ""))
        if isinstance(answer, NotCaptured) and not no_listing and directory.member is not None:
            answer = Unknown("its directory has the time it was filled at, and those of other layers are there")
        aside = _set_aside(directory, name) or fsck
        if aside:
            answer = Removed(None, f"it may be {aside}")
        weight = weigh(answer, ERROR if users else WARNING, f"{directory.path} has no {name}")
        if weight is None or (no_listing and not isinstance(answer, Removed)):
            continue
        yield this.found(
            view.layer(directory.name, directory.path),
            [(Where(f"{directory.path}/{name}"), "a directory", f"{seen}; it may be {aside}" if aside else seen)],
            **weight,
            name=name,
            **users.facts,
            seen=seen,
        )


def _set_aside(directory: LayerDirectory, name: str) -> str:
    """Return the name under which somebody kept a directory of files, `""` where there is none."""
    return next((each for each in sorted(directory.entries) if each.startswith(f"{name}.")), "")


def _has_copy(directory: LayerDirectory) -> bool:
    return COPY in directory.entries or COPY in directory.tables


def _seen(directory: LayerDirectory) -> str:
    if not directory.has_diff:
        return "missing"
    if directory.diff_is_directory():
        return ""
    entry = directory.entries["diff"]
    if entry.kind == SYMLINK:
        return "" if entry.link.startswith("/") else f"a symlink to {entry.link}, which is not absolute"
    return f"a {entry.kind}"
