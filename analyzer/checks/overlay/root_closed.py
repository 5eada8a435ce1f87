"""The root of an image's top layer is closed to others.

What it finds
    A `diff` of an image's top layer that others may not enter (its mode lacks `o+x`), while the `diff` of its parent,
    of a layer made on it, or of most bottom layers is open, and its own tar says nothing of the root.

Why it matters
    The mode of the topmost `diff` is that of `/` in what is made of the image: a new container's processes that are
    not root cannot open any file. Containers that exist keep the root they were made with.

How sure
    High: the driver makes `diff` with the mode of the parent's (0555 at the bottom), and only a root entry in the
    layer's tar gives it another.

Remedy
    With the engines stopped, `chmod` the directory to the mode of its neighbours; or remove the image by id and pull
    it again.

Engine source
    containers/storage drivers/overlay/overlay.go: create (`perms`); the kernel's overlayfs takes the attributes of a
    merged directory from the topmost one.
"""

from __future__ import annotations

from analyzer.capture.recorded import description
from analyzer.checks.rule import ERROR, Findings, Need, Rule, StoreView, Where, rule
from analyzer.source.member import Member
from analyzer.words import plural

ENTER = 0o001


@rule(
    "OVL-027",
    severity=ERROR,
    needs=(Need.OVERLAY, Need.LAYER_RECORDS),
    says="{path} has mode {seen} where {expected} is expected: `/` of new containers of {needed} is closed to others",
)
def check(view: StoreView, this: Rule) -> Findings:
    """Hold the mode of every top layer's root against that of its neighbours."""
    for image_id, image in view.rel.images.items():
        root = _root(view, image.layer)
        if root is None or root.mode & ENTER or image.layer in view.rel.mapped:
            continue
        wanted = _neighbours(view, image.layer)
        if not wanted or any(not mode & ENTER for mode in wanted) or _has_root_entry(view, image.layer):
            continue
        images = sorted(key for key, each in view.rel.images.items() if each.layer == image.layer)
        if images[0] != image_id:
            continue
        yield this.found(
            view.layer(image.layer, root.path),
            [(Where(root.path), f"mode {wanted[0]:04o}", f"mode {root.mode:04o}")],
            layer=image.layer,
            layers=[image.layer],
            images=images,
            path=root.path,
            seen=f"{root.mode:04o}",
            expected=f"{wanted[0]:04o}",
            needed=plural(len(images), "image"),
        )


def _root(view: StoreView, layer_id: str) -> Member | None:
    directory = view.store.home.layers.get(layer_id)
    return directory.entries.get("diff") if directory is not None and directory.diff_is_directory() else None


def _neighbours(view: StoreView, layer_id: str) -> list[int]:
    """Return the modes of the roots that say what this one should be: of its parent and of what was made on it."""
    record = view.rel.layers.get(layer_id)
    near = [record.parent] if record is not None and record.parent else []
    near += view.rel.children.get(layer_id, ())
    found = [root.mode for root in (_root(view, each) for each in near) if root is not None]
    if found or record is None:
        return found
    bases = [_root(view, each.id) for each in view.store.layers if not each.parent and each.id != layer_id]
    return [root.mode for root in bases if root is not None]


def _has_root_entry(view: StoreView, layer_id: str) -> bool:
    described = description(view.rel.stores, layer_id)
    return described is not None and any(not entry.path for entry in described.entries())
