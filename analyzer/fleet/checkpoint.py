"""What is finished, in one SQLite file: every bundle's state and rows, committed bundle by bundle.

A bundle's rows are there whole or not at all, whatever ends the program. A finished bundle is known again by its place
and identity, or by its content under another name. The dataset and the roll-up are made from here.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from analyzer.errors import UsageError
from analyzer.fleet.rows import Rows
from analyzer.fleet.schema import TABLES
from analyzer.fleet.task import DONE, FAILED, MEMORY, PASSING, TIMEOUT, Outcome, Task
from analyzer.report.encode.json import json_text

APPLICATION = 0x616E6C7A
VERSION = 2
CACHE_KIB = 64 << 10
MOVED = 16
"""Bundles of one size that an earlier run named and this one does not, which a bundle is compared with at most."""
SQL_TYPES = {"int64": "INTEGER", "Int64": "INTEGER", "bool": "INTEGER", "float64": "REAL", "Float64": "REAL"}
SQL_TYPES |= {"datetime64[ns, UTC]": "INTEGER"}
BUNDLES = """
CREATE TABLE IF NOT EXISTS bundles (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,     -- stands for the place
    name TEXT NOT NULL,           -- of the node, in the run that named it last
    part INTEGER NOT NULL,        -- of the dataset: first digit of the key
    current INTEGER NOT NULL,     -- whether the run that was begun last names it
    state TEXT NOT NULL DEFAULT '',      -- '', 'done' or 'failed'
    failure TEXT NOT NULL DEFAULT '',
    options TEXT NOT NULL DEFAULT '',    -- version and options it was analysed with
    identity TEXT,
    size INTEGER NOT NULL DEFAULT 0,
    sha256 TEXT,
    timeout REAL NOT NULL DEFAULT 0,
    memory INTEGER NOT NULL DEFAULT 0,
    report TEXT NOT NULL DEFAULT '',     -- file name in reports/
    turn INTEGER NOT NULL DEFAULT 0      -- counts up with every result, so that a changed part is known
);
CREATE INDEX IF NOT EXISTS by_content ON bundles (sha256);
CREATE INDEX IF NOT EXISTS by_report ON bundles (report);
CREATE INDEX IF NOT EXISTS moved ON bundles (size) WHERE current = 0;
CREATE INDEX IF NOT EXISTS by_part ON bundles (part, current, name);
CREATE TABLE IF NOT EXISTS parts (part INTEGER PRIMARY KEY, signature TEXT NOT NULL);
"""


class Known(NamedTuple):
    """What the checkpoint holds of a bundle."""

    id: int
    state: str
    failure: str
    options: str
    identity: str | None
    timeout: float
    memory: int
    report: str


class Checkpoint:
    """The state of a fleet.

    Args:
        path: of the file, made when it is not there; `:memory:` for none.

    Raises:
        UsageError: it is something else, of another version, or in use by another run.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._turn = 0
        try:
            self.db = sqlite3.connect(path, timeout=1.0, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self.db.close()
                raise
        except sqlite3.OperationalError as error:
            what = "in use by another run" if "locked" in str(error) else f"cannot be opened ({error})"
            raise UsageError(what, where=path) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # an error's own text may quote the damaged schema
            raise UsageError(f"no state of a batch ({error}); name another directory", where=path) from error

    def _prepare(self) -> None:
        self.db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self.db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        application = self.db.execute("PRAGMA application_id").fetchone()[0]
        version = self.db.execute("PRAGMA user_version").fetchone()[0]
        filled = self.db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if filled and (application, version) != (APPLICATION, VERSION):
            raise UsageError("made by something else, or by another version; name another directory", where=self._path)
        if (found := self.db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(str(found).splitlines()[-1])
        self.db.execute("PRAGMA journal_mode = WAL")  # a commit waits for no disk: only a power cut can take the last
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.execute("BEGIN EXCLUSIVE")
        self.db.execute(f"PRAGMA application_id = {APPLICATION}")
        self.db.execute(f"PRAGMA user_version = {VERSION}")
        for statement in BUNDLES.split(";\n"):
            self.db.execute(statement)
        for name in TABLES:
            columns = ", ".join(f'"{column}" {SQL_TYPES.get(kind, "TEXT")}' for column, kind in _columns(name))
            self.db.execute(f'CREATE TABLE IF NOT EXISTS "{name}" (bundle INTEGER NOT NULL, {columns})')
            self.db.execute(f'CREATE INDEX IF NOT EXISTS "{name}_bundle" ON "{name}" (bundle)')
        self.db.execute("COMMIT")
        self._turn = int(self.db.execute("SELECT coalesce(max(turn), 0) FROM bundles").fetchone()[0])

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def begin(self, names: Iterable[tuple[str, str]]) -> None:
        """Begin a run with these (key, name) pairs."""
        self.db.execute("BEGIN")
        self.db.execute("UPDATE bundles SET current = 0")
        self.db.executemany(
            "INSERT INTO bundles (key, name, part, current) VALUES (?, ?, ?, 1)"
            " ON CONFLICT (key) DO UPDATE SET name = excluded.name, current = 1",
            ((key, name, int(key[0], 16)) for key, name in names),
        )
        self.db.execute("COMMIT")

    def left(self) -> int:
        """Return how many earlier results the run does not name."""
        left = self.db.execute("SELECT count(*) FROM bundles WHERE NOT current AND state != ''").fetchone()
        return int(left[0])

    def known(self, key: str) -> Known:
        """Return what is held of a bundle that the run names."""
        row = self.db.execute(
            "SELECT id, state, failure, options, identity, timeout, memory, report FROM bundles WHERE key = ?", (key,)
        ).fetchone()
        return Known(*row)

    def contents(self, key: str, size: int, options: str) -> frozenset[str]:
        """Return the SHA-256 that a bundle of this size may have which an earlier run analysed with these options.

        That of the bundle itself, whose times may have changed only, and those of bundles that this run does not name:
        they may have been moved. No more than a few, whatever the fleet: other bundles are analysed without asking.
        """
        rows = self.db.execute(
            "SELECT sha256 FROM (SELECT sha256, options, state FROM bundles WHERE key = ? AND size = ?"
            " UNION ALL SELECT * FROM (SELECT sha256, options, state FROM bundles WHERE current = 0 AND size = ?"
            " ORDER BY id LIMIT ?)) WHERE options = ? AND state = ? AND sha256 IS NOT NULL",
            (key, size, size, MOVED, options, DONE),
        )
        return frozenset(row[0] for row in rows)

    def twin(self, sha256: str, options: str) -> Known | None:
        """Return a bundle with this content that was analysed with these options."""
        row = self.db.execute(
            "SELECT id, state, failure, options, identity, timeout, memory, report FROM bundles"
            " WHERE sha256 = ? AND options = ? AND state = ? ORDER BY id LIMIT 1",
            (sha256, options, DONE),
        ).fetchone()
        return Known(*row) if row else None

    def has_report(self, name: str) -> bool:
        """Tell whether any bundle has a report of this file name."""
        return self.db.execute("SELECT 1 FROM bundles WHERE report = ?", (name,)).fetchone() is not None

    def keep(
        self, task: Task, outcome: Outcome, rows: Rows, *, options: str, identity: tuple[str, int] | None, report: str
    ) -> None:
        """Replace what is held of a bundle by a result, in one transaction.

        Args:
            task: what was asked for.
            outcome: what became of it; not of a state `same`.
            rows: of every table, in the order of its columns.
            options: see `contents`.
            identity: see `analyzer.source.locations.identity.identity`.
            report: file name of the report, `""` for none.
        """
        held = self.known(task.key)
        number = held.id
        run = [round(outcome.seconds, 3), outcome.peak, outcome.tries]
        with _Transaction(self.db):
            for name in TABLES if held.state else ():
                self.db.execute(f'DELETE FROM "{name}" WHERE bundle = ?', (number,))  # noqa: S608  names are ours
            for name, lines in {**rows, "runs": [run]}.items():
                marks = ", ".join("?" * (len(TABLES[name])))
                self.db.executemany(
                    f'INSERT INTO "{name}" VALUES ({marks})',  # noqa: S608
                    ([number, *map(_stored, line)] for line in lines),
                )
            self._told(number, task, outcome, options, identity, report)

    def keep_same(
        self, task: Task, outcome: Outcome, twin: Known, *, options: str, identity: tuple[str, int] | None, report: str
    ) -> None:
        """Give a bundle the rows of another one with the same content."""
        number = self.known(task.key).id
        with _Transaction(self.db):
            if number != twin.id:
                for name in TABLES:
                    columns = ", ".join(f'"{column}"' for column, _ in _columns(name))
                    self.db.execute(f'DELETE FROM "{name}" WHERE bundle = ?', (number,))  # noqa: S608
                    self.db.execute(
                        f'INSERT INTO "{name}" SELECT ?, {columns} FROM "{name}" WHERE bundle = ? ORDER BY rowid',  # noqa: S608
                        (number, twin.id),
                    )
                self.db.execute(
                    "UPDATE nodes SET path = ?, report = ? WHERE bundle = ?", (json_text(task.path), report, number)
                )
            self._told(number, task, outcome, options, identity, report)

    def _told(
        self,
        number: int,
        task: Task,
        outcome: Outcome,
        options: str,
        identity: tuple[str, int] | None,
        report: str,
    ) -> None:
        text, size = identity or (None, 0)
        self._turn += 1
        state = FAILED if outcome.status == FAILED else DONE
        self.db.execute(
            "UPDATE bundles SET state = ?, failure = ?, options = ?, identity = ?, size = ?, sha256 = ?, timeout = ?,"
            " memory = ?, report = ?, turn = ? WHERE id = ?",
            (
                state,
                outcome.kind,
                options,
                text,
                size,
                outcome.sha256,
                task.timeout,
                task.memory,
                report,
                self._turn,
                number,
            ),
        )

    def current(self) -> int:
        """Return how many bundles the run names."""
        return int(self.db.execute("SELECT count(*) FROM bundles WHERE current").fetchone()[0])

    def rows(self, table: str, digits: range) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of bundles whose keys begin with some digits, `node` first.

        They come by node and then in the order of the report.
        """
        columns = ", ".join(f't."{column}"' for column, _ in _columns(table))
        yield from self.db.execute(
            f'SELECT b.name, {columns} FROM bundles b JOIN "{table}" t ON t.bundle = b.id'  # noqa: S608
            " WHERE b.part BETWEEN ? AND ? AND b.current ORDER BY b.name, t.rowid",
            (digits[0], digits[-1]),
        )

    def part(self, digits: range) -> tuple[int, str]:
        """Return how many bundles have keys that begin with some digits, and what changes with any of their rows."""
        found = self.db.execute(
            "SELECT count(*), coalesce(max(turn), 0), coalesce(sum(turn), 0), group_concat(name, char(0))"
            " FROM (SELECT name, turn FROM bundles WHERE part BETWEEN ? AND ?"
            " AND current AND state != '' ORDER BY name)",
            (digits[0], digits[-1]),
        ).fetchone()
        return int(found[0]), json.dumps([len(digits), found[:3], _short(found[3] or "")])

    def written(self, part: int) -> str:
        """Return the signature under which a part was written, `""` when it never was."""
        row = self.db.execute("SELECT signature FROM parts WHERE part = ?", (part,)).fetchone()
        return str(row[0]) if row else ""

    def mark_written(self, part: int, signature: str) -> None:
        """Remember that a part was written."""
        self.db.execute("INSERT OR REPLACE INTO parts VALUES (?, ?)", (part, signature))


def _columns(table: str) -> list[tuple[str, str]]:
    return [(name, kind) for name, kind in TABLES[table].items() if name != "node"]


def _stored(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return json.dumps(value)
    if type(value) is int and not -(1 << 63) <= value < 1 << 63:
        return None
    return value


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


class _Transaction:
    """Commit what the block does, or nothing of it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:  # a full disk has rolled it back
            self._db.execute("ROLLBACK")


def stands(known: Known, options: str, identity: tuple[str, int] | None, task: Task, *, retry: bool) -> bool:
    """Tell whether what is held of a bundle is its result, so that it need not be analysed again.

    A failure stands as well: it is tried again when the bundle or the options changed, when the limit that it hit was
    raised, when the network or the worker was its reason, or when the user says `retry`.
    """
    if not known.state or known.options != options or not identity or not identity[0] or known.identity != identity[0]:
        return False
    if known.state == DONE:
        return True
    if retry or known.failure in PASSING:
        return False
    if known.failure == TIMEOUT:
        return not _raised(known.timeout, task.timeout)
    if known.failure == MEMORY:
        return not _raised(known.memory, task.memory)
    return True


def _raised(before: float, now: float) -> bool:
    return before > 0 and (now == 0 or now > before)
