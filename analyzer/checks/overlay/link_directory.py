"""`overlay/l` is missing, empty or not a directory of short links.

What it finds
    An `overlay/l` that is a symlink or a file; or one that is absent or empty while layers have their `link` text.

Why it matters
    With something else in its place no engine starts: `mkdir …/overlay/l: file exists`. An absent or emptied `l` is
    the trace of a layer that was removed while its `link` was empty: the driver then deletes `overlay/l` as a whole.
    The next mount makes the symlinks again from the `link` files, except those of layers whose `link` is bad too.

How sure
    High where `l` is no directory. Where its symlinks are absent, the copy may have left symlinks out: then it is a
    warning where the bundle has symlinks elsewhere (in layers, or in another store). Where it has none, it cannot be
    told; it is left open, and the verdict with it.

Remedy
    With the engines stopped, remove what stands in the place of `l`; the next start makes the directory and the next
    mount its symlinks. Mend every `link` file reported as empty first.

Engine source
    containers/storage drivers/overlay/overlay.go: Init, removeCommon, recreateSymlinks.
"""

from __future__ import annotations

from analyzer.capture.clock import same_time
from analyzer.checks.absence import weigh
from analyzer.checks.rule import CRITICAL, MEDIUM, WARNING, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.source.member import DIRECTORY, SYMLINK


@rule(
    "OVL-006",
    severity=CRITICAL,
    needs=(Need.OVERLAY,),
    says="{path} is {seen}, where a directory of short links is expected; {effect}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look at `overlay/l` itself."""
    home = view.store.home
    path = f"{home.path}/l"
    if home.link_dir is not None and home.link_dir.kind != DIRECTORY:
        kind = home.link_dir.kind
        yield this.found(
            view.file(path),
            [(Where(path), "a directory", f"a {kind}")],
            variant="type",
            path=path,
            seen=f"a symlink to {home.link_dir.link}" if kind == SYMLINK else f"a {kind}",
            effect="no engine starts on this store (mkdir: file exists)",
        )
        return
    lacking = sum(1 for directory in home.layers.values() if directory.link_id)
    if not lacking:
        return
    if home.links:
        yield from _followed(view, this, path)
        return
    answer = view.capture.short_links(view.store)
    weight = weigh(answer, WARNING, f"{path} has none of the {lacking} short links", MEDIUM)
    if weight is not None:
        yield this.found(
            view.file(path),
            [(Where(path), f"the symlinks of {lacking} layers", "none" if home.link_dir else "absent")],
            variant="emptied",
            path=path,
            seen="empty" if home.link_dir else "absent",
            effect="the next mount re-makes the links",
            **weight,
        )


def _followed(view: StoreView, this: Rule, path: str) -> Findings:
    """Tell of links that became the directories they led to, unless the capture is what followed them.

    A capture that follows a link gives what it leads to once more, with the same time; a directory made on the node has
    a time of its own.
    """
    home = view.store.home
    if any(member.kind == SYMLINK for member in home.links.values()) or not view.capture.kept.symlinks:
        return
    diffs = {each.link_id: each.entries.get("diff") for each in home.layers.values() if each.link_id}
    for name, member in sorted(home.links.items()):
        diff = diffs.get(name)
        if member.kind != DIRECTORY or (diff is not None and same_time(member.mtime_ns, diff.mtime_ns)):
            return
    count = len(home.links)
    users = users_of(view, [each.name for each in home.layers.values() if each.link_id])
    yield this.found(
        view.file(path),
        [(Where(next(iter(sorted(home.links.values(), key=lambda m: m.path))).path), "a symlink", "a directory")],
        variant="followed",
        path=path,
        seen=f"a directory of {count} directories",
        images=users.images,
        containers=users.containers,
        effect="a copy followed the links; mounts give an empty root, or what the copies hold",
        doubt="",
    )
