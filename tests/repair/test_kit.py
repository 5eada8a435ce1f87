"""The kit on a plain directory: shells take it, it does what it says once, undoes it, and refuses another store."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from analyzer.api import judge
from analyzer.repair.kit import kit_files
from tests.editing import Edited
from tests.effort import LONG
from tests.repair.damaged import LAYERS, chain

API = "quay.example.test/shop/api:2.0"
SHELLS = [shell for shell in (["sh"], ["dash"], ["busybox", "sh"]) if shutil.which(shell[0])]


def unpacked(store, top):
    """Write the small files of a bundle as a store, and its kit beside it."""
    for path, (member, data) in store.entries.items():
        if "/diff/" in path or not path.startswith("storage/overlay"):
            continue
        target = top / path
        if member.kind == "dir":
            target.mkdir(parents=True, exist_ok=True)
        elif member.kind == "symlink":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(member.link)
        elif member.kind == "file":
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
    plan = judge(store.snapshot()).plan
    for path, data in kit_files(plan, "node.tar", "0").items():
        target = top / "kit" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return plan


def run(shell, top, *options):
    command = [*shell, str(top / "kit/repair.sh"), "--store", str(top / "storage"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONG)


def damaged():
    store = Edited()
    layer = chain(store, API)[1]
    return store.write(f"storage/overlay/{layer}/link", b"").write(LAYERS, b""), layer


@pytest.mark.parametrize("shell", SHELLS, ids=" ".join)
def test_it_mends_once_and_undoes(shell, tmp_path):
    store, layer = damaged()
    unpacked(store, tmp_path)
    link, index = tmp_path / f"storage/overlay/{layer}/link", tmp_path / LAYERS
    assert run(shell, tmp_path, "--dry-run").returncode == 0
    assert (link.read_bytes(), index.read_bytes()) == (b"", b"")
    done = run(shell, tmp_path, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert link.read_bytes() == Edited().data(f"storage/overlay/{layer}/link")
    assert index.stat().st_mode & 0o777 == 0o600
    assert "nothing to repair" in run(shell, tmp_path, "--yes").stdout
    assert run(shell, tmp_path, "--undo").returncode == 0
    assert (link.read_bytes(), index.read_bytes()) == (b"", b"")


def test_another_store_is_refused(tmp_path):
    store, layer = damaged()
    unpacked(store, tmp_path)
    images = tmp_path / "storage/overlay-images/images.json"
    images.write_bytes(images.read_bytes() + b" ")
    refused = run(["sh"], tmp_path, "--yes")
    assert refused.returncode == 2
    assert "another store, or written since" in refused.stderr
    assert (tmp_path / f"storage/overlay/{layer}/link").read_bytes() == b""


def test_one_step_alone(tmp_path):
    store, layer = damaged()
    plan = unpacked(store, tmp_path)
    (number,) = [e.number for e in plan.steps if any(edit.path.endswith("/link") for _, edit in e.step.edits)]
    assert run(["sh"], tmp_path, "--yes", "--only", str(number)).returncode == 0
    assert (tmp_path / f"storage/overlay/{layer}/link").stat().st_size == 26
    assert (tmp_path / LAYERS).read_bytes() == b""


def test_one_step_leaves_what_was_pulled_to_the_steps_after_it(tmp_path):
    """Whoever follows a printed plan pulls by hand first, and gives the long steps to the kit one by one."""
    store, _ = damaged()
    plan = unpacked(store, tmp_path)
    pulled = tmp_path / "storage.repair/donor/overlay"
    pulled.mkdir(parents=True)
    numbers = [each.number for each in plan.steps if each.step.edits]
    for number in numbers[:-1]:
        done = run(["sh"], tmp_path, "--yes", "--only", str(number))
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"step {number} is done; others are left")
        assert pulled.is_dir()
    assert run(["sh"], tmp_path, "--yes", "--only", str(numbers[-1])).returncode == 0
    assert not pulled.exists()


def pasted(plan, top):
    """Run what the plan prints, each line by itself whatever the one before it did; return the complaints."""
    said = ""
    for each in plan.steps:
        for line in each.step.lines if each.step.kind in ("keep", "edit", "take") else ():
            here = line.replace("/var/lib/containers/storage", str(top / "storage"))
            said += subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=False, timeout=LONG).stderr
    return said


def contents(top):
    return {path: path.read_bytes() for path in (top / "storage").rglob("*") if path.is_file()}


def test_a_pasted_plan_mends_its_own_store(tmp_path):
    store, layer = damaged()
    plan = unpacked(store, tmp_path)
    for _ in range(2):
        assert pasted(plan, tmp_path) == ""
        assert (tmp_path / f"storage/overlay/{layer}/link").read_bytes() == Edited().data(
            f"storage/overlay/{layer}/link"
        )
        assert {row["id"] for row in json.loads((tmp_path / LAYERS).read_bytes())} == {
            r["id"] for r in Edited().layers()
        }


def test_a_pasted_plan_changes_nothing_in_another_store(tmp_path):
    """The same layers have other link texts there: written anyway, they would break every layer above."""
    plan = unpacked(damaged()[0], tmp_path)
    shutil.rmtree(tmp_path / "storage")
    unpacked(Edited().write("storage/overlay-containers/containers.json", b"[]"), tmp_path)
    (tmp_path / "storage.repair").mkdir()
    (tmp_path / "storage.repair/kept-0.tar").write_bytes(b"of an earlier repair")
    before = contents(tmp_path)
    assert "another store, or written since" in pasted(plan, tmp_path)
    assert contents(tmp_path) == before


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="needs shellcheck")
def test_shellcheck_finds_nothing(tmp_path):
    unpacked(damaged()[0], tmp_path)
    said = subprocess.run(["shellcheck", tmp_path / "kit/repair.sh"], capture_output=True, text=True, check=False)
    assert said.stdout == ""
