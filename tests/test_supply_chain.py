"""What is installed and what is shipped: the lock is whole, the SBOM is of the lock, the wheel is the same twice."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)")


def name_of(requirement: str) -> str:
    return re.split(r"[\[<>=!~; ]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


def locked() -> dict[str, list[tuple[str, list[str]]]]:
    """Return (version, hashes) of every line of the lock, by project."""
    found: dict[str, list[tuple[str, list[str]]]] = {}
    for line in (ROOT / "constraints.txt").read_text().replace("\\\n", " ").splitlines():
        match = PIN.match(line)
        assert match, line
        hashes = re.findall(r"--hash=(\S+)", line)
        found.setdefault(name_of(match.group(1)), []).append((match.group(2), hashes))
    return found


def test_the_lock_has_every_dependency_by_version_and_hash():
    declared = [
        *PROJECT["dependencies"],
        *(each for extra in PROJECT["optional-dependencies"].values() for each in extra),
    ]
    names = {name_of(each) for each in declared} - {PROJECT["name"]}
    lock = locked()
    assert names - set(lock) == set()
    for entries in lock.values():
        for _, hashes in entries:
            assert hashes
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes)


def test_the_lock_names_no_index_and_no_path():
    assert not re.search(r"https?:|file:|--index|--find", (ROOT / "constraints.txt").read_text())


def test_the_sbom_lists_what_the_package_needs_in_the_locked_versions():
    document = json.loads((ROOT / "sbom.cdx.json").read_text())
    assert document["bomFormat"] == "CycloneDX"
    assert document["metadata"]["component"]["name"] == PROJECT["name"]
    listed = {name_of(part["name"]): part for part in document["components"]}
    assert {name_of(each) for each in PROJECT["dependencies"]} - set(listed) == set()
    lock = locked()
    for name, part in listed.items():
        assert part["version"] in {version for version, _ in lock[name]}, name
        assert part["licenses"], name


def built(folder: pathlib.Path, *, mode: int, when: int) -> bytes:
    """Return the wheel of a copy of the tree whose files have other times and permissions."""
    tree = folder / "tree"
    tree.mkdir(parents=True)
    shutil.copytree(ROOT / "analyzer", tree / "analyzer", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, tree / name)
    for path in tree.rglob("*"):
        os.utime(path, (when, when))
        if path.is_file():
            path.chmod(mode)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(command, cwd=tree, check=True, capture_output=True)
    [wheel] = (folder / "dist").glob("*.whl")
    return wheel.read_bytes()


def test_the_wheel_is_the_same_whenever_and_wherever_it_is_built(tmp_path):
    first = built(tmp_path / "a", mode=0o644, when=1_700_000_000)
    second = built(tmp_path / "some" / "other" / "place", mode=0o600, when=1_600_000_000)
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()
    wheel = next((tmp_path / "a" / "dist").glob("*.whl"))
    names = zipfile.ZipFile(wheel).namelist()
    assert "analyzer/cli/main.py" in names
    assert not [name for name in names if name.startswith("tests/") or "__pycache__" in name]
