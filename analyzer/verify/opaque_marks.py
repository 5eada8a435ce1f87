"""Which opaque marks the mounts of a store honour: a mark of the other name space lets deleted files reappear."""

from __future__ import annotations

from analyzer.snapshot.overlay import text_of
from analyzer.snapshot.store import Store
from analyzer.verify.id_maps import attribute_names

OPAQUE_MARK = ".wh..wh..opq"
TRUSTED, USER = "trusted.overlay.", "user.overlay."
OPAQUE_NAMES = ("trusted.overlay.opaque", "user.overlay.opaque", "user.fuseoverlayfs.opaque", "user.containers.opaque")
BY_THE_KERNEL = ("origin", "impure", "uuid", "redirect", "nlink", "upper")
"""Other marks that overlay itself leaves on what it wrote, in the name space it was mounted with."""


NO_MARK = "no opaque mark"


def may_be_files(store: Store) -> bool:
    """Tell whether opaque marks of image layers are files: fuse-overlayfs unpacked them, or nothing tells who did.

    The driver writes `.has-mount-program` either way (containers/storage drivers/overlay: Init).
    """
    mark = store.home.mount_program
    return mark is None or (text_of(mark) or "").strip() == "true"


def honoured_names(store: Store, *, rootless: bool) -> tuple[str, ...]:
    """Return the names of opaque marks that count in a store.

    The kernel reads `trusted.` marks, or those under `user.` where it was mounted with `userxattr`, in a user name
    space; never both. fuse-overlayfs reads them all (containers/storage drivers/overlay: SupportsNativeOverlay,
    pkg/archive: overlayWhiteoutConverter; kernel Documentation/filesystems/overlayfs).
    """
    if (text_of(store.home.mount_program) or "").strip() == "true":
        return OPAQUE_NAMES
    seen = {prefix for name in attribute_names(store) for prefix in (TRUSTED, USER) if _left_by(name, prefix)}
    if len(seen) == 2:
        return OPAQUE_NAMES
    prefix = seen.pop() if seen else USER if rootless else TRUSTED
    return (f"{prefix}opaque",)


def _left_by(name: str, prefix: str) -> bool:
    return name.startswith(prefix) and name[len(prefix) :] in BY_THE_KERNEL
