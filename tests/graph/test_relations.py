"""Chains, cycles and blast radius, against networkx."""

from __future__ import annotations

import json

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.graph.build import build_graph
from analyzer.graph.relations import find_cycles, relate, relate_stores
from analyzer.snapshot.containers import parse_container
from analyzer.snapshot.images import parse_image
from analyzer.snapshot.layers import parse_layer
from analyzer.snapshot.overlay import DriverHome
from analyzer.snapshot.salvage import salvage_array
from analyzer.snapshot.store import Store
from tests.editing import BUNDLES, Edited
from tests.effort import no_hang, steps

NAMES = sorted(path.name.removesuffix(".tar.zst") for path in BUNDLES.glob("*.tar.zst"))


def store_of(layers=(), images=(), containers=()) -> Store:
    """Return a store with only records, read from JSON as always."""

    def rows(records):
        return salvage_array(json.dumps(list(records)).encode(), "x").rows

    store = Store("storage", "overlay", DriverHome("storage/overlay"))
    store.layers = [parse_layer(row, "x", volatile=False) for row in rows(layers)]
    store.images = [parse_image(row, "x") for row in rows(images)]
    store.containers = [parse_container(row, "x", volatile=False) for row in rows(containers)]
    return store


def digraph(parents: dict[str, str]) -> nx.DiGraph:
    """Return child -> parent edges; parents without a record are nodes as well."""
    graph = nx.DiGraph()
    graph.add_nodes_from(parents)
    graph.add_edges_from((child, parent) for child, parent in parents.items() if parent)
    return graph


