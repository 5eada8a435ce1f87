"""export and plan: tables read back by other programs, and a script that does nothing."""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess

import pytest

import analyzer
from analyzer.report.views.plan import as_script
from tests.cli.digging import HEALTHY, data, error, hostile, run, saved
from tests.editing import BUNDLES, Edited

DAMAGED = str(BUNDLES / "combo-power-loss.tar.zst")
TABLES = ("layers", "images", "containers", "findings", "causes")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    target = tmp_path_factory.mktemp("export")
    run("export", DAMAGED, "-o", target, "--format", "csv", "--format", "sqlite")
    return target


@pytest.fixture(scope="module")
def report():
    return analyzer.analyze(DAMAGED).to_dict()


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_and_sqlite_hold_the_same_rows(exported):
    base = sqlite3.connect(exported / "analyzer.sqlite")
    for name in TABLES:
        rows = read_csv(exported / f"{name}.csv")
        stored = base.execute(f"SELECT * FROM {name}").fetchall()
        assert len(rows) == len(stored)
        for row, values in zip(rows, stored, strict=True):
            for cell, value in zip(row.values(), values, strict=True):
                assert cell.lstrip("'") == {None: "", 1: cell, 0: cell}.get(value, str(value)).lstrip("'")


def test_ids_and_findings_are_whole(exported, report):
    base = sqlite3.connect(exported / "analyzer.sqlite")
    ids = [row[0] for row in base.execute("SELECT id FROM layers")]
    store = Edited("combo-power-loss")
    assert [i for i in ids if i in {row["id"] for row in store.layers()}] == [row["id"] for row in store.layers()]
    stored = base.execute("SELECT id, rule, fingerprint, explained_by FROM findings").fetchall()
    assert [(i, r, f, json.loads(e)) for i, r, f, e in stored] == [
        (f["id"], f["rule"], f["fingerprint"], f["explained_by"]) for f in report["findings"]
    ]
    assert base.execute("SELECT rank, probability FROM causes").fetchall() == [
        (c["rank"], c["probability"]) for c in report["causes"]
    ]


def test_findings_join_with_records(exported):
    base = sqlite3.connect(exported / "analyzer.sqlite")
    found = base.execute("SELECT count(*) FROM findings f JOIN layers l ON l.id = f.subject").fetchone()[0]
    assert found > 0


