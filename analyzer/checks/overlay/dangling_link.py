"""Symlink in `overlay/l` leads to a layer directory that does not exist.

What it finds
    A symlink in `overlay/l` whose layer directory is not there.

Why it matters
    The driver's repair of short links writes each symlink's name into the `link` file of its layer. Without the
    directory that fails (`correcting link for layer …: no such file or directory`), and with it *every* mount that
    needs the repair, of whatever image. A symlink left over from a removed layer is otherwise harmless.

How sure
    High: the bundle was read whole and lists other layer directories. Where the layer has a record, the missing
    directory is the fault (see `layer-directory`), and the symlink only one of its marks. Where
    nothing names the layer and no link waits for repair, it is information: a removal while the bundle was made leaves
    that, too.

Remedy
    Without a record: the symlink is moved out of `l` with the engines stopped. With one: `analyzer plan` restores the
    layer's files from a new pull of the image; no image or container is removed. A layer built here that no registry
    has can only come from a backup. Do not make an empty directory in its place.

Engine source
    containers/storage drivers/overlay/overlay.go: recreateSymlinks.
"""

from __future__ import annotations

from analyzer.capture.answer import Removed, Unknown
from analyzer.checks.absence import weigh
from analyzer.checks.overlay.repair import links_to_repair
from analyzer.checks.rule import ERROR, INFO, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import link_target, other_layer


@rule(
    "OVL-004",
    severity=ERROR,
    needs=(Need.LINKS, Need.LAYER_RECORDS),
    says="{path} leads to layer {layer}, whose directory is gone ({record}); until it is removed, {effect}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the directory behind every symlink."""
    home = view.store.home
    if not home.layers:
        return
    pending = links_to_repair(view)
    for _, member in sorted(home.links.items()):
        layer = link_target(member)
        if not layer or layer in home.layers or other_layer(home, layer) in home.layers:
            continue
        has_record = layer in view.rel.layers
        users = users_of(view, [layer])
        answer = view.capture.layer_directory(view.store, layer)
        if not has_record and isinstance(answer, Unknown):
            answer = Removed(None, "no record names it")
        severity = ERROR if has_record or pending else WARNING if users else INFO
        weight = weigh(answer, severity, f"{home.path}/{layer} is gone")
        if weight is None:
            continue
        yield this.found(
            view.file(member.path),
            [
                (
                    Where(f"{home.path}/{layer}"),
                    "the directory of the layer",
                    f"absent, though {member.path} leads to it",
                )
            ],
            **weight,
            path=member.path,
            **users.facts,
            has_record=has_record,
            record="a record names it" if has_record else "no record names it",
            effect="the driver cannot recreate short links and every mount that needs one fails"
            + (f"; the layer is needed by {users.words}" if users else ""),
        )
