"""Changes of one operator, number or condition that the tests must notice: the share they do.

    python benchmarks/mutants.py [--count 100] [--seed 1] [--least 0.0] [--reached FILE] [PACKAGE ...]

cosmic-ray's operators (`pip install cosmic-ray`) change one place of a module of the packages (checks, causes, outlook
and snapshot unless others are named) in a copy of the tree. The tests of that module run against it: those of its own
name where there are some, then those that import it or name its family, then those of its package, then every bundle
with a known truth.
With `--reached`, the data of `pytest --cov=analyzer --cov-branch --cov-context=test`, they are the sixty tests that
reach the changed line, or what uses the constant it sets, and least else: seconds, not a minute. One that fails or
takes too long kills the mutant; no test within `--seconds` leaves it alive. Survivors are listed with their change.
Status 1 below `--least`.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import itertools
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time

import hypothesis  # noqa: F401  what every run would import is imported once, and forked
import networkx as nx  # noqa: F401
import numpy as np  # noqa: F401
import pandas as pd  # noqa: F401
import pytest
import zstandard  # noqa: F401
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGES = ("checks", "causes", "outlook", "snapshot")
COMPARED = [("Eq", "NotEq"), ("NotEq", "Eq"), ("Lt", "LtE"), ("LtE", "Lt"), ("Gt", "GtE"), ("GtE", "Gt")]
OPERATORS = [
    *(f"core/ReplaceComparisonOperator_{before}_{after}" for before, after in COMPARED),
    *(f"core/ReplaceBinaryOperator_{pair}" for pair in ("Add_Sub", "Sub_Add", "Mul_Div", "FloorDiv_Mul")),
    "core/NumberReplacer", "core/AddNot", "core/ReplaceTrueWithFalse", "core/ReplaceFalseWithTrue",
    "core/ReplaceAndWithOr", "core/ReplaceOrWithAnd", "core/ZeroIterationForLoop", "core/ReplaceBreakWithContinue",
]  # fmt: skip
PYTEST = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:xdist", "--timeout", "120",
          "-W", "ignore:Module already imported"]  # fmt: skip
SECONDS = 600
NARROW, MOST = 12, 60
"""Tests that reach a line and little else: how many are tried before others are collected, and how many at all."""
PASSED = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
ticks = itertools.count(1_600_000_000)


def places(package: str) -> list[tuple[pathlib.Path, str, int]]:
    """Return every possible change: module, operator, and which of its places."""
    found = []
    for path in sorted((ROOT / "analyzer" / package).rglob("*.py")):
        tree = list(ast_nodes(get_ast(path.read_text(encoding="utf-8"))))
        for name in OPERATORS:
            operator = get_operator(name)()
            count = sum(len(list(operator.mutation_positions(node))) for node in tree)
            found += [(path.relative_to(ROOT), name, number) for number in range(count)]
    return found


def tests_of(module: pathlib.Path) -> list[list[str]]:
    """Return groups of tests, the nearest first."""
    package = module.parts[1]
    files = sorted((ROOT / "tests" / package).rglob("test_*.py"))
    dotted = ".".join(module.with_suffix("").parts)
    own = [path for path in files if path.name == f"test_{module.stem}.py"]
    named = f'"{module.stem.replace("_", "-")}"' if module.parent.name == "families" else dotted
    texts = {path: path.read_text(encoding="utf-8") for path in files if path not in own}
    users = [path for path, text in texts.items() if dotted in text or named in text]
    package_tests = "tests/checks/test_every_rule.py" if package == "checks" else f"tests/{package}"
    groups = [[path.relative_to(ROOT).as_posix() for path in group] for group in (own, users) if group]
    return [*groups, [package_tests], ["tests/test_bundles.py"]]


class Reached:
    """Which tests reach a line, by the data of a run that measured it; those first that reach little else."""

    def __init__(self, path: str) -> None:
        from coverage import CoverageData  # noqa: PLC0415

        self.data = CoverageData(path)
        self.data.read()
        with contextlib.closing(sqlite3.connect(path)) as table:
            counts = table.execute(
                "SELECT context, count(*) FROM arc JOIN context ON context_id = context.id GROUP BY 1"
            )
            self.breadth = {each.rpartition("|")[0]: count for each, count in counts if each.endswith("|run")}

    def tests(self, module: pathlib.Path, text: str, line: int) -> list[str]:
        """Return the tests that run a statement, or what uses the constants it sets; none where that is not known."""
        files = [name for name in self.data.measured_files() if name.endswith(f"/{module}")]
        tree = ast.parse(text)
        holding = [
            node for node in ast.walk(tree) if isinstance(node, ast.stmt) and node.lineno <= line <= node.end_lineno
        ]
        if not holding or not files:  # a decorator, or nothing runs it
            return []
        inner = max(holding, key=lambda node: node.lineno)
        if inner in tree.body:
            names = {
                node.id for node in ast.walk(inner) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            lines = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in names}
        else:
            body = getattr(inner, "body", None)
            lines = range(inner.lineno, body[0].lineno if body else inner.end_lineno + 1)
        contexts = self.data.contexts_by_lineno(files[0])
        found = {each.rpartition("|")[0] for number in lines for each in contexts.get(number, ()) if each}
        return sorted(found, key=lambda test: (self.breadth.get(test, 0), test))


class Only:
    """A plugin that keeps the tests of a list, in its order."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: number for number, test in enumerate(tests)}

    def pytest_collection_modifyitems(self, items: list) -> None:
        kept = [item for item in items if item.nodeid in self.place]
        items[:] = sorted(kept, key=lambda item: self.place[item.nodeid])


