"""The house keeps its order: sizes, layers and the single public surface."""

from __future__ import annotations

import ast
import pathlib
import pkgutil
import re
import subprocess
import sys
from collections import Counter

import networkx as nx
from vulture import Vulture

import analyzer
from analyzer.checks.facts import Facts

ROOT = pathlib.Path(__file__).parent.parent


LONG_FOR_A_REASON = {
    "api/session.py": "one class, and a docstring for everybody who types `help`",
    "capture/model.py": "the one question about absence, and what it looks at",
    "fleet/checkpoint.py": "the tables of a batch and every statement on them",
    "report/formats/text.py": "one class, a method a part of the report",
    "report/views/why.py": "one class, a method a part of the answer",
    "snapshot/collect.py": "where each kind of member goes",
    "snapshot/image_open.py": "an engine's way of opening an image, step by step",
    "snapshot/libpod/bolt.py": "one file format",
    "snapshot/libpod/state.py": "the records of one database",
    "snapshot/manifests.py": "the kinds of manifest and what each must have",
    "snapshot/rebuild.py": "a layer's tar put together again",
    "snapshot/tar_split.py": "one file format",
    "source/directory.py": "a directory read as an archive is",
    "verify/differences.py": "each way in which a file can differ from its tar",
}
LINES = 300


def test_files_are_short_or_say_why_not():
    long = set()
    for path in (ROOT / "analyzer").rglob("*.py"):
        if len(path.read_text().splitlines()) > LINES:
            long.add(path.relative_to(ROOT / "analyzer").as_posix())
    assert long == set(LONG_FOR_A_REASON)


def test_public_api_is_what_the_contract_names():
    opened = {"Fleet", "Results", "Snapshot", "analyze", "analyze_many", "open", "open_many"}
    told = {"Cause", "Finding", "IncompleteBundleWarning", "Limits", "Report", "__version__"}
    assert set(analyzer.__all__) == told | opened
    for name in analyzer.__all__:
        assert getattr(analyzer, name) is not None


