"""Every fuzz target holds on its seeds and on random changes of them; atheris, where it is there, looks further."""

from __future__ import annotations

import importlib.util
import random
import subprocess
import sys

import pytest

from tests.editing import BUNDLES
from tests.fuzz.targets import TARGETS

CHANGES = 25
SHORT = 16 << 10
"""Bytes of a seed that is changed here, where there are such."""
every_target = pytest.mark.parametrize("name", TARGETS)


def changed(data: bytes, rng: random.Random) -> bytes:
    """Return bytes with a few things done to them that damage or an attacker would do."""
    made = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(made) + 1)
        length = rng.choice((1, 1, 2, 8, 64, 512))
        how = rng.randrange(6)
        if how == 0 and at < len(made):
            made[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            made[at : at + length] = bytes(length)
        elif how == 2:
            del made[at : at + length]
        elif how == 3:
            made[at:at] = rng.randbytes(length)
        elif how == 4:
            other = rng.randrange(len(made) + 1)
            made[at:at] = made[other : other + length]
        else:
            made[at : at + 1] = rng.choice((b'"', b"[", b"{", b"\xff", b"\0", b"9", b"-", b"\\", b"\n", b"="))
        made = made or bytearray(b"\0")
    return bytes(made)


@every_target
def test_it_holds_on_its_seeds(name):
    seeds = TARGETS[name].seeds()
    assert seeds
    for seed in seeds:
        TARGETS[name].run(seed)


@every_target
def test_it_holds_on_random_changes_of_its_seeds(name):
    rng = random.Random(f"changes of {name}")
    seeds = sorted(TARGETS[name].seeds(), key=len)
    short = [seed for seed in seeds if len(seed) < SHORT] or seeds[:2]
    for _ in range(CHANGES if name != "program" else 6):
        TARGETS[name].run(changed(rng.choice(short), rng))


@every_target
def test_it_holds_on_what_is_no_such_thing(name):
    for data in (b"", b"\0", b"\xff" * 600, bytes(2048), b"[" * 5000, b"\n" * 700):
        TARGETS[name].run(data)


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs atheris")
def test_atheris_runs_a_target(tmp_path):
    command = [sys.executable, "-m", "tests.fuzz.run", "index", "--seconds", "2", "--corpus", str(tmp_path)]
    done = subprocess.run(command, cwd=BUNDLES.parent.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "number_of_executed_units" in done.stderr
    assert "Instrumenting analyzer.snapshot.salvage" in done.stderr  # else it looks without seeing where it comes to
    assert "Is the code instrumented" not in done.stderr
