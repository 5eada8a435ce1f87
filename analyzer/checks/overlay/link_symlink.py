"""`overlay/l/<link>` is missing or leads to another layer than the one that names it.

What it finds
    A layer with a good `link` text for which `overlay/l` has no symlink of that name, something else than a symlink,
    or a symlink to another layer.

Why it matters
    Every `lower` file goes through these short names. A missing one is recreated at the next mount, with the warning
    `Can't stat lower layer … because it does not exist. Going through storage to recreate the missing symlinks.`
    That repair works only in the graph root, and fails for the whole store while any directory beside the layers has
    no `link` file or any other symlink is dangling: then every container on the layer fails to start. A symlink to
    another layer mounts that layer's files in this one's place without any message.

How sure
    High: the `link` text and the listing of `overlay/l` are in the bundle. A bundle whose `overlay/l` holds no
    symlink at all is judged as a whole by `link-directory`.

Remedy
    Nothing where the driver can repair it: the next mount does. Else, with the engines stopped,
    `ln -sfn ../<layer>/diff overlay/l/<link>`, after removing what stands in the repair's way.

Engine source
    containers/storage drivers/overlay/overlay.go: get, recreateSymlinks.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from analyzer.capture.answer import Removed
from analyzer.checks.absence import weigh
from analyzer.checks.overlay.repair import self_repair_fails
from analyzer.checks.rule import ERROR, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import link_target
from analyzer.source.member import SYMLINK

MISSING = "missing"


@rule(
    "OVL-002",
    severity=WARNING,
    needs=(Need.LINKS, Need.LAYER_RECORDS),
    says="short link {link} of layer {layer} is {seen}; it should lead to {expected}; needed by {needed}; {repair}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look up the symlink that each layer's `link` names."""
    home = view.store.home
    if not any(member.kind == SYMLINK for member in home.links.values()):
        return
    led_to = {link_target(member) for member in home.links.values()}
    shared = Counter(directory.link_id for directory in home.layers.values() if directory.link_id)
    blocked: str | None = None
    for directory in home.layers.values():
        link = directory.link_id
        if not link or shared[link] > 1 or directory.name not in view.rel.layers:
            continue
        seen = _seen(view, link, directory.name)
        if not seen:
            continue
        if blocked is None:
            blocked = self_repair_fails(view)
        severity = ERROR if blocked or seen != MISSING else WARNING
        weight: dict[str, Any] | None = {"severity": severity}
        if seen == MISSING:
            answer = view.capture.short_link(view.store, directory)
            if directory.name in led_to:
                answer = Removed(None, "another short link leads to the layer")
            weight = weigh(answer, severity, f"{home.path}/l/{link} is gone")
        if weight is None:
            continue
        yield this.found(
            view.layer(directory.name, directory.path),
            [
                (Where(f"{home.path}/l/{link}"), f"../{directory.name}/diff", seen),
                (Where(f"{directory.path}/link"), "the name of its symlink", link),
            ],
            variant=MISSING if seen == MISSING else "wrong",
            **users_of(view, [directory.name]).facts,
            link=f"{home.path}/l/{link}",
            seen=seen,
            expected=f"../{directory.name}/diff",
            blocked=blocked,
            repair=_outlook(seen, blocked),
            **weight,
        )


def _seen(view: StoreView, link: str, layer_id: str) -> str:
    """Return what stands at `l/<link>` in words, `""` when it is right or judged elsewhere."""
    links = view.store.home.links
    member = links.get(link)
    if member is None:
        return "" if view.capture.respelled(link, links) else MISSING
    if member.kind != SYMLINK:
        return f"a {member.kind}"
    target = link_target(member)
    return f"a symlink to {member.link}" if target and target != layer_id else ""


def _outlook(seen: str, blocked: str) -> str:
    if blocked:
        return f"the driver cannot repair it: {blocked}"
    return "the next mount recreates it" if seen == MISSING else "nothing repairs it"
