"""Write the pages, manuals, completions and outputs that come from the program itself; `--check` only compares."""

from __future__ import annotations

import ast
import contextlib
import pathlib
import re
import shlex
import sys
import tomllib

import click
from click.testing import CliRunner
from msgspec.structs import replace

from analyzer.api import analyze
from analyzer.causes.family import builtin_families
from analyzer.checks.run import builtin_rules
from analyzer.cli import manpage
from analyzer.cli.completion import FILES, script
from analyzer.cli.main import COMMANDS, cli
from analyzer.repair import edits
from analyzer.report.formats.text import render
from analyzer.signatures.page import guide

DOCS = pathlib.Path(__file__).resolve().parent
ROOT = DOCS.parent
SAMPLE = "samples/seed-case.tar.zst"
GENERATED = ("rules/*.md", "causes/*.md", "repair/*.md", "man/*.1", "completions/*")
DAMAGES = ("samples/stores/damage.py", "tests/live/further_damage.py")
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
    bundle = replace(report.snapshot.bundle, path=SAMPLE)
    return render(replace(report, snapshot=replace(report.snapshot, bundle=bundle))).rstrip()


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


def damages() -> dict[str, str]:
    """Return what each damage of the live tests does, by its name: the docstrings of the functions that do it."""
    told = {}
    for path in DAMAGES:
        for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                told[node.name.replace("_", "-")] = (ast.get_docstring(node) or "").partition("\n")[0]
    return told


def repairs() -> dict[pathlib.Path, str]:
    """Return a page for each kind of damage that a plan mends, and their table."""
    kinds = tomllib.loads((DOCS / "repair" / "kinds.toml").read_text(encoding="utf-8"))["kind"]
    titles = {rule.id: rule.page.partition("\n")[0] for rule in builtin_rules()}
    told, made, rows = damages(), {}, []
    for kind in kinds:
        acts = [f"- {(getattr(edits, name).__doc__ or '').partition(chr(10))[0]}" for name in kind["edits"]]
        seen = [f"- [{rule}](../rules/{rule}.md): {titles[rule]}" for rule in kind["rules"]]
        live = [f"- `{way}`: {told[way]}" for way in kind["ways"]]
        parts = {
            "What is broken": kind["broken"],
            "What is put back": kind["back"],
            "From where": kind["source"],
            "What is done": "\n".join(acts),
            "Rules that see it": "\n".join(seen),
            "Proven": "\n".join(["Live, with podman 4.3.1 on XFS (`tests/live/test_repair.py`):", "", *live])
            if live
            else kind["proven"],
            "What no tool can give back": kind.get("cannot", ""),
        }
        body_text = "\n\n".join(f"## {head}\n\n{text}" for head, text in parts.items() if text)
        made[DOCS / "repair" / f"{kind['id']}.md"] = f"# {kind['title']}\n\n{body_text}\n"
        rows.append(f"| [{kind['title']}]({kind['id']}.md) | {kind['back']} | {kind['source']} |")
    head = "# Kinds of repair\n\nGenerated from `kinds.toml`, the edits, the rules and the live tests' damages.\n\n"
    head += "| what is broken | what is put back | from where |\n|---|---|---|\n"
    made[DOCS / "repair" / "README.md"] = head + "\n".join(rows) + "\n"
    return made


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
    made.update(repairs())
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
