"""A real JupyterLab in a real Chromium opens the notebooks, runs all cells, and shows their pictures; offline."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import nbformat
import pytest

ROOT = pathlib.Path(__file__).parent.parent.parent
TOKEN = "browser-test"  # of a server that lives as long as the test
SHOTS = "ANALYZER_SCREENSHOTS"
"""Names a directory that keeps the screenshots."""

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(600)]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def lab(chromium, tmp_path_factory):
    """Serve a copy of notebooks and samples with JupyterLab; nothing of the user's configuration counts."""
    if importlib.util.find_spec("jupyterlab") is None:
        if os.environ.get("ANALYZER_REQUIRE_LIVE") == "1":
            pytest.fail("browser tests are required and this machine lacks jupyterlab", pytrace=False)
        pytest.skip("needs jupyterlab")
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "work" / "notebooks")
    for path in (home / "work" / "notebooks").glob("*.ipynb"):
        nbformat.write(without_outputs(nbformat.read(path, as_version=4)), path)
    (home / "work" / "samples").mkdir()
    for sample in (ROOT / "samples").glob("*.tar.zst"):
        shutil.copy(sample, home / "work" / "samples")
    settings = {
        "notebook-extension/tracker": '{"windowingMode": "none"}',  # else only cells near the window are in the page
        "apputils-extension/notification": '{"fetchNews": "false", "checkForUpdates": false}',
    }
    for name, text in settings.items():
        path = home / "jupyterlab_settings_dir" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    port = free_port()
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "JUPYTERLAB_SETTINGS_DIR",
             "JUPYTERLAB_WORKSPACES_DIR")  # fmt: skip
    environment = {**os.environ, **{name: str(home / name.lower()) for name in names}, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1",
               f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={home / 'work'}",
               "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=",
               "--LabApp.extension_manager=readonly"]  # fmt: skip
    with (home / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=home)
    try:
        wait_for(f"http://127.0.0.1:{port}/api?token={TOKEN}", server, home / "log")
        yield f"http://127.0.0.1:{port}", home / "work" / "notebooks"
    finally:
        server.terminate()
        server.wait(30)


def without_outputs(notebook):
    """Clear what is saved, so that whatever is seen later was made in the browser."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def wait_for(url, server, log):
    for _ in range(240):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, log.read_text()
            time.sleep(0.5)
    pytest.fail(f"JupyterLab does not answer: {log.read_text()[-2000:]}")


@pytest.mark.parametrize(
    ("name", "pictures"),
    [
        ("01-triage", {"svg": 3, "img[src^='data:image/png']": 1, "table.dataframe": 3}),
        ("04-fleet-post-mortem", {"svg": 1, "img[src^='data:image/png']": 1, "table.dataframe": 3}),
    ],
)
def test_lab_runs_all_cells_and_shows_the_pictures(lab, chromium, tmp_path, name, pictures):
    address, folder = lab
    context = chromium.new_context(viewport={"width": 1400, "height": 2600})
    asked = []
    try:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/lab/tree/notebooks/{name}.ipynb?token={TOKEN}&reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
        page.wait_for_selector("text=/Python 3.*Idle/", timeout=120_000)
        page.click(".lm-MenuBar-itemLabel:text-is('Run')")
        page.click(".lm-Menu-itemLabel:text-is('Run All Cells')")
        try:
            wait_until_run(page, folder / f"{name}.ipynb")
        finally:
            page.screenshot(path=shot(tmp_path, f"{name}-screen"))
        page.locator(".jp-Notebook .jp-Cell").last.scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        page.screenshot(path=shot(tmp_path, f"{name}-end"))
        assert page.locator(".jp-Notebook [data-mime-type='application/vnd.jupyter.error']").count() == 0
        text = page.locator(".jp-Notebook").inner_text()
        assert "Traceback" not in text
        for selector, least in pictures.items():
            assert shown(page, selector) >= least, selector
    finally:
        context.close()
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}


def wait_until_run(page, path):
    """Wait until the last cell has its number and no cell is running."""
    last = sum(cell.cell_type == "code" for cell in nbformat.read(path, as_version=4).cells)
    page.wait_for_function(
        """last => {
            const widget = document.querySelector('.jp-NotebookPanel');
            const prompts = [...document.querySelectorAll('.jp-Notebook .jp-InputPrompt')].map(p => p.textContent);
            return widget && !prompts.some(p => p.includes('*')) && prompts.some(p => p.includes(`[${last}]`));
        }""",
        arg=last,
        timeout=120_000,
    )


def shown(page, selector):
    """Return how many things in outputs take room on the page."""
    boxes = [handle.bounding_box() for handle in page.locator(f".jp-Notebook .jp-OutputArea {selector}").all()]
    return sum(box is not None and box["width"] > 20 and box["height"] > 10 for box in boxes)


def shot(tmp_path, name):
    folder = pathlib.Path(os.environ.get(SHOTS) or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.png"
