"""Changes of one operator, number or condition that the tests must notice: the share they do.

    python benchmarks/mutants.py [--count 100] [--seed 1] [--least 0.0] [--reached FILE] [PACKAGE ...]

cosmic-ray's operators (`pip install cosmic-ray`) change one place of a module of the packages (checks, causes, outlook
and snapshot unless others are named) in a copy of the tree. The tests of that module run against it: those of its own
name where there are some, then those that import it, then those of its package, then every bundle with a known truth.
With `--reached`, the data of `pytest --cov=analyzer --cov-context=test`, they are those that reach the changed line,
where any does: a place inside a function takes a second then, not a minute. One that fails or takes too long kills the
mutant; no test within `--seconds` leaves it alive. Survivors are listed with their change. Status 1 below `--least`.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import itertools
import os
import pathlib
import random
import shutil
import signal
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
    users = [path for path in files if path not in own and dotted in path.read_text(encoding="utf-8")]
    package_tests = "tests/checks/test_every_rule.py" if package == "checks" else f"tests/{package}"
    groups = [[path.relative_to(ROOT).as_posix() for path in group] for group in (own, users) if group]
    return [*groups, [package_tests], ["tests/test_bundles.py"]]


class Reached:
    """Which tests reach a line, by the data of a run that measured it."""

    def __init__(self, path: str) -> None:
        from coverage import CoverageData  # noqa: PLC0415

        self.data = CoverageData(path)
        self.data.read()

    def tests(self, module: pathlib.Path, text: str, line: int) -> set[str]:
        """Return the tests that run a statement; none where it runs when the module is imported."""
        name = next(name for name in self.data.measured_files() if name.endswith(f"/{module}"))
        around = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt)]
        holding = [node for node in around if node.lineno <= line <= node.end_lineno]
        if not holding:  # a decorator
            return set()
        inner = max(holding, key=lambda node: node.lineno)
        body = getattr(inner, "body", None)
        last = body[0].lineno - 1 if body else inner.end_lineno
        contexts = self.data.contexts_by_lineno(name)
        found = {each for number in range(inner.lineno, last + 1) for each in contexts.get(number, ())}
        return {each.partition("|")[0] for each in found if each}


class Only:
    """A plugin that keeps the tests of a set."""

    def __init__(self, tests: set[str]) -> None:
        self.tests = tests

    def pytest_collection_modifyitems(self, items: list) -> None:
        items[:] = [item for item in items if item.nodeid in self.tests]


def fails(copy: pathlib.Path, files: list[str], only: set[str] | None, seconds: float) -> bool | None:
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


def killed(copy: pathlib.Path, module: pathlib.Path, reaching: set[str] | None, seconds: float) -> bool:
    """Tell whether a test of the changed module fails."""
    groups = tests_of(module)
    if reaching:
        files = sorted({each.partition("::")[0] for each in reaching})
        near = [file for group in groups[:-2] for file in group if file in files]
        groups = [group for group in (near, [file for file in files if file not in near]) if group]
    return any(fails(copy, group, reaching, seconds) is True for group in groups)


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
