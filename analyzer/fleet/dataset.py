"""The dataset: one Parquet table a directory, in sixteen parts by the first digit of the bundle's key.

A part is written anew only when one of its bundles changed. Rows are ordered by node, and within a node as in its
report, so that the same bundles give the same tables whatever ran them.
"""

from __future__ import annotations

import io
import os
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from analyzer.fleet.files import DATASET
from analyzer.fleet.schema import TABLES, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.fleet.checkpoint import Checkpoint
    from analyzer.fleet.files import ResultsDirectory

PARTS = 16
ROWS = 20_000
"""Rows of one row group, which is what is held in memory at once."""


def available() -> bool:
    """Tell whether pyarrow is installed, which writing and reading the dataset needs."""
    return find_spec("pyarrow") is not None


def write_dataset(checkpoint: Checkpoint, output: ResultsDirectory) -> int:
    """Write every part that changed; return how many were written."""
    written = 0
    for part in range(PARTS):
        bundles, signature = checkpoint.part(part)
        names = {table: file_name(table, part) for table in TABLES}
        there = all(output.exists(name) for name in names.values())
        if not bundles:
            for name in names.values():
                output.remove(name)
        elif not there or checkpoint.written(part) != signature:
            for table, name in names.items():
                _write(checkpoint, output, table, part, name)
            checkpoint.mark_written(part, signature)
            written += 1
    return written


def file_name(table: str, part: int) -> str:
    """Return the path of a part of a table below the output directory."""
    return f"{DATASET}/{table}/part={part:x}/data.parquet"


def parts_of(directory: str, table: str) -> list[str]:
    """Return the files of a table in an output directory, in the order of the parts."""
    names = (os.path.join(directory, file_name(table, part)) for part in range(PARTS))  # noqa: PTH118  text only
    return [name for name in names if os.path.isfile(name)]  # noqa: PTH113


def arrow_schema(table: str) -> Any:
    """Return the Arrow schema of a table."""
    pa = import_module("pyarrow")  # optional, and slow to import
    types = {
        "string": pa.string(),
        "bool": pa.bool_(),
        "int64": pa.int64(),
        "Int64": pa.int64(),
        "float64": pa.float64(),
        "Float64": pa.float64(),
        "datetime64[ns, UTC]": pa.timestamp("ns", tz="UTC"),
    }
    fields = []
    for name, kind in TABLES[table].items():
        item = pa.int64() if (table, name) in WHOLE else pa.string()
        fields.append(pa.field(name, pa.list_(item) if kind == "object" else types[kind]))
    return pa.schema(fields)


def _write(checkpoint: Checkpoint, output: ResultsDirectory, table: str, part: int, name: str) -> None:
    pq = import_module("pyarrow.parquet")

    def fill(path: str) -> None:
        with pq.ParquetWriter(path, arrow_schema(table), compression="zstd") as writer:
            for rows in _tables(checkpoint, table, part):
                writer.write_table(rows)

    output.make(name, fill)


def _tables(checkpoint: Checkpoint, table: str, part: int) -> Iterator[Any]:
    """Yield the rows of a part, some at a time, as Arrow tables.

    Arrow reads them as lines of JSON: making its arrays from Python's values loads pandas, which takes longer than
    everything else that a small batch does at its end.
    """
    pa, reader = import_module("pyarrow"), import_module("pyarrow.json")
    schema = arrow_schema(table)
    stamps = [pa.types.is_timestamp(field.type) for field in schema]
    plain = pa.schema(
        pa.field(field.name, pa.int64() if stamp else field.type) for field, stamp in zip(schema, stamps, strict=True)
    )
    names, kinds = list(TABLES[table]), list(TABLES[table].values())
    for rows in _batched(checkpoint.rows(table, part), ROWS):
        lines = b"\n".join(
            msgspec.json.encode({name: _value(each, kind) for name, each, kind in zip(names, row, kinds, strict=True)})
            for row in rows
        )
        read = reader.read_json(
            io.BytesIO(lines),
            read_options=reader.ReadOptions(use_threads=False, block_size=len(lines) + 1),
            parse_options=reader.ParseOptions(explicit_schema=plain),
        )
        yield read.cast(schema)


def _value(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "object":
        return msgspec.Raw(value.encode())
    return bool(value) if kind == "bool" else value


def _batched(rows: Iterator[tuple[Any, ...]], count: int) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, count)):
        yield batch