def test_importing_the_package_loads_nothing_heavy():
    code = (
        "import sys, analyzer, analyzer.cli.main; "
        "print([m for m in ('pandas', 'networkx', 'numpy', 'msgspec', 'tabulate') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_only_source_and_output_open_files():
    allowed = {"source", "cli"}
    fleet = {"fleet/files.py", "fleet/isolate.py", "fleet/template.py"}  # results on disk; workers and their memory
    for path in (ROOT / "analyzer").rglob("*.py"):
        part = path.relative_to(ROOT / "analyzer").parts[0]
        if part in allowed or path.relative_to(ROOT / "analyzer").as_posix() in fleet:
            continue
        text = path.read_text()
        for call in (
            "os.open(",
            "Path(",
            "import socket",
            "import subprocess",
            "import tempfile",
            "os.walk",
            "extractall",
        ):
            assert call not in text, f"{path.name} uses {call}"


def _trees():
    """Return the syntax tree of every module of the package, by dotted name."""
    files = {path: path.relative_to(ROOT).with_suffix("").parts for path in (ROOT / "analyzer").rglob("*.py")}
    return {".".join(parts).removesuffix(".__init__"): ast.parse(path.read_text()) for path, parts in files.items()}


def _imports(tree, known):
    """Yield the modules that a module imports, late imports and imports for types included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in known else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_module_imports_itself_in_a_circle_not_even_for_types():
    trees = _trees()
    edges = ((name, other) for name, tree in trees.items() for other in _imports(tree, trees))
    graph = nx.DiGraph((name, other) for name, other in edges if other in trees and other != name)
    assert [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1] == []


def test_one_public_class_name_is_one_class():
    names = Counter(
        node.name
        for tree in _trees().values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, count in names.items() if count > 1} == set()


TREE = {"layers", "links", "others", "tar_splits", "image_files", "layer_files", "container_files", "entries"}
TREE |= {"data_dirs", "part_dirs", "tables", "volumes"}
"""Attributes of a snapshot that hold what is there, by name; `rel.layers` and `store.layers` are records."""
LOOKS_AT_WHAT_IS_THERE = {
    "checks/containers/container_identity.py": "what engines noted",
    "checks/host/container_fills_disk.py": "sums sizes",
    "checks/images/strays.py": "files that no record names",
    "checks/layers/toc_unreadable.py": "a table of contents that is there",
    "checks/libpod/container_of_another_tool.py": "Buildah's mark",
    "checks/overlay/additional_layer.py": "a diff that should not be there",
    "checks/overlay/backing_device.py": "the node that is there",
    "checks/overlay/composefs_blob.py": "the form of a layer's big data",
    "checks/overlay/link_owner.py": "which of two symlinks to keep",
    "checks/overlay/lowers.py": "what names a layer",
}
"""Modules that look names up and conclude nothing where there is none, and what they look at."""


def _asks_the_tree(tree):
    """Yield the line of each question `x not in tree` and `tree.get(x)`, whose answer may be that there is none."""
    for node in ast.walk(tree):
        asked = []
        if isinstance(node, ast.Compare):
            asked = [each for op, each in zip(node.ops, node.comparators, strict=True) if isinstance(op, ast.NotIn)]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            asked = [node.func.value]
        for attribute in (part for each in asked for part in ast.walk(each) if isinstance(part, ast.Attribute)):
            if attribute.attr in TREE and ast.unparse(attribute) not in RECORDS:
                yield node.lineno


RECORDS = {"view.rel.layers", "lowers.rel.layers", "rel.layers", "view.store.layers", "store.layers"}


def test_rules_conclude_absence_only_by_asking_how_the_bundle_was_captured():
    asking, silent = set(), {}
    for path in (ROOT / "analyzer" / "checks").rglob("*.py"):
        text, name = path.read_text(), path.relative_to(ROOT / "analyzer").as_posix()
        lines = list(_asks_the_tree(ast.parse(text)))
        if lines and ".capture." not in text:
            silent[name] = lines
        asking |= {name} if lines else set()
    assert {name: lines for name, lines in silent.items() if name not in LOOKS_AT_WHAT_IS_THERE} == {}
    assert LOOKS_AT_WHAT_IS_THERE.keys() <= silent.keys()
    assert {"checks/overlay/work_directories.py", "checks/images/item_missing.py"} <= asking  # the test sees some


UNUSED_ON_PURPOSE = [
    *("__getattr__", "_constructor*", "_repr_*_"),  # asked for by Python, pandas and notebooks
    *(
        "convert",
        "default_map",
        "format_commands",
        "list_commands",
        "readable",
        "text_factory",
    ),  # by click, io, sqlite3
    *("CONTAINER_LOSS", "PARTIAL", "origin", "sessions", "static_dir", "tmp_dir"),  # facts of a record given in full
    *("index_file", "libpod_database"),  # limits, read by name
    *Facts.__annotations__,  # read as `facts.get("…")`; tests/causes/test_ties.py
]


NAMED = re.compile(r"`((?:analyzer|tests|benchmarks|samples)(?:\.[A-Za-z_]+)+)`")
PLACED = re.compile(r"`((?:analyzer|tests|benchmarks|samples|docs|notebooks)/[A-Za-z0-9_./-]+)`")
NO_MODULES = {"analyzer.toml", "analyzer.sqlite", "analyzer.rules"}
"""A configuration file, a database that `export` writes, a group of entry points."""


def _resolves(name: str) -> bool:
    try:
        pkgutil.resolve_name(name)
    except (AttributeError, ModuleNotFoundError):
        return (ROOT / f"{name.replace('.', '/')}.py").is_file()
    return True


def test_what_texts_name_is_there():
    kinds = ("analyzer/**/*.py", "tests/**/*.py", "benchmarks/**/*.py", "samples/**/*.py", "docs/**/*.md", "*.md")
    gone = set()
    for path in (path for kind in kinds for path in ROOT.glob(kind)):
        text = path.read_text()
        gone |= {(path.name, name) for name in NAMED.findall(text) if name not in NO_MODULES and not _resolves(name)}
        gone |= {(path.name, place) for place in PLACED.findall(text) if not (ROOT / place).exists()}
    assert not gone


def test_no_dead_code():
    found = Vulture(ignore_names=UNUSED_ON_PURPOSE, ignore_decorators=["@click.*", "@rule", "@family"])
    found.scavenge([str(ROOT / part) for part in ("analyzer", "tests", "docs")])
    package = ROOT / "analyzer"
    dead = [item for item in found.get_unused_code(min_confidence=60) if package in pathlib.Path(item.filename).parents]
    assert [item.get_report() for item in dead] == []
