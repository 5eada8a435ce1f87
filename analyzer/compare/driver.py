"""Directories of the driver and short links, as things to compare."""

from __future__ import annotations

from collections.abc import Iterator

from analyzer.compare.model import ComparedItem
from analyzer.compare.records import layer_users
from analyzer.graph.relations import Relations
from analyzer.snapshot.overlay import LayerDirectory, link_target, text_of
from analyzer.snapshot.provenance import SmallFile
from analyzer.source.member import SYMLINK


def directories(rel: Relations) -> Iterator[ComparedItem]:
    """Yield layer directories with what the driver keeps in them; mounts come and go, so `merged` is left out."""
    for store in rel.stores:
        listed = store.home.layers.values()
        links, lowers = any(each.link for each in listed), any(each.lower for each in listed)
        for directory in listed:
            facts = {
                "diff": _diff(directory),
                "link": _text(directory.link, kept=links),
                "lower": _text(directory.lower, kept=lowers),
            }
            yield ComparedItem(directory.name, directory.name, layer_users(rel, directory.name), facts, directory.path)


def _diff(directory: LayerDirectory) -> str:
    entry = directory.entries.get("diff")
    if entry is not None:
        return entry.kind
    return "dir" if directory.has_diff else ""


def _text(file: SmallFile | None, *, kept: bool) -> str | None:
    """Return the text of a small file, `""` where it is absent, None in a capture that keeps none of its kind."""
    if file is None:
        return "" if kept else None
    return text_of(file)


def links(rel: Relations) -> Iterator[ComparedItem]:
    """Yield short links with the layer directory each leads to."""
    for store in rel.stores:
        for name, member in store.home.links.items():
            leads = link_target(member)
            target = member.link if member.kind == SYMLINK else f"a {member.kind}"
            yield ComparedItem(name, leads, layer_users(rel, leads), {"target": target}, member.path)
