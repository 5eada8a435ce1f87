"""`analyzer graph BUNDLE`: the layer-dependency graph for other tools and for the eye."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

from analyzer.cli.opened import Opened, bundle_argument, format_option, platform_option
from analyzer.cli.output import emit, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping


@click.command("graph")
@bundle_argument
@format_option("dot", "graphml", "mermaid", "svg")
@click.option("--focus", metavar="OBJECT", help="Only what this object needs and what needs it.")
@click.option("--depth", type=click.IntRange(min=0), help="Steps from the focus either way (default: all).")
@click.option("-o", "output", metavar="PATH", help="Write to a file instead.")
@platform_option
def command(
    bundle: str, form: str, focus: str | None, depth: int | None, output: str | None, platform: str | None
) -> None:
    """Print the layer-dependency graph of BUNDLE: containers, images and layers, with edges to what each needs.

    Objects that a cause of damage is about are marked with what is wrong.
    """
    from analyzer.errors import UsageError
    from analyzer.graph.build import build_graph
    from analyzer.graph.neighbourhood import around, objects_only

    if depth is not None and focus is None:
        raise UsageError("--depth counts steps from --focus; name an object to start at")
    opened = Opened(bundle, platform=platform)
    graph = objects_only(build_graph(opened.snapshot, list(opened.relations)))
    if focus is not None:
        found = opened.find(focus)
        graph = around(graph, [(found.kind, found.id)], depth)
    text: str = importlib.import_module(f"analyzer.report.drawing.{form}").render(graph, _broken(opened.document))
    if output is None:
        emit(text)
    else:
        write_file(output, text, bundle=bundle)


def _broken(document: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return what is wrong with the objects that findings at or above error are about, by node."""
    broken: dict[tuple[str, str], list[str]] = {}
    for finding in document["findings"]:
        subject = finding["subject"]
        if finding["severity"] in ("error", "critical") and subject["id"]:
            slugs = broken.setdefault((subject["kind"], subject["id"]), [])
            if finding["slug"] not in slugs:
                slugs.append(finding["slug"])
    return {node: ", ".join(slugs) for node, slugs in broken.items()}