def test_parquet_is_read_back(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    run("export", DAMAGED, "-o", tmp_path, "--format", "parquet")
    table = parquet.read_table(tmp_path / "layers.parquet")
    store = Edited("combo-power-loss")
    ids = table.column("id").to_pylist()
    assert [i for i in ids if i in {row["id"] for row in store.layers()}] == [row["id"] for row in store.layers()]
    sizes = dict(zip(ids, table.column("diff_size").to_pylist(), strict=True))
    assert all(sizes[row["id"]] == row.get("diff-size") for row in store.layers())
    assert str(table.schema.field("created").type) == "timestamp[ns, tz=UTC]"
    for name in TABLES:
        assert parquet.read_table(tmp_path / f"{name}.parquet") is not None


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\uff1d", "12345e10", "'"])
def test_no_cell_is_a_formula_and_every_id_stays_text(tmp_path, start):
    name = f"{start}cmd|' /C calc'!A0,\"x\"\nnext"
    bundle = hostile(tmp_path / "b.tar", name)
    run("export", bundle, "-o", tmp_path / "out", "--format", "csv", "--format", "sqlite")
    cells = [cell for row in read_csv(tmp_path / "out" / "images.csv") for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d")) for cell in cells)
    assert any("calc" in cell for cell in cells)
    assert not any("\n" in cell for cell in cells)
    base = sqlite3.connect(tmp_path / "out" / "analyzer.sqlite")
    assert (name,) in base.execute("SELECT name FROM images").fetchall()


def test_an_id_like_a_number_stays_text(tmp_path):
    store = Edited()
    layer = "12345678e" + "1" * 55
    bundle = saved(store.write_layers([*store.layers(), {"id": layer, "created": "x"}]), tmp_path / "b.tar")
    run("export", bundle, "-o", tmp_path / "out", "--format", "sqlite", "--format", "csv")
    base = sqlite3.connect(tmp_path / "out" / "analyzer.sqlite")
    assert base.execute("SELECT typeof(id) FROM layers WHERE id = ?", (layer,)).fetchall() == [("text",)]


def test_nothing_is_written_into_the_evidence(tmp_path):
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    assert "evidence" in error("export", evidence, "-o", evidence / "out")
    assert list(evidence.iterdir()) == []


def test_an_empty_table_keeps_its_columns(tmp_path):
    run("export", HEALTHY, "-o", tmp_path, "--format", "csv", "--format", "sqlite")
    assert (tmp_path / "causes.csv").read_text().startswith("rank,cause,title,")
    assert sqlite3.connect(tmp_path / "analyzer.sqlite").execute("SELECT count(*) FROM causes").fetchone() == (0,)


def test_plan_has_every_step_of_the_report(report):
    text = " ".join(run("plan", DAMAGED).replace(" \\\n", " ").split())
    for cause in report["causes"]:
        for step in cause["plan"]:
            short = f"sh KIT/repair.sh --only {step['step']}"  # what a report says of a command too long for it
            assert " ".join(step["command"].split()) in text or step["command"] == short
            assert f" {step['step']}. " in text
    whole = data("plan", DAMAGED)[0]["plan"]
    numbers = {step["step"] for cause in report["causes"] for step in cause["plan"]}
    assert [step["step"] for step in whole] == sorted(numbers) == list(range(1, len(whole) + 1))
    for step in whole:
        bare = [line.partition(" ] && { ")[2][:-3] or line for line in step["commands"]]
        assert all(line in step["command"] for line in bare)


def test_plan_of_one_cause(report):
    assert [c["rank"] for c in data("plan", DAMAGED, "--cause", 1)] == [1]
    assert "no cause" in error("plan", DAMAGED, "--cause", len(report["causes"]) + 1)
    assert "nothing to repair" in run("plan", HEALTHY)


def test_the_script_does_nothing(tmp_path):
    script = tmp_path / "plan.sh"
    run("plan", DAMAGED, "--format", "script", "-o", script)
    lines = script.read_text().splitlines()
    live = [line for line in lines if line and not line.startswith("#")]
    assert live == ["set -eu", "echo 'This plan does nothing until it is edited.' >&2; exit 1"]
    done = subprocess.run(["/bin/sh", script], capture_output=True, text=True, env={"PATH": ""}, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "until it is edited" in done.stderr


def test_a_hostile_name_cannot_leave_its_comment(tmp_path):
    store = Edited()
    images = store.images()
    images[0]["names"] = ["x\nrm -rf /tmp/hostile\n#"]
    store.write_images(images)
    for layer in store.chain(images[0]["layer"])[:1]:
        store.remove(f"storage/overlay/{layer}")
    text = run("plan", saved(store, tmp_path / "b.tar"), "--format", "script")
    assert "hostile" in text
    assert [line for line in text.splitlines() if "hostile" in line and not line.startswith("#")] == []


def test_a_command_that_cannot_be_shown_is_marked_as_not_to_be_run(report):
    step = {"step": 1, "command": "podman rmi 'x\nrm -rf /'", "effect": "Remove it.", "risk": "none", "after": ""}
    text = as_script(report, [{**report["causes"][0], "plan": [step]}])
    assert "NOT to be run as it is" in text
    assert "#$ podman rmi 'x\\x0arm -rf /'" in text.splitlines()
    assert "NOT to be run as it is" not in as_script(
        report, [{**report["causes"][0], "plan": [{**step, "command": "ls"}]}]
    )
