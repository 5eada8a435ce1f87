"""What a worker does with one bundle: read, judge, and make rows; every failure becomes an outcome with a reason."""

from __future__ import annotations

import importlib
import time
import traceback
from contextlib import suppress

from analyzer.api.reading import judge
from analyzer.api.report import Report
from analyzer.errors import AnalyzerError, NoStoreError, UnreadableError
from analyzer.fleet.rows import pack
from analyzer.fleet.task import (
    CRASHED,
    DONE,
    FAILED,
    INPUT,
    MEMORY,
    NO_STORE,
    SAME,
    UNREADABLE,
    Outcome,
    Task,
)
from analyzer.snapshot.snapshot import read_snapshot
from analyzer.source.locations.identity import digest
from analyzer.source.locations.urls import BrokenOffError, is_url
from analyzer.source.open import open_bundle

LONGEST = 500
"""Characters of a reason."""


def warm() -> None:
    """Load what tasks need; looking for plug-ins costs more than judging a small store, and so does loading numpy."""
    from analyzer.causes.plugins import known_families  # noqa: PLC0415
    from analyzer.checks.plugins import known_rules  # noqa: PLC0415
    from analyzer.source.tar import scan  # noqa: F401, PLC0415  what bundles with many members are read by

    known_rules()
    known_families()


def warm_for(task: Task) -> None:
    """Load the file system of a URL's scheme, which takes longer than reading a small bundle; opens nothing."""
    if not is_url(task.path):
        return
    with suppress(Exception):  # what is not installed or does not exist is told by the task itself
        fsspec = importlib.import_module("fsspec")  # optional
        for scheme in task.path.partition("://")[0].split("::"):
            fsspec.get_filesystem_class(scheme)


def work(task: Task) -> Outcome:
    """Return the outcome of a task, in this process and without limits."""
    started = time.monotonic()
    outcome = _outcome(task)
    seconds = time.monotonic() - started
    return Outcome(
        outcome.key, outcome.status, outcome.kind, outcome.reason, outcome.sha256, seconds, payload=outcome.payload
    )


def analysed(task: Task) -> Report:
    """Read and judge a bundle.

    Raises:
        AnalyzerError: as `analyzer.api.reading.read` and `judge` do.
        BrokenOffError: reading over the network failed.
    """
    source = open_bundle(task.path, limits=task.limits, hash_input=True)
    snapshot = read_snapshot(source, depth=task.depth, limits=task.limits)
    return judge(snapshot, platform=task.platform, engines=task.engines, policy=task.policy)


def _outcome(task: Task) -> Outcome:
    try:
        if task.known and (found := digest(task.path)) in task.known:
            return Outcome(task.key, SAME, sha256=found)
        report = analysed(task)
        return Outcome(task.key, DONE, sha256=report.snapshot.bundle.sha256, payload=pack(report, task))
    except MemoryError:
        return _failed(task, MEMORY, f"ran out of memory; the limit is {task.memory >> 20:,} MiB")
    except BrokenOffError as error:
        return _failed(task, INPUT, str(error))
    except NoStoreError as error:
        return _failed(task, NO_STORE, str(error))
    except UnreadableError as error:
        return _failed(task, UNREADABLE, str(error))
    except AnalyzerError as error:
        return _failed(task, CRASHED, str(error))
    except Exception as error:  # noqa: BLE001  a fault of ours or of a library: one row of the fleet
        return _failed(task, CRASHED, _told(error))


def _failed(task: Task, kind: str, reason: str) -> Outcome:
    return Outcome(task.key, FAILED, kind, reason.partition("\n")[0][:LONGEST])


def _told(error: Exception) -> str:
    """Return what a fault says, and the line of this program it comes from."""
    frames = traceback.extract_tb(error.__traceback__)
    name = frames[-1].filename.replace("\\", "/").rpartition("/analyzer/")[2] if frames else ""
    at = f" at {name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{at}: {error}"
