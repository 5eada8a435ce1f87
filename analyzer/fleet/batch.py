"""A batch: every bundle that is not finished goes to an executor, every outcome to the checkpoint, then the dataset.

Nothing of a finished bundle stays in memory; what a run holds grows by the paths of its bundles only.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from analyzer.checks.policy import NO_POLICY, Policy
from analyzer.errors import OutputError, UsageError
from analyzer.fleet import dataset, html, markdown
from analyzer.fleet.checkpoint import Checkpoint, stands
from analyzer.fleet.executor import Executor
from analyzer.fleet.files import FLEET, ResultsDirectory, report_names
from analyzer.fleet.rollup import exit_code, rollup
from analyzer.fleet.rows import Rows, failed_row, ordered, unpack
from analyzer.fleet.schema import NODES
from analyzer.fleet.task import CRASHED, DONE, FAILED, NO_STORE, SAME, Outcome, Task
from analyzer.limits import DEFAULT, Limits, changed
from analyzer.report.encode.json import json_document, json_text
from analyzer.report.redact.output import redacted_fleet
from analyzer.snapshot.snapshot import STANDARD
from analyzer.source.entry_points import entry_points
from analyzer.source.locations.bundles import find_bundles, place
from analyzer.source.locations.globs import names_of
from analyzer.source.locations.identity import identity
from analyzer.source.locations.urls import check_schemes
from analyzer.source.locations.within import bundles_within
from analyzer.version import __version__


class BatchOptions(Struct, frozen=True):
    """How every bundle of a batch is analysed; see `analyzer.fleet.task.Task`."""

    depth: str = STANDARD
    platform: str | None = None
    engines: tuple[str, ...] = ()
    policy: Policy = NO_POLICY
    limits: Limits = DEFAULT
    timeout: float = 0.0
    memory: int = 0
    retry: bool = False
    redact: bool = False
    pages: bool = False

    @property
    def text(self) -> str:
        """Return what makes two results comparable: version, plug-ins and what the report depends on."""
        plugins = sorted(
            (point.value, point.dist.version if point.dist else "")
            for group in ("analyzer.rules", "analyzer.causes")
            for point in entry_points(group)
        )
        policy = self.policy
        decided = (sorted(policy.severities.items()), repr(policy.ignores), sorted(policy.known or ()), policy.origins)
        asked = (self.depth, self.platform, self.engines, self.pages)
        whole = (__version__, plugins, asked, decided, changed(self.limits))
        return hashlib.blake2b(json.dumps(whole).encode(), digest_size=16).hexdigest()


class Counts(Struct):
    """How far a batch is.

    Attributes:
        total: bundles it names.
        kept: of these, finished by an earlier run.
        done: analysed in this run, those with the content of a finished one included.
        failed: without a report in this run.
        damaged: found damaged in this run.
        left: bundles of earlier runs that this one does not name.
    """

    total: int = 0
    kept: int = 0
    done: int = 0
    failed: int = 0
    damaged: int = 0
    left: int = 0


class Batch:
    """A batch in an output directory.

    Args:
        words: bundles, as `analyzer.source.locations.bundles.find_bundles` takes them.
        directory: for the results.
        options: how to analyse.

    Attributes:
        paths: the bundles, each once; an archive of several gives way to them when a worker found no store in it.
        counts: how far it is.
        output, checkpoint: what it writes to.

    Raises:
        UsageError: there is no bundle, or the directory cannot be used.
    """

    def __init__(self, words: Iterable[str], directory: str, options: BatchOptions) -> None:
        self.paths = find_bundles(words)
        if not self.paths:
            raise UsageError("no bundle was named")
        check_schemes(self.paths)
        self._options = options
        self._text = options.text
        self._identities: dict[str, tuple[str, int] | None] = {}
        self._tasks: dict[str, Task] = {}
        self._again: list[Task] = []
        self._within: dict[str, list[str]] = {}
        self.counts = Counts(total=len(self.paths))
        self.output = ResultsDirectory(directory, self.paths)
        self.checkpoint = Checkpoint(self.output.state)
        self.output.sweep()

    def close(self) -> None:
        """Close the checkpoint."""
        self.checkpoint.close()

    def run(self, executor: Executor, progress: Callable[[Counts], None] | None = None) -> dict[str, Any]:
        """Analyse what is not finished, then write the dataset (where pyarrow is there) and the report on the fleet.

        Returns:
            the document of the fleet, as in `fleet.json`.

        Raises:
            OutputError: the disk is full; what is finished is kept.
            UsageError: the state of an earlier run is damaged.
        """
        try:
            return self._run(executor, progress)
        except sqlite3.OperationalError as error:
            raise OutputError(
                f"cannot be written ({error}); what is finished is kept", where=self.output.state
            ) from error
        except (sqlite3.Error, UnicodeDecodeError) as error:
            said = f"the state of an earlier run is damaged ({error}); name another directory"
            raise UsageError(said, where=self.output.state) from error

    def _run(self, executor: Executor, progress: Callable[[Counts], None] | None) -> dict[str, Any]:
        tasks: Iterable[Task] = self._open_tasks(self.paths, self._begin())
        while tasks:
            self._again, self._within = [], {}
            for outcome in executor.run(tasks):
                self._take(outcome)
                if progress is not None:
                    progress(self.counts)
            tasks = self._again
            if self._within:
                tasks = chain(tasks, self._open_tasks(self._taken_apart(), self._begin()))
        self.counts.left = self.checkpoint.left()
        if dataset.available():
            dataset.write_dataset(self.checkpoint, self.output)
        fleet = rollup(self.checkpoint.db, pages=self._options.pages)
        if self._options.redact:
            fleet = redacted_fleet(fleet)
        self.output.write(FLEET, json_document(fleet).encode())
        self.output.write("fleet.md", markdown.render(fleet).encode())
        self.output.write("fleet.html", html.render(fleet).encode())
        return fleet

    def exit_code(self, fail_on: str) -> int:
        """Return the exit status of the batch, after `run`."""
        return exit_code(self.checkpoint.db, fail_on)

    def _taken_apart(self) -> list[str]:
        """Put the bundles in archives of several in the place of these; return those that are new."""
        named = {place(path) for path in self.paths}
        paths = [each for path in self.paths for each in self._within.get(place(path), [path])]
        self.paths = list({place(path): path for path in paths}.values())
        self.counts.total = len(self.paths)
        return [path for path in self.paths if place(path) not in named]

    def _begin(self) -> dict[str, tuple[str, str]]:
        """Tell the checkpoint what the batch names now; return (key, name) of each path."""
        keys = [key_of(path) for path in self.paths]
        pairs = list(zip(keys, node_names(self.paths, keys), strict=True))
        self.checkpoint.begin(pairs)
        return dict(zip(self.paths, pairs, strict=True))

    def _open_tasks(self, paths: Iterable[str], names: dict[str, tuple[str, str]]) -> Iterator[Task]:
        """Yield a task for each bundle that has no result yet."""
        options = self._options
        for path in paths:
            key, name = names[path]
            task = Task(
                key, name, place(path), options.depth, options.platform, options.engines, options.timeout,
                options.memory, options.policy, options.limits, options.pages,
            )  # fmt: skip
            found = identity(path)
            if stands(self.checkpoint.known(key), self._text, found, task, retry=options.retry):
                self.counts.kept += 1
                continue
            contents: frozenset[str] = frozenset()
            if found and found[1] and not options.pages:  # a page names its own bundle
                contents = self.checkpoint.contents(key, found[1], self._text)
            self._identities[key] = found
            self._tasks[key] = task
            yield replace(task, known=contents, seen=found is not None)

    def _take(self, outcome: Outcome) -> None:
        """Keep an outcome: the report first, then the rows, which make it count."""
        task, found = self._tasks.pop(outcome.key), self._identities.pop(outcome.key)
        if outcome.status == SAME:
            self._take_same(task, outcome, found)
            return
        if outcome.kind == NO_STORE and (inner := bundles_within(task.path)):
            self._within[task.path] = inner
            return
        rows: Rows = {}
        report = ""
        if outcome.status == DONE:
            try:
                payload = unpack(outcome.payload)
            except ValueError as error:
                outcome = Outcome(outcome.key, FAILED, CRASHED, f"the worker's answer is {error}", tries=outcome.tries)
            else:
                report = self._report_of(task)
                self.output.write_report(report, payload.document, payload.page)
                rows = payload.rows
                rows["nodes"][0][_place("report")] = report
                self.counts.done += 1
                self.counts.damaged += payload.document["verdict"] == "damaged"
        if outcome.status == FAILED:
            self.counts.failed += 1
            self._forget(task)
            row = failed_row(task.path, outcome.sha256, outcome.kind, outcome.reason, __version__)
            rows = {"nodes": ordered("nodes", [row])}
        self.checkpoint.keep(task, outcome, rows, options=self._text, identity=found, report=report)

    def _report_of(self, task: Task) -> str:
        """Return the file name of a node's report, which no other bundle's report has."""
        held = self.checkpoint.known(task.key).report
        names = report_names(task.name, task.key)
        return next((name for name in names if name == held or not self.checkpoint.has_report(name)), names[-1])

    def _forget(self, task: Task) -> None:
        """Remove the report of a bundle that has none any more."""
        held = self.checkpoint.known(task.key).report
        if held:
            self.output.remove_report(held)

    def _take_same(self, task: Task, outcome: Outcome, found: tuple[str, int] | None) -> None:
        twin = self.checkpoint.twin(outcome.sha256 or "", self._text)
        if twin is None:  # it was analysed again meanwhile, with other content
            self._identities[task.key], self._tasks[task.key] = found, task
            self._again.append(task)
            return
        report = self._report_of(task)
        document = self.output.read_report(twin.report)
        if document is not None:
            document["bundle"]["path"] = json_text(task.path)
            self.output.write_report(report, document)
        self.counts.done += 1
        self.checkpoint.keep_same(task, outcome, twin, options=self._text, identity=found, report=report)


def node_names(paths: list[str], keys: list[str]) -> list[str]:
    """Return a name for each bundle, valid Unicode and unique."""
    names = [json_text(name) for name in names_of(paths)]
    counts = Counter(names)
    return [name if counts[name] == 1 else f"{name}~{key[:8]}" for name, key in zip(names, keys, strict=True)]


def key_of(path: str) -> str:
    """Return 32 hex digits that stand for the place of a bundle."""
    return hashlib.blake2b(place(path).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()


def _place(column: str) -> int:
    return list(NODES).index(column)
