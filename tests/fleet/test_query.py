"""SQL over the dataset: it reads the tables and can do nothing else, and prints hostile text harmlessly."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import pathlib

import pytest
from click.testing import CliRunner

from analyzer.cli.main import cli
from analyzer.errors import UsageError
from analyzer.fleet.query import query
from analyzer.fleet.results import Results, analyze_many
from analyzer.fleet.schema import TABLES
from tests.editing import BUNDLES

pytest.importorskip("duckdb")
pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    place = tmp_path_factory.mktemp("out")
    analyze_many([BUNDLES / "healthy-overlay.tar.zst", BUNDLES / "layer-dir-removed.tar.zst"], place, jobs=1)
    return str(place)


def asked(out, sql, *words):
    return CliRunner().invoke(cli, ["fleet", "query", "-d", out, *words, sql])


def test_every_table_is_there_with_its_columns(out):
    for name, columns in TABLES.items():
        assert query(out, f"SELECT * FROM {name}").columns == tuple(columns)
    assert list(query(out, "SELECT node, verdict FROM nodes ORDER BY node").rows) == [
        ("healthy-overlay", "healthy"),
        ("layer-dir-removed", "damaged"),
    ]


def test_sql_and_frames_agree(out):
    results = Results(out)
    for name in TABLES:
        assert results.query(f"SELECT count(*) AS n FROM {name}").n.tolist() == [len(results.table(name))]
    joined = results.query("SELECT c.cause FROM causes c JOIN nodes n USING (node) WHERE n.verdict = 'damaged'")
    assert set(joined.cause) == set(results.table("causes").cause)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{secret}'",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_blob('{folder}/*')",
        "SELECT * FROM read_parquet('{out}/dataset/nodes/*/*.parquet')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM sqlite_scan('{out}/state.sqlite', 'bundles')",
        "COPY nodes TO '{folder}/stolen.csv'",
        "EXPORT DATABASE '{folder}/stolen'",
        "IMPORT DATABASE '{folder}'",
        "ATTACH '{folder}/new.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT * FROM 'http://127.0.0.1:9/x.parquet'",
        "SET enable_external_access = true",
        "RESET enable_external_access",
        "PRAGMA enable_external_access",
        "SET lock_configuration = false",
        "SET python_enable_replacements = true",
        "SELECT * FROM secret_frame",
        "SELECT getenv('HOME')",
        "SELECT 1; COPY (SELECT 1) TO '{folder}/stolen.csv'",
    ],
)
def test_sql_reaches_nothing_but_the_dataset(out, tmp_path, sql):
    import pandas as pd

    secret_frame = pd.DataFrame({"x": ["TOP-SECRET"]})
    assert len(secret_frame)
    (tmp_path / "secret.csv").write_text("a\nTOP-SECRET\n")
    before = sorted(pathlib.Path(out).rglob("*"))
    with pytest.raises(UsageError, match=r"^SQL: "):
        list(query(out, sql.format(secret=tmp_path / "secret.csv", folder=tmp_path, out=out)).rows)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.csv"]
    assert sorted(pathlib.Path(out).rglob("*")) == before


def test_changing_a_table_does_not_change_the_dataset(out):
    for sql in ("DELETE FROM nodes", "DROP VIEW nodes", "UPDATE nodes SET verdict = 'healthy'"):
        with contextlib.suppress(UsageError):
            list(query(out, sql).rows)
        assert list(query(out, "SELECT count(*) FROM nodes").rows) == [(2,)]


HOSTILE = "'=cmd|x' || chr(27) || '[2J<script>' || chr(8238) || chr(10) || 'second'"


def test_hostile_text_is_harmless_in_every_format(out):
    sql = f'SELECT {HOSTILE} AS "a{chr(27)}b", 1 AS n'
    shown = asked(out, sql).stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert len(shown.splitlines()) == 2
    text = asked(out, sql, "--format", "csv").stdout
    assert "\x1b" not in text
    _, row = csv.reader(io.StringIO(text))
    assert row[0].startswith("'=cmd|x")
    assert row[1] == "1"
    data = asked(out, sql, "--format", "json").stdout
    assert data.isascii()
    assert "\x1b" not in data
    (item,) = json.loads(data)
    assert item["a\x1bb"] == "=cmd|x\x1b[2J<script>\u202e\nsecond"


def test_values_of_every_kind_as_json(out):
    sql = (
        "SELECT TIMESTAMPTZ '2026-01-02 03:04:05+00' AS t, [1, NULL] AS l, {'a': 1} AS s, NULL AS n,"
        " 'nan'::DOUBLE AS f, 1.5 AS d, true AS b, 9007199254740993::BIGINT AS i, DATE '2026-01-02' AS day"
    )
    (item,) = json.loads(asked(out, sql, "--format", "json").stdout)
    assert item == {
        "t": "2026-01-02T03:04:05+00:00", "l": [1, None], "s": {"a": 1}, "n": None, "f": None, "d": "1.5", "b": True,
        "i": 9007199254740993, "day": "2026-01-02",
    }  # fmt: skip
    assert json.loads(asked(out, "SELECT 1 WHERE false", "--format", "json").stdout) == []


def test_long_results_are_cut_for_people_only(out):
    sql = "SELECT * FROM range(1500)"
    assert "only the first 1,000 rows" in asked(out, sql).stdout
    assert len(asked(out, sql, "--format", "csv").stdout.splitlines()) == 1501
    assert len(json.loads(asked(out, sql, "--format", "json").stdout)) == 1500


def test_what_cannot_be_asked(out, tmp_path):
    for words, said in (
        (["-d", str(tmp_path), "SELECT 1"], "holds no dataset"),
        (["-d", out, "SELEC 1"], "SQL: Parser Error"),
        (["-d", out], "name a query"),
    ):
        done = CliRunner().invoke(cli, ["fleet", "query", *words])
        assert done.exit_code == 2
        assert said in done.stderr
    listed = CliRunner().invoke(cli, ["fleet", "query", "--tables"]).stdout
    assert [line.partition("(")[0] for line in listed.splitlines()] == list(TABLES)
