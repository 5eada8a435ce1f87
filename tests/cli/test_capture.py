"""The capture script on a store that is only files: what goes in, what stays out, and that nothing is touched."""

from __future__ import annotations

import io
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest
from click.testing import CliRunner

from analyzer.api import analyze
from analyzer.api.missing import Wanted
from analyzer.cli.main import cli
from tests.archives import tar_of
from tests.editing import BUNDLES

TAR = shutil.which("tar")
GNU = TAR is not None and b"GNU tar" in subprocess.run([TAR, "--version"], capture_output=True, check=False).stdout
needs_root = pytest.mark.skipif(os.geteuid() != 0 or not GNU, reason="the script needs root and GNU tar")


@pytest.fixture(scope="module")
def script():
    done = CliRunner().invoke(cli, ["capture"])
    assert done.exit_code == 0
    return done.stdout


@pytest.fixture
def root(tmp_path):
    """Unpack a real store, without its device nodes, and put beside it what must not leave the node."""
    bundle = tmp_path / "bundle.tar"
    bundle.write_bytes(tar_of("healthy-overlay"))
    with tarfile.open(bundle) as tar:
        tar.extractall(tmp_path / "node", filter=lambda m, _: None if m.isdev() else m)
    at = tmp_path / "node" / "storage"
    for name in ("secrets", "volumes"):
        (at / name).mkdir()
        (at / name / "data").write_text("hush-4711")
    container = next(path for path in (at / "overlay-containers").iterdir() if path.is_dir())
    (container / "userdata" / "secrets").mkdir(parents=True, exist_ok=True)
    (container / "userdata" / "secrets" / "token").write_text("hush-4711")
    inner = next(at.glob("overlay/*/diff/etc")) / "storage" / "secrets"
    inner.mkdir(parents=True)
    (inner / "part-of-an-image").write_text("kept")
    return at


def capture(script, *args, stdout=subprocess.PIPE, **options):
    return subprocess.run(
        ["sh", "-s", "--", *map(str, args)],
        input=script.encode(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
        **options,
    )


def listing(data, tmp_path):
    file = tmp_path / "captured.tar"
    file.write_bytes(data)
    with tarfile.open(file) as tar:
        return {member.name: member for member in tar}


def stamps(root):
    """Return what reading must not change; the kernel renews the access time of a link that is read."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        facts = path.lstat()
        seen = 0 if path.is_symlink() else facts.st_atime_ns
        found[path] = (facts.st_mode, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, seen)
    return found


@needs_root
def test_everything_of_the_store_goes_in_but_what_is_private(script, root, tmp_path):
    before = stamps(root)
    done = capture(script, root)
    assert (done.returncode, stamps(root)) == (0, before), done.stderr
    names = listing(done.stdout, tmp_path)
    here = str(root).lstrip("/")
    left = {path for path in before if {"volumes", "secrets"} & set(path.relative_to(root).parts)}
    left = {path for path in left if "part-of" not in str(path) and "diff" not in path.parts}
    wanted = {str(path).lstrip("/") for path in before} - {str(path).lstrip("/") for path in left}
    assert {name for name in names if name.startswith(here)} == wanted
    assert len(left) >= 6
    assert any(name.endswith("etc/storage/secrets/part-of-an-image") for name in names)
    assert "./capture.txt" in names
    assert b"hush-4711" not in done.stdout
    assert "left out: secrets and volumes" in done.stderr.decode()


@needs_root
def test_without_content_the_bundle_is_complete_and_says_so(script, root, tmp_path):
    done = capture(script, "--no-content", root)
    assert done.returncode == 0
    file = tmp_path / "bundle.tar"
    file.write_bytes(done.stdout)
    report = analyze(file)
    assert report.complete
    assert report.to_dict()["coverage"]["content"] == "absent"
    assert report.verdict == analyze(BUNDLES / "healthy-metadata-only.tar.zst").verdict == "healthy"
    assert "left out: contents of layers" in done.stderr.decode()


@needs_root
@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--no-such"], 2, "expected --no-content"),
        (["relative/path"], 2, "absolute path"),
        (["/nowhere/storage"], 3, "it is not there"),
        (["/usr/share"], 3, "holds no overlay or vfs store"),
        (["/tmp/a*b"], 3, "cannot be captured"),
    ],
)
def test_what_it_refuses(script, args, code, said, tmp_path):
    done = capture(script, *args, env={**os.environ, "TMPDIR": str(tmp_path)})
    assert (done.returncode, done.stdout) == (code, b"")
    assert said in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


@needs_root
def test_a_broken_pipe_or_a_full_disk_is_a_failure(script, root):
    with pathlib.Path("/dev/full").open("wb") as full:
        done = capture(script, root, stdout=full)
    assert done.returncode == 3
    assert "could not read everything" in done.stderr.decode() or "could not" in done.stderr.decode()


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_shells_can_read_it(script, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    words = [shell, "sh"] if shell == "busybox" else [shell]
    assert subprocess.run([*words, "-n"], input=script.encode(), capture_output=True, check=False).stderr == b""


def for_bundle(path):
    done = CliRunner().invoke(cli, ["capture", "--for", str(path)])
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.mark.parametrize(
    ("bundle", "preset"),
    [
        ("podman-pod", "set -- /srv/podman/storage"),
        ("healthy-metadata-only", "set -- "),
    ],
)
def test_what_a_report_leaves_open_is_asked_for(bundle, preset):
    script = for_bundle(BUNDLES / f"{bundle}.tar.zst")
    line = next(line for line in script.splitlines() if line.startswith("[ $# -gt 0 ] ||") or line == ":")
    assert preset in line or line == ":"
    assert subprocess.run(["sh", "-n"], input=script.encode(), check=False).returncode == 0


def test_hostile_text_stays_in_its_comment():
    script = Wanted(("a\nrm -rf /\r\x1b[2J\u202e",), ("--host-only",), ("/srv/$(id)",)).preset("umask 077\nrest\n")
    assert "\nrm" not in script
    assert script.isascii()
    assert "'/srv/$(id)'" in script
    assert script.endswith("rest\n")


@needs_root
def test_the_host_alone(script, root, tmp_path):
    done = capture(script, "--host-only", root)
    assert done.returncode == 0, done.stderr
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        names = [member.name for member in tar]
    assert not any("overlay" in name for name in names)
    assert {"./df_-k", "./df_-i", "./uname"} <= set(names)


@needs_root
def test_the_database_can_be_left_out(script, root):
    with_it, without = capture(script, root), capture(script, "--no-database", root)
    assert b"bolt_state.db" in with_it.stdout
    assert b"libpod/bolt_state.db" not in without.stdout
    assert b"left out: podman's database" in without.stderr
