"""Every notebook runs in a fresh kernel, from the wheel, without network, and its tagged outputs come out as saved."""

from __future__ import annotations

import copy
import json
import pathlib
import shutil
import subprocess
import sys
import sysconfig
import tempfile

import nbformat
import papermill
import pytest
from nbclient import NotebookClient

ROOT = pathlib.Path(__file__).parent.parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ISOLATED = '''
"""Refuse the network in every process of the test."""
import sys

LOCAL = ("127.0.0.1", "::1", "localhost", "")


def hook(event, args):
    if event == "socket.getaddrinfo" and args[0] not in (*LOCAL, None):
        raise OSError(f"no network: {args[0]}")
    if event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in LOCAL:
        raise OSError(f"no network: {args[1][0]}")


sys.addaudithook(hook)
'''

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of the notebook machinery
    pytest.mark.xdist_group("notebooks"),
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Install the wheel into a fresh virtual environment, with a kernel of its own, and hand back its Python.

    What the package depends on is taken from the environment of the test, so that nothing is downloaded. Files named
    `.pth` there do not count, so the checkout is on nobody's path, however this test found it.
    """
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index"]
    wheels, venv = folder / "wheels", folder / "venv"
    build = [*pip, "wheel", *offline, "--no-build-isolation", "--wheel-dir", str(wheels), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = wheels.iterdir()
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True, capture_output=True)
    python = venv / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", *offline, str(wheel)], check=True, capture_output=True)
    [site] = (venv / "lib").glob("python3*/site-packages")
    (site / "of_the_test.pth").write_text(
        "\n".join(dict.fromkeys(sysconfig.get_path(k) for k in ("purelib", "platlib")))
    )
    (site / "sitecustomize.py").write_text(ISOLATED)
    kernel = folder / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Wheel", "language": "python"}))
    return folder


@pytest.fixture
def workplace(tmp_path, installed, monkeypatch):
    """Lay notebooks and samples out as in the checkout, and let kernels be those of the installed package."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    (tmp_path / "samples").mkdir()
    for sample in (ROOT / "samples").glob("*.tar.zst"):
        shutil.copy(sample, tmp_path / "samples")
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("JUPYTER_PATH", str(installed / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path / "notebooks"


WHERE = """
import sys
import analyzer
from importlib.metadata import distribution
print(analyzer.__file__, sys.prefix, distribution("containers-storage-analyzer").locate_file(""), *sys.path, sep="\\n")
"""


def execute(notebook, folder):
    """Run all cells in a fresh kernel; where they run is told in a cell before them."""
    fresh = copy.deepcopy(notebook)
    for cell in fresh.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    fresh.cells.insert(0, nbformat.v4.new_code_cell(WHERE))
    NotebookClient(fresh, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return fresh.cells[0].outputs[0].text.split("\n"), fresh.cells[1:]


def said(cell):
    """Return what a cell printed and gave, as text."""
    parts = []
    for output in cell.outputs:
        if output.output_type == "error":
            parts.append(f"{output.ename}: {output.evalue}")
        else:
            parts.append(output.get("text") or output["data"]["text/plain"])
    return "".join(parts)


def tagged(cells):
    return {cell.id: cell for cell in cells if "compare" in cell.metadata.get("tags", ())}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_gives_its_saved_outputs(path, workplace, installed):
    saved = nbformat.read(path, as_version=4)
    where, cells = execute(saved, workplace)
    assert all(each.startswith(str(installed / "venv")) for each in where[:3]), where
    assert str(ROOT) not in where[3:], "the checkout is on the path of the kernel"
    expected, got = tagged(saved.cells), tagged(cells)
    assert len(expected) >= 4
    for identity, cell in expected.items():
        assert said(got[identity]) == said(cell), cell.source
    for cell, before in zip(cells, saved.cells, strict=True):
        if cell.cell_type == "code":
            kinds = [sorted(o.get("data", {})) for o in cell.outputs]
            assert kinds == [sorted(o.get("data", {})) for o in before.outputs], cell.source


def test_there_are_six():
    assert [path.name[:2] for path in NOTEBOOKS] == ["01", "02", "03", "04", "05", "06"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_saved_notebooks_are_fit_to_be_read(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not any(
        output.output_type == "error" or output.get("name") == "stderr" for c in code for output in c.outputs
    )
    assert sum("parameters" in cell.metadata.get("tags", ()) for cell in code) == 1
    text = path.read_text()
    for forbidden in ("<script", tempfile.gettempdir() + "/", str(ROOT), f"{pathlib.Path.home()}/", "\\u001b"):
        assert forbidden not in text.replace("/var/tmp/", "")
    assert path.stat().st_size < 500_000


@pytest.mark.parametrize("sample", sorted(p.name for p in (ROOT / "samples").glob("*.tar.zst")))
def test_triage_takes_any_bundle(sample, workplace, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    papermill.execute_notebook(
        "01-triage.ipynb",
        "out.ipynb",
        parameters={"bundle": f"../samples/{sample}"},
        progress_bar=False,
        log_output=False,
    )
    made = nbformat.read("out.ipynb", as_version=4)
    said_verdict = next(said(c) for c in made.cells if c.cell_type == "code" and 'document["verdict"]' in c.source)
    assert said_verdict.split()[0] in ("healthy", "damaged")
    assert (said_verdict.split()[0] == "healthy") == (sample == "healthy.tar.zst")
    beside = sorted(p.name for p in (workplace.parent / "samples").iterdir())
    assert beside == sorted(p.name for p in (ROOT / "samples").glob("*.tar.zst"))


def test_the_network_is_refused_where_notebooks_run(installed):
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    done = subprocess.run([installed / "venv/bin/python", "-c", code], capture_output=True, text=True, check=False)
    assert "no network: 192.0.2.1" in done.stderr
