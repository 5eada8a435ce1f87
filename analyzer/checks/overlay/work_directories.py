"""Layer lacks `work`, `merged` or `empty`, or has something else in their place.

What it finds
    A container's read-write layer without `work`, or without `merged` though it was never mounted; a layer without a
    parent that lacks `empty`; a `work` or `merged` that is no directory.

Why it matters
    A read-write mount needs `work`: without it the container does not start, and `podman mount` fails with `no such
    file or directory` (exit 125). A layer without a parent is mounted over `empty` where an image consists of it alone:
    such an image does not mount, containers on it do. `merged` is made again by the next mount.

How sure
    High: the entry is in the bundle, or other layers have theirs. An engine takes `merged` away itself when it unmounts
    a container; that mount leaves its traces in `work`, so only a layer without them is told.

Remedy
    With the engines stopped, make the directory with mode 0700, owned like its neighbours. It is empty: nothing is
    lost.

Engine source
    containers/storage drivers/overlay/overlay.go: create, get, Put. All three were run with podman 4.3.1.
"""

from __future__ import annotations

from analyzer.capture.answer import Answer, NotCaptured, Removed
from analyzer.checks.absence import weigh
from analyzer.checks.rule import ERROR, HIGH, LOW, WARNING, Finding, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import Users, users_of
from analyzer.snapshot.overlay import LayerDirectory
from analyzer.source.member import DIRECTORY
from analyzer.words import totals

PLACES = ("work", "merged", "empty")
THERE = Removed(None, "it is in the bundle")


@rule(
    "OVL-011",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="{name} of layer {layer} is {seen}, where a directory is expected; {effect}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Look at `work`, `merged` and `empty` of every layer directory that has a record."""
    home = view.store.home
    answers = {name: _answers(view, name) for name in PLACES}
    for directory in home.layers.values():
        record = view.rel.layers.get(directory.name)
        if record is None or record.incomplete:
            continue
        for name in PLACES:
            entry = directory.entries.get(name)
            if entry is not None:
                seen = "" if entry.kind == DIRECTORY or name == "empty" else f"a {entry.kind}"
            else:
                seen = "missing" if directory.name in answers[name] else ""
            answer = answers[name].get(directory.name, THERE)
            if seen and not isinstance(answer, NotCaptured):
                yield _finding(view, this, directory, name, seen, answer)


def _answers(view: StoreView, name: str) -> dict[str, Answer]:
    """Answer for every directory with a record that should have a name and has not.

    Where no layer has `empty` and nothing says that it was removed, the engine may have made none.
    """
    recorded = [each for each in view.store.home.layers.values() if each.name in view.rel.layers]
    lacking = [each for each in recorded if name not in each.entries and _needs(view, each, name)]
    answers = view.capture.lacking(view.store, name, lacking)
    if name == "empty" and len(lacking) > 1 and not any(name in each.entries for each in recorded):
        return {key: answer for key, answer in answers.items() if isinstance(answer, Removed)}
    return answers


def _needs(view: StoreView, directory: LayerDirectory, name: str) -> bool:
    """Tell whether an engine made that directory and took it away from no layer like this."""
    owned = directory.name in view.rel.owner_of
    if name == "empty":
        record = view.rel.layers[directory.name]
        base = not record.parent and not owned and directory.lower is None
        return base and bool(directory.entries.keys() & {"work", "diff"})
    if name == "merged":
        return owned and "work" in directory.entries and not directory.worked
    return owned


def _finding(view: StoreView, this: Rule, directory: LayerDirectory, name: str, seen: str, answer: Answer) -> Finding:
    users = users_of(view, [directory.name])
    if name == "empty":
        users = _alone(view, directory.name)
    severity, effect = _judged(name, seen, users)
    confidence = LOW if name == "merged" and seen == "missing" else HIGH
    weight = weigh(answer, severity, f"{directory.path} has no {name}", confidence)
    return this.found(
        view.layer(directory.name, directory.path),
        [(Where(f"{directory.path}/{name}"), "a directory", seen)],
        variant=name,
        name=name,
        **users.facts,
        seen=seen,
        effect=effect,
        **(weight or {}),
    )


def _alone(view: StoreView, layer_id: str) -> Users:
    """Return the images that consist of one layer: only they are mounted over its `empty`."""
    images = sorted(key for key, image in view.rel.images.items() if image.layer == layer_id)
    return Users([layer_id], images, [], totals((len(images), "image")) or "no image")


def _judged(name: str, seen: str, users: Users) -> tuple[str, str]:
    if name == "merged" and seen == "missing":
        return WARNING, "the next mount recreates it, and only an engine removes it"
    if name == "empty":
        alone = f"{users.words} of this one layer cannot be mounted by itself, containers on it can"
        return (ERROR, alone) if users else (WARNING, "no image consists of this layer alone, so nothing fails yet")
    return (ERROR if users else WARNING), f"needed by {users.words}"
