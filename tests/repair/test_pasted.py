"""What a plan prints is pasted into a shell in a jail, with ids and names in the store that are shell code."""

from __future__ import annotations

import copy
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from analyzer.api import judge
from analyzer.repair.kit import kit_files
from analyzer.source.member import FILE
from tests.editing import Edited
from tests.effort import LONG

HOSTILE = (
    "$(>PWN)", "`>PWN`", "';>PWN;'", '";>PWN;"', "\n>PWN\n", "x\r\n>PWN", "|>PWN", "&& >PWN", "$'\\n>PWN'",
    "${IFS}>PWN", "EOF\n>PWN\nEOF", "--all", "-rf", "../../../../../etc", "/etc/keep", "*", "~root",
    "\x1b]52;c;eA==\x07", "\udcff",
)  # fmt: skip
BASES = ("combo-power-loss", "layer-dir-removed", "parent-record-missing", "image-manifest-missing", "orphan-layer-dir")
ENGINES = ("podman", "crictl", "systemctl", "setfattr", "chcon")
CHROOT = shutil.which("chroot", path="/usr/sbin:/sbin:/usr/bin:/bin")
able = os.geteuid() == 0 and CHROOT and shutil.which("busybox")
needs_a_jail = pytest.mark.skipif(not able, reason="needs root, chroot and busybox")


@pytest.fixture
def jail(tmp_path):
    """Return a root with busybox, engines that only note their arguments, and files that nothing may touch."""
    for folder in ("bin", "etc", "root", "work", "dev", "var/lib/containers/storage"):
        (tmp_path / folder).mkdir(parents=True)
    shell = shutil.which("busybox")
    linked = subprocess.run(["ldd", shell], capture_output=True, text=True, check=False).stdout.split()
    for path in (shell, *(word for word in linked if word.startswith("/"))):
        target = tmp_path / ("bin/busybox" if path == shell else path.lstrip("/"))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    subprocess.run([CHROOT, str(tmp_path), "/bin/busybox", "--install", "-s", "/bin"], check=True)
    for engine in ENGINES:
        (tmp_path / "bin" / engine).write_text('#!/bin/sh\nfor each; do echo "$each" >> /asked; done\n')
        (tmp_path / "bin" / engine).chmod(0o755)
    for keep in ("etc/keep", "root/keep", "work/keep"):
        (tmp_path / keep).write_text("keep")
    return tmp_path


def spoiled(base: str, kind: str, text: str) -> Edited:
    """Return a damaged store in which an id or a name, wherever it stands, is another text."""
    store = Edited(base)
    image = store.images()[0]
    old = {"image": image["id"], "layer": store.layers()[1]["id"], "name": image["names"][0]}[kind]
    new = f"r.test/{text}" if kind == "name" else text
    entries = {}
    for path, (known, data) in store.entries.items():
        member = copy.copy(known)
        member.path, member.link = path.replace(old, new), member.link.replace(old, new)
        if member.kind == FILE and old.encode() in data:
            written = json.dumps(new)[1:-1] if path.endswith(".json") else new
            data = data.replace(old.encode(), written.encode("utf-8", "surrogateescape"))  # noqa: PLW2901
            member.size = len(data)
        entries[member.path] = (member, data)
    store.entries = entries
    return store


def outside(jail: pathlib.Path) -> dict[str, bytes]:
    """Return what lies in a jail and is no store, no place of repairs and no copy that a text tells to make."""
    found = {path.relative_to(jail).as_posix(): path for path in jail.rglob("*") if path.is_file()}
    passed = re.compile(r"(?:bin|lib\w*|var/lib/containers|kit|dev)/.*|asked|work/[0-9a-f]{12}[.]tar")
    return {name: path.read_bytes() for name, path in found.items() if not passed.fullmatch(name)}


def paste(jail: pathlib.Path, shell: str) -> None:
    """Run a line as somebody who pastes it."""
    command = [CHROOT, str(jail), "/bin/sh", "-c", f"cd /work; {shell}"]
    environment = {"PATH": "/bin", "HOME": "/root"}
    subprocess.run(command, capture_output=True, check=False, timeout=LONG, stdin=subprocess.DEVNULL, env=environment)


@needs_a_jail
@pytest.mark.parametrize("line", ["echo $(>PWN)", "echo x\n>PWN\n", "rm -f /etc/keep", "mv ../root/keep ../x"])
def test_the_jail_shows_harm(line, jail):
    before = outside(jail)
    paste(jail, line)
    assert outside(jail) != before


@needs_a_jail
@pytest.mark.parametrize("kind", ["image", "layer", "name"])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_pasted_plan_does_nothing_but_what_it_says(kind, text, jail):
    base = BASES[(HOSTILE.index(text) + len(kind)) % len(BASES)]
    store = spoiled(base, kind, text)
    plan = judge(store.snapshot()).plan
    for path, (_, data) in store.entries.items():  # a plan does nothing in another store
        if re.fullmatch(r"storage/overlay-(\w+)/\1[.]json", path):
            index = jail / "var/lib/containers" / path
            index.parent.mkdir(parents=True, exist_ok=True)
            index.write_bytes(data)
    shells = [command for each in plan.steps for command in each.step.lines]
    shells += [quoted for each in plan.steps for quoted in re.findall(r"`(tar [^`\n]+)`", each.step.effect)]
    for path, data in kit_files(plan, "node.tar", "0").items():
        (jail / "kit" / path).parent.mkdir(parents=True, exist_ok=True)
        (jail / "kit" / path).write_bytes(data)
    shells += ["sh /kit/repair.sh --dry-run", "sh /kit/repair.sh --yes"]
    before = outside(jail)
    for shell in shells:
        paste(jail, shell)
        assert outside(jail) == before, shell
    asked = (jail / "asked").read_text(errors="replace").splitlines() if (jail / "asked").exists() else []
    assert not {"--all", "-rf"} & set(asked)
