"""Objects, plans, simulations, fleets and pictures."""

from __future__ import annotations

import json
import pickle
import shutil

import networkx as nx
import pandas as pd
import pytest

import analyzer
from analyzer.api import fleet as api_fleet
from analyzer.api.fleet import names_of
from analyzer.errors import UsageError
from analyzer.report.formats import plots
from tests.archives import BUNDLES
from tests.editing import Edited
from tests.truth import cases

API = "quay.example.test/shop/api:2.0"


@pytest.fixture(scope="module")
def store():
    return Edited()


@pytest.fixture(scope="module")
def s():
    return analyzer.open(BUNDLES / "healthy-overlay.tar.zst")


def test_words_that_mean_an_object(s, store):
    image = store.image_named(API)
    for word in (API, image["id"], image["id"][:12], image["id"][:12] + "…", f"sha256:{image['id']}", "shop/api:2.0"):
        assert s.image(word).id == image["id"]
    view = s.image(API)
    assert view.layers == store.chain(image["layer"])
    assert view.layer == image["layer"]
    assert view.record == image
    link = store.text(f"storage/overlay/{image['layer']}/link")
    assert s.layer(link).id == s.layer(f"overlay/{image['layer']}/diff").id == image["layer"]
    assert s.layer(image["layer"]).parent == store.chain(image["layer"])[1]


def test_a_container_and_its_parts(s, store):
    record = store.containers()[0]
    view = s.container(record["id"])
    assert (view.image, view.layer) == (record["image"], record["layer"])
    assert record["id"] in s.image(record["image"]).containers


@pytest.mark.parametrize("word", ["", "no-such-thing", "\x1b[31m", "…", "zz"])
def test_words_that_mean_nothing(s, word):
    with pytest.raises(UsageError, match="is no layer of this bundle"):
        s.layer(word)


def test_a_word_of_another_kind_and_a_word_of_several(s, store):
    with pytest.raises(UsageError, match=r"is the image .*, not a layer"):
        s.layer(API)
    starts = [layer["id"][0] for layer in store.layers()]
    twice = next(start for start in starts if starts.count(start) > 1)
    with pytest.raises(UsageError, match="may mean"):
        s.layer(twice)


def test_files_of_a_layer_are_its_rows(s):
    layer = s.files.layer.iloc[0]
    assert s.layer(layer).files.path.tolist() == s.files.path[s.files.layer == layer].tolist()


def merged_by_hand(s, layers):
    """Return (name, layer) that a mount of these layers shows, topmost first; deletions are applied."""
    seen, hidden, opaque = {}, set(), set()
    for layer in layers:
        rows = s.files[s.files.layer == layer].to_dict("records")
        marks = s.reading.stores[0].home.layers[layer].tables.get("diff")
        new_hidden, new_opaque = set(), set()
        for row in rows:
            name = row["name"]
            parents = ["/".join(name.split("/")[:n]) for n in range(1, name.count("/") + 1)]
            if name in hidden or any(p in hidden or p in opaque for p in parents):
                continue
            entry = marks.get(name)
            if entry.kind == "char" and entry.rdev == (0, 0):
                new_hidden.add(name)
                continue
            if name not in seen:
                seen[name] = layer
            if entry.kind != "dir":
                new_hidden.add(name)
            elif any(key.endswith("overlay.opaque") for key in entry.xattrs):
                new_opaque.add(name)
        hidden |= new_hidden
        opaque |= new_opaque
    return set(seen.items())


def test_an_image_has_the_files_that_a_container_of_it_sees(s):
    for name in s.images.name:
        view = s.image(name)
        assert {(row.name, row.layer) for row in view.files.itertuples(index=False)} == merged_by_hand(s, view.layers)
    container = s.container(s.containers.id[0])
    shown = {(row.name, row.layer) for row in container.files.itertuples(index=False)}
    assert shown == merged_by_hand(s, [container.layer, *s.image(container.image).layers])


