"""The house keeps its order: sizes, layers and the single public surface."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import analyzer

ROOT = pathlib.Path(__file__).parent.parent


def test_public_api_is_what_the_contract_names():
    opened = {"Fleet", "Results", "Snapshot", "analyze", "analyze_many", "open", "open_many"}
    assert set(analyzer.__all__) == {"Cause", "Finding", "Report", "__version__"} | opened
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
