"""`link` file of a layer does not hold exactly a link id.

What it finds
    A layer directory whose `link` is missing, empty, NUL-filled, or anything but 26 characters of `A-Z2-7`.

Why it matters
    The driver finds a layer's short symlink through this text; mounting what stands on the layer fails, or works only
    as long as the symlink survives. With an *empty* file, removing the layer computes `overlay/l/` + nothing and
    deletes the whole `overlay/l`: all short links of all layers. Restore the text before any command that may remove
    a layer, a repair by an engine included.

How sure
    High: the text is in the bundle. An empty or NUL-filled file is the mark of a power cut, because the engine writes
    it without fsync.

Remedy
    With the engines stopped, write the id back without a newline. It is the name of the symlink in `overlay/l` that
    points to this layer, or the first element of a child's `lower`; the finding states it where either survives.

Engine source
    containers/storage drivers/overlay/overlay.go: create, getLower, removeCommon, recreateSymlinks.
"""

from __future__ import annotations

from analyzer.capture.text_mode import line_ends
from analyzer.checks.absence import CHANGED, LEFT_OUT, weigh
from analyzer.checks.overlay.lowers import lowers_of
from analyzer.checks.rule import CRITICAL, ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import DriverHome, LayerDirectory, no_text, text_of
from analyzer.source.member import FILE

LENGTH = 26
EXPECTED = f"{LENGTH} characters of A-Z2-7, no newline"


@rule(
    "OVL-001",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="link of layer {layer} is {seen}; it should hold {expected} (needed by {needed})",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Judge the link text of every layer directory that has a record."""
    home = view.store.home
    lowers = lowers_of(view.rel)
    lacking = [each for each in home.layers.values() if each.link is None and each.name in view.rel.layers]
    answers = view.capture.lacking(view.store, "link", lacking)
    changed = line_ends(view.store)
    for directory in home.layers.values():
        record = view.rel.layers.get(directory.name)
        file = directory.link
        if record is None or directory.link_id or (record.incomplete and file is None):
            continue
        seen = _seen(home, directory)
        if not seen:
            continue
        weight = weigh(
            answers.get(directory.name, changed),
            CRITICAL if file is not None and file.data == b"" else ERROR,
            f"{directory.path} has no link" if file is None else f"{directory.path}/link is {seen}",
            either=LEFT_OUT if file is None else CHANGED,
        )
        if weight is None:
            continue
        known = lowers.link_elsewhere(directory.name)
        yield this.found(
            view.layer(directory.name, directory.path),
            [(file.where if file else Where(f"{directory.path}/link"), known or EXPECTED, seen)],
            **weight,
            **users_of(view, [directory.name]).facts,
            seen=seen,
            expected=f"`{known}`" if known else EXPECTED,
            known=known,
            unsynced=file is not None and (file.data == b"" or file.zeroed),
        )


def _seen(home: DriverHome, directory: LayerDirectory) -> str:
    """Return what is wrong with `link` in words, `""` when its content was not kept and its size is right."""
    file = directory.link
    if file is None:
        return "missing"
    if behind := no_text(home, file.member):
        return f"a symlink to {file.member.link}, {behind}"
    if file.data == b"":
        return "empty (0 bytes)"
    if file.zeroed:
        return f"{file.member.size} NUL bytes"
    text = text_of(file)
    if text is not None:
        return repr(text) if len(text) <= LENGTH * 4 else f"{file.member.size} bytes of other text"
    if file.member.kind == FILE:
        return "" if file.member.size == LENGTH else f"{file.member.size} bytes long"
    return file.reason
