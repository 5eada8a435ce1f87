"""show, who-uses, images, layers, containers: what they say is what the index files and the engines say."""

from __future__ import annotations

import csv
import unicodedata

import pytest

from analyzer.report.views.records import age, size_text, split_name
from analyzer.snapshot.times import parse_time
from tests.cli.digging import API, BASE, HEALTHY, HOSTILE, data, error, hostile, run, saved
from tests.editing import BUNDLES, Edited


@pytest.fixture(scope="module")
def store():
    return Edited()


def controls(text):
    return [char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char != "\n"]


def test_show_has_the_record_as_it_lies(store):
    value = data("show", HEALTHY, "api:2.0")
    assert value["records"][0]["value"] == store.image_named(API)
    chain = store.chain(store.image_named(API)["layer"])
    assert [step["id"] for step in value["chain"]] == [store.image_named(API)["id"], *chain]
    assert {c["id"] for c in value["used_by"]["containers"]} == {
        c["id"] for c in store.containers() if c["image"] == store.image_named(API)["id"]
    }


def test_show_a_layer_tells_its_files_and_links(store):
    layer = store.image_named(API)["layer"]
    value = data("show", HEALTHY, layer[:10])
    assert value["driver"]["link"] == store.text(f"storage/overlay/{layer}/link")
    assert value["driver"]["lower"] == store.text(f"storage/overlay/{layer}/lower")
    assert value["driver"]["lower_layers"] == store.chain(layer)[1:]
    files = [m for p, (m, _) in store.entries.items() if p.startswith(f"storage/overlay/{layer}/diff/")]
    assert value["driver"]["content"]["diff"] == {"entries": len(files), "bytes": sum(m.size for m in files)}


def test_show_a_file_of_a_layer(store):
    layer = store.chain(store.image_named(API)["layer"])[-1]
    value = data("show", HEALTHY, f"/var/lib/containers/storage/overlay/{layer}/diff/etc/passwd")
    member = store.entries[f"storage/overlay/{layer}/diff/etc/passwd"][0]
    entry = value["entry"]
    assert (value["id"], entry["size"], entry["mode"]) == (layer, member.size, f"{member.mode:04o}")
    assert entry["mtime_ns"] == member.mtime_ns


def test_show_says_what_is_wrong():
    bundle = str(BUNDLES / "layer-dir-removed.tar.zst")
    damaged = Edited("layer-dir-removed")
    gone = next(r["id"] for r in damaged.layers() if f"storage/overlay/{r['id']}" not in damaged.entries)
    value = data("show", bundle, gone)
    assert value["findings"]
    assert value["causes"][0]["rank"] == 1
    text = run("show", bundle, gone, "--width", "80")
    assert "no directory" in text
    assert "OVL-" in text


def test_an_ambiguous_word_lists_the_candidates(store):
    ids = [row["id"] for row in (*store.layers(), *store.images(), *store.containers())]
    start = next(c for c in "0123456789abcdef" if sum(i.startswith(c) for i in ids) > 1)
    lines = error("show", HEALTHY, start).splitlines()
    assert "may mean" in lines[0]
    shown = {line.split()[1] for line in lines[1:]}
    assert {i[:16] for i in ids if i.startswith(start)} <= shown


def test_an_unknown_word_is_one_line():
    assert len(error("show", HEALTHY, "nothing-here").splitlines()) == 1
    assert len(error("who-uses", HEALTHY, "nothing-here\x1b[31m").splitlines()) == 1


def test_who_uses_a_base_layer(store):
    base = store.chain(store.image_named(BASE)["layer"])[-1]
    rows = data("who-uses", HEALTHY, base)
    images = {i["id"] for i in store.images() if base in store.chain(i["layer"])}
    volatile = store.records("storage/overlay-containers/volatile-containers.json")
    containers = {c["id"] for c in [*store.containers(), *volatile] if c["image"] in images}
    assert {r["id"] for r in rows if r["kind"] == "image"} == images
    assert {r["id"] for r in rows if r["kind"] == "container"} == containers
    above = {row["id"] for row in store.layers() if base in store.chain(row["id"])} - {base}
    above |= {r["id"] for r in store.records("storage/overlay-layers/volatile-layers.json")}
    assert {r["id"] for r in rows if r["kind"] == "layer"} == above


def test_images_have_a_row_for_every_name(store):
    rows = data("images", HEALTHY)
    assert [(r["id"], r["name"]) for r in rows] == [(i["id"], name) for i in store.images() for name in i["names"]]
    sizes = {row["id"]: row["diff-size"] for row in store.layers() if "diff-size" in row}
    for image in store.images():
        expected = sum(sizes[i] for i in store.chain(image["layer"])) + sum(image["big-data-sizes"].values())
        assert {r["size"] for r in rows if r["id"] == image["id"]} == {expected}


