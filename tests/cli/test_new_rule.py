"""`analyzer new-rule` makes a package that works as it is, and touches nothing that is there."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import tomllib

import pytest
from click.testing import CliRunner

import analyzer
from analyzer.cli.main import cli

ROOT = pathlib.Path(analyzer.__file__).parent.parent


def make(folder, rule_id="ACM-001", slug="tag-that-moves"):
    return CliRunner().invoke(cli, ["new-rule", rule_id, slug, "-o", str(folder)])


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("new") / "tag-that-moves"
    result = make(folder)
    assert result.exit_code == 0, result.stderr
    return folder


def run(*args, cwd, path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))}
    command = [sys.executable, *map(str, args)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_it_says_what_it_wrote(tmp_path):
    result = make(tmp_path / "new")
    written = set(result.stdout.split("\n\n")[0].splitlines())
    assert written == {str(p) for p in (tmp_path / "new").rglob("*") if p.is_file()}
    names = {pathlib.Path(line).relative_to(tmp_path / "new").as_posix() for line in written}
    assert names >= {
        "acm_rules/tag_that_moves.py",
        "docs/ACM-001.md",
        "tests/sample.py",
        "tests/test_tag_that_moves.py",
    }


def test_its_tests_pass_before_it_is_installed(package):
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package, path=[package, ROOT])
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_installed_it_takes_part_in_every_report(package, tmp_path):
    target = tmp_path / "installed"
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    alone = ["--no-deps", "--no-index", "--no-build-isolation", "--target", target]
    done = run(*pip, *alone, package, cwd=tmp_path, path=[])
    assert done.returncode == 0, done.stderr
    path = [target, package / "tests", ROOT]
    assert run("-c", "import sample; sample.write('sample.tar')", cwd=tmp_path, path=path).returncode == 0
    report = run("-m", "analyzer", "report", "sample.tar", cwd=tmp_path, path=path)
    assert report.returncode == 0, report.stderr
    assert "tag-that-moves-cause" in report.stdout
    assert "ADVISORY" in report.stdout
    assert (
        "No image is known by a tag that moves."
        in run("-m", "analyzer", "explain", "ACM-001", cwd=tmp_path, path=path).stdout
    )
    assert run("-m", "pytest", "-q", "-p", "no:cacheprovider", package, cwd=tmp_path, path=path).returncode == 0


def test_its_pages_are_the_docstrings_again(package):
    before = {p.name: p.read_text() for p in (package / "docs").iterdir()}
    assert run("tests/pages.py", cwd=package, path=[package, ROOT]).returncode == 0
    assert {p.name: p.read_text() for p in (package / "docs").iterdir()} == before


def test_its_description_is_valid(package):
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["analyzer.rules"] == {"tag-that-moves": "acm_rules.tag_that_moves"}


@pytest.mark.parametrize(
    ("rule_id", "slug", "says"),
    [
        ("acm-001", "x", "is no id of a rule"),
        ("ACM-1", "x", "is no id of a rule"),
        ("ACM-001\n", "x", "is no id of a rule"),
        ("OVL-001", "x", "is a rule already"),
        ("ACM-001", "dangling-link", "is a rule already"),
        ("ACM-001", "../x", "kebab-case"),
        ("ACM-001", "class", "kebab-case"),
        ("ACM-001", "", "kebab-case"),
        ("ACM-001", "\x1b[31m", "kebab-case"),
    ],
)
def test_names_that_cannot_be(tmp_path, rule_id, slug, says):
    result = make(tmp_path / "new", rule_id, slug)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "\x1b" not in result.stderr
    assert not (tmp_path / "new").exists()


def test_what_is_there_stays(tmp_path):
    (tmp_path / "kept").write_text("kept")
    for target in (tmp_path, tmp_path / "kept", tmp_path / "kept" / "below"):
        result = make(target)
        assert result.exit_code == 2
        assert len(result.stderr.splitlines()) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["kept"]
    (tmp_path / "empty").mkdir()
    assert make(tmp_path / "empty").exit_code == 0
