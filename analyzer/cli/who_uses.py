"""`analyzer who-uses BUNDLE OBJECT`: what stands on an object."""

from __future__ import annotations

import click

from analyzer.cli.options import bundle_argument, format_option
from analyzer.cli.output import emit, fitting_columns
from analyzer.cli.session import Opened, emit_json


@click.command("who-uses")
@bundle_argument
@click.argument("object_", metavar="OBJECT")
@format_option("text", "json")
@click.option("-q", "--quiet", is_flag=True, help="Print ids only, one per line.")
@click.option("--no-trunc", is_flag=True, help="Do not shorten ids.")
def command(bundle: str, object_: str, form: str, quiet: bool, no_trunc: bool) -> None:
    """List the pods, containers, images and layers of BUNDLE that depend on OBJECT."""
    from analyzer.graph.find import names_of
    from analyzer.graph.users import users_of
    from analyzer.report.tables import table

    opened = Opened(bundle, depth="quick")
    found = opened.find(object_)
    users = users_of(found.rel, found.kind, found.id)
    groups = (("pod", users.pods), ("container", users.containers), ("image", users.images), ("layer", users.layers))
    rows = [(kind, i, names_of(found.rel, kind, i)) for kind, ids in groups for i in ids]
    if form == "json":
        emit_json([{"kind": kind, "id": i, "name": name} for kind, i, name in rows])
    elif quiet:
        emit("".join(f"{i}\n" for _, i, _ in rows))
    elif rows:
        cut = None if no_trunc else 12
        wide = None if cut is None else fitting_columns()
        emit(table(("KIND", "ID", "NAME"), [(kind, i[:cut], name) for kind, i, name in rows], wide) + "\n")
    else:
        emit(f"nothing uses {found.kind} {found.id[:12]}\n")
