"""Changes of one operator, number or condition that the tests must notice: the share they do.

    python benchmarks/mutants.py [--count 100] [--seed 1] [--least 0.0] [PACKAGE ...]

cosmic-ray's operators (`pip install cosmic-ray`) change one place of a module of the packages (checks, causes, outlook
and snapshot unless others are named) in a copy of the tree. The tests of that module run against it: those of its own
name where there are some, then those of its package, then every bundle with a known truth; one that fails or takes too
long kills the mutant. Survivors are listed with their change. Status 1 below `--least`.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

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
PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout", "120"]
SECONDS = 600


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
    own = sorted((ROOT / "tests" / package).rglob(f"test_{module.stem}.py"))
    groups = [[path.relative_to(ROOT).as_posix()] for path in own]
    package_tests = "tests/checks/test_every_rule.py" if package == "checks" else f"tests/{package}"
    return [*groups, [package_tests], ["tests/test_bundles.py"]]


def killed(copy: pathlib.Path, module: pathlib.Path) -> bool:
    """Tell whether a test of the changed module fails."""
    for group in tests_of(module):
        try:
            done = subprocess.run([*PYTEST, *group], cwd=copy, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return True
        if done.returncode not in (0, 5):
            return True
    return False


def same(before: str, after: str) -> bool:
    """Tell whether a change is none to Python: of a signature's mark, or a syntax error."""
    try:
        return ("/," in after and "/," not in before) or ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))
    except SyntaxError:
        return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=0.0, help="share of mutants that must be killed")
    chosen = parser.parse_args()
    rng = random.Random(chosen.seed)
    possible = {package: places(package) for package in chosen.packages}
    score: dict[str, list[bool]] = {package: [] for package in chosen.packages}
    with tempfile.TemporaryDirectory() as work:
        copy = pathlib.Path(work, "tree")
        leave = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", "node_modules")
        shutil.copytree(ROOT, copy, ignore=leave)
        tried = 0
        while tried < chosen.count:
            package = chosen.packages[tried % len(chosen.packages)]
            module, name, occurrence = rng.choice(possible[package])
            text = (ROOT / module).read_text(encoding="utf-8")
            changed = mutate_code(text, get_operator(name)(), occurrence)
            if "not TYPE_CHECKING" in changed or same(text, changed):
                continue
            tried += 1
            (copy / module).write_text(changed, encoding="utf-8")
            score[package].append(killed(copy, module))
            (copy / module).write_text(text, encoding="utf-8")
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
