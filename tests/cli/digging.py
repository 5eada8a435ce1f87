"""Run the command line on real bundles, and read the same bundles with the standard library's tar for comparison."""

from __future__ import annotations

import functools
import io
import json
import tarfile
from pathlib import Path

from click.testing import CliRunner

from analyzer.cli.main import cli
from tests.archives import tar_of
from tests.editing import BUNDLES, Edited

HEALTHY = str(BUNDLES / "healthy-overlay.tar.zst")
API, WORKER, BASE = (
    "quay.example.test/shop/api:2.0",
    "quay.example.test/shop/worker:2.0",
    "quay.example.test/base/os:9.4",
)
HOSTILE = "evil\x1b[31m\u202e<script>alert(1)</script>\"'|`$(id)`=cmd"


def run(*args, code=0, **options):
    """Run a command in this process; return its standard output."""
    done = CliRunner().invoke(cli, [str(arg) for arg in args], **options)
    assert done.exit_code == code, (done.exit_code, done.output, done.exception)
    assert "Traceback" not in done.output
    return done.stdout


def error(*args, code=2):
    """Run a command that fails; return its standard error."""
    done = CliRunner().invoke(cli, [str(arg) for arg in args])
    assert done.exit_code == code, (done.exit_code, done.output)
    assert "Traceback" not in done.stderr
    return done.stderr


def data(*args):
    """Run a command with `--format json` and return what it says."""
    return json.loads(run(*args, "--format", "json"))


@functools.cache
def unpacked(path: str = HEALTHY) -> tarfile.TarFile:
    """Return a bundle as the standard library reads it."""
    return tarfile.open(fileobj=io.BytesIO(tar_of(Path(path).name.removesuffix(".tar.zst"))))


def saved(store: Edited, path) -> str:
    """Write an edited bundle as a plain tar with the standard library; return its path."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for member, content in store.entries.values():
            info = tarfile.TarInfo(member.path)
            info.type = {
                "file": tarfile.REGTYPE,
                "dir": tarfile.DIRTYPE,
                "symlink": tarfile.SYMTYPE,
                "hardlink": tarfile.LNKTYPE,
                "char": tarfile.CHRTYPE,
                "block": tarfile.BLKTYPE,
                "fifo": tarfile.FIFOTYPE,
            }[member.kind]
            info.size, info.mode, info.uid, info.gid = len(content), member.mode, member.uid, member.gid
            info.mtime, info.linkname = member.mtime_ns // 10**9, member.link
            info.devmajor, info.devminor = member.rdev
            info.pax_headers = {
                f"SCHILY.xattr.{name}": value.decode("utf-8", "surrogateescape")
                for name, value in member.xattrs.items()
            }
            archive.addfile(info, io.BytesIO(content) if member.kind == "file" else None)
    return str(path)


def hostile(path, name: str = HOSTILE) -> str:
    """Save a healthy store whose first image and first container carry a hostile name; return its path."""
    store = Edited()
    images, containers = store.images(), store.containers()
    images[0]["names"] = [name]
    containers[0]["names"] = [name]
    containers[0]["metadata"] = json.dumps({"image-name": name, "name": name})
    return saved(store.write_images(images).write_containers(containers), path)
