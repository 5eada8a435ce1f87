"""A container registry on a free loopback port."""

import contextlib
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

_CONFIG = """version: 0.1
storage: {{filesystem: {{rootdirectory: {root}}}, delete: {{enabled: true}}}}
http: {{addr: "{address}", secret: loopback}}
log: {{level: error}}
"""


@contextlib.contextmanager
def loopback_registry() -> Iterator[str]:
    """Serve an empty registry and yield its address (`127.0.0.1:PORT`)."""
    with tempfile.TemporaryDirectory(prefix="registry-") as work, contextlib.ExitStack() as stack:
        address = f"127.0.0.1:{_free_port()}"
        config = Path(work, "config.yml")
        config.write_text(_CONFIG.format(root=Path(work, "data"), address=address))
        log = stack.enter_context(Path(work, "log").open("wb"))
        process = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        _wait_for(f"http://{address}/v2/", process)
        yield address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen, patience: float = 15) -> None:
    end = time.monotonic() + patience
    while process.poll() is None and time.monotonic() < end:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the registry does not answer")
