"""The reader of db.sql: SQLite wrote every file here, and answers what its own library answers."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.snapshot.libpod.sqlite import apply_log, read_tables
from analyzer.snapshot.libpod.state import read_sqlite_state
from tests.editing import Edited
from tests.snapshot.libpod.schema import ROOT, add_container, add_pod, open_new

A, B, P = "a" * 64, "b" * 64, "d" * 64


@pytest.fixture
def written(tmp_path):
    connection = open_new(tmp_path / "db.sql")
    add_container(connection, A, "web", pod=P)
    add_container(connection, B, "infra", pod=P)
    add_pod(connection, P, "shop", B)
    connection.close()
    return (tmp_path / "db.sql").read_bytes()


def test_what_podman_knows(written):
    state = read_sqlite_state("storage/db.sql", written)
    assert state.whole
    assert (state.config.graph_root, state.config.driver, state.configured) == (ROOT, "overlay", True)
    assert {key: (each.name, each.pod, each.status, each.infra) for key, each in state.containers.items()} == {
        A: ("web", P, "running", False),
        B: ("infra", P, "running", True),
    }
    assert [(pod.name, pod.infra, pod.containers) for pod in state.pods.values()] == [("shop", B, (A, B))]


def test_what_podman_6_wrote():
    """What `podman ps -a`, `pod ps`, `volume ls` of podman 6.0.0-dev listed when this bundle was made."""
    [store] = Edited("podman6").snapshot().stores
    [state] = store.libpod
    assert (state.kind, state.error, state.damage, state.sessions) == ("SQLite", "", [], 1)
    assert {each.name: (each.status, each.infra) for each in state.containers.values()} == {
        "one": ("created", False),
        "7572b505ad53-infra": ("created", True),
        "inpod": ("created", False),
        "rooted": ("created", False),
        "live1": ("running", False),
    }
    assert [(pod.name, len(pod.containers)) for pod in state.pods.values()] == [("web", 2)]
    assert [(name, volume.driver) for name, volume in state.volumes.items()] == [("data1", "local")]


def test_a_state_that_is_no_json_is_named(tmp_path):
    connection = open_new(tmp_path / "db.sql")
    add_container(connection, A, "web", state='{"state":3,"runDir":"/r\run"}')
    connection.close()
    state = read_sqlite_state("storage/db.sql", (tmp_path / "db.sql").read_bytes())
    assert [(each.kind, each.key, each.part) for each in state.unreadable] == [("container", A, "state")]
    assert "invalid character '\\r' in string literal" in state.unreadable[0].error


def test_the_log_is_applied_up_to_its_last_commit(tmp_path):
    connection = open_new(tmp_path / "db.sql", wal=True)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    add_container(connection, A, "early")
    early = (tmp_path / "db.sql-wal").read_bytes()
    add_container(connection, B, "late")
    data, log = (tmp_path / "db.sql").read_bytes(), (tmp_path / "db.sql-wal").read_bytes()
    connection.close()
    names = lambda log: {each.name for each in read_sqlite_state("db.sql", data, log).containers.values()}  # noqa: E731
    assert names(b"") == set()
    assert names(early) == {"early"}
    assert names(log) == {"early", "late"}
    assert names(log[:-100]) == {"early"}
    assert apply_log(data, log[: len(early)])[1] > 0


def test_a_frame_with_a_wrong_checksum_ends_the_log(tmp_path):
    connection = open_new(tmp_path / "db.sql", wal=True)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    add_container(connection, A, "web")
    data, log = (tmp_path / "db.sql").read_bytes(), bytearray((tmp_path / "db.sql-wal").read_bytes())
    connection.close()
    log[32 + 24 + 100] ^= 1
    assert apply_log(data, bytes(log)) == (bytearray(data), 0)


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (lambda data: bytes(len(data)), "file is not a database"),
        (lambda data: b"x" + data[1:], "file is not a database"),
    ],
    ids=["NUL", "first byte"],
)
def test_the_error_is_that_of_sqlite(tmp_path, written, damage, error):
    (tmp_path / "bad.sql").write_bytes(damage(written))
    connection = sqlite3.connect(tmp_path / "bad.sql")
    with pytest.raises(sqlite3.DatabaseError, match=error):
        connection.execute("SELECT * FROM DBConfig").fetchall()
    connection.close()
    assert read_tables(damage(written)).error == error


def test_a_lost_page_is_damage_and_the_rest_is_kept(tmp_path):
    connection = open_new(tmp_path / "db.sql")
    for number in range(64):
        add_container(connection, f"{number:064x}", f"c{number}", filler="x" * 400)
    connection.close()
    raw = (tmp_path / "db.sql").read_bytes()
    found = 0
    for page in range(1, len(raw) // 4096):
        tables = read_tables(raw[: page * 4096] + bytes(4096) + raw[(page + 1) * 4096 :])
        assert tables.error or tables.damage or len(tables.rows["ContainerConfig"]) == 64
        found += bool(tables.damage) and 0 < len(tables.rows.get("ContainerConfig", ())) < 64
    assert found


def test_a_view_in_place_of_a_table_is_not_asked(tmp_path):
    connection = sqlite3.connect(tmp_path / "db.sql")
    endless = "WITH RECURSIVE n(ID) AS (SELECT 1 UNION ALL SELECT ID + 1 FROM n) SELECT ID FROM n"
    connection.execute(f"CREATE VIEW ContainerConfig AS {endless}")
    connection.commit()
    connection.close()
    assert read_tables((tmp_path / "db.sql").read_bytes()).rows == {}


def test_a_file_without_bytes_is_a_new_database():
    assert read_sqlite_state("db.sql", b"").empty


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_bytes_change_nothing_raises(data):
    raw = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 12))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    state = read_sqlite_state("db.sql", bytes(raw[: data.draw(st.integers(0, len(raw))) or None]))
    assert len(state.containers) <= 2


def _sample() -> bytes:
    connection = open_new(":memory:")
    add_container(connection, A, "web", pod=P)
    add_container(connection, B, "infra", pod=P)
    add_pod(connection, P, "shop", B)
    return connection.serialize()


SAMPLE = _sample()
