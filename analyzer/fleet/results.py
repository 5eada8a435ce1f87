"""The results of a batch, for Python: frames of the dataset, SQL, and the report on the fleet."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from analyzer.errors import UsageError
from analyzer.fleet import html, text
from analyzer.fleet.batch import Batch, BatchOptions
from analyzer.fleet.dataset import arrow_schema, available, parts_of
from analyzer.fleet.executor import TRIES, Executor, LocalPool
from analyzer.fleet.files import read_fleet
from analyzer.fleet.schema import TABLES
from analyzer.limits import DEFAULT, Limits
from analyzer.snapshot.snapshot import STANDARD

if TYPE_CHECKING:
    import pandas as pd


def analyze_many(
    bundles: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    directory: str | os.PathLike[str],
    *,
    depth: str = STANDARD,
    platform: str | None = None,
    engines: tuple[str, ...] = (),
    jobs: int | None = None,
    timeout: float = 1800.0,
    memory: int = 4 << 30,
    retry: bool = False,
    pages: bool = False,
    executor: Executor | None = None,
    limits: Limits = DEFAULT,
) -> Results:
    """Analyse a fleet of bundles into a directory, as `analyzer batch` does; what is finished there is not done again.

    Example:
        >>> import analyzer, tempfile
        >>> results = analyzer.analyze_many("samples/*.tar.zst", tempfile.mkdtemp())
        >>> results.to_dict()["nodes"]["total"]
        7

    Args:
        bundles: words as of the command line: paths, patterns, directories, `@FILE`, URLs.
        directory: for the results.
        depth: `quick`, `standard` or `deep`.
        platform: `os/arch[/variant]` of all nodes, when the bundles do not tell.
        engines: `cri-o@1.25`, `podman@4.3`, …
        jobs: bundles at once; one a processor by default.
        timeout: seconds for one bundle, 0 for no limit.
        memory: bytes for one bundle, 0 for no limit.
        retry: whether to try again what failed in an earlier run.
        pages: whether each node's report is written as an HTML page too.
        executor: where to run, instead of this machine; it stays open.
        limits: of the reader, for each bundle.

    Raises:
        UsageError: no bundle is named, or the directory cannot be used.
    """
    words = [bundles] if isinstance(bundles, str | os.PathLike) else bundles
    options = BatchOptions(
        depth, platform, engines, limits=limits, timeout=timeout, memory=memory, retry=retry, pages=pages
    )
    batch = Batch([os.fspath(word) for word in words], os.fspath(directory), options)
    try:
        if executor is not None:
            batch.run(executor)
        else:
            pool = LocalPool(jobs or os.cpu_count() or 1, tries=TRIES)
            try:
                batch.run(pool)
            finally:
                pool.close()
    finally:
        batch.close()
    return Results(directory)


class Results:
    """What `analyzer batch` left in a directory.

    Attributes:
        directory: its path.
    """

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = os.fspath(directory)

    def to_dict(self) -> dict[str, Any]:
        """Return the document of the fleet, that of `fleet.json`.

        Raises:
            UsageError: there is none.
        """
        found: dict[str, Any] = json.loads(read_fleet(self.directory))
        return found

    def table(self, name: str) -> pd.DataFrame:
        """Return a table of the dataset, by node; docs/fleet.md lists tables and columns.

        Raises:
            UsageError: there is no such table, no dataset, or pyarrow is not installed.
        """
        from analyzer.api.frame import Frame  # noqa: PLC0415  pandas takes half a second to import

        if name not in TABLES:
            raise UsageError(f"{name!r} is no table; there are {', '.join(TABLES)}")
        if not available():
            raise UsageError("the dataset needs pyarrow: pip install 'containers-storage-analyzer[fleet]'")
        files = parts_of(self.directory, name)
        if not files:
            raise UsageError("holds no dataset; `analyzer batch` makes one", where=self.directory)
        dataset = import_module("pyarrow.dataset").dataset(files, schema=arrow_schema(name), format="parquet")
        frame = dataset.to_table().to_pandas()
        kinds = {column: kind for column, kind in TABLES[name].items() if kind in ("string", "Int64", "Float64")}
        return Frame(frame.astype(kinds).sort_values("node", kind="stable", ignore_index=True))

    def query(self, sql: str) -> pd.DataFrame:
        """Return what SQL on the dataset gives; see `analyzer.fleet.query`."""
        from analyzer.api.frame import Frame  # noqa: PLC0415
        from analyzer.fleet.query import query  # noqa: PLC0415  duckdb is optional

        result = query(self.directory, sql)
        return Frame(list(result.rows), columns=list(result.columns))

    def __repr__(self) -> str:
        return text.render(self.to_dict()).rstrip()

    def _repr_html_(self) -> str:
        """Return the report on the fleet for a notebook."""
        return html.fragment(self.to_dict())
