"""The command line: help, errors in one line, and files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import subprocess
import sys

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

import analyzer
from analyzer.__main__ import main as program
from analyzer.causes.family import builtin_families
from analyzer.checks.run import builtin_rules
from analyzer.cli import main as entry
from analyzer.cli.main import COMMANDS, cli
from tests.archives import SMALL, moved, tar_of
from tests.editing import BUNDLES, Edited

BUNDLE = str(BUNDLES / f"{SMALL}.tar.zst")
ROOT = pathlib.Path(__file__).parent.parent.parent
RULES = builtin_rules()
FAMILIES = builtin_families()


def run(*args: str, **options):
    """Run the command line in this process."""
    return CliRunner().invoke(cli, list(args), **options)


def process(*args: str, **options):
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *args], capture_output=True, cwd=ROOT, check=False, **options
    )


def one_line(result) -> str:
    """Return the only line of standard error."""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, lines
    assert "Traceback" not in result.stderr
    return lines[0]


@pytest.mark.skipif(not pathlib.Path("/proc/self/task").is_dir(), reason="no list of threads")
def test_numpy_starts_no_threads():
    """Idle threads of its linear algebra would take processor time from those that read."""
    code = """
import os, sys
from analyzer.__main__ import main
sys.argv = ["analyzer", "--version"]
try:
    main()
except SystemExit:
    import numpy
    print(len(os.listdir("/proc/self/task")))
