"""`analyzer batch BUNDLE… -o DIR`: a fleet of bundles, each in a worker of its own."""

from __future__ import annotations

import os
import re
import sys
import time
from typing import TYPE_CHECKING

import click

from analyzer.cli.messages import say
from analyzer.cli.options import (
    baseline_option,
    chosen_limits,
    depth_option,
    engine_option,
    fail_on_option,
    limit_options,
)
from analyzer.cli.output import emit
from analyzer.cli.session import current_policy
from analyzer.cli.sizes import Size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.fleet.batch import Counts
    from analyzer.fleet.executor import Executor

SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smh]?)", re.IGNORECASE)
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
LEAST = 256 << 20
"""Bytes without which no worker starts."""


class Span(click.ParamType[float]):
    """A time in seconds, as `90`, `30m` or `2h`; 0 for no limit."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds."""
        if isinstance(value, int | float):
            return float(value)
        match = SPAN.fullmatch(str(value).strip())
        if match is None:
            self.fail(f"{value!r}: expected a time such as 90s, 30m or 2h", param, ctx)
        return float(match[1]) * SECONDS[match[2].lower()]


@click.command("batch")
@click.argument("bundles", nargs=-1, required=True, metavar="BUNDLE...")
@click.option("-o", "--output", "directory", required=True, metavar="DIR", help="Directory for the results.")
@click.option("--jobs", type=click.IntRange(1, 1024), metavar="N", help="Bundles at once (default: one per processor).")
@click.option(
    "--timeout", type=Span(), default="30m", show_default=True, metavar="TIME", help="Time for one bundle; 0: no limit."
)
@click.option(
    "--memory",
    type=Size(LEAST, f"a worker needs at least {LEAST >> 20} MiB", off=True),
    metavar="SIZE",
    help="Memory for one bundle; 0: no limit (default: 4GiB, or less if the machine cannot give that to every job).",
)
@click.option(
    "--tries",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    metavar="N",
    help="Attempts at a bundle whose worker dies.",
)
@click.option("--retry", is_flag=True, help="Analyse again what failed in an earlier run.")
@click.option("--scheduler", metavar="ADDRESS", help="Run on a Dask cluster, tcp://HOST:PORT, instead of this machine.")
@depth_option
@click.option("--platform", metavar="OS/ARCH[/VARIANT]", help="Platform of every node whose bundle does not show it.")
@engine_option
@fail_on_option("when a node has a cause")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever was found, except for usage errors.")
@baseline_option
@click.option("--pages", is_flag=True, help="Also write each node's report as an HTML page, linked from fleet.html.")
@click.option(
    "--redact",
    is_flag=True,
    help="Use pseudonyms for nodes, images, hosts and paths in the fleet report; other files in DIR keep the names.",
)
@limit_options
def command(
    bundles: tuple[str, ...],
    directory: str,
    jobs: int | None,
    timeout: float,
    memory: int | None,
    tries: int,
    retry: bool,
    scheduler: str | None,
    depth: str,
    platform: str | None,
    engines: tuple[str, ...],
    fail_on: str,
    exit_zero: bool,
    baseline: str | None,
    redact: bool,
    pages: bool,
) -> None:
    """Analyse many bundles and find what their nodes have in common.

    BUNDLE is a file (also one that holds several archives), a pattern, a directory (a bundle itself, or searched
    for bundles), @FILE with one of these per line, or a URL (s3://, gs://, sftp://, http://, ...; needs `pip
    install 'containers-storage-analyzer[fleet]'`). Each bundle is analysed in a worker process with its own limits;
    a failure costs one row of the result. Run it again to resume: only new, changed or unfinished bundles are
    analysed.

    DIR gets the fleet report (fleet.html, fleet.md, fleet.json), the JSON report of each node in reports/ (with
    --pages also as a page), and Parquet tables in dataset/ for `analyzer fleet query`.

    Exit status: 0 no node has a cause at or above --fail-on; 1 at least one has; 2 usage error; 3 no bundle could
    be analysed; 4 some bundles could not be analysed completely, and the others have no such cause.
    """
    from analyzer.fleet.batch import Batch, BatchOptions
    from analyzer.fleet.dataset import available
    from analyzer.fleet.text import render
    from analyzer.report.encode.text import inert
    from analyzer.snapshot.platform import parse_platform
    from analyzer.words import plural

    jobs = jobs or _processors()
    options = BatchOptions(
        depth,
        platform,
        _engines(engines),
        current_policy("-", baseline),
        chosen_limits(),
        timeout,
        _memory(memory, jobs, here=scheduler is None),
        retry,
        redact,
        pages,
    )
    if platform is not None:
        parse_platform(platform)
    batch = Batch(bundles, directory, options)
    progress = BatchProgress()
    try:
        _refuse_evidence(batch.paths)
        executor = _executor(scheduler, jobs, tries)
        try:
            fleet = batch.run(executor, progress)
            code = batch.exit_code(fail_on)
        finally:
            progress.done()
            executor.close()
    except KeyboardInterrupt:
        counts = batch.counts
        finished = counts.kept + counts.done + counts.failed
        say("info", f"{finished:,} of {counts.total:,} bundles are finished and kept; the same command goes on")
        raise
    finally:
        batch.close()
    if batch.counts.left:
        say("info", f"left out, not named now: {plural(batch.counts.left, 'result')} of earlier runs")
    if not available():
        say("warning", "no dataset was written: pip install 'containers-storage-analyzer[fleet]', and run it again")
    made = "fleet.html, fleet.md, fleet.json, reports/" + (", dataset/" if available() else "")
    emit(f"{render(fleet)}\n{inert(directory)}: {made}\n")
    sys.exit(0 if exit_zero else code)


