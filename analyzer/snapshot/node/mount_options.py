"""Which options of a storage.conf's `mountopt` overlayfs takes.

Each was tried on podman 4.3.1 and a kernel 6.18, and refused ones on both: containers/storage takes generic flags out
(pkg/mount/flags_linux.go) and hands the rest to the kernel (Documentation/filesystems/overlayfs), which knows them all
or mounts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

FLAGS = frozenset(
    [
        "rw",
        "suid",
        "nosuid",
        "dev",
        "nodev",
        "exec",
        "noexec",
        "sync",
        "async",
        "dirsync",
        "atime",
        "noatime",
        "diratime",
        "nodiratime",
        "relatime",
        "norelatime",
        "strictatime",
        "nostrictatime",
        "lazytime",
        "nolazytime",
        "mand",
        "nomand",
        "volatile",
        "userxattr",
        "default_permissions",
        "override_creds",
        "nooverride_creds",
    ]
)
SWITCH = ("on", "off")
VALUES = {
    "index": SWITCH,
    "metacopy": SWITCH,
    "nfs_export": SWITCH,
    "redirect_dir": (*SWITCH, "follow", "nofollow"),
    "xino": (*SWITCH, "auto"),
    "uuid": (*SWITCH, "auto", "null"),
    "verity": (*SWITCH, "require"),
}
FREE = ("fsync", "context", "fscontext", "defcontext", "rootcontext")
"""Options whose values are not judged; those of SELinux may hold commas in quotes."""


def refused(text: str) -> Iterator[str]:
    """Yield the options of a `mountopt` with which no container is mounted."""
    if '"' in text:
        return
    for option in text.split(","):
        name, equals, value = option.partition("=")
        known = value in VALUES[name] if name in VALUES and equals else name in FREE if equals else name in FLAGS
        if option and not known:
            yield option
