"""A real Dask cluster on loopback: a scheduler and workers as processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

import distributed

from tests.effort import LONG


class Cluster:
    """A scheduler and its workers; `workers` are processes."""

    def __init__(self, place, *, environment=None) -> None:
        self._place = place
        self._environment = {**os.environ, **(environment or {})}
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", str(port))
        self.workers: list[subprocess.Popen] = []
        wait_for_port(port)

    def add_worker(self, **environment) -> subprocess.Popen:
        """Start a worker with one thread and no nanny, so that a killed one stays dead."""
        options = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1", "--local-directory", str(self._place))
        self.workers.append(self._start("worker", self.address, *options, **environment))
        return self.workers[-1]

    def close(self) -> None:
        """End what still runs."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()

    def wait_for_workers(self, count) -> None:
        """Wait until so many workers have joined."""
        with self._client() as client:
            client.wait_for_workers(count, timeout=LONG)

    def under_way(self) -> int:
        """Return how many tasks are on workers."""
        with self._client() as client:
            return sum(map(len, client.processing().values()))

    def _client(self):
        return distributed.Client(self.address, set_as_default=False)

    def _start(self, kind, *options, **environment) -> subprocess.Popen:
        environment = {**self._environment, **environment}
        with (self._place / f"{kind}.log").open("a") as log:
            command = [sys.executable, "-m", "dask", kind, *options, "--no-dashboard"]
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._place, env=environment)


@contextlib.contextmanager
def cluster(place, workers, **options):
    """Start a cluster and end it."""
    made = Cluster(place, **options)
    try:
        for _ in range(workers):
            made.add_worker()
        yield made
    finally:
        made.close()


def wait_for_port(port, seconds=LONG):
    """Wait until something listens on a port of loopback."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]
