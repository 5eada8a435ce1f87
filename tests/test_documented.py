"""Every command that the README and the pages of docs show is run as it stands there, or at least understood."""

from __future__ import annotations

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import click
import pytest
from click.testing import CliRunner

from analyzer.cli.config import load, policy
from analyzer.cli.main import COMMANDS, cli
from tests.editing import Edited

ROOT = pathlib.Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(ROOT.glob("docs/*.md"))]
PAGES += [ROOT / "samples" / "README.md", ROOT / "notebooks" / "README.md"]
SAMPLE, DAMAGED = "samples/healthy.tar.zst", "samples/missing-parent.tar.zst"
PLACEHOLDER = re.compile(r"^'?[A-Z]{1,}(?:\.TXT)?'?$|\.\.\.|…|\[|tcp://|/path/")
MAY_FIND = {"report", "diff", "why", "grade", "batch"}
"""Commands whose status tells what they found."""


def shown():
    """Yield (page, command) for every line of a console block and every indented line that begins with a command."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"```console\n(.+?)```", text, re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                if line.startswith("$ "):
                    yield page.relative_to(ROOT).as_posix(), line[2:].strip()
        for line in re.findall(r"^    (?:\$ )?((?:sudo |analyzer |pip |python|tar |jupyter ).+)$", text, re.MULTILINE):
            yield page.relative_to(ROOT).as_posix(), re.split(r"\s{2,}", line)[0]


SHOWN = sorted(set(shown()))
OURS = [(page, line) for page, line in SHOWN if line.startswith("analyzer ")]
OTHERS = [(page, line) for page, line in SHOWN if not line.startswith("analyzer ")]
LISTED = re.compile(r"analyzer [\w-]+(?:, [\w-]+)+")


@pytest.fixture(scope="module")
def stands_for(tmp_path_factory):
    """Return what the placeholders of the pages stand for."""
    folder = tmp_path_factory.mktemp("documented")
    base = Edited("healthy-overlay").layers()[0]["id"]
    (folder / "check.txt").write_text(f"layer {base}: layer not known\n")
    words = {
        "BUNDLE": DAMAGED,
        "ID": "api:2.0",
        "OBJECT": "api:2.0",
        "'TEXT'": "'layer not known'",
        "DIR": str(folder / "tables"),
        "CHECK.TXT": str(folder / "check.txt"),
        "A": SAMPLE,
        "B": DAMAGED,
        "r.html": str(folder / "r.html"),
        "KIT": str(folder / "KIT"),
        "kit": str(folder / "kit"),
    }
    for word, command in (("LAYER", "layers"), ("CONTAINER", "containers")):
        done = CliRunner().invoke(cli, [command, str(ROOT / SAMPLE), "--format", "json"])
        words[word] = json.loads(done.stdout)[0]["id"]
    return words


def filled(line, words):
    """Return a command with its placeholders replaced."""
    parts = re.split(r"(\s+|=|/)", line)
    return "".join(words.get(part, part) for part in parts)


@pytest.mark.parametrize(("page", "line"), OURS)
def test_a_command_of_ours_runs(page, line, stands_for, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    if LISTED.fullmatch(line):
        assert set(re.split(r"[ ,]+", line)[1:]) <= set(COMMANDS)
        return
    words = shlex.split(filled(line.replace("/tmp/", f"{tmp_path}/"), stands_for))[1:]
    name = next(word for word in words if word in COMMANDS)
    if any(PLACEHOLDER.search(word) for word in words) or "*" in line:
        parent = click.Context(cli, **cli.context_settings)  # a command keeps the names of its help option
        command = cli.get_command(parent, name)
        command.make_context(name, words[words.index(name) + 1 :], parent=parent)
        return
    for before in [known for known in words if known.endswith("known.json") and name == "report"]:
        bundle = next(word for word in words if word.startswith("samples/"))
        assert CliRunner().invoke(cli, ["baseline", bundle, "-o", before]).exit_code == 0
    done = CliRunner().invoke(cli, words)
    assert done.exit_code in ((0, 1) if name in MAY_FIND and "--baseline" not in words else (0,)), done.output
    assert "Traceback" not in done.output
    if "-o" in words:
        assert pathlib.Path(words[words.index("-o") + 1].rpartition("=")[2]).exists()
    else:
        assert done.stdout


def test_most_commands_are_shown_and_run():
    inline = [said for page in PAGES for said in re.findall(r"`(analyzer [^`]+)`", page.read_text(encoding="utf-8"))]
    lines = [*(line for _, line in OURS), *inline]
    named = {word for line in lines for word in re.split(r"[ ,]+", line) if word in COMMANDS}
    assert set(COMMANDS) - named <= {"batch", "capture"}
    assert len(OURS) > 30


@pytest.mark.parametrize(("page", "line"), OTHERS)
def test_what_other_commands_name_is_there(page, line):
    """Installing and making samples take a network, an engine or minutes; that they name what exists takes neither."""
    subprocess.run(["sh", "-n"], input=line, text=True, check=True)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for name in re.findall(r"\.\[(\w+)\]", line):
        assert name in extras
    for script in re.findall(r"python \S*?([\w/]+\.py)", line):
        assert (ROOT / script).exists()
    for module in re.findall(r"python3? -m (benchmarks[\w.]*)", line):
        assert (ROOT / (module.replace(".", "/") + ".py")).exists() or (ROOT / module.replace(".", "/")).is_dir()


def test_the_readmes_first_command_prints_the_readmes_first_report():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    line = next(line for page, line in OTHERS if page == "README.md" and "analyzer report" in line)
    words = shlex.split(line.partition(".venv/bin/analyzer ")[2])
    command = [sys.executable, "-m", "analyzer", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert done.stdout.strip() == re.search(r"```text\n(.+?)```", text, re.DOTALL).group(1).strip()


@pytest.mark.skipif(not (shutil.which("tar") and shutil.which("zstd")), reason="needs tar and zstd")
def test_the_capture_shown_is_a_bundle(tmp_path):
    line = next(line for page, line in OTHERS if page == "README.md" and line.startswith("tar "))
    subprocess.run(f"zstd -dc {shlex.quote(str(ROOT / SAMPLE))} | tar -C {tmp_path} -xf -", shell=True, check=True)
    here = line.replace("/var/lib/containers", str(tmp_path))
    subprocess.run(["sh", "-ec", here], cwd=tmp_path, check=True)
    done = CliRunner().invoke(
        cli, ["report", str(tmp_path / "storage.tar.zst"), "--format", "json", "--depth", "quick"]
    )
    assert done.exit_code == 0
    assert json.loads(done.stdout)["verdict"] == "healthy"


def test_the_configuration_shown_is_taken(tmp_path):
    page = (ROOT / "docs" / "digging.md").read_text(encoding="utf-8")
    text = re.search(r"```toml\n(.+?)```", page, re.DOTALL).group(1)
    assert tomllib.loads(text)
    file = tmp_path / "analyzer.toml"
    file.write_text(text)
    config = load(str(file), tuple(COMMANDS))
    assert config.options == {"fail-on": "warning"}
    assert policy(config, None).severities
