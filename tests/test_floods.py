"""One thing very many times over in any file of the node costs processor time that grows as the file does.

A pattern that looks again from every place costs the square of the file: hours for what is read of one.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys

import pytest

from analyzer.snapshot.node.listing_rows import listing_rows
from analyzer.snapshot.node.listings import HEAD
from analyzer.snapshot.node.toml import MOST_DOTS, read_toml
from tests.archives import SMALL, tar_of
from tests.editing import Edited
from tests.fuzz.more_targets import FILES
from tests.source.craft import gnu_sparse, long_name, member

SIZE = 256 << 10
SECONDS = 60
"""Processor time of one run: far more than a slow machine takes, far less than the square of `SIZE` does."""
UNITS = {
    "newlines": b"\n", "spaces": b" ", "spaces and newlines": b" \n", "carriage returns": b"\r", "digits": b"9",
    "quotes": b'"', "brackets": b"[", "dots": b"a.", "colons": b":", "mount points": b" on /", "heads": b"XFS (",
    "fields": b"arch:\n", "messages": b'msg="', "dates": b"Jan  1 00:00:00 x y: z\n", "escapes": b"\\",
}  # fmt: skip


def report(data: bytes) -> tuple[int, str, str]:
    """Return status, output and messages of a report on standard input, with bounded processor time."""
    done = subprocess.run(
        [sys.executable, "-m", "analyzer", "report", "-", "--format", "json"],
        input=data,
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS)),
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("what", UNITS)
def test_a_flood_in_every_file_of_the_node(what):
    flood = UNITS[what] * (SIZE // len(UNITS[what]))
    status, out, said = report(b"".join(member(path.encode(), flood) for path in FILES) + tar_of(SMALL))
    assert status in {0, 1, 4}, said[-2000:]
    assert json.loads(out)["stores"]


@pytest.mark.parametrize("what", UNITS)
def test_a_flood_in_place_of_a_bundle(what):
    status, out, said = report(UNITS[what] * (SIZE // len(UNITS[what])))
    assert (status, out, len(said.splitlines())) == (3, "", 1)


def test_a_table_of_very_many_columns_gives_rows_of_some():
    text = "REPOSITORY  TAG  IMAGE ID  " + "x  " * 100_000 + "\n" + "y\n" * 3
    rows = list(listing_rows(text, HEAD, "images"))
    assert [row["REPOSITORY"] for row in rows] == ["y"] * 3
    assert len(rows[0]) < 100


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a." * 100_000 + "a = 1", "dots"),
        ("[" * 100_000, ""),
        ("a = " + "9" * 5_000, ""),
        ("a = 2024-13-40", ""),
        ("\0", ""),
    ],
)
def test_toml_that_is_none_has_a_reason_of_one_line(text, why):
    table, error = read_toml(text)
    assert table == {}
    assert error
    assert why in error
    assert "\n" not in error


def test_toml_with_long_lists_of_hosts_is_read():
    hosts = ", ".join(f'"r{n}.test"' for n in range(MOST_DOTS))
    assert len(read_toml(f"[storage]\nx = [{hosts}]\n")[0]["storage"]["x"]) == MOST_DOTS


@pytest.mark.parametrize("name", ["manifest", "log"])
def test_holes_of_files_that_are_over_their_limit_cost_nothing(name):
    claimed = 15 << 30
    names = {
        "manifest": [b"storage/overlay-images/" + b"%064x" % n + b"/manifest" for n in range(24)],
        "log": [b"var/log/crio/%d.log" % n for n in range(24)],
    }[name]
    holes = b"".join(long_name(path) + gnu_sparse(b"x", [(claimed - 2, 1)], b"a", claimed) for path in names)
    status, out, said = report(holes + tar_of(SMALL))
    assert status in {0, 1, 4}, said[-2000:]
    assert json.loads(out)["stores"]


def test_a_record_that_names_very_many_items_costs_as_it_grows():
    store = Edited(SMALL)
    path = "storage/overlay-images/images.json"
    rows = store.images()
    rows[0]["big-data-names"] = [f"item-{number}" for number in range(30_000)]
    store.write(path, json.dumps(rows).encode())
    files = ((name, data) for name, (found, data) in store.entries.items() if found.kind == "file")
    status, out, said = report(
        b"".join(long_name(name.encode()) + member(b"x", data) for name, data in files) + bytes(1024)
    )
    assert status in {1, 4}, said[-2000:]
    assert json.loads(out)["verdict"] != "healthy"
