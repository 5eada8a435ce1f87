"""A db.sql as podman's sqlite_state_internal.go lays it out, written by SQLite itself."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

TABLES = """
CREATE TABLE DBConfig(ID INTEGER PRIMARY KEY NOT NULL, SchemaVersion INTEGER NOT NULL, OS TEXT NOT NULL,
    StaticDir TEXT NOT NULL, TmpDir TEXT NOT NULL, GraphRoot TEXT NOT NULL, RunRoot TEXT NOT NULL,
    GraphDriver TEXT NOT NULL, VolumeDir TEXT NOT NULL, CHECK (ID IN (1)));
CREATE TABLE IDNamespace(ID TEXT PRIMARY KEY NOT NULL);
CREATE TABLE ContainerConfig(ID TEXT PRIMARY KEY NOT NULL, Name TEXT UNIQUE NOT NULL, PodID TEXT, JSON TEXT NOT NULL);
CREATE TABLE ContainerState(ID TEXT PRIMARY KEY NOT NULL, State INTEGER NOT NULL, ExitCode INTEGER, JSON TEXT NOT NULL);
CREATE TABLE ContainerExecSession(ID TEXT PRIMARY KEY NOT NULL, ContainerID TEXT NOT NULL);
CREATE TABLE ContainerDependency(ID TEXT NOT NULL, DependencyID TEXT NOT NULL, PRIMARY KEY (ID, DependencyID));
CREATE TABLE ContainerVolume(ContainerID TEXT NOT NULL, VolumeName TEXT NOT NULL);
CREATE TABLE PodConfig(ID TEXT PRIMARY KEY NOT NULL, Name TEXT UNIQUE NOT NULL, JSON TEXT NOT NULL);
CREATE TABLE PodState(ID TEXT PRIMARY KEY NOT NULL, InfraContainerID TEXT, JSON TEXT NOT NULL);
CREATE TABLE VolumeConfig(Name TEXT PRIMARY KEY NOT NULL, StorageID TEXT, JSON TEXT NOT NULL);
CREATE TABLE VolumeState(Name TEXT PRIMARY KEY NOT NULL, JSON TEXT NOT NULL);
"""
ROOT = "/var/lib/containers/storage"


def open_new(path, *, root: str = ROOT, driver: str = "overlay", wal: bool = False) -> sqlite3.Connection:
    """Return a connection to a new database with its configuration written."""
    connection = sqlite3.connect(path, isolation_level=None)
    if wal:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.executescript(TABLES)
    connection.execute(
        "INSERT INTO DBConfig VALUES (1, 1, 'linux', ?, '/run/libpod', ?, '/run/containers/storage', ?, ?)",
        (f"{root}/libpod", root, driver, f"{root}/volumes"),
    )
    return connection


def add_container(
    connection, key: str, name: str, *, pod: str | None = None, state: str | None = None, **config
) -> None:
    """Write a container; `state` is the text of its state document."""
    document = {"id": key, "name": name, "rootfsImageID": "c" * 64, "pod": pod, **config}
    connection.execute("BEGIN")
    connection.execute("INSERT INTO IDNamespace VALUES (?)", (key,))
    connection.execute("INSERT INTO ContainerConfig VALUES (?, ?, ?, ?)", (key, name, pod, json.dumps(document)))
    text = json.dumps({"state": 3}) if state is None else state
    connection.execute("INSERT INTO ContainerState VALUES (?, 3, NULL, ?)", (key, text))
    connection.execute("COMMIT")


def add_pod(connection, key: str, name: str, infra: str | None) -> None:
    """Write a pod."""
    document = json.dumps({"id": key, "name": name, "hasInfra": infra is not None})
    connection.execute("INSERT INTO PodConfig VALUES (?, ?, ?)", (key, name, document))
    connection.execute("INSERT INTO PodState VALUES (?, ?, '{}')", (key, infra))


def zeroed(data: bytes, table: str) -> bytes:
    """Return an SQLite file with the first page of a table overwritten by NUL bytes."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(data)
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    return data[: (page - 1) * size] + bytes(size) + data[page * size :]


def changed(data: bytes, *statements: str) -> bytes:
    """Return an SQLite file after SQL statements."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.deserialize(data)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        return connection.serialize()
