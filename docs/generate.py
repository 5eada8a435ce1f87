"""Write the pages, manuals, completions and outputs that come from the program itself; `--check` only compares."""

from __future__ import annotations

import contextlib
import dataclasses
import pathlib
import re
import shlex
import sys

import click
from click.testing import CliRunner

from analyzer.api import analyze
from analyzer.causes.family import builtin_families
from analyzer.checks.run import builtin_rules
from analyzer.cli import manpage
from analyzer.cli.completion import FILES, script
from analyzer.cli.main import COMMANDS, cli
from analyzer.report.formats.text import render
from analyzer.signatures.page import guide

DOCS = pathlib.Path(__file__).resolve().parent
ROOT = DOCS.parent
SAMPLE = "samples/seed-case.tar.zst"
GENERATED = ("rules/*.md", "causes/*.md", "man/*.1", "completions/*")
ANSWERED = re.compile(r"(```console\n\$ (analyzer .+?)\n```\n\n```text\n).*?```", re.DOTALL)
REPORT = re.compile(r"(```text\n)(.+?)(\n```)", re.DOTALL)


def body(page: str) -> str:
    """Return a docstring page as Markdown: its section names become headings, their indent goes."""
    lines = []
    for line in page.splitlines()[1:]:
        if line and not line.startswith(" "):
            lines.append(f"## {line}")
            lines.append("")
        else:
            lines.append(line.removeprefix("    "))
    return "\n".join(lines).strip()


def shown() -> str:
    """Return the text report of the sample that the README opens with."""
    report = analyze(ROOT / SAMPLE)
    bundle = dataclasses.replace(report.snapshot.bundle, path=SAMPLE)
    return render(dataclasses.replace(report, snapshot=dataclasses.replace(report.snapshot, bundle=bundle))).rstrip()


def tutorial() -> str:
    """Return the tutorial with the output of every command it shows."""

    def answered(match: re.Match[str]) -> str:
        words = shlex.split(match[2])
        done = CliRunner().invoke(cli, words[1:])
        return f"{match[1]}{done.stdout.strip()}\n```"

    with contextlib.chdir(ROOT):
        return ANSWERED.sub(answered, (DOCS / "tutorial.md").read_text(encoding="utf-8"))


def command_line() -> str:
    """Return the page of all commands with their help."""
    context = click.Context(cli, info_name="analyzer")
    parts = [
        "# Command line\n\nGenerated from the commands' help. Options are variables and keys of `analyzer.toml` too.\n"
    ]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        text = command.get_help(
            click.Context(command, info_name=f"analyzer {name}", max_content_width=100, terminal_width=100)
        )
        parts.append(f"## {name}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def pages() -> dict[pathlib.Path, str]:
    """Return every generated file with its text."""
    made: dict[pathlib.Path, str] = {}
    rows = []
    for rule in builtin_rules():
        needs = ", ".join(need.value for need in rule.needs) or "nothing beyond the records"
        title = rule.page.partition("\n")[0]
        made[DOCS / "rules" / f"{rule.id}.md"] = (
            f"# {rule.id} {rule.slug}\n\n{title}\n\n"
            f"Severity {rule.severity} unless the finding says otherwise. Evidence it needs: {needs}.\n\n"
            f"{body(rule.page)}\n"
        )
        rows.append(
            f"| [{rule.id}]({rule.id}.md) | {rule.slug} | {rule.severity} | {title.replace('|', chr(92) + '|')} |"
        )
    head = "# Rules\n\nGenerated from the rules' docstrings.\n\n"
    head += "| rule | slug | severity | what it says |\n|---|---|---|---|\n"
    made[DOCS / "rules" / "README.md"] = head + "\n".join(rows) + "\n"
    rows = []
    for family in builtin_families():
        title = family.page.partition("\n")[0]
        made[DOCS / "causes" / f"{family.id}.md"] = f"# {family.id}\n\n{title}\n\n{body(family.page)}\n"
        rows.append(f"| [{family.id}]({family.id}.md) | {title} |")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    made[ROOT / "README.md"] = REPORT.sub(lambda match: match[1] + shown() + match[3], readme, count=1)
    head = "# Causes\n\nGenerated from the families' docstrings.\n\n| cause | what happened |\n|---|---|\n"
    made[DOCS / "causes" / "README.md"] = head + "\n".join(rows) + "\n"
    made[DOCS / "symptoms.md"] = guide()
    made.update((DOCS / "man" / name, text) for name, text in manpage.pages().items())
    made[DOCS / "tutorial.md"] = tutorial()
    made[DOCS / "cli.md"] = command_line()
    made.update((DOCS / "completions" / name, script(shell)) for shell, name in FILES.items())
    return made


def stale() -> list[str]:
    """Return the names of files that differ from what the docstrings give, or are left over."""
    wanted = pages()
    wrong = [p.name for p, text in wanted.items() if not p.is_file() or p.read_text(encoding="utf-8") != text]
    known = set(wanted)
    return wrong + [p.name for pattern in GENERATED for p in DOCS.glob(pattern) if p not in known]


def main() -> int:
    """Write the files, or name those that are stale."""
    if "--check" in sys.argv:
        names = stale()
        for name in names:
            print(f"stale: {name}")
        return 1 if names else 0
    made = pages()
    for pattern in GENERATED:
        (DOCS / pattern).parent.mkdir(exist_ok=True)
        for old in DOCS.glob(pattern):
            old.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
