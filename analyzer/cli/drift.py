"""`analyzer drift BUNDLE CONTAINER`: what a container changed against its image."""

from __future__ import annotations

import sys

import click

from analyzer.cli.options import bundle_argument, format_option
from analyzer.cli.output import emit, fitting_columns
from analyzer.cli.session import Opened, emit_json
from analyzer.cli.tree_view import remark
from analyzer.errors import UsageError
from analyzer.words import one


@click.command("drift")
@bundle_argument
@click.argument("container")
@format_option("text", "json")
def command(bundle: str, container: str, form: str) -> None:
    """List the files that CONTAINER added (A), changed (C) and deleted (D) in its own layer.

    Volumes and mounts are not part of the layer. Exit status: 0 listed; 4 BUNDLE does not hold what is needed.
    """
    from analyzer.graph.drift import drift
    from analyzer.report.formats.document import cleaned
    from analyzer.report.tables import table

    opened = Opened(bundle)
    found = opened.find(container, "container")
    record = found.rel.containers.get(found.id) if found.kind == "container" else None
    if record is None:
        raise UsageError(f"{container!r} is {one(found.kind)}, not a container with a record", where=bundle)
    why = _unseen(opened, found.rel.directory(record.layer), record.layer)
    if why:
        remark(why)
        sys.exit(4)
    changes, below = drift(found.rel, record.layer)
    gone = [layer for layer in below.unseen if found.rel.directory(layer) is None]
    if gone:
        remark(f"of the layers below it, {len(gone)} are not in the bundle: what they held counts as added")
    if form == "json":
        emit_json(
            cleaned(
                [
                    {"change": c.kind, "path": f"/{c.path}", "what": list(c.what), "size": c.size, "member": c.member}
                    for c in changes
                ]
            )
        )
    elif changes:
        rows = [(c.kind, f"/{c.path}", "" if c.kind == "D" else c.size, ", ".join(c.what)) for c in changes]
        emit(table(("", "PATH", "SIZE", "WHAT"), rows, fitting_columns(), {"PATH", "WHAT"}) + "\n")
    else:
        emit("the container changed nothing\n")


def _unseen(opened: Opened, directory: object, layer_id: str) -> str:
    if not opened.snapshot.content_files:
        return f"{opened.bundle}: holds no contents of layers (a capture of records only)"
    if directory is None:
        return f"{opened.bundle}: does not hold the container's layer {layer_id or '(none is recorded)'}"
    return ""
