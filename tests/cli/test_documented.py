"""Every command that the page about digging shows is run as it stands there."""

from __future__ import annotations

import pathlib
import re
import shlex
import tomllib

import pytest
from click.testing import CliRunner

from analyzer.cli.config import load
from analyzer.cli.main import COMMANDS, cli

ROOT = pathlib.Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "digging.md").read_text(encoding="utf-8")
LINES = [line[2:] for block in re.findall(r"```console\n(.+?)```", PAGE, re.DOTALL) for line in block.splitlines()]
SAMPLE = "samples/healthy.tar.zst"


@pytest.fixture
def names(monkeypatch):
    """Return what the page's placeholders stand for in the sample."""
    import json

    monkeypatch.chdir(ROOT)

    def first(command):
        done = CliRunner().invoke(cli, [command, SAMPLE, "--format", "json"])
        return json.loads(done.stdout)[0]["id"]

    return {"LAYER": first("layers"), "CONTAINER": first("containers")}


@pytest.mark.parametrize("line", LINES)
def test_it_runs(line, names, tmp_path):
    for word, value in names.items():
        line = re.sub(rf"\b{word}\b", value, line)
    words = shlex.split(line.replace("/tmp/", f"{tmp_path}/"))
    assert words.pop(0) == "analyzer"
    if "--baseline" in words:
        bundle = next(word for word in words if word.startswith("samples/"))
        CliRunner().invoke(cli, ["baseline", bundle, "-o", words[words.index("--baseline") + 1]])
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    if "-o" in words:
        assert pathlib.Path(words[words.index("-o") + 1]).exists()
    else:
        assert done.stdout


def test_the_configuration_shown_is_taken(tmp_path):
    text = re.search(r"```toml\n(.+?)```", PAGE, re.DOTALL).group(1)
    assert tomllib.loads(text)
    file = tmp_path / "analyzer.toml"
    file.write_text(text)
    config = load(str(file), tuple(COMMANDS))
    assert config.options == {"fail-on": "warning"}
    from analyzer.cli.config import policy

    assert policy(config, None).severities
