"""The report on a terminal: its first screen answers, it fits the width, commands can be pasted, colour adds none."""

from __future__ import annotations

import os
import pathlib
import pty
import re
import shlex
import subprocess
import sys
import unicodedata

import pytest

from analyzer.api import analyze
from analyzer.report.formats.text import render
from analyzer.report.lines import wrapped, wrapped_command
from tests.archives import report_of
from tests.editing import BUNDLES, Edited

HERE = pathlib.Path(__file__).parent
SAMPLES = HERE.parents[1] / "samples"
EVERY = sorted([*BUNDLES.glob("*.tar.zst"), *SAMPLES.glob("*.tar.zst")])
SCREENS = sorted((HERE / "screens").glob("*.txt"))
COUNTS = re.compile(r"\d+(?=\s+checks\s+run|\s+skipped)")
SGR = re.compile(r"\x1b\[[\d;]*m")
SCREEN = 24


@pytest.fixture(scope="module", params=EVERY, ids=lambda path: path.name)
def report(request):
    return analyze(request.param)


def columns_of(line):
    """Return the columns a line takes, by the East Asian widths of the Unicode standard."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in line)
    return len(line) + wide - sum(unicodedata.combining(char) != 0 for char in line)


def commands_in(text):
    """Return the commands of a report as one would paste them."""
    lines, found = text.splitlines(), []
    for number, line in enumerate(lines):
        if line.strip().startswith("$ "):
            command = [line.strip()[2:]]
            while command[-1].endswith(" \\"):
                command.append(lines[number + len(command)])
            found.append("\n".join(command))
    return found


def steps_of(report):
    return [step.command for cause in report.causes for step in cause.hypothesis.plan if step.command]


@pytest.mark.parametrize("screen", SCREENS, ids=lambda path: path.stem)
def test_the_screen_is_as_it_was_approved(screen, monkeypatch):
    """The files are read by eye before they are put here; numbers of checks, here N, may grow."""
    monkeypatch.chdir(SAMPLES.parent)
    sample, _, columns = screen.stem.rpartition("-")
    text = render(analyze(f"samples/{sample}.tar.zst"), columns=int(columns))
    assert COUNTS.sub("N", text) == screen.read_text(encoding="utf-8")


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("columns", [60, 80, 100, 120])
def test_no_line_is_wider_than_asked_but_for_a_word_of_a_command(report, columns, everything):
    lone = {word for command in steps_of(report) for word in command.split(" ")}
    for line in render(report, columns=columns, everything=everything).splitlines():
        if columns_of(line) > columns:
            assert line.strip().removeprefix("$ ").removesuffix(" \\") in lone, line


@pytest.mark.parametrize("columns", [80, 120])
def test_the_first_screen_says_what_is_wrong_who_is_hit_and_what_to_do(report, columns):
    screen = render(report, columns=columns).splitlines()[: SCREEN + 2 * len(report.dangers)]
    flat = " ".join(" ".join(screen).split())
    assert report.verdict.upper() in flat
    for cause in report.causes[:1]:
        hypothesis, hit = cause.hypothesis, cause.hypothesis.affected
        assert " ".join(hypothesis.title.split())[:150] in flat
        for ids, noun in ((hit.images, "image"), (hit.containers, "container")):
            if ids:
                assert re.search(rf"{len(ids)} {noun}s?: \S", flat)
        if not hit.images and not hit.containers:
            assert "no image and no container" in flat
        if hypothesis.plan:
            assert any(line.startswith("   fix ") for line in screen)
        commands = [step.command for step in hypothesis.plan if step.command]
        if commands and report.causes[0].hypothesis.plan[0].command:
            assert commands[0].split(" ")[0] in [word for line in screen if "$ " in line for word in line.split()]


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_commands_mean_the_same_when_they_are_pasted(report, columns):
    shown = commands_in(render(report, columns=columns, everything=True))
    assert [shlex.split(command.replace("\\\n", "")) for command in shown] == list(map(shlex.split, steps_of(report)))
    for command in shown:
        subprocess.run(["sh", "-n"], input=command, text=True, check=True)


@pytest.mark.parametrize(
    "command",
    [
        "printf '%s\\n' 'a  b' \"c d\" e\\ f && printf '[%s]' x || printf no",
        "printf '%s' 'it is' \"it's\" # and so on",
        "for x in 1 2 3; do printf '%s ' $x; done",
        "printf '%s' " + "x" * 100,
    ],
)
@pytest.mark.parametrize("columns", [8, 20, 40])
def test_a_shell_takes_a_continued_command_for_the_same(command, columns):
    lines = wrapped_command(command, columns)
    for line in lines:
        assert len(line) <= columns or " " not in line.removesuffix(" \\") or set("'\"#") & set(line)
    once, again = (
        subprocess.run(["sh", "-c", text], capture_output=True, check=True).stdout
        for text in (command, "\n".join(["  " + line for line in lines]))
    )
    assert once == again


@pytest.mark.parametrize("columns", [1, 5, 12, 40])
@pytest.mark.parametrize(
    "text", ["a bb ccc dddd", "one/two/three/four five", "x" * 90, "画像 は壊れて いる" * 4, "", "  a   b "]
)
def test_wrapped_text_fits_and_loses_nothing(text, columns):
    lines = wrapped(text, columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    widest = max(map(columns_of, text), default=0)
    assert all(columns_of(line) <= max(columns, widest) for line in lines)


def test_wide_characters_count_double():
    store = Edited("layer-dir-removed")
    images = store.images()
    for number, image in enumerate(images):
        image["names"] = [f"登録.example/{'画像' * 12}{number}:最新"]
    store.write_images(images)
    report = report_of(store)
    assert report.causes
    for line in render(report, columns=60).splitlines():
        assert columns_of(line) <= 60 or " " not in line.strip().removeprefix("$ ").removesuffix(" \\")


@pytest.mark.parametrize("columns", [60, 80])
def test_ascii_is_ascii_and_fits(report, columns):
    lone = {word for command in steps_of(report) for word in command.split(" ")}
    for line in render(report, columns=columns, everything=True, ascii_only=True).splitlines():
        assert line.isascii()
        assert len(line) <= columns or line.strip().removeprefix("$ ").removesuffix(" \\") in lone, line


def test_colour_is_only_colour(report):
    for everything in (False, True):
        plain = render(report, everything=everything, columns=80)
        coloured = render(report, everything=everything, columns=80, colour=True)
        assert SGR.sub("", coloured) == plain
        assert "\x1b" not in plain
    assert all(line.count("\x1b[") % 2 == 0 for line in render(report, colour=True).splitlines())


def on_a_terminal(*args, **environment):
    """Return what the command prints on a pseudo-terminal of 80 columns."""
    main, other = pty.openpty()
    command = [sys.executable, "-m", "analyzer", "report", str(SAMPLES / "seed-case.tar.zst"), "--exit-zero", *args]
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        command,
        stdin=other,
        stdout=other,
        stderr=subprocess.DEVNULL,
        env={**kept, "TERM": "xterm", "COLUMNS": "80", **environment},
        cwd=SAMPLES.parent,
    )
    os.close(other)
    parts = []
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(main)
    assert process.wait() == 0
    return b"".join(parts).decode()


def test_a_terminal_gets_colour_unless_it_is_declined():
    assert "\x1b[1;31mDAMAGED" in on_a_terminal()
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_a_terminal(**environment)
    for form in ("json", "markdown"):
        assert "\x1b" not in on_a_terminal("--format", form)


def test_a_pipe_gets_none_unless_it_is_forced():
    command = [sys.executable, "-m", "analyzer", "report", "samples/seed-case.tar.zst", "--exit-zero"]
    for environment, coloured in (
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ):
        kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
        done = subprocess.run(command, capture_output=True, check=True, cwd=SAMPLES.parent, env={**kept, **environment})
        assert (b"\x1b[" in done.stdout) is coloured


@pytest.mark.parametrize("columns", [80, 120])
def test_the_last_lines_of_a_terminal_say_what_is_wrong_who_is_hit_and_what_to_do(report, columns):
    text = render(report, columns=columns, rows=SCREEN)
    whole = render(report, columns=columns)
    assert text.startswith(whole)
    assert (text == whole) == (len(whole.splitlines()) <= SCREEN - 2)
    last = " ".join(" ".join(text.splitlines()[-(SCREEN - 1) :]).split())
    assert report.verdict.upper() in last
    for cause in report.causes[:1]:
        hypothesis, hit = cause.hypothesis, cause.hypothesis.affected
        assert " ".join(hypothesis.title.split())[:150] in last
        assert f"affecting {len(hit.images)}" in last or "affects" in last
        if hypothesis.plan:
            assert " ".join(hypothesis.plan[0].effect.split())[:60] in last


def test_skipped_checks_are_told_by_reason():
    report = report_of(Edited("layers-json-truncated"))
    text = render(report, everything=True, columns=200)
    reasons = {reason for _, reason in report.checked.skipped}
    assert len(reasons) < len(report.checked.skipped)
    tail = text.rpartition("checks skipped, by reason")[2]
    assert len(tail.splitlines()) < len(report.checked.skipped)
    for rule, reason in report.checked.skipped:
        assert rule in tail
        assert " ".join(tail.split()).count(reason) >= 1
