"""Healthy stores laid out as directories, from bundles that were captured from real engines."""

from __future__ import annotations

import functools
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).parent.parent.parent
SKIP = 77
BUNDLES = {
    name: ROOT / "tests" / "bundles" / f"{name}.tar.zst"
    for name in (
        "healthy-overlay",
        "healthy-additional-store",
        "healthy-zstd-chunked",
        "image-store",
        "implied-parents",
        "newest-chunked",
        "podman-list",
        "podman-pod",
        "userns-mapped",
        "inflight-pull",
    )
} | {"sample": ROOT / "samples" / "healthy.tar.zst"}
BUNDLES |= {path.name.removesuffix(".tar.zst"): path for path in pathlib.Path(__file__).parent.glob("stores/*.tar.zst")}


def usable() -> str:
    """Return why stores cannot be laid out here, `""` when they can: owners, device nodes and attributes take root."""
    if os.geteuid():
        return "only root can lay out a store"
    if shutil.which("zstd") is None:
        return "zstd is not installed"
    with tempfile.NamedTemporaryFile() as file:
        try:
            os.setxattr(file.name, "trusted.analyzer", b"1")
        except OSError as error:
            return f"no trusted attributes on {tempfile.gettempdir()}: {error}"
    return ""


@functools.cache
def laid_out(name: str) -> pathlib.Path:
    """Return the directory that holds a store as it was on its node; made once, removed with the process's others."""
    place = pathlib.Path(_home().name) / name
    place.mkdir()
    command = ["tar", "--zstd", "-xpf", BUNDLES[name], "--xattrs", "--xattrs-include=*", "--numeric-owner"]
    subprocess.run([*command, "--same-owner", "-C", place], check=True, capture_output=True)
    return place


@functools.cache
def _home() -> tempfile.TemporaryDirectory:
    return tempfile.TemporaryDirectory(prefix="analyzer-captures-")


def capture(name: str, script: str, folder: pathlib.Path) -> pathlib.Path | None:
    """Run one way of capturing in a laid-out store; None where the store has not what the way is about."""
    place, out, work = laid_out(name), folder / "bundle", folder / "work"
    work.mkdir()
    facts = {
        "OUT": str(out),
        "WORK": str(work),
        "TOPS": " ".join(sorted(each.name for each in place.iterdir())),
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=place, env=os.environ | facts, capture_output=True, text=True, check=False
    )
    if done.returncode == SKIP:
        return None
    assert done.returncode == 0, done.stderr
    assert out.exists(), done.stderr
    return out
