"""Entry of `overlay/l` is not a symlink of the form `../<layer>/diff`.

What it finds
    A symlink in `overlay/l` with another target, or something in there that is no symlink.

Why it matters
    The driver's repair of short links reads every name in `overlay/l`. It deletes a symlink whose target looks
    different (`link target of … looks weird`), and ends with an error at anything that is no symlink, so that every
    mount that needs the repair fails.

How sure
    High for single entries. Where *all* of several symlinks have another form, the copy that made the bundle may have
    rewritten them: then one warning is given for the whole directory. A bundle made by a tool that follows symlinks
    has none at all and is not judged.

Remedy
    With the engines stopped, remove the entry; a layer whose `link` names it gets its symlink back at the next mount.

Engine source
    containers/storage drivers/overlay/overlay.go: recreateSymlinks.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, MEDIUM, WARNING, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import link_target
from analyzer.source.member import SYMLINK, Member

FORM = "a symlink to ../<layer>/diff"


@rule(
    "OVL-003",
    severity=ERROR,
    needs=(Need.LINKS,),
    says="{path} is {seen}, where {expected} is expected; the driver's repair of short links {outcome}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look at the form of every entry of `overlay/l`."""
    links = view.store.home.links
    if not any(member.kind == SYMLINK for member in links.values()):
        return
    own = [member for name, member in sorted(links.items()) if name not in view.capture.strewn]
    odd = [member for member in own if not link_target(member)]
    if len(odd) == len(links) > 1:
        yield _all_of_them(view, this, odd)
        return
    owners = {d.link_id: name for name, d in view.store.home.layers.items() if d.link_id}
    for member in odd:
        owner = owners.get(member.path.rpartition("/")[2], "")
        expected = f"a symlink to ../{owner}/diff" if owner else FORM
        users = users_of(view, [owner] if owner else [])
        yield this.found(
            view.file(member.path),
            [(Where(member.path), expected, _seen(member))],
            path=member.path,
            seen=_seen(member),
            expected=expected,
            outcome="deletes it" if member.kind == SYMLINK else "fails on it",
            layer=owner,
            layers=[owner] if owner else [],
            images=users.images,
            containers=users.containers,
        )


def _all_of_them(view: StoreView, this: Rule, odd: list[Member]) -> Finding:
    path = f"{view.store.home.path}/l"
    seen = f"a directory whose {len(odd)} entries all have another form, e.g. {_seen(odd[0])}"
    return this.found(
        view.file(path),
        [(Where(odd[0].path), FORM, _seen(odd[0]))],
        severity=WARNING,
        confidence=MEDIUM,
        variant="all",
        path=path,
        seen=seen,
        expected=f"a directory of entries like {FORM}",
        outcome="deletes them all, unless it is only the copy that changed them",
        layers=[],
    )


def _seen(member: Member) -> str:
    return f"a symlink to {member.link or 'nothing'}" if member.kind == SYMLINK else f"a {member.kind}"