# any function from layers to layers: forests, cycles, parents that have no record
PARENTS = st.integers(1, 25).flatmap(
    lambda count: st.lists(st.integers(-1, count + 2), min_size=count, max_size=count).map(
        lambda drawn: {f"{n:02}": (f"{p:02}" if p >= 0 else "") for n, p in enumerate(drawn)}
    )
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(PARENTS)
def test_cycles_are_those_of_networkx(parents):
    found = find_cycles(parents)
    wanted = [set(cycle) for cycle in nx.simple_cycles(digraph(parents))]
    assert sorted(map(sorted, found)) == sorted(map(sorted, wanted))
    assert found == sorted(found)
    for cycle in found:
        assert cycle[0] == min(cycle)
        assert all(parents[one] == following for one, following in zip(cycle, cycle[1:] + cycle[:1], strict=True))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(PARENTS, st.data())
def test_chain_and_blast_radius_are_those_of_networkx(parents, data):
    layers = list(parents)
    tops = data.draw(st.lists(st.sampled_from([*layers, "", "98"]), max_size=5))
    works = data.draw(st.lists(st.sampled_from([*layers, "99"]), max_size=5))
    mapped = data.draw(st.lists(st.sampled_from(layers), max_size=2))
    rel = relate_stores(
        [
            store_of(
                [{"id": layer, "parent": parent} for layer, parent in parents.items()],
                [{"id": f"i{n}", "layer": top, "mapped-layers": mapped} for n, top in enumerate(tops)],
                [{"id": f"c{n}", "layer": layer, "image": f"i{n}"} for n, layer in enumerate(works)],
            )
        ]
    )
    graph = digraph(parents)
    graph.add_nodes_from(["98", "99"])
    for node in graph:
        above = nx.ancestors(graph, node) | {node}  # edges go from child to parent
        assert rel.descendants([node]) == above
        assert set(rel.chain(node)) == nx.descendants(graph, node) | {node}
        assert len(list(rel.chain(node))) == len(set(rel.chain(node)))
        assert rel.images_hit([node]) == {f"i{n}" for n, top in enumerate(tops) if above & ({top} | set(mapped))}
        assert rel.containers_hit([node]) == {f"c{n}" for n, layer in enumerate(works) if layer in above}
    some = data.draw(st.sets(st.sampled_from(layers), max_size=4))
    assert rel.descendants(some) == set().union(*(nx.ancestors(graph, n) | {n} for n in some))
    assert rel.images_hit([]) == rel.containers_hit([]) == set()


def test_the_first_record_of_an_id_counts():
    rel = relate_stores([store_of([{"id": "a", "parent": "b"}, {"id": "a", "parent": "c"}])])
    assert rel.layers["a"].parent == "b"
    assert rel.children == {"b": ["a"]}
    first, second = store_of([{"id": "a", "parent": "b"}]), store_of([{"id": "a"}, {"id": "b"}])
    rel = relate_stores([first, second])
    assert rel.layer_store["a"] is first
    assert rel.layer_store["b"] is second


@pytest.mark.parametrize("bundle", NAMES)
def test_blast_radius_of_every_layer_of_a_real_bundle(bundle):
    store = Edited(bundle)
    snapshot = store.snapshot()
    [rel] = relate(snapshot)
    graph = nx.DiGraph()
    for each in snapshot.stores:
        graph.add_nodes_from(layer.id for layer in each.layers)
        graph.add_edges_from((layer.id, layer.parent) for layer in each.layers if layer.parent)
    images = {i.id: {i.layer, *i.mapped_layers} for each in snapshot.stores for i in each.images}
    containers = {c.id: c.layer for each in snapshot.stores for c in each.containers}
    for layer in list(graph):
        above = nx.ancestors(graph, layer) | {layer}
        assert rel.descendants([layer]) == above
        assert rel.images_hit([layer]) == {i for i, tops in images.items() if tops & above}
        assert rel.containers_hit([layer]) == {c for c, top in containers.items() if top in above}


RANGES = {
    "parent": ("layer", "layer"),
    "lower": ("layer", "layer"),
    "top-layer": ("image", "layer"),
    "mapped-layer": ("image", "layer"),
    "image": ("container", "image"),
    "layer": ("container", "layer"),
}


@pytest.mark.parametrize("bundle", NAMES)
def test_exported_graph_holds_every_record_and_relation(bundle):
    store = Edited(bundle)
    snapshot = store.snapshot()
    graph = build_graph(snapshot, relate(snapshot))
    present = {(data["kind"], data["id"]) for _, data in graph.nodes(data=True) if data["present"]}
    wanted = {("store", each.root or ".") for each in snapshot.stores}
    edges = set()
    for each in snapshot.stores:
        wanted |= {("layer", layer.id) for layer in each.layers}
        wanted |= {("image", image.id) for image in each.images}
        wanted |= {("container", container.id) for container in each.containers}
        edges |= {(("layer", r.id), ("layer", r.parent), "parent") for r in each.layers if r.parent}
        edges |= {(("image", r.id), ("layer", r.layer), "top-layer") for r in each.images if r.layer}
        edges |= {(("image", r.id), ("layer", top), "mapped-layer") for r in each.images for top in r.mapped_layers}
        edges |= {(("container", r.id), ("image", r.image), "image") for r in each.containers if r.image}
        edges |= {(("container", r.id), ("layer", r.layer), "layer") for r in each.containers if r.layer}
    assert present == wanted
    found = {
        (one, other, kind)
        for one, other, data in graph.edges(data=True)
        for kind in data["kinds"]
        if kind not in {"store", "lower"}
    }
    assert found == edges
    for one, other, data in graph.edges(data=True):
        assert data["kinds"]
        for kind in data["kinds"]:
            if kind == "store":
                assert other[0] == "store"
            else:
                assert (one[0], other[0]) == RANGES[kind]
    assert all(graph.out_degree(node) for node in graph if node[0] != "store" and graph.nodes[node]["present"])


def test_lowers_follow_the_links_of_a_healthy_store():
    store = Edited()
    snapshot = store.snapshot()
    graph = build_graph(snapshot, relate(snapshot))
    parents = {layer["id"]: layer.get("parent") for layer in store.layers()}
    lowers = {one[1]: other[1] for one, other, data in graph.edges(data=True) if "lower" in data["kinds"]}
    assert lowers
    known = {layer: parent for layer, parent in parents.items() if parent}
    assert {layer: lowers[layer] for layer in known} == known


def test_an_object_only_named_by_others_is_not_present():
    store = Edited("parent-record-missing")
    snapshot = store.snapshot()
    graph = build_graph(snapshot, relate(snapshot))
    known = {layer.id for layer in snapshot.stores[0].layers}
    missing = {layer.parent for layer in snapshot.stores[0].layers if layer.parent} - known
    assert missing
    assert {node[1] for node, data in graph.nodes(data=True) if not data["present"]} == missing


def test_graph_of_a_parent_cycle_has_it():
    snapshot = Edited("parent-cycle").snapshot()
    [rel] = relate(snapshot)
    graph = build_graph(snapshot, [rel])
    layers = graph.edge_subgraph(edge for edge in graph.edges if "parent" in graph.edges[edge]["kinds"])
    assert sorted(map(sorted, rel.cycles)) == sorted(sorted(n[1] for n in cycle) for cycle in nx.simple_cycles(layers))
    assert rel.cycles


def work(make, count: int) -> int:
    """Lines executed to relate that many layers and to walk all descendants of the first."""
    store = store_of(**make(count))

    def related():
        rel = relate_stores([store])
        rel.descendants(["0"])
        assert len(rel.layers) == count

    return steps(related)


def one_chain(count):
    return {
        "layers": [{"id": str(n), "parent": str(n - 1) if n else ""} for n in range(count)],
        "images": [{"id": "i", "layer": str(count - 1)}],
    }


def one_base(count):
    return {"layers": [{"id": str(n), "parent": "0" if n else ""} for n in range(count)]}


def one_circle(count):
    return {
        "layers": [{"id": str(n), "parent": str((n + 1) % count)} for n in range(count)],
        "images": [{"id": "i", "layer": "0"}],
    }


def orphans(count):
    return {"layers": [{"id": str(n), "parent": f"x{n}"} for n in range(count)]}


def many_images(count):
    layers = [{"id": str(n), "parent": str(n - 1) if n % 20 else ""} for n in range(count)]
    return {"layers": layers, "images": [{"id": f"i{n}", "layer": str(n)} for n in range(count)]}


@pytest.mark.parametrize("make", [one_chain, one_base, one_circle, orphans, many_images])
def test_twice_the_layers_take_twice_the_work(make):
    assert work(make, 4_000) < 2.2 * work(make, 2_000)


@pytest.mark.parametrize("make", [one_chain, one_base, one_circle, orphans, many_images])
def test_many_layers_do_not_hang(make):
    store = store_of(**make(20_000))
    with no_hang():
        relate_stores([store]).descendants(["0"])
