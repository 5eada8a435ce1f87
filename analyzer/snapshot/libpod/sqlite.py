"""Read the tables of an SQLite file from its bytes, with its write-ahead log, in memory and never for real.

The log is applied here, up to its last whole transaction, as SQLite does when it opens the file: a frame counts when
its salts are those of the log's header and its checksum goes on from the frame before (sqlite.org/fileformat2.html,
section 4). What SQLite itself then reads is a copy in memory; tables alone are asked, never views, for a bounded
number of rows and steps.
"""

from __future__ import annotations

import sqlite3
import struct
from typing import Any

from msgspec import Struct, field

MAGIC = b"SQLite format 3\0"
HEADER, FRAME = 32, 24
BIG, LITTLE = 0x377F0683, 0x377F0682
WORD = 0xFFFFFFFF
JOURNAL_MAGIC = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"
MOST_ROWS = 200_000
STEPS, MOST_STEPS = 10_000, 20_000
"""Virtual machine instructions between two looks, and looks before a query is given up."""
NOT_A_DATABASE = "file is not a database"


class Tables(Struct):
    """What an SQLite file says.

    Attributes:
        error: why SQLite does not read the file, in its words; `""` when it does.
        rows: rows by table, each a mapping of column to value.
        damage: what SQLite's own check of the pages says, and tables that could not be read to their end.
        frames: pages that the write-ahead log held and that were applied.
        unfinished: a rollback journal says that a transaction was under way; SQLite undoes it on the next open.
        empty: the file has no bytes: SQLite makes a new database of it.
    """

    error: str = ""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    damage: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    frames: int = 0
    unfinished: bool = False
    empty: bool = False


def read_tables(data: bytes, log: bytes = b"", journal: bytes = b"") -> Tables:
    """Return the tables of an SQLite file; never raises.

    Args:
        data: the file.
        log: its `-wal`.
        journal: its `-journal`.
    """
    tables = Tables(unfinished=journal.startswith(JOURNAL_MAGIC))
    if not data and not log:
        tables.empty = True
        return tables
    pages, tables.frames = apply_log(data, log)
    if not pages.startswith(MAGIC):
        tables.error = NOT_A_DATABASE
        return tables
    pages[18:20] = b"\x01\x01"
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(bytes(pages))
        _read(connection, tables)
    except (sqlite3.Error, MemoryError, OverflowError, ValueError) as error:
        tables.error = tables.error or str(error)
    finally:
        connection.close()
    return tables


def apply_log(data: bytes, log: bytes) -> tuple[bytearray, int]:
    """Return the pages with those of the log put in, up to its last commit, and how many frames that took."""
    pages = bytearray(data)
    if len(log) < HEADER:
        return pages, 0
    magic, _, size, _, salt, pepper, first, second = struct.unpack(">8I", log[:HEADER])
    if magic not in (BIG, LITTLE) or not 512 <= size <= 65536 or size & (size - 1):
        return pages, 0
    order = ">" if magic == BIG else "<"
    sums = _sum(log[:24], order, (0, 0))
    if sums != (first, second):
        return pages, 0
    waiting: list[tuple[int, int]] = []
    applied = 0
    for at in range(HEADER, len(log) - FRAME - size + 1, FRAME + size):
        number, after, one, two, first, second = struct.unpack(">6I", log[at : at + FRAME])
        sums = _sum(log[at + FRAME : at + FRAME + size], order, _sum(log[at : at + 8], order, sums))
        if (one, two) != (salt, pepper) or sums != (first, second) or not number:
            break
        waiting.append((number, at + FRAME))
        if not after:
            continue
        if after * size > len(data) + len(log):
            break
        if len(pages) < after * size:
            pages.extend(bytes(after * size - len(pages)))
        for page, start in waiting:
            if page <= after:
                pages[(page - 1) * size : page * size] = log[start : start + size]
        del pages[after * size :]
        applied += len(waiting)
        waiting.clear()
    return pages, applied


def _sum(data: bytes, order: str, start: tuple[int, int]) -> tuple[int, int]:
    """Return the checksum of the log, gone on from `start`."""
    first, second = start
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & WORD
        second = (second + odd + first) & WORD
    return first, second


def _read(connection: sqlite3.Connection, tables: Tables) -> None:
    looks = 0

    def stop() -> int:
        nonlocal looks
        looks += 1
        return int(looks > MOST_STEPS)

    connection.set_progress_handler(stop, STEPS)
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    kinds = connection.execute("SELECT name FROM sqlite_schema WHERE type='table' AND sql LIKE 'CREATE TABLE%'")
    names = [name for (name,) in kinds.fetchmany(1000) if isinstance(name, str) and name.isidentifier()]
    for name in names:
        tables.rows[name] = _rows(connection, name, tables)
    looks = 0
    try:
        said = [str(line) for (line,) in connection.execute("PRAGMA quick_check(20)").fetchmany(20)]
    except sqlite3.Error as error:
        said = [str(error)]
    tables.damage += [line for line in said if line != "ok"]


def _rows(connection: sqlite3.Connection, name: str, tables: Tables) -> list[dict[str, Any]]:
    """Return the rows of a table, as far as they can be read."""
    found: list[dict[str, Any]] = []
    try:
        cursor = connection.execute(f'SELECT * FROM "{name}"')  # noqa: S608  the name is an identifier
        columns = [column[0] for column in cursor.description]
        while len(found) < MOST_ROWS and (row := cursor.fetchone()) is not None:
            found.append(dict(zip(columns, row, strict=True)))
    except sqlite3.Error as error:
        tables.damage.append(f"table {name}: {error}")
        tables.broken.append(name)
    return found
