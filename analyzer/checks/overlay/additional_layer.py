"""`additionallayer` and the symlink `diff` name different places.

What it finds
    A layer with `additionallayer` whose text is no absolute path, or whose `diff` is a symlink to another place than
    `<that path>/diff`. An absolute symlink `diff` alone is told as information: somebody moved the files of the layer
    to another disk, which engines follow (podman 4.3.1 lists, mounts and creates on it).

Why it matters
    The files of such a layer are in an additional layer store, mounted from elsewhere. Where the two disagree, mounting
    fails: `failed to access to the linked additional layer`.

How sure
    High for the texts. Whether the store itself was mounted on the node is not visible. A bundle made by a tool that
    follows symlinks has a directory for `diff` and is not judged.

Remedy
    Mount the additional layer store at the place the texts name; or remove the images by id and pull them again.

Engine source
    containers/storage drivers/overlay/overlay.go: CreateAs, getAdditionalLayerPathByID, redirectDiffIfAdditionalLayer.
"""

from __future__ import annotations

from analyzer.checks.rule import ERROR, INFO, Findings, Need, Rule, StoreView, Where, rule
from analyzer.checks.users import users_of
from analyzer.snapshot.overlay import LayerDirectory, text_of
from analyzer.source.member import SYMLINK

MISSING = "missing"
UNSEEN = "the files of the layer lie outside of the store and are not in the bundle: whether they are there is not seen"
MOVED = "the files of layer {layer} lie outside of the store, where its diff leads: below {expected}"


@rule(
    "OVL-020",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="{name} of layer {layer} is {seen}, where {expected} is expected; needed by {needed}",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Compare the two texts of every layer that has either."""
    for directory in view.store.home.layers.values():
        odd = _odd(directory) if directory.name in view.rel.layers else None
        if odd is None:
            continue
        name, expected, seen = odd
        moved = seen == MISSING
        yield this.found(
            view.layer(directory.name, directory.path),
            [(Where(f"{directory.path}/{name}"), expected, seen)],
            **users_of(view, [directory.name]).facts,
            name=name,
            expected=expected,
            seen=seen,
            unsynced=seen.startswith(("empty", "NUL")),
            **({"severity": INFO, "variant": "moved", "says": MOVED, "doubt": UNSEEN} if moved else {}),
        )


def _odd(directory: LayerDirectory) -> tuple[str, str, str] | None:
    """Return (entry, expected, seen) of a disagreement."""
    diff = directory.entries.get("diff")
    symlink = diff.link if diff is not None and diff.kind == SYMLINK else ""
    if directory.additional is None:
        if symlink.startswith("/"):
            path = symlink.removesuffix("/diff")
            return "additionallayer", path, MISSING
        return None
    text = text_of(directory.additional)
    if text is None:
        return None
    path = text.strip("\n")
    if not path.startswith("/") or "\0" in path:
        seen = "empty (0 bytes)" if not text else "NUL bytes" if directory.additional.zeroed else repr(text[:200])
        return "additionallayer", "an absolute path", seen
    if symlink and symlink != f"{path.rstrip('/')}/diff":
        return "diff", f"a symlink to {path}/diff", f"a symlink to {symlink}"
    return None