def test_files_are_read_as_a_container_sees_them(s):
    view = s.image(API)
    rows = view.files.query("kind == 'file' and size > 0")
    for row in rows.head(4).itertuples():
        assert view.read(row.name) == s.read(row.path)
    with pytest.raises(UsageError, match="no 'etc/none' in image"):
        view.read("etc/none")
    with pytest.raises(UsageError, match="is a dir, not a file"):
        view.read("etc")
    with pytest.raises(UsageError, match="no contents of layers"):
        _ = analyzer.open(BUNDLES / "healthy-metadata-only.tar.zst").image(API).files


def test_what_a_container_changed_is_a_frame(s):
    """The rows are those of `analyzer drift`, which live tests hold against `podman diff`."""
    changed = 0
    for word in s.containers.id:
        view = s.container(word)
        own, below = set(s.layer(view.layer).files.name), set(s.image(view.image).files.name)
        for row in view.drift.itertuples():
            assert row.change == "D" or row.name in own
            assert (row.name in below) == (row.change != "A")
            changed += 1
    assert changed


def test_objects_show_themselves_without_script(s):
    for view in (s.image(API), s.layer(s.layers.id[0]), s.container(s.containers.id[0])):
        html = view._repr_html_()
        assert "<svg" in html
        assert view.id in html
        for forbidden in ("<script", "http://", "https://"):
            assert forbidden not in html.replace("http://www.w3.org/2000/svg", "")


def test_causes_show_themselves():
    s = analyzer.open(BUNDLES / "layer-dir-removed.tar.zst")
    cause = s.cause()
    assert cause.facts == s.document["causes"][0]
    assert cause.title in repr(cause)
    pd.testing.assert_frame_equal(cause.affected, s.affected[s.affected["rank"] == 1])
    images = cause.affected.merge(s.images, on="id")
    assert len(images) == len(cause.facts["affected"]["images"])
    assert "<svg" in cause._repr_html_()
    assert "<script" not in cause._repr_html_()
    for rank in (0, len(s.causes) + 1, -1):
        with pytest.raises(UsageError, match=f"no cause {rank}"):
            s.cause(rank)
        with pytest.raises(UsageError, match=f"no cause {rank}"):
            s.plan(rank)


def test_the_graph_is_one_of_networkx_and_draws_itself(s, store):
    assert isinstance(s.graph, nx.DiGraph)
    image = store.image_named(API)
    reached = nx.descendants(s.graph, ("image", image["id"]))
    assert {("layer", layer) for layer in store.chain(image["layer"])} <= reached
    part = s.graph.subgraph([("image", image["id"]), *reached])
    assert type(part).__name__ == "LayerGraph"
    assert "<svg" in part._repr_html_()
    assert set(dict(s.graph.nodes(data="wrong")).values()) == {""}


def test_a_graph_too_large_to_take_in_is_told(s):
    graph = s.graph.copy()
    graph.add_nodes_from((("layer", str(n)), {"kind": "layer", "id": str(n), "wrong": ""}) for n in range(300))
    assert graph._repr_html_() is None
    assert repr(graph).startswith("<graph of ")


def test_a_healthy_store_has_nothing_to_plan(s):
    assert len(s.plan()) == 0
    assert s.plan().steps.empty
    assert "nothing to repair" in repr(s.plan())
    assert "exit 1" in s.plan().script()


# what a removal would do; expected sets come from walking the records


def test_removing_an_image_frees_what_only_it_needs(s, store):
    image = store.image_named(API)
    others = {layer for i in store.images() if i["id"] != image["id"] for layer in store.chain(i["layer"])}
    volatile = store.records("storage/overlay-containers/volatile-containers.json")
    users = [c for c in [*store.containers(), *volatile] if c["image"] == image["id"]]
    foreign = {layer for c in [*store.containers(), *volatile] if c not in users for layer in store.chain(c["layer"])}
    done = s.simulate([API])
    freed = done.freed
    assert set(freed.id[freed.kind == "layer"]) == set(store.chain(image["layer"])) - others - foreign
    assert freed.id[freed.kind == "image"].tolist() == [image["id"]]
    assert set(done.breaks.id) == {c["id"] for c in users}


