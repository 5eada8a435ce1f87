"""Whatever a bundle says, a command that a plan prints runs nothing else and gives nothing of it as an option.

Every printed command, and every script of a kit, is run with stand-ins on PATH that write down their arguments; the
words of the bundle would start a program called `pwned`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.api import judge
from analyzer.repair.kit import kit_files
from tests.editing import Edited
from tests.effort import LONG
from tests.repair.damaged import IMAGES, LAYERS

PROGRAMS = (
    *("podman", "skopeo", "systemctl", "tar", "mkdir", "chmod", "chown", "mv", "cp", "rm", "ln", "ls", "cat", "touch"),
    *("sha256sum", "cut", "base64", "gunzip", "grep", "sed", "stat", "readlink", "dirname", "id", "setfattr"),
    *("mount", "umount", "restorecon", "semanage", "reboot", "pwned"),
)
TOP = "/var/lib/containers"
RECORD = '#!/bin/sh\n{ printf "%s\\037" "${0##*/}" "$@"; echo; } >>"$CALLS"\n'
ENDINGS = ("", "'", '"', "`pwned`", "$(pwned)", ";pwned", "\npwned\n", "|pwned", " && pwned", "\u202epwned", "\udc80")
STARTS = ("", "-", "--all ", "-af", "../../", "/", "~", "*", "x")
WORDS = st.builds("".join, st.tuples(st.sampled_from(STARTS), st.text(max_size=6), st.sampled_from(ENDINGS)))
SHORT = settings(
    max_examples=int(os.environ.get("ANALYZER_EXAMPLES", "5")),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    """A directory of programs that do nothing but write down how they were called."""
    place = tmp_path_factory.mktemp("bin")
    for name in PROGRAMS:
        (place / name).write_text(RECORD)
        (place / name).chmod(0o755)
    return place


def hostile(one, two, three, four):
    """A store damaged in several ways, with words of the bundle in every place that a plan takes words from."""
    store = Edited()
    rows, images = store.layers(), store.images()
    layer = next(row for row in rows if row.get("parent"))
    store.write(f"storage/overlay/{layer['id']}/link", b"")
    store.write(f"storage/overlay/{rows[0]['id']}/lower", f"l/{one}:{two}".encode("utf-8", "surrogateescape"))
    store.write(f"storage/overlay/{rows[1]['id']}/link", one[:26].encode("utf-8", "surrogateescape"))
    images[0]["names"] = [one, f"quay.example.test/{two}:1", f"localhost/{three}"]
    images[1]["id"], images[2]["layer"] = four, two
    images[3]["big-data-names"] = [*(images[3].get("big-data-names") or ()), one, three]
    rows[2]["parent"], rows[3]["id"], rows[4]["diff-digest"] = three, one, f"sha256:{two}"
    for image in images[4:6]:
        for path in store.below(f"storage/overlay-images/{image['id']}"):
            del store.entries[path]
        image["names"], image["digest"] = [f"{one}:{two}", f"quay.example.test/a:{four}"], f"sha256:{one}"
    name = three.replace("/", "_").replace("\0", "_") or "x"
    for kind in ("overlay-images", "overlay-layers", "overlay/l", "overlay"):
        store.write(f"storage/{kind}/{name}", b"x")
    for path in [p for p in store.entries if p.startswith(f"storage/overlay/{rows[-1]['id']}/diff/")][:3]:
        del store.entries[path]
    return store.write_records(LAYERS, rows).write_records(IMAGES, images)


def called(command, place, top, *shell):
    calls = top / "calls"
    calls.write_bytes(b"")
    environment = {"PATH": str(place), "CALLS": str(calls), "HOME": str(top)}
    subprocess.run(
        [shutil.which("sh"), *shell, *command], env=environment, capture_output=True, timeout=LONG, check=False
    )
    lines = calls.read_text("utf-8", "surrogateescape").split("\n")
    return [line.split("\x1f")[:-1] for line in lines if line]


def assert_harmless(argv, words):
    assert argv[0] not in ("pwned", "reboot"), argv
    before = argv[: argv.index("--")] if "--" in argv else argv
    if argv[0] == "podman":
        assert not [each for each in before[1:] if each in words], argv
    assert not [each for each in argv if "\n" in each and argv[0] != "printf"], argv


@SHORT
@given(WORDS, WORDS, WORDS, WORDS)
def test_printed_commands_run_nothing_of_the_bundle(stand_ins, tmp_path, one, two, three, four):
    plan = judge(hostile(one, two, three, four).snapshot()).plan
    words = {word for word in (one, two, three, four) if word and not re.fullmatch(r"[0-9a-z]{1,3}", word)}
    commands = [command for each in plan.steps for command in each.step.commands]
    assert commands
    for command in commands:
        assert command.isprintable(), command
        assert subprocess.run(["sh", "-n", "-c", command], check=False, capture_output=True).returncode == 0, command
        inside = command.replace(TOP, str(tmp_path / "lib"))
        for argv in called(["-c", inside], stand_ins, tmp_path):
            assert_harmless(argv, words)


@SHORT
@given(WORDS, WORDS, WORDS, WORDS)
def test_kits_run_nothing_of_the_bundle(stand_ins, tmp_path, one, two, three, four):
    report = judge(hostile(one, two, three, four).snapshot())
    made = kit_files(report.plan, f"{one}.tar", "0")
    assert "repair.sh" in made
    (tmp_path / "lib/storage").mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        assert re.fullmatch(r"repair(-\d+)?\.sh|files/[0-9a-f]{16}", name)
        if name.endswith(".sh"):
            script = tmp_path / name
            script.write_bytes(data.replace(TOP.encode(), str(tmp_path / "lib").encode()))
            assert subprocess.run(["sh", "-n", script], check=False).returncode == 0
            for options in (["--dry-run"], ["--yes"]):
                for argv in called([str(script), *options], stand_ins, tmp_path):
                    assert_harmless(argv, {one, two, three, four} - {""})


def test_stand_ins_write_down_what_is_called(stand_ins, tmp_path):
    assert called(["-c", "$(pwned); podman -x -- 'a b'"], stand_ins, tmp_path) == [
        ["pwned"],
        ["podman", "-x", "--", "a b"],
    ]