"""
    environment = {name: value for name, value in os.environ.items() if "NUM_THREADS" not in name}
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment, cwd=ROOT)
    assert told.stdout.split()[-1] == b"1"


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_lists_every_command(flag):
    result = run(flag)
    assert result.exit_code == 0
    listed = {line.split()[0] for line in result.stdout.partition("Commands:")[2].splitlines() if line.startswith("  ")}
    assert set(COMMANDS) <= listed


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_of_every_command(command):
    result = run(command, "--help")
    assert "\\b" not in result.stdout  # a mark of click that is not understood in a raw docstring
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage:")
    assert len(result.stdout.splitlines()) > 3


def test_version():
    result = run("--version")
    assert (result.exit_code, analyzer.__version__ in result.stdout) == (0, True)


@pytest.mark.parametrize("command", ["reprot", "", "REPORT", "\x1b[2J"])
def test_unknown_command(command):
    result = run(command)
    assert result.exit_code == 2
    assert "No such command" in result.stderr
    assert "\x1b" not in result.stderr.replace(repr(command), "")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_explain_knows_every_rule_by_id_and_by_slug(rule):
    by_id = run("explain", rule.id)
    assert by_id.exit_code == 0
    assert by_id.stdout.startswith(f"{rule.id} {rule.slug}")
    assert rule.page in by_id.stdout
    assert run("explain", rule.id.lower()).stdout == by_id.stdout
    assert by_id.stdout.rstrip() in run("explain", rule.slug).stdout


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.id)
def test_explain_knows_every_cause(family):
    result = run("explain", family.id)
    assert result.exit_code == 0
    assert family.page in result.stdout


@pytest.mark.parametrize("name", ["NO-999", "", "no such", "\x1b[31m"])
def test_explain_of_nothing_known(name):
    result = run("explain", name)
    assert result.exit_code == 2
    assert "\x1b" not in one_line(result)


def test_no_name_means_two_rules():
    names = [rule.id for rule in RULES] + [rule.slug for rule in RULES]
    assert len(names) == len(set(names))


def test_rules_lists_every_rule_once():
    result = run("rules")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == [rule.id for rule in RULES]


def test_schema_is_a_schema_that_reports_follow():
    schema = json.loads(run("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(analyzer.analyze(BUNDLE).to_dict())


def test_files_are_written_beside_what_is_printed(tmp_path):
    json_file, text_file = tmp_path / "a.json", tmp_path / "a.txt"
    result = run("report", BUNDLE, "--format", "json", "-o", f"json={json_file}", "-o", f"text={text_file}")
    assert result.exit_code == 0
    assert json_file.read_text() == result.stdout
    assert text_file.read_text().startswith("analyzer ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.txt"]
    run("report", BUNDLE, "-o", f"json={json_file}")
    assert json_file.read_text() == result.stdout


def digests(path: pathlib.Path) -> dict[str, tuple]:
    """Return content and facts of every file below a path, without the times of reading."""
    found = {}
    for each in [path, *path.rglob("*")]:
        facts = each.lstat()
        content = hashlib.sha256(each.read_bytes()).hexdigest() if each.is_file() and not each.is_symlink() else ""
        found[str(each)] = (content, facts.st_mode, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_nlink)
    return found


@pytest.mark.parametrize("how", ["itself", "dotted", "symlink", "hard link", "standard input"])
def test_the_evidence_is_never_written_to(how, tmp_path):
    evidence = tmp_path / "bundle.tar"
    evidence.write_bytes(tar_of(SMALL))
    target = tmp_path / "other"
    if how == "symlink":
        target.symlink_to(evidence)
    elif how == "hard link":
        target.hardlink_to(evidence)
    else:
        target = tmp_path / "x" / ".." / "bundle.tar" if how == "dotted" else evidence
        (tmp_path / "x").mkdir()
    before = digests(tmp_path)
    if how == "standard input":
        with evidence.open("rb") as file:
            result = process("report", "-", "-o", f"json={target}", stdin=file)
        assert (result.returncode, b"evidence" in result.stderr) == (2, True)
    else:
        result = run("report", str(evidence), "-o", f"json={target}")
        assert result.exit_code == 2
        assert "evidence" in one_line(result)
    assert digests(tmp_path) == before


@pytest.fixture
def directory(tmp_path):
    """Return a small store as a directory."""
    root = tmp_path / "bundle"
    for path, (member, data) in moved(Edited(SMALL), "storage", "storage").entries.items():
        place = root / path
        if member.kind == "dir":
            place.mkdir(parents=True, exist_ok=True)
        elif member.kind == "symlink":
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(member.link)
        elif member.kind == "file":
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    return root


@pytest.mark.parametrize("below", ["x.json", "storage/x.json", "storage/overlay-images/images.json"])
def test_nothing_is_written_into_a_directory_that_is_evidence(below, directory):
    before = digests(directory)
    result = run("report", str(directory), "-o", f"json={directory / below}")
    assert result.exit_code == 2
    assert "evidence" in one_line(result)
    assert digests(directory) == before


@pytest.mark.parametrize("depth", ["quick", "standard", "deep"])
def test_reading_leaves_a_directory_as_it_was(depth, directory):
    before = digests(directory)
    result = run("report", str(directory), "--depth", depth, "--hash")
    assert result.exit_code in {0, 1}
    assert digests(directory) == before


@pytest.mark.parametrize("place", ["absent/a.json", "file/a.json", "folder", "x" * 300])
def test_a_place_that_cannot_be_written(place, tmp_path):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    result = run("report", BUNDLE, "-o", f"json={tmp_path / place}")
    assert result.exit_code == 2
    assert "cannot be written" in one_line(result)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "kept"


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "a.json"
    target.write_text("old")
    monkeypatch.setattr(
        pathlib.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    result = run("report", BUNDLE, "-o", f"json={target}")
    assert result.exit_code == 4
    assert "No space left" in one_line(result)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]
    assert target.read_text() == "old"


def test_a_device_or_pipe_as_output_stays_what_it_is(tmp_path):
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    try:
        result = run("report", BUNDLE, "--depth", "quick", "-o", f"text={fifo}")
        assert result.exit_code == 0
        assert os.read(reader, 100).startswith(b"analyzer ")
    finally:
        os.close(reader)
    assert fifo.is_fifo()
    before = pathlib.Path(os.devnull).stat().st_mode
    assert run("report", BUNDLE, "-o", f"json={os.devnull}").exit_code == 0
    assert pathlib.Path(os.devnull).stat().st_mode == before


def test_a_closed_pipe_ends_quietly():
    program = f"{sys.executable} -m analyzer report {BUNDLE} --format json --all | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, cwd=ROOT, check=False)
    first, status = done.stdout.splitlines()
    assert (first, done.stderr) == ("{", "")
    assert status in {"0", "141"}


def test_a_pipe_closed_from_the_start_ends_quietly():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "rules"], stdout=writing, stderr=subprocess.PIPE, cwd=ROOT, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not pathlib.Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_one_line():
    with pathlib.Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "analyzer", "rules"], stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False
        )
    assert done.returncode == 4
    assert done.stderr.decode().splitlines() == [
        "analyzer: standard output: cannot be written (No space left on device)"
    ]


def test_closed_standard_streams_are_survived():
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m analyzer report {BUNDLE} >&- 2>&-"],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_ascii_terminals_get_ascii():
    done = process("report", BUNDLE, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"`-" in done.stdout or b"podman" in done.stdout


@pytest.mark.parametrize(
    ("raised", "code", "said"), [(KeyboardInterrupt, 130, "interrupted"), (MemoryError, 3, "memory")]
)
def test_an_interruption_or_lack_of_memory_is_one_line(raised, code, said, monkeypatch):
    def fail(*_args, **_options):
        raise raised

    monkeypatch.setattr("analyzer.snapshot.snapshot.gather", fail)
    result = run("report", BUNDLE)
    assert result.exit_code == code
    assert said in one_line(result)
    assert result.stdout == ""


def test_messages_about_a_hostile_path_are_inert(tmp_path):
    result = run("report", str(tmp_path / "a\x1b[2J\nb"))
    assert result.exit_code == 3
    assert "\x1b" not in one_line(result)


def test_importing_the_group_loads_no_command():
    assert not hasattr(entry, "report")
    done = process("--help")
    assert done.returncode == 0


def test_an_interruption_before_a_command_took_over_is_one_line(monkeypatch, capsys):
    def interrupted(**_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "main", interrupted)
    monkeypatch.setattr("gc.freeze", lambda: None)
    with pytest.raises(SystemExit) as ended:
        program()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "analyzer: interrupted\n"
