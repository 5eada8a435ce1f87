"""Real bundles to measure with: written by GNU tar with the options that the README names, of this machine's own files.

    python benchmarks/real.py --dir SCRATCH

`capture` is a sample store with /usr laid into one of its layers, `share` with /usr/share alone; `store` is made by
buildah as root on XFS, /usr/lib, /usr/share and /usr/bin committed as three layers, with the tar-splits that the engine
writes. GNU tar writes pax records only where a header cannot say something: `path` for names over 100 bytes, `mtime`
with a fraction of a second (the files of packages have none), always `atime` and `ctime`, and every attribute.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

TAR = ["tar", "--xattrs", "--xattrs-include=*", "--numeric-owner", "--sparse"]
SAMPLE = Path(__file__).resolve().parent.parent / "samples" / "healthy.tar.zst"
LAYERS = ("/usr/lib", "/usr/share", "/usr/bin")


def capture(target: Path, tree: str = "usr") -> None:
    """Write a sample store with a tree of this machine's files in one of its layers."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["tar", "--zstd", "-xf", SAMPLE, "-C", work], check=True)
        names = [each.name for each in Path(work, "storage/overlay").iterdir()]
        to = f"storage/overlay/{min(name for name in names if re.fullmatch('[0-9a-f]{64}', name))}/diff/usr"
        command = [*TAR, "-cf", target, "-C", work, "storage", "--transform", f"s,^usr,{to},", "-C", "/", tree]
        done = subprocess.run(command, stderr=subprocess.DEVNULL, check=False)
        if done.returncode not in (0, 1):  # 1: a file changed as it was read
            sys.exit(f"{command}: exit {done.returncode}")


def store(target: Path) -> None:
    """Write a store that buildah made on XFS."""
    if os.geteuid() or not all(map(shutil.which, ("buildah", "mkfs.xfs"))):
        sys.exit("root, buildah and xfsprogs are needed for a real store")
    with tempfile.TemporaryDirectory() as work:
        image, mount = Path(work, "image"), Path(work, "mount")
        with image.open("wb") as file:
            file.truncate(20 << 30)
        mount.mkdir()
        subprocess.run(["mkfs.xfs", "-q", image], check=True)
        subprocess.run(["mount", "-o", "loop", image, mount], check=True)
        try:
            _build(mount)
            subprocess.run([*TAR, "-C", mount, "-cf", target, "storage"], check=True)
        finally:
            subprocess.run(["umount", mount], check=True)


def _build(mount: Path) -> None:
    places = ["--root", mount / "storage", "--runroot", mount / "run", "--storage-driver", "overlay"]

    def buildah(*words: str) -> str:
        done = subprocess.run(["buildah", *places, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    base = "scratch"
    for number, directory in enumerate(LAYERS):
        container = buildah("from", base)
        buildah("copy", "-q", container, directory, directory)
        base = f"localhost/big:{number}"
        buildah("commit", "-q", container, base)
        buildah("rm", container)


MAKERS = {"capture": capture, "share": partial(capture, tree="usr/share"), "store": store}


def real(scratch: Path, kind: str) -> Path:
    """Return a real bundle, made unless it is there."""
    target = scratch / f"{kind}.tar"
    if not target.exists():
        partial = target.with_suffix(".partial")
        MAKERS[kind](partial)
        partial.rename(target)
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dir", type=Path, required=True, help="where the bundles are kept")
    options = parser.parse_args()
    options.dir.mkdir(parents=True, exist_ok=True)
    for kind in MAKERS:
        print(real(options.dir, kind))
    return 0


if __name__ == "__main__":
    sys.exit(main())
