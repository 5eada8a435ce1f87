"""The package is typed: strict user code passes mypy, and mistakes in it are found."""

from __future__ import annotations

import subprocess
import sys

import pytest

GOOD = """
import analyzer
from analyzer import Report, Snapshot


def verdict(path: str) -> str:
    report: Report = analyzer.analyze(path)
    return report.verdict


def names(s: Snapshot) -> list[str]:
    image = s.image("quay.example.test/x:1")
    freed: int = s.simulate(remove=[image.id]).bytes
    commands: list[str] = s.plan().commands
    content: bytes = s.read("overlay/x/diff/etc/passwd")
    layers: list[str] = s.images["layer"].tolist()
    print(freed, commands, content, s.cause(1).probability + 1.0)
    return [*image.names, *layers]


fleet = analyzer.open_many("*.tar")
for name in fleet:
    print(name.upper(), fleet[name].report().exit_code("warning"))
"""
BAD = {
    "no such member": "import analyzer\nanalyzer.open('x').layer_list\n",
    "a wrong argument": "import analyzer\nanalyzer.open('x', depth=3)\n",
    "a wrong result": "import analyzer\nx: int = analyzer.open('x').read('y')\n",
}


def mypy(tmp_path, code):
    pytest.importorskip("mypy", reason="needs mypy ([test])")
    path = tmp_path / "user.py"
    path.write_text(code)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-incremental",
        "--cache-dir",
        str(tmp_path / "cache"),
        str(path),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_strict_user_code_passes(tmp_path):
    done = mypy(tmp_path, GOOD)
    own = [line for line in done.stdout.splitlines() if line.startswith(str(tmp_path)) or "user.py" in line]
    assert own == []
    assert "error: Cannot find" not in done.stdout


@pytest.mark.parametrize("name", BAD)
def test_mistakes_are_found(tmp_path, name):
    done = mypy(tmp_path, BAD[name])
    assert "user.py:2: error" in done.stdout, done.stdout
