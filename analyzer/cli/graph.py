"""`analyzer graph BUNDLE`: the layer-dependency graph for other tools and for the eye."""

from __future__ import annotations

import importlib

import click

from analyzer.cli.options import bundle_argument, format_option, platform_option, redact_option
from analyzer.cli.output import emit, write_file
from analyzer.cli.session import Opened, in_pseudonyms


@click.command("graph")
@bundle_argument
@format_option("dot", "graphml", "mermaid", "svg")
@click.option("--focus", metavar="OBJECT", help="Only what this object needs and what needs it.")
@click.option("--depth", type=click.IntRange(min=0), help="Steps from the focus either way (default: all).")
@click.option("-o", "output", metavar="PATH", help="Write to a file instead.")
@redact_option
@platform_option
def command(
    bundle: str,
    form: str,
    focus: str | None,
    depth: int | None,
    output: str | None,
    redact: bool,
    platform: str | None,
) -> None:
    """Print the layer-dependency graph of BUNDLE: containers, images and layers, with edges to what each needs.

    Objects that a cause of damage is about are marked with what is wrong.
    """
    from analyzer.api.graph import wrong_objects
    from analyzer.errors import UsageError
    from analyzer.graph.build import build_graph
    from analyzer.graph.neighbourhood import around, objects_only

    if depth is not None and focus is None:
        raise UsageError("--depth counts steps from --focus; name an object to start at")
    opened = Opened(bundle, platform=platform)
    snapshot, relations, document = opened.snapshot, opened.relations, opened.document
    if redact:
        shown = in_pseudonyms(opened.report)
        snapshot, relations, document = shown.snapshot, shown.relations, shown.to_dict()
    graph = objects_only(build_graph(snapshot, list(relations)))
    if focus is not None:
        found = opened.find(focus)
        graph = around(graph, [(found.kind, found.id)], depth)
    text: str = importlib.import_module(f"analyzer.report.drawing.{form}").render(graph, wrong_objects(document))
    if output is None:
        emit(text)
    else:
        write_file(output, text, bundle=bundle)
