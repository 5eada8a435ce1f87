"""A sparse XFS file on a loop device, mounted for as long as the context lasts."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

PROGRAMS = ("mkfs.xfs", "losetup", "unshare", "podman", "buildah", "skopeo", "containers-storage", "docker-registry")


def missing_requirements() -> list[str]:
    """Name what this machine lacks for making a store; an empty list means it has everything."""
    lacks = [] if os.geteuid() == 0 else ["root"]
    lacks += [program for program in PROGRAMS if shutil.which(program) is None]
    if not lacks:
        try:
            with xfs_volume():
                pass
        except (OSError, subprocess.CalledProcessError) as error:
            lacks.append(f"XFS on a loop device ({error})")
    return lacks


@contextlib.contextmanager
def xfs_volume(size: int = 1 << 30) -> Iterator[Path]:
    """Yield the mount point of a fresh XFS of `size` bytes (sparse, reflink on); unmount and delete it afterwards."""
    with tempfile.TemporaryDirectory(prefix="xfs-volume-") as work:
        image, mount_point = Path(work, "disk.img"), Path(work, "mnt")
        mount_point.mkdir()
        with image.open("wb") as disk:
            disk.truncate(size)
        _run("mkfs.xfs", "-q", "-m", "reflink=1", image)
        _run("mount", "-o", "loop", image, mount_point)
        try:
            yield mount_point
        finally:
            _run("umount", "-R", mount_point)


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)
