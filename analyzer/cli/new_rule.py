"""`analyzer new-rule ID SLUG`: a package with a rule of one's own, its cause, documentation, sample and test."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING

import click

from analyzer.cli.output import emit
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@click.command("new-rule")
@click.argument("rule_id", metavar="ID")
@click.argument("slug")
@click.option("-o", "directory", metavar="DIR", help="Directory for the package (default: a new directory SLUG).")
def command(rule_id: str, slug: str, directory: str | None) -> None:
    """Create a package for a rule of your own that works as it is, ready to be changed.

    ID is three capital letters and three digits (ACM-001), SLUG the fault in kebab-case (tag-that-moves). The
    package holds the rule, a cause that explains it, their documentation, a sample and a test. Once installed
    beside analyzer, both take part in every report.
    """
    from pathlib import Path

    from analyzer.checks.plugins import RULE_ID, known_rules

    if not RULE_ID.fullmatch(rule_id):
        raise UsageError(f"{rule_id!r} is no id of a rule: three capital letters, a hyphen and three digits")
    if not SLUG.fullmatch(slug) or keyword.iskeyword(slug):
        raise UsageError(f"{slug!r} is no name in kebab-case: small letters, digits and hyphens")
    if taken := next((rule for rule in known_rules() if rule_id == rule.id or slug == rule.slug), None):
        raise UsageError(f"taken: {taken.id} {taken.slug} is a rule already")
    package = f"{rule_id[:3].lower()}_rules"
    names = {
        "rule_id": rule_id,
        "slug": slug,
        "module": slug.replace("-", "_"),
        "package": package,
        "dist": package.replace("_", "-"),
    }
    target = Path(directory or slug)
    written = _write(target, names)
    emit("".join(f"{path}\n" for path in written))
    emit(f"\nnext: cd {target} && pip install -e . && python -m pytest\n")


def _write(target: Path, names: Mapping[str, str]) -> list[Path]:
    files = {target / name: text for name, text in _files(names).items()}
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UsageError("is there already; name a new or an empty directory", where=str(target))
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)
    except OSError as error:
        raise UsageError(f"cannot be written ({error.strerror})", where=str(target)) from error
    return list(files)


def _files(names: Mapping[str, str]) -> dict[str, str]:
    from importlib.resources import files
    from string import Template

    from analyzer.report.pages import page_markdown

    templates = files("analyzer.cli").joinpath("templates", "new_rule")

    def filled(name: str) -> str:
        return Template(templates.joinpath(f"{name}.tmpl").read_text(encoding="utf-8")).substitute(names)

    package, module, slug, rule_id = (names[key] for key in ("package", "module", "slug", "rule_id"))
    rule, cause = filled("rule.py"), filled("cause.py")
    return {
        "pyproject.toml": filled("pyproject.toml"),
        "README.md": filled("README.md"),
        f"{package}/__init__.py": filled("init.py"),
        f"{package}/{module}.py": rule,
        f"{package}/{module}_cause.py": cause,
        f"docs/{rule_id}.md": f"# {rule_id} {slug}\n\n{page_markdown(_docstring(rule))}\n",
        f"docs/{slug}-cause.md": f"# {slug}-cause\n\n{page_markdown(_docstring(cause))}\n",
        "tests/pages.py": filled("pages.py"),
        "tests/sample.py": filled("sample.py"),
        f"tests/test_{module}.py": filled("test_rule.py"),
    }


def _docstring(source: str) -> str:
    import ast

    return ast.get_docstring(ast.parse(source), clean=False) or ""
