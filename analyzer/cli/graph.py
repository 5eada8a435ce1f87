"""`analyzer graph BUNDLE`: the layer-dependency graph for other tools and for the eye."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import click

from analyzer.cli.options import bundle_argument, format_option, platform_option, redact_option
from analyzer.cli.output import emit, write_file
from analyzer.cli.session import Opened, in_pseudonyms
from analyzer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.api.report import Report
    from analyzer.report.drawing.scene import Scene


@click.command("graph")
@bundle_argument
@format_option("dot", "graphml", "mermaid", "svg")
@click.option("--focus", metavar="OBJECT", help="Show only this object, what it needs and what needs it.")
@click.option("--depth", type=click.IntRange(min=0), help="Steps from the focus in either direction (default: all).")
@click.option(
    "--cause",
    "rank",
    type=click.IntRange(min=1),
    metavar="N",
    help="Only what cause N is about and affects.",
)
@click.option("-o", "output", metavar="PATH", help="Write to this file instead of standard output.")
@redact_option
@platform_option
def command(
    bundle: str,
    form: str,
    focus: str | None,
    depth: int | None,
    rank: int | None,
    output: str | None,
    redact: bool,
    platform: str | None,
) -> None:
    """Print the dependency graph of BUNDLE: containers, images and layers, with edges to what each of them needs.

    Damaged objects are marked with what is wrong. SVG also marks those that a cause of damage affects.
    """
    from analyzer.api.graph import marked, wrong_objects
    from analyzer.graph.build import build_graph
    from analyzer.graph.neighbourhood import around, objects_only

    if depth is not None and focus is None:
        raise UsageError("--depth counts steps from --focus; name an object to start at")
    if rank is not None and focus is not None:
        raise UsageError("--cause and --focus both say what to draw; name one")
    opened = Opened(bundle, platform=platform)
    if rank is not None:
        report = in_pseudonyms(opened.report) if redact else opened.report
        _write(_drawn(report, rank, form, bundle), output, bundle)
        return
    snapshot, relations, document = opened.snapshot, opened.relations, opened.document
    if redact:
        shown = in_pseudonyms(opened.report)
        snapshot, relations, document = shown.snapshot, shown.relations, shown.to_dict()
    graph = marked(objects_only(build_graph(snapshot, list(relations))), document)
    if focus is not None:
        found = opened.find(focus)
        graph = around(graph, [(found.kind, found.id)], depth)
    text: str = importlib.import_module(f"analyzer.report.drawing.{form}").render(graph, wrong_objects(document))
    _write(text, output, bundle)


def _drawn(report: Report, rank: int, form: str, bundle: str) -> str:
    """Return the picture of one cause, as pages and Markdown have it."""
    from analyzer.report.drawing.mermaid import flowchart
    from analyzer.report.drawing.neighbourhood import neighbourhood
    from analyzer.report.drawing.svg import alone
    from analyzer.report.model.objects import Objects

    pictures: dict[str, Callable[[Scene], str]] = {
        "svg": lambda scene: alone(scene, f"What cause {rank} is about"),
        "mermaid": lambda scene: f"{flowchart(scene)}\n",
    }
    if form not in pictures:
        raise UsageError(f"--cause draws a picture: --format {' or '.join(pictures)}")
    if rank > len(report.causes):
        raise UsageError(f"there is no cause {rank}; the report has {len(report.causes)}", where=bundle)
    return pictures[form](neighbourhood(report.causes[rank - 1], Objects(report)))


def _write(text: str, output: str | None, bundle: str) -> None:
    if output is None:
        emit(text)
    else:
        write_file(output, text, bundle=bundle)