def test_sizes_are_what_podman_printed_for_this_bundle():
    """Printed by podman 4.3.1 `images` on the unpacked healthy bundle."""
    printed = {
        ("quay.example.test/base/os", "9.4"): "116 kB",
        ("quay.example.test/shop/web", "1.4"): "144 kB",
        ("quay.example.test/shop/api", "2.0"): "156 kB",
        ("quay.example.test/shop/worker", "2.0"): "145 kB",
        ("quay.example.test/data/db", "15"): "149 kB",
        ("quay.example.test/ops/cron", "0.9"): "132 kB",
        ("quay.example.test/ops/logship", "3.1"): "35.3 kB",
        ("quay.example.test/k8s/pause", "3.9"): "14.7 kB",
        ("quay.example.test/shop/gateway", "1.0"): "35.3 kB",
    }
    rows = data("images", HEALTHY)
    found = {(r["repository"], r["tag"]): f"{r['size'] / 1000:.3g} kB" for r in rows if r["tag"] != "stable"}
    assert found == printed


def test_layers_and_containers_have_a_row_each(store):
    volatile = store.records("storage/overlay-layers/volatile-layers.json")
    assert [r["id"] for r in data("layers", HEALTHY)] == [r["id"] for r in (*store.layers(), *volatile)]
    volatile = store.records("storage/overlay-containers/volatile-containers.json")
    assert [r["id"] for r in data("containers", HEALTHY)] == [r["id"] for r in (*store.containers(), *volatile)]


def test_a_layer_that_others_need_is_listed_without_a_record():
    damaged = Edited("parent-record-missing")
    known = {row["id"] for row in damaged.layers()}
    missing = {row["parent"] for row in damaged.layers() if row.get("parent")} - known
    rows = data("layers", BUNDLES / "parent-record-missing.tar.zst")
    assert {r["id"] for r in rows if r["state"].startswith("no record")} >= missing
    assert missing


def test_quiet_prints_ids_only(store):
    assert run("images", HEALTHY, "-q").split() == [i["id"] for i in store.images()]


NEWEST = parse_time("2026-11-24T12:00:00Z")


@pytest.mark.parametrize(
    ("time", "shown"),
    [
        ("2026-11-24T11:59:59.5Z", "0 seconds ago"),
        ("2026-11-24T11:58:01Z", "119 seconds ago"),
        ("2026-11-24T11:58:00Z", "2 minutes ago"),
        ("2026-11-24T10:00:00Z", "2 hours ago"),
        ("2026-11-22T13:00:00+01:00", "2 days ago"),
        ("2026-11-10T12:00:01Z", "13 days ago"),
        ("2026-11-10T12:00:00Z", "2 weeks ago"),
        ("2026-09-25T12:00:00Z", "2 months ago"),
        ("2024-11-24T12:00:00Z", "2 years ago"),
        ("2026-11-24T12:00:01Z", "2026-11-24"),
        ("0001-01-01T00:00:00Z", "0001-01-01"),
        ("yesterday", "yesterday"),
        ("", ""),
    ],
)
def test_ages_count_from_the_capture(time, shown):
    assert age(time, NEWEST) == shown


@pytest.mark.parametrize("command", ["images", "layers", "containers"])
def test_tables_cut_ids_unless_asked_not_to(command, store):
    row = {"images": store.images, "layers": store.layers, "containers": store.containers}[command]()[0]["id"]
    assert row[:12] in run(command, HEALTHY)
    assert row not in run(command, HEALTHY)
    assert row in run(command, HEALTHY, "--no-trunc")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("quay.io/a/b:1", ("quay.io/a/b", "1")),
        ("localhost:5000/a", ("localhost:5000/a", "")),
        ("localhost:5000/a:x", ("localhost:5000/a", "x")),
        ("quay.io/a@sha256:" + "0" * 64, ("quay.io/a", "")),
        ("quay.io/a:1@sha256:" + "0" * 64, ("quay.io/a", "")),
        ("", ("", "")),
    ],
)
def test_names_are_split_as_podman_does(name, parts):
    assert split_name(name) == parts


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 12345, 999_499, 10**9, 5 * 10**12])
def test_sizes_have_binary_units_and_one_decimal(size):
    amount, unit = size_text(size).split()
    scale = 1024 ** ["B", "KiB", "MiB", "GiB", "TiB"].index(unit)
    assert abs(float(amount) * scale - size) <= scale * 0.05
    assert scale == 1 or float(amount) >= 1
    assert float(amount) < 1024