def test_removing_a_base_layer_breaks_all_that_stands_on_it(s, store):
    base = store.chain(store.image_named(API)["layer"])[-1]
    done = s.simulate([base])
    assert done.freed.id.tolist() == [base]
    images = {i["id"] for i in store.images() if base in store.chain(i["layer"])}
    volatile = store.records("storage/overlay-containers/volatile-containers.json")
    parents = {row["id"]: row.get("parent") for row in store.records("storage/overlay-layers/volatile-layers.json")}
    tops = {c["id"]: parents.get(c["layer"], c["layer"]) for c in [*store.containers(), *volatile]}
    containers = {identity for identity, top in tops.items() if base in store.chain(top)}
    assert set(done.breaks.id) == images | containers
    assert len(images) > 1


def test_removing_an_image_with_its_containers_breaks_nothing(s, store):
    users = s.image(API).containers
    done = s.simulate([API, *users])
    assert done.breaks.empty
    own = {s.container(c).layer for c in users}
    assert own <= set(done.freed.id[done.freed.kind == "layer"])
    assert done.bytes == done.freed.bytes.sum()


def test_removing_nothing_and_what_is_not_there(s):
    assert repr(s.simulate([])) == "frees 0 B (0 bytes): nothing\nbreaks nothing"
    with pytest.raises(UsageError, match="is no object"):
        s.simulate(["no-such-image"])


# fleets


def test_a_fleet_joins_the_frames_of_its_bundles(tmp_path):
    for name in ("healthy-overlay", "layer-dir-removed"):
        shutil.copy(BUNDLES / f"{name}.tar.zst", tmp_path)
    (tmp_path / "broken.tar").write_text("no tar at all")
    fleet = analyzer.open_many(f"{tmp_path}/*")
    assert list(fleet) == ["healthy-overlay", "layer-dir-removed"]
    assert list(fleet.failed) == ["broken"]
    for name in (
        "layers",
        "images",
        "containers",
        "links",
        "files",
        "changes",
        "events",
        "findings",
        "causes",
        "affected",
    ):
        joined = getattr(fleet, name)
        assert joined.columns[0] == "node"
        assert len(joined) == sum(len(getattr(fleet[each], name)) for each in fleet)
        own = getattr(fleet["layer-dir-removed"], name)
        assert {c: str(d) for c, d in joined.dtypes.items() if c != "node"} == {
            c: str(d) for c, d in own.dtypes.items()
        }
    row = fleet.bundles.set_index("node").loc["layer-dir-removed"]
    assert (row.verdict, row.causes) == ("damaged", len(fleet["layer-dir-removed"].causes))
    assert fleet.bundles.set_index("node").error["broken"] == fleet.failed["broken"]
    again = pickle.loads(pickle.dumps(fleet))
    assert again.bundles.equals(fleet.bundles)
    assert {name: report.to_dict() for name, report in fleet.reports().items()} == {n: fleet[n].document for n in fleet}


def test_a_fleet_reads_what_is_asked_for(tmp_path, monkeypatch):
    for name in ("healthy-overlay", "layer-dir-removed"):
        shutil.copy(BUNDLES / f"{name}.tar.zst", tmp_path)
    (tmp_path / "broken.tar").write_text("no tar at all")
    opened = []
    reading = api_fleet.read
    monkeypatch.setattr(api_fleet, "read", lambda path, **more: opened.append(path) or reading(path, **more))
    fleet = analyzer.open_many(f"{tmp_path}/*")
    assert opened == []
    assert repr(fleet) == "<analyzer.Fleet of 3 bundles, 3 not read yet>"
    assert fleet["layer-dir-removed"].document["verdict"] == "damaged"
    assert len(opened) == 1
    with pytest.raises(UsageError, match="'broken' could not be read"):
        fleet["broken"]
    assert len(fleet.causes) == len(fleet["layer-dir-removed"].causes)
    assert len(opened) == len(set(opened)) == 3
    assert repr(fleet) == "<analyzer.Fleet of 2 bundles, 1 not readable>"


