"""The dataset: one Parquet table a directory, in one part, or in sixteen by the first digit of the bundle's key.

Files cost a small fleet more than its rows do. A part is written anew only when one of its bundles changed. Rows are
ordered by node, and within a node as in its report, so that the same bundles give the same tables whatever ran them.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Any

import msgspec

from analyzer.fleet.checkpoint import Checkpoint
from analyzer.fleet.files import DATASET, ResultsDirectory
from analyzer.fleet.schema import TABLES, WHOLE

PARTS, FEW = 16, 256
"""Parts of the dataset, and up to how many bundles it has but one."""
ROWS = 20_000
"""Rows of one row group, which is what is held in memory at once."""


def available() -> bool:
    """Tell whether pyarrow is installed, which writing and reading the dataset needs."""
    return find_spec("pyarrow") is not None


def write_dataset(checkpoint: Checkpoint, output: ResultsDirectory) -> int:
    """Write every part that changed; return how many were written."""
    written = 0
    spread = range(PARTS if checkpoint.current() > FEW else 1)
    for part in range(PARTS):
        names = {table: file_name(table, part) for table in TABLES}
        digits = range(part, part + 1) if len(spread) > 1 else range(PARTS)
        bundles, signature = checkpoint.part(digits) if part in spread else (0, "")
        there = all(output.exists(name) for name in names.values())
        if not bundles:
            for name in names.values():
                output.remove(name)
        elif not there or checkpoint.written(part) != signature:
            for table, name in names.items():
                _write(checkpoint, output, table, digits, name)
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


def _write(checkpoint: Checkpoint, output: ResultsDirectory, table: str, digits: range, name: str) -> None:
    pq = import_module("pyarrow.parquet")

    def fill(path: str) -> None:
        with pq.ParquetWriter(path, arrow_schema(table), compression="zstd") as writer:
            for rows in _tables(checkpoint, table, digits):
                writer.write_table(rows)

    output.make(name, fill)


def _tables(checkpoint: Checkpoint, table: str, digits: range) -> Iterator[Any]:
    """Yield the rows of a part, some at a time, as Arrow tables.

    Arrow reads them as lines of JSON, and its times as whole numbers: making its arrays from Python's values loads
    pandas, and casting loads every function that Arrow has. Either takes longer than all else at the end of a small
    batch.
    """
    pa, reader = import_module("pyarrow"), import_module("pyarrow.json")
    schema = arrow_schema(table)
    stamps = [field.type if pa.types.is_timestamp(field.type) else None for field in schema]
    plain = pa.schema(
        [field.with_type(pa.int64()) if stamp else field for field, stamp in zip(schema, stamps, strict=True)]
    )
    names, kinds = list(TABLES[table]), list(TABLES[table].values())
    lists, truths = ([at for at, kind in enumerate(kinds) if kind == wanted] for wanted in ("object", "bool"))
    for rows in _batched(checkpoint.rows(table, digits), ROWS):
        lines = msgspec.json.Encoder().encode_lines([_line(names, row, lists, truths) for row in rows])
        read = reader.read_json(
            io.BytesIO(lines),
            read_options=reader.ReadOptions(use_threads=False, block_size=len(lines) + 1),
            parse_options=reader.ParseOptions(explicit_schema=plain),
        )
        columns = [
            pa.chunked_array([chunk.view(stamp) for chunk in column.chunks], stamp) if stamp else column
            for column, stamp in zip(read.columns, stamps, strict=True)
        ]
        yield pa.Table.from_arrays(columns, schema=schema)


def _line(names: list[str], row: tuple[Any, ...], lists: list[int], truths: list[int]) -> dict[str, Any]:
    """Return a row of the checkpoint by column, with lists and truths in the place of what SQLite keeps of them."""
    values = list(row)
    for at in lists:
        values[at] = msgspec.Raw(values[at].encode()) if values[at] is not None else None
    for at in truths:
        values[at] = bool(values[at]) if values[at] is not None else None
    return dict(zip(names, values, strict=True))


def _batched(rows: Iterator[tuple[Any, ...]], count: int) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, count)):
        yield batch