def fails(copy: pathlib.Path, files: list[str], only: list[str] | None, seconds: float) -> bool | None:
    """Tell whether a test of these fails in a fork; None where time was up."""
    process = os.fork()
    if not process:
        code = 1
        try:
            nothing = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nothing, stream)
            os.chdir(copy)
            sys.path.insert(0, str(copy))
            code = pytest.main([*PYTEST, *files], plugins=[Only(only)] if only else [])
        finally:
            os._exit(code)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status) not in PASSED
        time.sleep(0.02)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return None


def killed(copy: pathlib.Path, module: pathlib.Path, reaching: list[str] | None, seconds: float) -> bool:
    """Tell whether a test of the changed module fails."""
    if not reaching:
        return any(fails(copy, group, None, seconds) is True for group in tests_of(module))
    narrow, wide = reaching[:NARROW], reaching[NARROW:MOST]
    near = [(group, None) for group in tests_of(module)[:-2]]
    by_name = [(sorted({each.partition("::")[0] for each in part}), part) for part in (narrow, wide) if part]
    return any(fails(copy, files, only, seconds) is True for files, only in (*by_name[:1], *near, *by_name[1:]))


def same(before: str, after: str) -> bool:
    """Tell whether a change is none to Python: of a signature's mark, or a syntax error."""
    try:
        return ("/," in after and "/," not in before) or ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except SyntaxError:
        return True


def put(path: pathlib.Path, text: str) -> None:
    """Write a module with a time that no compiled one has."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (when := next(ticks), when))


def first_difference(before: str, after: str) -> int:
    """Return the number of the first line that differs."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next(number for number, (old, new) in enumerate(pairs, 1) if old != new)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=0.0, help="share of mutants that must be killed")
    parser.add_argument("--reached", help="data of coverage with a context for each test")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="for the tests of one mutant")
    chosen = parser.parse_args()
    reached = Reached(chosen.reached) if chosen.reached else None
    rng = random.Random(chosen.seed)
    possible = {package: places(package) for package in chosen.packages}
    score: dict[str, list[bool]] = {package: [] for package in chosen.packages}
    with tempfile.TemporaryDirectory() as work:
        copy = pathlib.Path(work, "tree")
        leave = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", "node_modules")
        shutil.copytree(ROOT, copy, ignore=leave)
        assert fails(copy, ["tests/test_bundles.py"], None, SECONDS) is False, "the tests fail on the tree as it is"
        tried = 0
        while tried < chosen.count:
            package = chosen.packages[tried % len(chosen.packages)]
            module, name, occurrence = rng.choice(possible[package])
            text = (ROOT / module).read_text(encoding="utf-8")
            changed = mutate_code(text, get_operator(name)(), occurrence)
            if "not TYPE_CHECKING" in changed or same(text, changed):
                continue
            tried += 1
            reaching = reached and reached.tests(module, text, first_difference(text, changed))
            put(copy / module, changed)
            score[package].append(killed(copy, module, reaching, chosen.seconds))
            put(copy / module, text)
            if not score[package][-1]:
                lines = difflib.unified_diff(text.splitlines(), changed.splitlines(), str(module), n=0, lineterm="")
                print(f"survives: {module}", *list(lines)[2:], sep="\n  ", flush=True)
    print("\n| package | places | mutants | killed |\n|---|---|---|---|")
    for package, kills in score.items():
        print(f"| {package} | {len(possible[package]):,} | {len(kills)} | {sum(kills)} |")
    kills = [kill for package in score.values() for kill in package]
    share = sum(kills) / len(kills)
    print(f"\n{sum(kills)} of {len(kills)} killed: {share:.0%}")
    sys.exit(share < chosen.least)


if __name__ == "__main__":
    main()
