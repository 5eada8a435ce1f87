"""Records, findings and causes as tables for other programs: CSV, SQLite and Parquet."""

from __future__ import annotations

import csv
import io
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from analyzer.report.encode.json import json_text
from analyzer.report.encode.text import inert
from analyzer.report.formats import frames
from analyzer.report.formats.document import report_document
from analyzer.report.model.analysis import Analysis

if TYPE_CHECKING:
    import pandas as pd

FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""What makes a spreadsheet take a cell for a formula, full-width forms included."""
SQL_TYPES = {"Int64": "INTEGER", "int64": "INTEGER", "bool": "INTEGER", "float64": "REAL"}


def tables(report: Analysis) -> dict[str, pd.DataFrame]:
    """Return every table by name; columns and dtypes are those of the frames."""
    document = report_document(report)
    return {
        "layers": frames.layers(report),
        "images": frames.images(report),
        "containers": frames.containers(report),
        "findings": frames.findings_of(document),
        "causes": frames.causes_of(document),
        "affected": frames.affected_of(document),
    }


def rows(frame: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield rows of plain values: text, whole numbers, numbers, truth, ISO times in UTC, JSON for lists, None."""
    columns = [_values(frame[name]) for name in frame.columns]
    yield from zip(*columns, strict=True)


def _values(series: Any) -> list[Any]:
    missing = series.isna().tolist()
    return [None if gone else _value(value) for value, gone in zip(series.tolist(), missing, strict=True)]


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return json_text(value)
    if isinstance(value, tuple | list):
        return json.dumps([json_text(item) if isinstance(item, str) else item for item in value])
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def csv_text(frame: pd.DataFrame) -> str:
    """Return RFC 4180 CSV with a header; a cell that a spreadsheet would run starts with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(frame.columns)
    writer.writerows([_cell(value) for value in row] for row in rows(frame))
    return out.getvalue()


def csv_line(values: Sequence[Any]) -> str:
    """Return one line of CSV, in the way of `csv_text`."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_cell(value) for value in values])
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    text = inert(value)
    return f"'{text}" if FORMULA.match(value) or FORMULA.match(text) else text


def sqlite_bytes(frames: Mapping[str, pd.DataFrame]) -> bytes:
    """Return a SQLite database with one table a frame; lists are JSON text, times ISO 8601 text."""
    connection = sqlite3.connect(":memory:")
    try:
        for name, frame in frames.items():
            types = ", ".join(f'"{column}" {SQL_TYPES.get(str(kind), "TEXT")}' for column, kind in frame.dtypes.items())
            connection.execute(f'CREATE TABLE "{name}" ({types})')
            marks = ", ".join("?" * len(frame.columns))
            connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows(frame))  # noqa: S608  names are ours
        connection.commit()
        return connection.serialize()
    finally:
        connection.close()


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """Return a Parquet file; needs pyarrow.

    Raises:
        ImportError: pyarrow is not installed.
    """
    pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")  # optional, and slow to import
    columns = []
    fields = []
    for name, kind in frame.dtypes.items():
        values, arrow = _arrow(frame[name], str(kind), pa)
        columns.append(pa.array(values, type=arrow))
        fields.append(pa.field(str(name), arrow))
    out = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(columns, schema=pa.schema(fields)), out)
    data: bytes = out.getvalue().to_pybytes()
    return data


def _arrow(series: Any, kind: str, pa: Any) -> tuple[list[Any], Any]:
    """Return values and Arrow type of a column."""
    if kind.startswith("datetime64"):
        stamps = [None if gone else value.value for value, gone in zip(series, series.isna(), strict=True)]
        return stamps, pa.timestamp("ns", tz="UTC")
    simple = {"Int64": pa.int64(), "int64": pa.int64(), "bool": pa.bool_(), "float64": pa.float64()}
    if kind in simple:
        return _values(series), simple[kind]
    if kind == "object":
        lists = series.tolist()
        whole = all(isinstance(item, int) for value in lists for item in value)
        item = pa.int64() if whole and any(lists) else pa.string()
        return [[json_text(i) if isinstance(i, str) else i for i in value] for value in lists], pa.list_(item)
    return _values(series), pa.string()