class BatchProgress:
    """A line on standard error that renews itself on a terminal; nothing when piped."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._next = self._started
        self._shown = 0
        self._on = sys.stderr is not None and sys.stderr.isatty()

    def __call__(self, counts: Counts) -> None:
        """Show how far the batch is."""
        now = time.monotonic()
        if not self._on or now < self._next:
            return
        self._next = now + 0.2
        line = progress_line(counts, now - self._started)
        sys.stderr.write(f"\r{line:<{self._shown}}")
        sys.stderr.flush()
        self._shown = len(line)

    def done(self) -> None:
        """Wipe the line."""
        if self._shown:
            sys.stderr.write("\r" + " " * self._shown + "\r")
            sys.stderr.flush()


def progress_line(counts: Counts, seconds: float) -> str:
    """Return how far a batch is, and how long it will take at the rate so far."""
    fresh = counts.done + counts.failed
    finished = counts.kept + fresh
    line = f"{finished:,} of {counts.total:,} bundles"
    if counts.kept:
        line += f" ({counts.kept:,} from an earlier run)"
    line += f", {counts.damaged:,} damaged, {counts.failed:,} failed"
    if fresh and finished < counts.total:
        line += f", {_span(seconds / fresh * (counts.total - finished))} left"
    return line


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _refuse_evidence(paths: Iterable[str]) -> None:
    """Refuse to be steered by a configuration that is part of any bundle.

    Raises:
        UsageError: as `analyzer.cli.config.refuse_evidence` does.
    """
    from analyzer.cli.config import refuse_evidence
    from analyzer.cli.main import CONFIG

    config = click.get_current_context().meta.get(CONFIG)
    if config is not None and config.files:
        for path in paths:
            refuse_evidence(config, path)


def _executor(scheduler: str | None, jobs: int, tries: int) -> Executor:
    if scheduler is not None:
        from analyzer.fleet.dask import DaskCluster

        return DaskCluster(scheduler, tries=tries, notice=lambda text: say("info", text))
    from analyzer.fleet.executor import LocalPool

    return LocalPool(jobs, tries=tries)


def _processors() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _memory(given: int | None, jobs: int, *, here: bool) -> int:
    """Return the limit of one worker in bytes: as given, else 4 GiB or a fair share of nine tenths of this machine."""
    if given is not None:
        return given
    try:
        whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        whole = 0
    if not here or whole <= 0:
        return 4 << 30
    return max(LEAST, min(4 << 30, whole * 9 // 10 // jobs))


def _engines(engines: tuple[str, ...]) -> tuple[str, ...]:
    from analyzer.snapshot.engines import parse_engine

    return tuple(map(parse_engine, engines))
