"""Export the relations as a networkx graph."""

from __future__ import annotations

from typing import Any

import networkx as nx

from analyzer.graph.relations import Relations
from analyzer.snapshot.overlay import lower_ids, text_of
from analyzer.snapshot.snapshot import BundleSnapshot

PARENT, TOP_LAYER, MAPPED_LAYER, IMAGE, LAYER, LOWER, STORE = (
    "parent", "top-layer", "mapped-layer", "image", "layer", "lower", "store",
)  # fmt: skip


def build_graph(snapshot: BundleSnapshot, relations: list[Relations]) -> nx.DiGraph[Any]:
    """Return stores, layers, images and containers with typed edges towards what each needs.

    Nodes are `(kind, id)` pairs with attributes `kind`, `id`, `name`, `store`, `present` (False for an object that is
    only named by others) and, for layers, `created` and `diff_size` (bytes). Two kinds of edge between the same nodes
    share one edge, whose `kinds` is a tuple of:

    - `parent`: layer to layer, as recorded
    - `lower`: layer to layer, as the driver resolves it through `overlay/l`
    - `top-layer`, `mapped-layer`: image to layer
    - `image`, `layer`: container to image, container to its read-write layer
    - `store`: object to its store
    """
    graph: nx.DiGraph[Any] = nx.DiGraph()
    for store in snapshot.stores:
        node = ("store", store.root or ".")
        graph.add_node(node, kind="store", id=node[1], name=node[1], store=node[1], present=True, driver=store.driver)
    for rel in relations:
        _add_records(graph, rel)
        _add_lowers(graph, rel)
    return graph


def _node(graph: nx.DiGraph[Any], kind: str, object_id: str) -> tuple[str, str]:
    node = (kind, object_id)
    if node not in graph:
        graph.add_node(node, kind=kind, id=object_id, name="", store="", present=False)
    return node


def _edge(graph: nx.DiGraph[Any], user: tuple[str, str], used: tuple[str, str], kind: str) -> None:
    kinds = graph.edges[user, used]["kinds"] if graph.has_edge(user, used) else ()
    if kind not in kinds:
        graph.add_edge(user, used, kinds=(*kinds, kind))


def _add_records(graph: nx.DiGraph[Any], rel: Relations) -> None:
    for layer in rel.layers.values():
        root = rel.layer_store[layer.id].root or "."
        node = _node(graph, "layer", layer.id)
        graph.nodes[node].update(
            name=layer.id[:12], store=root, present=True, created=layer.created, diff_size=layer.diff_size
        )
        _edge(graph, node, ("store", root), STORE)
        if layer.parent:
            _edge(graph, node, _node(graph, "layer", layer.parent), PARENT)
    for image in rel.images.values():
        root = rel.image_store[image.id].root or "."
        node = _node(graph, "image", image.id)
        graph.nodes[node].update(name=", ".join(image.names), store=root, present=True)
        _edge(graph, node, ("store", root), STORE)
        if image.layer:
            _edge(graph, node, _node(graph, "layer", image.layer), TOP_LAYER)
        for top in image.mapped_layers:
            _edge(graph, node, _node(graph, "layer", top), MAPPED_LAYER)
    for container in rel.containers.values():
        node = _node(graph, "container", container.id)
        graph.nodes[node].update(name=container.name, store=rel.stores[0].root or ".", present=True)
        _edge(graph, node, ("store", rel.stores[0].root or "."), STORE)
        if container.image:
            _edge(graph, node, _node(graph, "image", container.image), IMAGE)
        if container.layer:
            _edge(graph, node, _node(graph, "layer", container.layer), LAYER)


def _add_lowers(graph: nx.DiGraph[Any], rel: Relations) -> None:
    """Add the nearest lower of each layer directory, where its link resolves."""
    for store in rel.stores:
        for directory in store.home.layers.values():
            links = lower_ids(text_of(directory.lower) or "")
            target = rel.links.get(links[0], "") if links else ""
            if target and ("layer", directory.name) in graph:
                _edge(graph, ("layer", directory.name), _node(graph, "layer", target), LOWER)