def test_processes_read_what_one_process_reads(tmp_path):
    for name in ("healthy-overlay", "layer-dir-removed", "podman-list"):
        shutil.copy(BUNDLES / f"{name}.tar.zst", tmp_path)
    (tmp_path / "broken.tar").write_text("no tar at all")
    one, many = (analyzer.open_many(f"{tmp_path}/*", jobs=jobs) for jobs in (1, 3))
    assert list(many) == list(one) == ["healthy-overlay", "layer-dir-removed", "podman-list"]
    assert many.failed == one.failed
    assert many.causes.equals(one.causes)
    assert {name: s.document for name, s in many.snapshots.items()} == {n: s.document for n, s in one.snapshots.items()}


def test_fleets_of_nothing():
    with pytest.raises(UsageError, match="fits no file"):
        analyzer.open_many("/no/such/*.tar")
    empty = analyzer.open_many([])
    assert len(empty) == 0
    assert empty.bundles.empty
    assert empty.findings.empty
    with pytest.raises(UsageError, match="no bundle"):
        empty["x"]


def test_names_of_bundles_are_short_and_unique():
    assert names_of(["/a/n1.tar.zst", "/a/n2.tgz", "dir/"]) == ["n1", "n2", "dir"]
    assert names_of(["/a/n.tar", "/b/n.tar", "c.tar"]) == ["/a/n.tar", "/b/n.tar", "c"]


# pictures


def test_pictures_are_png_and_say_what_they_show(s):
    for picture in (s.plot_space(), s.plot_timeline(), s.plot_timeline("2000-01-01")):
        assert picture.png().startswith(b"\x89PNG")
        assert "of" in repr(picture)
    assert s.plot_space().png() == s.plot_space().png()


def test_pictures_of_hostile_names_and_of_nothing():
    store = Edited()
    images = store.images()
    images[0]["names"] = ["quay.example.test/$\\frac{1}{$:1", "漢字\x1b[31m\u202e"]
    s = analyzer.Snapshot(store.write_images(images).snapshot())
    assert s.plot_space().png().startswith(b"\x89PNG")
    labels = [label.get_text() for label in plots.space(s.space).figure.axes[0].get_yticklabels()]
    assert any("\\frac" in label for label in labels)
    assert not any("\x1b" in label for label in labels)
    nothing = s.space.head(0)
    assert plots.space(nothing).png().startswith(b"\x89PNG")
    assert plots.timeline(s.events.head(0)).png().startswith(b"\x89PNG")
    fleet = analyzer.Fleet({"a": analyzer.open(BUNDLES / "healthy-overlay.tar.zst")})
    assert fleet.plot_causes().png().startswith(b"\x89PNG")


def test_the_heat_map_has_a_cell_for_each_cause_and_node():
    damaged = [path for _, case, path in cases() if case["faults"]][:5]
    fleet = analyzer.open_many(damaged)
    figure = fleet.plot_causes().figure
    labels = [label.get_text().partition(" (")[0] for label in figure.axes[0].get_yticklabels()]
    assert sorted(labels) == sorted(set(fleet.causes.cause))
    grid = figure.axes[0].collections[0].get_array()
    assert (grid >= 0).sum() == len(fleet.causes[["node", "cause"]].drop_duplicates())


def test_show_as_json_is_what_an_object_knows(s):
    assert json.loads(json.dumps(s.image(API).facts)) == s.image(API).facts