def test_rows_are_filtered_sorted_and_put_in_a_form():
    rows = data("images", HEALTHY)
    web = [r["id"] for r in rows if r["repository"].endswith("/web")]
    assert run("images", HEALTHY, "-q", "-f", "repository=*/web").split() == list(dict.fromkeys(web))
    others = data("images", HEALTHY, "--filter", "repository!=*/web")
    assert [r["id"] for r in others] == [r["id"] for r in rows if r["id"] not in web]
    sizes = [r["size"] for r in data("images", HEALTHY, "--sort", "-size")]
    assert sizes == sorted((r["size"] for r in rows), reverse=True)
    shown = run("images", HEALTHY, "--format", "{{.Repository}}:{{.Tag}} {{ .ID }}").splitlines()
    assert shown == [f"{r['repository']}:{r['tag']} {r['id']}" for r in rows]
    table = list(csv.DictReader(run("images", HEALTHY, "--format", "csv").splitlines()))
    assert [(r["id"], r["name"]) for r in table] == [(r["id"], r["name"]) for r in rows]
    for words, said in (
        (("--sort", "colour"), "no field 'colour'. There are repository"),
        (("-f", "size"), "expected FIELD=VALUE"),
        (("--format", "yaml"), "expected table, json, csv or a template"),
    ):
        assert said in error("images", HEALTHY, *words)


@pytest.mark.parametrize("command", ["images", "layers", "containers"])
@pytest.mark.parametrize("columns", [80, 120])
def test_tables_fit_the_width_that_is_told(command, columns, monkeypatch):
    whole = run(command, HEALTHY)
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run(command, HEALTHY).splitlines()
    assert len(lines) == len(whole.splitlines())
    assert max(map(len, lines)) <= columns
    assert all(row["id"][:12] in line for row, line in zip(data(command, HEALTHY), lines[1:], strict=True))
    assert "…" not in run(command, HEALTHY, "--no-trunc")


def test_containers_have_the_names_of_kubernetes():
    rows = data("containers", HEALTHY)
    known = {(r["namespace"], r["pod"], r["container"], r["attempt"], r["sandbox"]) for r in rows if r["pod"]}
    assert ("shop", "api-7c9", "api", "0", False) in known
    assert ("shop", "api-7c9", "", "0", True) in known
    assert "shop/api-7c9/api" in {r["name"] for r in rows}


@pytest.mark.parametrize(
    "command",
    [("images",), ("containers",), ("layers",), ("who-uses", "web1"), ("show", "web1"), ("du",), ("ls", "api:2.0")],
)
def test_hostile_names_stay_text(tmp_path, command):
    bundle = hostile(tmp_path / "b.tar")
    name, *rest = command
    word = [w for w in rest if w != "web1"] or ([Edited().containers()[0]["id"]] if rest else [])
    for form in ((), ("--format", "json")):
        text = run(name, bundle, *word, *form)
        assert controls(text) == []
        if form:
            assert text.isascii()


def test_a_hostile_name_that_means_two_objects_is_refused_in_plain_text(tmp_path):
    bundle = hostile(tmp_path / "b.tar")
    lines = error("show", bundle, HOSTILE)
    assert controls(lines) == []
    assert "may mean 2 objects" in lines


def test_a_record_of_every_odd_kind_is_shown(tmp_path):
    store = Edited()
    image = {"id": "f" * 64, "names": None, "layer": None, "created": 5, "big-data-sizes": {"x": "y"}}
    bundle = saved(store.write_images([*store.images(), image]), tmp_path / "b.tar")
    assert data("show", bundle, "f" * 64)["records"][0]["value"] == image
    assert "<none>" in run("images", bundle)


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("quay.example.test/shop/api:2.1", "'quay.example.test/shop/api:2.0'"),
        ("db-1", "'db-0'"),
        ("web2", "'web1'"),
        ("zzz", ""),
    ],
)
def test_misspelt_objects_are_met_with_what_is_near(word, near):
    said = error("show", HEALTHY, word)
    assert ("Did you mean" in said) == bool(near)
    assert near in said


def test_a_misspelt_id_is_met_with_the_one_it_starts():
    store = Edited()
    layer = store.layers()[0]["id"]
    wrong = layer[:11] + ("0" if layer[11] != "0" else "1")
    assert f"Did you mean '{layer[:12]}'" in error("show", HEALTHY, wrong)


def test_a_misspelt_field_is_met_with_the_one_that_is_meant():
    assert "Did you mean 'names'" in error("containers", HEALTHY, "-f", "namess=x")


def test_a_container_is_meant_where_only_one_can_be():
    assert run("drift", HEALTHY, "api") == run("drift", HEALTHY, "shop/api-7c9/api")
    assert "may mean" in error("show", HEALTHY, "api")


def test_no_table_of_sizes_is_wider_than_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, run("du", HEALTHY).splitlines())) <= 80
