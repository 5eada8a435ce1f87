"""SQL over the dataset with DuckDB: reading only, and nothing but the dataset.

The tables are Arrow datasets handed to DuckDB; SQL itself can reach no file, no network, no extension and no Python
object, and cannot change these settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from msgspec import Struct

from analyzer.errors import UsageError
from analyzer.fleet.dataset import arrow_schema, parts_of
from analyzer.fleet.schema import TABLES

LOCKED = (
    "SET temp_directory = ''",
    "SET python_enable_replacements = false",
    "SET enable_external_access = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET TimeZone = 'UTC'",
    "SET lock_configuration = true",
)
ROWS = 10_000


class Result(Struct, frozen=True):
    """What a query gave.

    Attributes:
        columns: their names.
        rows: plain values; may be taken once.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


def query(directory: str, sql: str) -> Result:
    """Run SQL on the tables of a dataset; they are called as in `analyzer.fleet.schema`.

    Args:
        directory: output directory of a batch.
        sql: one or more statements; the result is that of the last.

    Raises:
        UsageError: duckdb or pyarrow is not installed, there is no dataset, or the SQL is wrong or wants more than to
            read the dataset.
    """
    duckdb = _module("duckdb")
    connection = connect(directory)
    try:
        connection.execute(sql)
    except duckdb.Error as error:
        raise UsageError(f"SQL: {' '.join(str(error).split())}") from error
    columns = tuple(column[0] for column in connection.description or ())
    return Result(columns, _rows(connection, duckdb))


def connect(directory: str) -> Any:
    """Return a DuckDB connection on the tables of a dataset, closed against everything else; raises like `query`."""
    duckdb, dataset = _module("duckdb"), _module("pyarrow.dataset")
    parts = {table: parts_of(directory, table) for table in TABLES}
    if not parts["nodes"]:
        raise UsageError("holds no dataset; `analyzer batch` makes one", where=directory)
    connection = duckdb.connect(":memory:")
    for table, files in parts.items():
        connection.register(table, dataset.dataset(files, schema=arrow_schema(table), format="parquet"))
    for setting in LOCKED:
        connection.execute(setting)
    return connection


def _rows(connection: Any, duckdb: Any) -> Iterator[tuple[Any, ...]]:
    try:
        while rows := connection.fetchmany(ROWS):
            yield from rows
    except duckdb.Error as error:
        raise UsageError(f"SQL: {' '.join(str(error).split())}") from error
    finally:
        connection.close()


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError("queries need duckdb and pyarrow: pip install 'containers-storage-analyzer[fleet]'") from error
