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
    With the engines stopped, remove what stands in the place of `l`, or move a renamed `l` back; the next start makes
    the directory and the next mount its symlinks. Mend every `link` file reported as empty first.

Engine source
    containers/storage drivers/overlay/overlay.go: Init, removeCommon, recreateSymlinks.
"""

from __future__ import annotations

from analyzer.capture.answer import Answer, Removed, Unknown
from analyzer.capture.clock import same_time
from analyzer.checks.absence import weigh
from analyzer.checks.rule import CRITICAL, MEDIUM, WARNING, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import LayerDirectory, link_target
from analyzer.source.member import DIRECTORY, FILE, SYMLINK


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
    if moved := [each for each in home.layers.values() if any(map(link_target, each.entries.values()))]:
        yield _moved(view, this, path, moved[0])
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
            effect="the next mount recreates the links",
            **weight,
        )


def _moved(view: StoreView, this: Rule, path: str, moved: LayerDirectory) -> Finding:
    """Tell of the short links under another name: that directory has no `link`, and the driver's repair stops at it."""
    users = users_of(view, [each.name for each in view.store.home.layers.values() if each.link_id])
    return this.found(
        view.file(path),
        [(Where(path), "the directory of short links", f"absent; they lie in {moved.path}")],
        variant="moved",
        path=path,
        seen=f"absent and its symlinks lie in {moved.path}",
        images=users.images,
        containers=users.containers,
        others=[moved.name],
        effect=f"nothing mounts, and the driver's repair stops at {moved.path}",
    )


def _texts(view: StoreView, this: Rule, path: str) -> Finding:
    """Tell of links that are files: a program without symlinks wrote them, when it copied the store or captured it."""
    links = view.store.home.links
    users = users_of(view, [each.name for each in view.store.home.layers.values() if each.link_id])
    what = f"the {len(links)} short links of {path} are files"
    answer: Answer = Removed(None, "")
    if not view.capture.kept.symlinks:
        answer = Unknown("the bundle holds no symlink at all")
    elif not any(member.size for member in links.values()):
        answer = Unknown("they are empty, as 7-Zip leaves links that lead upwards")
    return this.found(
        view.file(path),
        [(Where(next(iter(sorted(member.path for member in links.values())))), "a symlink", "a file")],
        variant="texts",
        path=path,
        seen=f"a directory of {len(links)} files",
        images=users.images,
        containers=users.containers,
        effect="nothing mounts",
        **(weigh(answer, CRITICAL, what) or {}),
    )


def _followed(view: StoreView, this: Rule, path: str) -> Findings:
    """Tell of links that became the directories they led to, unless the capture is what followed them.

    A capture that follows a link gives what it leads to once more, with the same time; a directory made on the node has
    a time of its own.
    """
    home = view.store.home
    if all(member.kind == FILE for member in home.links.values()):
        yield _texts(view, this, path)
        return
    if any(member.kind == SYMLINK for member in home.links.values()) or not (
        view.capture.kept.symlinks or view.capture.directory_times
    ):
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
